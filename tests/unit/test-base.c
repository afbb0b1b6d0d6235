/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-block.h"
#include "base/clr-buffer.h"
#include "base/clr-counter.h"
#include "base/clr-event.h"
#include "base/clr-id.h"
#include "base/clr-mailbox.h"
#include "base/clr-timer.h"
#include "clr-test.h"

/* -- timers */

typedef struct
{
  ClrTimer timer;
  ClrTimers *timers;
  unsigned fired;
  int64_t again; /* what its own firing sets it to, 0: nothing */
  GArray *order;
  int number;
} Alarm;

static void
on_alarm (ClrTimer *timer, void *data)
{
  Alarm *alarm = data;

  g_assert_true (timer == &alarm->timer);
  alarm->fired++;
  if (alarm->order)
    g_array_append_val (alarm->order, alarm->number);
  if (alarm->again)
    {
      clr_timers_set (alarm->timers, timer, alarm->again);
      alarm->again = 0;
    }
}

static void
test_timers_in_order (void)
{
  ClrTimers *timers = clr_timers_new ();
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (int));
  Alarm alarms[200];

  for (int i = 0; i < 200; i++)
    {
      alarms[i] = (Alarm){ .timers = timers, .order = order, .number = i * 73 % 200 };
      clr_timer_init (&alarms[i].timer, on_alarm, &alarms[i]);
      clr_timers_set (timers, &alarms[i].timer, 1000 + alarms[i].number);
    }
  g_assert_cmpint (clr_timers_run (timers, 999), ==, 1000);
  g_assert_cmpuint (order->len, ==, 0);
  g_assert_cmpint (clr_timers_run (timers, 1099), ==, 1100);
  g_assert_cmpuint (order->len, ==, 100);
  g_assert_cmpint (clr_timers_run (timers, 5000), ==, -1);
  for (int i = 0; i < 200; i++)
    g_assert_cmpint (g_array_index (order, int, i), ==, i);
  clr_timers_free (timers);
}

/* A later time is lazy, an earlier one is not; neither fires twice or too soon. */
static void
test_timers_rearm (void)
{
  ClrTimers *timers = clr_timers_new ();
  Alarm lazy = { .timers = timers }, eager = { .timers = timers }, loop = { .timers = timers, .again = 50 };

  clr_timer_init (&lazy.timer, on_alarm, &lazy);
  clr_timer_init (&eager.timer, on_alarm, &eager);
  clr_timer_init (&loop.timer, on_alarm, &loop);
  clr_timers_set (timers, &lazy.timer, 10);
  for (int64_t later = 11; later <= 100; later++)
    clr_timers_set (timers, &lazy.timer, later);
  clr_timers_set (timers, &eager.timer, 90);
  clr_timers_set (timers, &eager.timer, 20);
  clr_timers_set (timers, &loop.timer, 30);

  g_assert_cmpint (clr_timers_run (timers, 15), ==, 20);
  g_assert_cmpuint (lazy.fired, ==, 0);
  g_assert_cmpint (clr_timers_run (timers, 40), ==, 50);
  g_assert_cmpuint (eager.fired, ==, 1);
  g_assert_cmpuint (loop.fired, ==, 1);
  g_assert_cmpint (clr_timers_run (timers, 60), ==, 100);
  g_assert_cmpuint (loop.fired, ==, 2);
  g_assert_cmpint (clr_timers_run (timers, 100), ==, -1);
  g_assert_cmpuint (lazy.fired, ==, 1);
  g_assert_cmpuint (eager.fired, ==, 1);
  clr_timers_free (timers);
}

static void
test_timers_clear (void)
{
  ClrTimers *timers = clr_timers_new ();
  Alarm alarms[64];
  unsigned n = 0;

  for (int i = 0; i < 64; i++)
    {
      alarms[i] = (Alarm){ .timers = timers };
      clr_timer_init (&alarms[i].timer, on_alarm, &alarms[i]);
      clr_timers_clear (timers, &alarms[i].timer); /* not set: nothing happens */
      clr_timers_set (timers, &alarms[i].timer, i * 37 % 64);
    }
  for (int i = 0; i < 64; i += 3)
    {
      clr_timers_clear (timers, &alarms[i].timer);
      clr_timers_clear (timers, &alarms[i].timer);
    }
  g_assert_cmpint (clr_timers_run (timers, 1000), ==, -1);
  for (int i = 0; i < 64; i++)
    {
      g_assert_cmpuint (alarms[i].fired, ==, i % 3 ? 1 : 0);
      n += alarms[i].fired;
    }
  g_assert_cmpuint (n, ==, 42);
  clr_timers_set (timers, &alarms[0].timer, 2000); /* a cleared one can be set again */
  g_assert_cmpint (clr_timers_run (timers, 1999), ==, 2000);
  clr_timers_run (timers, 2000);
  g_assert_cmpuint (alarms[0].fired, ==, 1);
  clr_timers_free (timers);
}

/* Many changes against a model that looks at all timers every time. */
static void
test_timers_against_model (void)
{
  ClrTimers *timers = clr_timers_new ();
  Alarm alarms[50];
  int64_t model[50]; /* -1: not set */
  g_autoptr (GRand) rand = g_rand_new_with_seed (20261124);

  for (int i = 0; i < 50; i++)
    {
      alarms[i] = (Alarm){ .timers = timers };
      clr_timer_init (&alarms[i].timer, on_alarm, &alarms[i]);
      model[i] = -1;
    }
  for (int64_t now = 0; now < 20000; now++)
    {
      int i = g_rand_int_range (rand, 0, 50), action = g_rand_int_range (rand, 0, 4);

      if (action == 0)
        {
          clr_timers_clear (timers, &alarms[i].timer);
          model[i] = -1;
        }
      else
        {
          model[i] = now + g_rand_int_range (rand, 1, 60);
          clr_timers_set (timers, &alarms[i].timer, model[i]);
        }
      unsigned before[50];
      for (int k = 0; k < 50; k++)
        before[k] = alarms[k].fired;
      clr_timers_run (timers, now);
      for (int k = 0; k < 50; k++)
        {
          gboolean due = model[k] >= 0 && model[k] <= now;
          g_assert_cmpuint (alarms[k].fired, ==, before[k] + due);
          if (due)
            model[k] = -1;
        }
    }
  clr_timers_free (timers);
}

/* -- mailbox */

#define POSTERS 4
#define LETTERS 5000

typedef struct
{
  ClrLetter letter;
  int poster;
  int number;
} Post;

typedef struct
{
  ClrMailbox *mailbox;
  int next[POSTERS]; /* what each poster's next letter must be */
  unsigned opened;
} Office;

typedef struct
{
  Office *office;
  int poster;
} Poster;

static void
on_post (ClrLetter *letter, void *owner)
{
  Post *post = (Post *)letter;
  Office *office = owner;

  g_assert_cmpint (post->number, ==, office->next[post->poster]);
  office->next[post->poster]++;
  office->opened++;
  g_free (post); /* a letter belongs to the receiver */
}

static void *
post_many (void *data)
{
  Poster *poster = data;

  for (int i = 0; i < LETTERS; i++)
    {
      Post *post = g_new0 (Post, 1);
      post->letter.open = on_post;
      post->poster = poster->poster;
      post->number = i;
      clr_mailbox_post (poster->office->mailbox, &post->letter);
      if (i % 64 == 0)
        g_thread_yield ();
    }
  return NULL;
}

/* Every letter comes, once, in its poster's order; a sleeping owner is always woken. */
static void
test_mailbox_many_posters (void)
{
  Office office = { 0 };
  Poster posters[POSTERS];
  GThread *threads[POSTERS];
  int64_t patience = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  office.mailbox = clr_mailbox_new (&office);
  for (int i = 0; i < POSTERS; i++)
    {
      posters[i] = (Poster){ &office, i };
      threads[i] = g_thread_new ("poster", post_many, &posters[i]);
    }
  while (office.opened < POSTERS * LETTERS)
    {
      if (clr_mailbox_open_all (office.mailbox) == 0)
        clr_mailbox_wait (office.mailbox, 20 * G_USEC_PER_SEC);
      g_assert_cmpint (g_get_monotonic_time (), <, patience);
    }
  for (int i = 0; i < POSTERS; i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpint (office.next[i], ==, LETTERS);
    }
  g_assert_cmpuint (clr_mailbox_open_all (office.mailbox), ==, 0);
  clr_mailbox_free (office.mailbox);
}

static void
test_mailbox_sleep (void)
{
  Office office = { 0 };
  Post *post = g_new0 (Post, 1);
  GPollFD pfd = { .events = G_IO_IN };

  office.mailbox = clr_mailbox_new (&office);
  pfd.fd = clr_waker_get_handle (clr_mailbox_get_waker (office.mailbox));
  post->letter.open = on_post;

  g_assert_true (clr_mailbox_may_sleep (office.mailbox));
  g_assert_cmpint (g_poll (&pfd, 1, 0), ==, 0);
  clr_mailbox_post (office.mailbox, &post->letter);
  g_assert_cmpint (g_poll (&pfd, 1, 0), ==, 1);
  clr_waker_empty (clr_mailbox_get_waker (office.mailbox));
  clr_mailbox_wake_up (office.mailbox);
  g_assert_cmpint (g_poll (&pfd, 1, 0), ==, 0);
  g_assert_false (clr_mailbox_may_sleep (office.mailbox)); /* there is something to open */
  g_assert_cmpuint (clr_mailbox_open_all (office.mailbox), ==, 1);

  /* An owner that is awake is not written to. */
  post = g_new0 (Post, 1);
  post->letter.open = on_post;
  post->number = 1;
  clr_mailbox_post (office.mailbox, &post->letter);
  g_assert_cmpint (g_poll (&pfd, 1, 0), ==, 0);
  g_assert_cmpuint (clr_mailbox_open_all (office.mailbox), ==, 1);
  clr_mailbox_wait (office.mailbox, 1000); /* a time-out ends the wait */
  clr_mailbox_free (office.mailbox);
}

/* -- ids */

#define MAKERS 4
#define IDS    20000

static void *
make_ids (void *data)
{
  uint64_t *ids = data;

  for (int i = 0; i < IDS; i++)
    ids[i] = clr_id_new (7, g_get_real_time ());
  return NULL;
}

static int
compare_ids (const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return (x > y) - (x < y);
}

static void
test_id_unique (void)
{
  g_autofree uint64_t *ids = g_new (uint64_t, MAKERS * IDS);
  GThread *threads[MAKERS];

  for (int i = 0; i < MAKERS; i++)
    threads[i] = g_thread_new ("maker", make_ids, ids + i * IDS);
  for (int i = 0; i < MAKERS; i++)
    {
      g_thread_join (threads[i]);
      for (int k = 1; k < IDS; k++) /* in one thread they grow, too */
        g_assert_cmpuint (ids[i * IDS + k], >, ids[i * IDS + k - 1]);
    }
  qsort (ids, MAKERS * IDS, sizeof *ids, compare_ids);
  for (int i = 1; i < MAKERS * IDS; i++)
    g_assert_cmpuint (ids[i], !=, ids[i - 1]);
}

static void
open_last (ClrLetter *letter, void *owner)
{
  *(gboolean *)owner = TRUE;
}

static void *
post_last (void *data)
{
  static ClrLetter letter;

  letter.open = open_last;
  clr_mailbox_post (data, &letter);
  return NULL;
}

/* Who has got the last letter may free the box at once; its poster may not have left yet. */
static void
test_mailbox_freed_at_once (void)
{
  for (unsigned i = 0; i < 500; i++)
    {
      gboolean came = FALSE;
      ClrMailbox *mailbox = clr_mailbox_new (&came);
      GThread *thread = g_thread_new ("poster", post_last, mailbox);

      while (!came)
        clr_mailbox_open_all (mailbox);
      clr_mailbox_free (mailbox);
      g_thread_join (thread);
    }
}

static void
test_id_clock_goes_back (void)
{
  int64_t now = g_get_real_time ();
  uint64_t first = clr_id_new (0, now), second = clr_id_new (0, now - 3600 * (int64_t)G_USEC_PER_SEC),
           third = clr_id_new (0, 0);

  g_assert_cmpuint (second, >, first);
  g_assert_cmpuint (third, >, second);
  g_assert_cmpuint (clr_id_new (1, now), !=, clr_id_new (2, now)); /* other relays of the office */

  /* A former run's clock was a day ahead. */
  uint64_t taken = (clr_id_new (0, now) & ~UINT64_C (0x3fffff)) + (UINT64_C (86400000) << 22) + 5;
  clr_id_keep_above (taken);
  clr_id_keep_above (7);
  g_assert_cmpuint (clr_id_new (0, now), ==, taken + 1);
}

static void
test_id_text (void)
{
  static const uint64_t cases[] = { 0, 1, 31, 32, 0x123456789abcdef, INT64_MAX };
  static const char *const wrong[] = { "",
                                       "0",
                                       "00000000000000",
                                       "U000000000000",
                                       "000000000000U",
                                       "0000000 00000",
                                       "000000000000\n",
                                       "ZZZZZZZZZZZZZ",
                                       "../../../etc/p" };
  char text[CLR_ID_TEXT], before[CLR_ID_TEXT] = "";
  uint64_t id = 0;

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      clr_id_to_text (cases[i], text);
      g_assert_cmpuint (strlen (text), ==, CLR_ID_TEXT - 1);
      g_assert_cmpstr (text, >, before); /* texts sort as ids do */
      strcpy (before, text);
      g_assert_true (clr_id_from_text (text, &id));
      g_assert_cmpuint (id, ==, cases[i]);
      g_autofree char *low = g_ascii_strdown (text, -1);
      g_assert_true (clr_id_from_text (low, &id));
      g_assert_cmpuint (id, ==, cases[i]);
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_false (clr_id_from_text (wrong[i], &id));
}

/* -- events */

static void
test_event_table (void)
{
  for (ClrEventId id = 0; id < CLR_EVENT_LAST; id++)
    {
      const ClrEventInfo *info = clr_event_get_info (id);
      g_auto (GStrv) fields = g_strsplit (info->fields, " ", -1);
      const char *values[16];
      g_autoptr (GString) sentence = g_string_new (NULL);

      g_assert_cmpuint (g_strv_length (fields), <, G_N_ELEMENTS (values));
      for (unsigned i = 0; fields[i]; i++)
        values[i] = fields[i];
      clr_event_to_sentence (id, values, sentence);
      /* "?" stands where the sentence names a field that the event does not have. */
      if (strchr (sentence->str, '?') || strchr (sentence->str, '{') || strchr (sentence->str, '}'))
        g_error ("%s: %s", info->name, sentence->str);
    }
}

static void
test_event_human (void)
{
  const char *const plain[] = { "192.0.2.7", "bye" };
  const char *const nasty[] = { "a\r\nb\tc\x1b[2J\x7f", NULL };
  g_autoptr (GString) text = g_string_new ("> ");

  clr_event_to_sentence (CLR_EVENT_CLIENT_CLOSED, plain, text);
  g_assert_cmpstr (text->str, ==, "> 192.0.2.7 closed: bye");
  g_string_truncate (text, 0);
  clr_event_to_sentence (CLR_EVENT_CLIENT_CLOSED, nasty, text);
  g_assert_cmpstr (text->str, ==, "a\\x0d\\x0ab\\x09c\\x1b[2J\\x7f closed: -");

  /* What one stranger says does not fill the disk. */
  g_autofree char *huge = g_strnfill (100000, 'x');
  const char *const values[] = { huge, huge };
  g_string_truncate (text, 0);
  clr_event_to_sentence (CLR_EVENT_CLIENT_CLOSED, values, text);
  g_assert_cmpuint (text->len, <, 3000);
}

/* C1 controls begin terminal sequences just as ESC does, as U+0080 to U+009F and as lone octets. */
static void
test_event_human_c1 (void)
{
  const char *const values[] = { "\xc2\x9b"
                                 "31m",
                                 "\x9b"
                                 "31m" };
  g_autoptr (GString) text = g_string_new (NULL);

  clr_event_to_sentence (CLR_EVENT_CLIENT_CLOSED, values, text);
  for (size_t i = 0; i < text->len; i++)
    g_assert_cmpuint ((unsigned char)text->str[i], <, 0x7f);
  const char *const good[] = { "J\xc3\xb6rg", "\xe2\x82\xac" }; /* what is text stays text */
  g_string_truncate (text, 0);
  clr_event_to_sentence (CLR_EVENT_CLIENT_CLOSED, good, text);
  g_assert_cmpstr (text->str, ==, "J\xc3\xb6rg closed: \xe2\x82\xac");
}

static void
test_event_json (void)
{
  const char *const values[] = { "q\"b\\s\r\n\x01\x7f", "\xc3\xa4 \xff" };
  const char *const none[] = { NULL, "x" };
  g_autoptr (GString) text = g_string_new (NULL);

  clr_event_to_json (CLR_EVENT_CLIENT_CLOSED, values, text);
  g_assert_cmpstr (text->str, ==,
                   ",\"client\":\"q\\\"b\\\\s\\u000d\\u000a\\u0001\\u007f\",\"why\":\"\xc3\xa4 \\u00ff\"");
  g_string_truncate (text, 0);
  clr_event_to_json (CLR_EVENT_CLIENT_CLOSED, none, text);
  g_assert_cmpstr (text->str, ==, ",\"why\":\"x\"");

  /* A long value is cut; the cut must not leave half a character. */
  g_autoptr (GString) umlauts = g_string_new ("x");
  for (int i = 0; i < 1000; i++)
    g_string_append (umlauts, "\xc3\xa4");
  const char *const longer[] = { NULL, umlauts->str };
  g_string_truncate (text, 0);
  clr_event_to_json (CLR_EVENT_CLIENT_CLOSED, longer, text);
  g_assert_true (g_utf8_validate (text->str, text->len, NULL));
  g_assert_cmpuint (text->len, <, 1100);
}

/* -- counters */

static void
test_client_limit (void)
{
  const uint8_t address[16] = { [10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 9 };
  unsigned slot = clr_client_slot (address);

  for (int i = 0; i < 3; i++)
    g_assert_true (clr_client_enter (slot, 3));
  g_assert_false (clr_client_enter (slot, 3));
  clr_client_leave (slot);
  g_assert_true (clr_client_enter (slot, 3));
  for (int i = 0; i < 3; i++)
    clr_client_leave (slot);
}

static void
test_counters (void)
{
  clr_counter_add (CLR_COUNTER_QUEUE_FAILED, 5);
  clr_counter_add (CLR_COUNTER_QUEUE_FAILED, -2);
  g_assert_cmpint (clr_counter_get (CLR_COUNTER_QUEUE_FAILED), ==, 3);
  for (ClrCounterId id = 0; id < CLR_COUNTER_LAST; id++)
    {
      g_assert_cmpuint (strlen (clr_counter_get_help (id)), >, 0);
      for (const char *p = clr_counter_get_name (id); *p; p++)
        g_assert_true (g_ascii_islower (*p) || *p == '_');
    }
}

/* Neighbours do not share a slot, and with it a limit: the machines of one network are who connects. */
static void
test_client_slots (void)
{
  g_autoptr (GHashTable) slots = g_hash_table_new (NULL, NULL);
  unsigned n = 0;

  for (unsigned third = 0; third < 8; third++)
    for (unsigned last = 0; last < 256; last++, n++)
      {
        uint8_t address[16] = { [10] = 0xff, [11] = 0xff, 10, 0, (uint8_t)third, (uint8_t)last };

        g_hash_table_add (slots, GUINT_TO_POINTER (clr_client_slot (address)));
      }
  /* By chance alone some 120 of 2048 in 16384 slots meet. */
  g_assert_cmpuint (g_hash_table_size (slots), >, n - n / 8);
  g_hash_table_remove_all (slots);
  for (unsigned i = 0; i < 256; i++)
    {
      uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, (uint8_t)i, [15] = (uint8_t)i };

      g_hash_table_add (slots, GUINT_TO_POINTER (clr_client_slot (address)));
    }
  g_assert_cmpuint (g_hash_table_size (slots), >, 224);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/timers/in-order", test_timers_in_order);
  g_test_add_func ("/base/timers/rearm", test_timers_rearm);
  g_test_add_func ("/base/timers/clear", test_timers_clear);
  g_test_add_func ("/base/timers/against-model", test_timers_against_model);
  g_test_add_func ("/base/mailbox/many-posters", test_mailbox_many_posters);
  g_test_add_func ("/base/mailbox/sleep", test_mailbox_sleep);
  g_test_add_func ("/base/id/unique", test_id_unique);
  g_test_add_func ("/base/mailbox/freed-at-once", test_mailbox_freed_at_once);
  g_test_add_func ("/base/id/clock-goes-back", test_id_clock_goes_back);
  g_test_add_func ("/base/id/text", test_id_text);
  g_test_add_func ("/base/event/table", test_event_table);
  g_test_add_func ("/base/event/human", test_event_human);
  g_test_add_func ("/base/event/human-c1", test_event_human_c1);
  g_test_add_func ("/base/event/json", test_event_json);
  g_test_add_func ("/base/counter/client-limit", test_client_limit);
  g_test_add_func ("/base/counter/client-slots", test_client_slots);
  g_test_add_func ("/base/counter/named", test_counters);
  return g_test_run ();
}
