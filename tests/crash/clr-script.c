/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-script.h"

#include "queue/clr-report-job.h"

#include <sqlite3.h>
#include <string.h>

#define SECOND G_GINT64_CONSTANT (1000000)

ClrMessage *
clr_script_make_message (GRand *rand, uint64_t id)
{
  unsigned n = id == 1 ? 3 : g_rand_int_range (rand, 1, 5); /* the first makes all lanes known */
  ClrMessage *message = clr_message_new (n);
  size_t size = g_rand_int_range (rand, 0, 4) ? g_rand_int_range (rand, 1, 3000)
                                              : g_rand_int_range (rand, 3000, 40000);
  g_autofree char *content = g_malloc (size);

  memset (content, 'a' + id % 26, size);
  clr_rope_append (&message->content, content, size);
  message->is_loaded = TRUE;
  message->id = id;
  message->created_us = id * SECOND;
  message->sender = g_strdup_printf ("s%u@internal.test", (unsigned)id);
  message->size = size;
  message->origin = g_strdup ("smtp");
  for (unsigned i = 0; i < n; i++)
    {
      ClrRecipient *recipient = &message->recipients[i];

      recipient->number = i;
      recipient->address = g_strdup_printf ("r%u@example.net", i);
      recipient->lane = g_strdup_printf ("smarthost:%d", id == 1 ? (int)i : g_rand_int_range (rand, 0, 3));
      recipient->due_us = id * SECOND + i; /* no two are due at the same time: both stores choose alike */
      recipient->expires_us = recipient->due_us + g_rand_int_range (rand, 500, 5000) * SECOND;
      recipient->notice_us
          = g_rand_boolean (rand) ? CLR_SCRIPT_NOW + g_rand_int_range (rand, 1, 100) * SECOND : 0;
    }
  return message;
}

static void
add_updates (GRand *rand, ClrBatch *batch, uint64_t last)
{
  for (int i = g_rand_int_range (rand, 1, 6); i > 0; i--)
    {
      static const ClrRecipientState states[]
          = { CLR_RECIPIENT_DELIVERED, CLR_RECIPIENT_DELIVERED, CLR_RECIPIENT_WAITING,
              CLR_RECIPIENT_WAITING,   CLR_RECIPIENT_FAILED,    CLR_RECIPIENT_BOUNCING };
      ClrRecipientUpdate update = {
        .message = g_rand_int_range (rand, 1, last + 1),
        .number = g_rand_int_range (rand, 0, 3),
        .from = g_rand_boolean (rand) ? CLR_RECIPIENT_ACTIVE : CLR_RECIPIENT_WAITING,
        .state = states[g_rand_int_range (rand, 0, G_N_ELEMENTS (states))],
        .lane = "smarthost:0",
        .due_us = CLR_SCRIPT_NOW + g_rand_int_range (rand, 1, 1 << 30),
        .attempts = g_rand_int_range (rand, 1, 9),
        .code = 451,
        .enhanced = "4.3.0",
        .text = "later",
        .host = "mx.example.net",
        .tried_us = CLR_SCRIPT_NOW,
      };

      if (update.state == CLR_RECIPIENT_BOUNCING)
        update.report = CLR_REPORT_FAILED;
      else if (update.state == CLR_RECIPIENT_DELIVERED && g_rand_boolean (rand))
        update.report = CLR_REPORT_DELIVERED;
      g_array_append_val (batch->updates, update);
    }
}

/* The oldest report that is due, and the mark that it is made: the message that it is stands for it. */
static void
add_report (GRand *rand, ClrBatch *batch, const GPtrArray *due, uint64_t *last)
{
  const ClrMessage *message = due->len ? due->pdata[0] : NULL;

  if (message == NULL)
    return;
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      ClrReportMade made = { .message = message->id,
                             .number = message->recipients[i].number,
                             .kind = message->recipients[i].report & -message->recipients[i].report,
                             .state = CLR_RECIPIENT_GIVEN_UP };

      g_array_append_val (batch->made, made);
    }
  g_ptr_array_add (batch->inserts, clr_script_make_message (rand, ++*last));
}

static char *
find_lane (const ClrMessage *message, const char *address, void *data)
{
  return message->id % 5 == 0 ? NULL : g_strdup ("smarthost:2");
}

static void
add_act (GRand *rand, ClrBatch *batch, uint64_t last)
{
  static const ClrActKind acts[]
      = { CLR_ACT_RETRY,    CLR_ACT_DELETE, CLR_ACT_AGE,    CLR_ACT_HOLD, CLR_ACT_RELEASE,
          CLR_ACT_PRIORITY, CLR_ACT_EXPIRE, CLR_ACT_NOTICE, CLR_ACT_MOVE };
  static const ClrMove moves[]
      = { { .find_lane = find_lane }, { .to = "moved@example.org", .find_lane = find_lane } };
  static const char *const filters[] = { "to:r1@example.net", "-to:r0@example.net state:waiting",
                                         "from:s7@internal.test", "via:smarthost:2" };
  ClrActKind kind = acts[g_rand_int_range (rand, 0, G_N_ELEMENTS (acts))];
  gboolean by_time = kind == CLR_ACT_AGE || kind == CLR_ACT_NOTICE, by_filter = g_rand_boolean (rand);
  uint64_t id = by_time || by_filter ? 0 : g_rand_int_range (rand, 1, last - 3);
  ClrAct *act = clr_act_new (kind, id, CLR_SCRIPT_NOW + last * SECOND);
  g_autoptr (GError) error = NULL;

  act->reports = g_rand_int_range (rand, 0, 4) > 0;
  act->priority = g_rand_int_range (rand, -9, 10);
  act->move = kind == CLR_ACT_MOVE ? &moves[g_rand_int_range (rand, 0, 2)] : NULL;
  if (by_filter && !by_time)
    act->filter = clr_filter_new (filters[g_rand_int_range (rand, 0, G_N_ELEMENTS (filters))], CLR_SCRIPT_NOW,
                                  &error);
  g_assert_no_error (error);
  g_ptr_array_add (batch->acts, act);
}

/* The same batches for the same seed and reports that are due, whatever the store. @last: how many messages
 * there have been. */
static ClrBatch *
make_batch (GRand *rand, const GPtrArray *due, uint64_t *last)
{
  ClrBatch *batch = clr_batch_new ();
  static const char *const lanes[] = { "smarthost:0", "smarthost:1", "smarthost:2", "smarthost:none" };
  static const char *const sites[] = { "smarthost:0", "mx.example.net", "mx.example.org" };

  if (*last < 4 || g_rand_int_range (rand, 0, 3) > 0)
    for (int i = g_rand_int_range (rand, 1, 5); i > 0; i--)
      g_ptr_array_add (batch->inserts, clr_script_make_message (rand, ++*last));
  if (*last > 8 && g_rand_boolean (rand))
    add_updates (rand, batch, *last - 4);
  if (*last > 8 && g_rand_int_range (rand, 0, 3) == 0)
    for (int i = g_rand_int_range (rand, 1, 4); i > 0; i--)
      {
        uint64_t id = g_rand_int_range (rand, 1, *last - 3);
        g_array_append_val (batch->removes, id);
      }
  if (*last > 8 && g_rand_int_range (rand, 0, 3) == 0)
    add_act (rand, batch, *last);
  if (*last > 8 && g_rand_boolean (rand))
    add_report (rand, batch, due, last);
  if (*last > 8 && g_rand_int_range (rand, 0, 3) == 0)
    {
      ClrLaneUpdate update = { .lane = lanes[g_rand_int_range (rand, 0, 3)],
                               .site = sites[g_rand_int_range (rand, 0, G_N_ELEMENTS (sites))],
                               .look_us = g_rand_boolean (rand) ? CLR_SCRIPT_NOW + *last * SECOND : 0 };
      g_array_append_val (batch->lanes, update);
    }
  if (g_rand_boolean (rand))
    {
      ClrClaim claim = { .lane = lanes[g_rand_int_range (rand, 0, G_N_ELEMENTS (lanes))],
                         .now_us = CLR_SCRIPT_NOW + *last * SECOND,
                         .n = g_rand_int_range (rand, 1, 6) };
      g_array_append_val (batch->claims, claim);
    }
  return batch;
}

void
clr_script_free_batch (ClrBatch *batch)
{
  g_ptr_array_foreach (batch->acts, (GFunc)(void *)clr_act_free, NULL);
  clr_batch_free (batch);
}

static void
on_done (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data)
{
  *(GError **)data = error ? g_error_copy (error) : NULL;
}

gboolean
clr_script_apply (ClrQueueStore *store, ClrBatch *batch, GError **error)
{
  GError *problem = NULL;

  store->klass->apply (store, batch, on_done, &problem);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

/* All messages of a store; NULL with an error. */
GPtrArray *
clr_script_list (ClrQueueStore *store, GError **error)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  ClrPage page = { .n = 10000, .messages = messages };

  do
    if (!store->klass->page (store, &page, error))
      {
        g_ptr_array_unref (messages);
        return NULL;
      }
  while (page.more);
  return messages;
}

static void
tell_lane (const char *key, const char *site, int64_t look_us, void *data)
{
  g_string_append_printf (data, "%s %s %" G_GINT64_FORMAT "\n", key, site ? site : "-", look_us);
}

/* All that a store holds, as text. */
char *
clr_script_dump (ClrQueueStore *store)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) messages = clr_script_list (store, &error);
  GString *text = g_string_new (NULL);
  uint64_t n, by_state[CLR_RECIPIENT_STATES] = { 0 }, counted[CLR_RECIPIENT_STATES] = { 0 };
  ClrLaneCursor cursor = { 0, 0 };

  g_assert_no_error (error);
  for (unsigned m = 0; m < messages->len; m++)
    {
      ClrMessage *message = messages->pdata[m];
      ClrContentStore *contents = store->klass->get_content (store);
      ClrRope content = CLR_ROPE_INIT;
      g_autofree uint8_t *copy = NULL;

      g_assert_true (contents->klass->get (contents, message->id, &content, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (content.size, ==, message->size);
      const uint8_t *bytes = clr_rope_flatten (&content, &copy);
      for (size_t i = 0; i < content.size; i++)
        g_assert_cmpuint (bytes[i], ==, 'a' + message->id % 26);
      clr_rope_clear (&content);
      g_string_append_printf (text, "%d %s %d:", (int)message->id, message->sender, message->n_all);
      for (unsigned i = 0; i < message->n_recipients; i++)
        {
          const ClrRecipient *recipient = &message->recipients[i];

          counted[recipient->state]++;
          g_string_append_printf (text, " %u/%u %" G_GINT64_FORMAT " %d", recipient->report,
                                  recipient->reported, recipient->notice_us, recipient->priority);
          g_string_append_printf (text, " %u %s %s %d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u %d %s;",
                                  recipient->number, recipient->address, recipient->lane, recipient->state,
                                  recipient->state == CLR_RECIPIENT_WAITING ? recipient->due_us : 0,
                                  recipient->expires_us, recipient->attempts, recipient->code,
                                  recipient->text ? recipient->text : "");
        }
      g_string_append_c (text, '\n');
    }
  store->klass->count (store, &n, by_state);
  g_assert_cmpuint (n, ==, messages->len);
  for (unsigned i = 0; i < CLR_RECIPIENT_STATES; i++)
    if (i != CLR_RECIPIENT_DELIVERED && i != CLR_RECIPIENT_GIVEN_UP)
      g_assert_cmpuint (by_state[i], ==, counted[i]);
  g_assert_true (store->klass->visit_lanes (store, &cursor, 100, tell_lane, text, &error));
  return g_string_free (text, FALSE);
}

/* Tells the first message that differs. */
void
clr_script_expect_same (const char *seen, const char *wanted)
{
  while (*seen && *seen == *wanted)
    seen++, wanted++;
  if (*seen == *wanted)
    return;
  g_error ("the queue holds ...%.300s\nwanted ...%.300s", seen, wanted);
}

uint64_t clr_script_lasts[CLR_SCRIPT_STEPS + 1];
char *clr_script_expected[CLR_SCRIPT_STEPS + 1]; /* what the queue holds after so many batches */
static GPtrArray *reports_due[CLR_SCRIPT_STEPS];

ClrBatch *
clr_script_make_step (unsigned step)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7000 + step);
  uint64_t last = clr_script_lasts[step];
  ClrBatch *batch = make_batch (rand, reports_due[step], &last);

  clr_script_lasts[step + 1] = last;
  return batch;
}

void
clr_script_write (void)
{
  ClrQueueStore *store = clr_store_memory_new ();

  for (unsigned step = 0; step < CLR_SCRIPT_STEPS; step++)
    {
      reports_due[step] = store->klass->due_reports (store, 1, NULL);
      ClrBatch *batch = clr_script_make_step (step);
      g_autoptr (GError) error = NULL;

      clr_script_expected[step] = clr_script_dump (store);
      clr_script_apply (store, batch, &error);
      g_assert_no_error (error);
      clr_script_free_batch (batch);
    }
  clr_script_expected[CLR_SCRIPT_STEPS] = clr_script_dump (store);
  store->klass->free (store);
}

void
clr_script_check_integrity (const char *path)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *stmt = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "PRAGMA integrity_check", -1, &stmt, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *)sqlite3_column_text (stmt, 0), ==, "ok");
  sqlite3_finalize (stmt);
  sqlite3_close (db);
}
