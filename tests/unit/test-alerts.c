/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Alerts, with a clock of our own: raised once, reminded of, over once; nothing flutters.
 */
#include "alerts/clr-alert-book.h"
#include "alerts/clr-alert-notice.h"
#include "alerts/clr-tide.h"
#include "clr-test.h"

#include <string.h>

#define MINUTE G_GINT64_CONSTANT (60000000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define START  (INT64_C (1790000000) * 1000000)

typedef struct
{
  ClrSettings *settings;
  GPtrArray *rules;
  ClrAlertBook *book;
  GString *told; /* "raised name/subject;" */
} Rig;

static void
on_tell (ClrAlertChange change, const ClrAlert *alert, const ClrAlertRule *rule, void *data)
{
  g_string_append_printf (data, "%s %s/%s%s;", clr_alert_change_get_name (change), alert->name,
                          alert->subject, rule ? "" : " without a rule");
}

static GPtrArray *
read_rules (const char *alerts, ClrSettings **settings, GError **error)
{
  g_auto (GStrv) problems = NULL;
  g_autofree char *text = g_strconcat ("[server]\nhostname = a.test\npostmaster = p@a.test\n"
                                       "[listener in]\naddress = 127.0.0.1:25\n[device printer]\nnetworks = "
                                       "192.0.2.7\n[device scanner]\nnetworks = 192.0.2.8\n"
                                       "[route default]\nvia = discard\n",
                                       alerts, NULL);

  *settings = clr_settings_new_from_text (text, strlen (text), "test", &problems);
  if (problems)
    g_test_message ("%s", problems[0]);
  g_assert_nonnull (*settings);
  return clr_alert_rules_new (*settings, error);
}

static void
set_up (Rig *rig, const void *alerts)
{
  g_autoptr (GError) error = NULL;

  rig->rules = read_rules (alerts, &rig->settings, &error);
  g_assert_no_error (error);
  rig->told = g_string_new (NULL);
  rig->book = clr_alert_book_new (on_tell, rig->told);
}

static void
tear_down (Rig *rig, const void *alerts)
{
  clr_alert_book_free (rig->book);
  g_ptr_array_unref (rig->rules);
  g_object_unref (rig->settings);
  g_string_free (rig->told, TRUE);
}

/* One round in which the first rule measures @value; what was told meanwhile. */
static void
expect (Rig *rig, const char *subject, int64_t value, int64_t now, const char *told)
{
  g_string_truncate (rig->told, 0);
  clr_alert_book_begin (rig->book);
  clr_alert_book_note (rig->book, g_ptr_array_index (rig->rules, 0), subject, value, "text", now);
  clr_alert_book_end (rig->book, rig->rules, now);
  g_assert_cmpstr (rig->told->str, ==, told);
}

static void
test_once (Rig *rig, const void *alerts)
{
  expect (rig, "", HOUR, START, "");
  expect (rig, "", HOUR + 1, START + 1, "raised slow/;");
  expect (rig, "", HOUR + 2, START + 2, "");
  /* It swings around the edge: still the same alert. */
  expect (rig, "", HOUR - 1, START + 3, "");
  expect (rig, "", HOUR + 1, START + 4, "");
  expect (rig, "", HOUR - HOUR / 5 + 1, START + 5, "");
  expect (rig, "", HOUR - HOUR / 5, START + 6, "cleared slow/;");
  expect (rig, "", HOUR - 1, START + 7, "");
  expect (rig, "", HOUR + 1, START + 8, "raised slow/;");
  g_autoptr (GPtrArray) list = clr_alert_book_list (rig->book);
  g_assert_cmpuint (list->len, ==, 2);
  g_assert_cmpint (((ClrAlert *)list->pdata[0])->cleared_us, ==, 0);
  g_assert_cmpint (((ClrAlert *)list->pdata[1])->cleared_us, ==, START + 6);
  g_assert_cmpuint (clr_alert_book_count (rig->book), ==, 1);
}

static void
test_hold (Rig *rig, const void *alerts)
{
  expect (rig, "", 2 * HOUR, START, "");
  expect (rig, "", 2 * HOUR, START + 9 * MINUTE, "");
  expect (rig, "", 0, START + 9 * MINUTE + 1, ""); /* it was never told: it is not over either */
  expect (rig, "", 2 * HOUR, START + 11 * MINUTE, "");
  expect (rig, "", 2 * HOUR, START + 21 * MINUTE, "raised slow/;");
  /* Reminded every hour, until somebody knows. */
  expect (rig, "", 2 * HOUR, START + 80 * MINUTE, "");
  expect (rig, "", 2 * HOUR, START + 81 * MINUTE, "reminded slow/;");
  g_assert_false (clr_alert_book_acknowledge (rig->book, "slow", "other", "me", START));
  g_assert_true (clr_alert_book_acknowledge (rig->book, "slow", "", "me", START + 82 * MINUTE));
  expect (rig, "", 2 * HOUR, START + 300 * MINUTE, "");
  expect (rig, "", 0, START + 301 * MINUTE, "cleared slow/;");
  expect (rig, "", 2 * HOUR, START + 302 * MINUTE, "");
  expect (rig, "", 2 * HOUR, START + 312 * MINUTE, "raised slow/;"); /* another one */
}

/* What cannot be measured is neither raised nor over. */
static void
test_unknown (Rig *rig, const void *alerts)
{
  expect (rig, "", 2 * HOUR, START, "raised slow/;");
  g_string_truncate (rig->told, 0);
  clr_alert_book_begin (rig->book);
  clr_alert_book_keep (rig->book, g_ptr_array_index (rig->rules, 0));
  clr_alert_book_end (rig->book, rig->rules, START + MINUTE);
  g_assert_cmpstr (rig->told->str, ==, "");
  g_assert_cmpuint (clr_alert_book_count (rig->book), ==, 1);
  /* Its rule is gone from the settings. */
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  clr_alert_book_begin (rig->book);
  clr_alert_book_end (rig->book, none, START + 2 * MINUTE);
  g_assert_cmpstr (rig->told->str, ==, "cleared slow/ without a rule;");
}

/* A clock that goes back by a day tells nothing twice, and holds nothing up for a day. */
static void
test_clock (Rig *rig, const void *alerts)
{
  expect (rig, "", 2 * HOUR, START, "");
  expect (rig, "", 2 * HOUR, START - DAY, "");
  expect (rig, "", 2 * HOUR, START - DAY + 10 * MINUTE, "raised slow/;");
  expect (rig, "", 2 * HOUR, START - 2 * DAY, "");
  expect (rig, "", 2 * HOUR, START - 2 * DAY + HOUR, "reminded slow/;");
}

static void
test_below (Rig *rig, const void *alerts)
{
  expect (rig, "/a.pem", 20 * DAY, START, "");
  expect (rig, "/a.pem", 14 * DAY - 1, START, "raised cert//a.pem;");
  expect (rig, "/a.pem", 14 * DAY + 1, START, "");
  expect (rig, "/a.pem", 90 * DAY, START, "cleared cert//a.pem;");
  expect (rig, "/a.pem", -DAY, START, "raised cert//a.pem;");
  expect (rig, "/b.pem", -DAY, START, "raised cert//b.pem;cleared cert//a.pem;");
}

/* No two alerts of one subject, and not more than there is room for. */
static void
test_many (Rig *rig, const void *alerts)
{
  clr_alert_book_begin (rig->book);
  for (unsigned i = 0; i < CLR_ALERTS_MOST + 10; i++)
    {
      g_autofree char *subject = g_strdup_printf ("%u", i);
      clr_alert_book_note (rig->book, g_ptr_array_index (rig->rules, 0), subject, 0, "t", START);
      clr_alert_book_note (rig->book, g_ptr_array_index (rig->rules, 0), subject, 0, "t", START);
    }
  clr_alert_book_end (rig->book, rig->rules, START);
  g_assert_cmpuint (clr_alert_book_count (rig->book), ==, CLR_ALERTS_MOST);
  clr_alert_book_begin (rig->book);
  clr_alert_book_end (rig->book, rig->rules, START + 1);
  g_autoptr (GPtrArray) list = clr_alert_book_list (rig->book);
  g_assert_cmpuint (list->len, ==, CLR_ALERTS_OVER);
}

static void
test_restore (Rig *rig, const void *alerts)
{
  ClrAlert old = { .name = (char *)"slow",
                   .subject = (char *)"",
                   .text = (char *)"before",
                   .raised_us = START - HOUR,
                   .beyond_us = START - HOUR,
                   .told_us = START - HOUR };

  clr_alert_book_restore (rig->book, &old);
  expect (rig, "", 2 * HOUR, START, ""); /* it was told in an earlier life */
  expect (rig, "", 0, START + 1, "cleared slow/;");
}

static void
test_rules (void)
{
  static const struct
  {
    const char *text, *problem;
  } wrong[] = {
    { "[alert a]\nkind = disk\nroute = none\n", "there is no [route none]" },
    { "[alert a]\nkind = disk\nwebhook = http://example.com/x\n", "https://" },
    { "[alert a]\nkind = disk\nwebhook = file:///etc/passwd\n", "https://" },
    { "[alert a]\nkind = disk\nwebhook = nothing\n", "https://" },
    { "[alert a]\nkind = device-silent\ndevices = printer, none\n", "there is no [device none]" },
  };
  ClrSettings *settings;

  for (unsigned i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (read_rules (wrong[i].text, &settings, &error));
      g_assert_nonnull (strstr (error->message, wrong[i].problem));
      g_object_unref (settings);
    }
  g_autoptr (GPtrArray) rules = read_rules (
      "[alert a]\nkind = unusual-volume\ndevices = printer\nwebhook = http://127.0.0.1:9/x\n"
      "[alert b]\nkind = unusual-volume\nmore-than = 7\n[alert c]\nkind = disk\nless-space-than = 2M\n",
      &settings, NULL);
  const ClrAlertRule *learned = rules->pdata[0], *counted = rules->pdata[1], *disk = rules->pdata[2];
  g_assert_true (learned->learned && clr_alert_rule_holds (learned, 101, FALSE)
                 && !clr_alert_rule_holds (learned, 100, FALSE));
  g_assert_true (clr_alert_rule_watches (learned, "printer") && !clr_alert_rule_watches (learned, "scanner"));
  g_assert_true (!counted->learned && clr_alert_rule_holds (counted, 8, FALSE)
                 && clr_alert_rule_watches (counted, "scanner"));
  g_assert_true (clr_alert_rule_holds (disk, (2 << 20) - 1, FALSE)
                 && !clr_alert_rule_holds (disk, 2 << 20, FALSE)
                 && clr_alert_rule_holds (disk, 2 << 20, TRUE));
  g_object_unref (settings);
}

static void
test_tide (void)
{
  ClrTide *tide = clr_tide_new ();
  ClrTideMark growth = { 9, 9 };

  clr_tide_measure (tide, HOUR, &growth);
  g_assert_cmpint (growth.delivered, ==, 0);
  for (int i = 0; i <= 3000; i++) /* more than is kept */
    clr_tide_sample (tide, &(ClrTideMark){ 10 * i, i }, START + i * CLR_TIDE_STEP_US);
  clr_tide_measure (tide, 10 * MINUTE, &growth);
  g_assert_cmpint (growth.delivered, ==, 600);
  g_assert_cmpint (growth.failed, ==, 60);
  clr_tide_measure (tide, CLR_TIDE_PERIOD_US, &growth);
  g_assert_cmpint (growth.failed, ==, 1440);
  /* Between two steps the newest counts, too. */
  clr_tide_sample (tide, &(ClrTideMark){ 30000, 3100 }, START + 3000 * CLR_TIDE_STEP_US + 1000000);
  clr_tide_measure (tide, 0, &growth);
  g_assert_cmpint (growth.failed, ==, 100);
  clr_tide_sample (tide, &(ClrTideMark){ 30000, 3100 }, START); /* the clock goes back */
  clr_tide_measure (tide, HOUR, &growth);
  g_assert_cmpint (growth.failed, ==, 0);
  clr_tide_free (tide);
}

static void
test_mail (void)
{
  ClrAlert alert = { .name = (char *)"büro",
                     .kind = CLR_ALERT_DISK,
                     .subject = (char *)"x",
                     .text = (char *)"two\r\nBcc: evil@a.test\r\n\r\nlines",
                     .raised_us = START };
  ClrAlertNotice notice = { "raised", "relay.test", "p@a.test", "me@a.test", START };
  g_autoptr (GBytes) mail = clr_alert_notice_write_mail (&notice, &alert);
  g_autofree char *text = g_strndup (g_bytes_get_data (mail, NULL), g_bytes_get_size (mail));
  const char *body = strstr (text, "\r\n\r\n");

  g_assert_true (g_str_has_prefix (text, "From: <p@a.test>\r\nTo: <me@a.test>\r\nDate: "));
  g_assert_nonnull (strstr (text, "Subject: relay.test: alert raised: b??ro\r\n"));
  g_assert_nonnull (strstr (text, "Auto-Submitted: auto-generated\r\n"));
  g_assert_null (strstr (text, "\r\nBcc:"));
  g_assert_nonnull (strstr (body, "two  Bcc: evil@a.test    lines\r\n"));
  for (const char *p = text; *p; p++)
    g_assert_true (*p != '\n' || p[-1] == '\r');
}

#define SLOW "[alert slow]\nkind = queue-age\nlonger-than = 1h\n"

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/alerts/once", Rig, SLOW, set_up, test_once, tear_down);
  g_test_add ("/alerts/hold", Rig, SLOW "for = 10m\nrepeat = 1h\n", set_up, test_hold, tear_down);
  g_test_add ("/alerts/unknown", Rig, SLOW, set_up, test_unknown, tear_down);
  g_test_add ("/alerts/clock", Rig, SLOW "for = 10m\nrepeat = 1h\n", set_up, test_clock, tear_down);
  g_test_add ("/alerts/below", Rig, "[alert cert]\nkind = certificate\n", set_up, test_below, tear_down);
  g_test_add ("/alerts/many", Rig, "[alert cert]\nkind = certificate\n", set_up, test_many, tear_down);
  g_test_add ("/alerts/restore", Rig, SLOW, set_up, test_restore, tear_down);
  g_test_add_func ("/alerts/rules", test_rules);
  g_test_add_func ("/alerts/tide", test_tide);
  g_test_add_func ("/alerts/mail", test_mail);
  return g_test_run ();
}
