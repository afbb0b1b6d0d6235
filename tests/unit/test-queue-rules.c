/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pure rules of the queue: when to try again, what a filter's words mean, who is told of what.
 */
#include "base/clr-error.h"
#include "clr-test.h"
#include "queue/clr-age.h"
#include "queue/clr-filter.h"
#include "queue/clr-report-job.h"
#include "queue/clr-retry.h"

#include <string.h>

#define SECOND G_GINT64_CONSTANT (1000000)
#define DAY    (86400 * SECOND)

/* -- retry */

static void
test_retry (void)
{
  static const uint32_t randoms[] = { 0, 1, 12345, 0x7fffffff, 0x80000000, UINT32_MAX };
  ClrRetryRule rule = { 300 * SECOND, 14400 * SECOND, 0 };
  gboolean varies = FALSE;

  for (unsigned attempts = 0; attempts < 2000; attempts = attempts < 20 ? attempts + 1 : attempts * 3)
    for (unsigned r = 0; r < G_N_ELEMENTS (randoms); r++)
      {
        unsigned doublings = MIN (MAX (attempts, 1) - 1, 10);
        int64_t base = MIN (rule.first_us << doublings, rule.longest_us),
                wait = clr_retry_get_wait (&rule, attempts, randoms[r]);

        g_assert_cmpint (wait, >=, base - base / 8);
        g_assert_cmpint (wait, <=, base + base / 8);
        varies = varies || wait != base;
      }
  g_assert_true (varies);

  for (unsigned failures = 1; failures < 100; failures++)
    {
      int64_t base = MIN (5 * SECOND << MIN (failures - 1, 10), 300 * SECOND),
              rest = clr_retry_get_rest (failures, 99);
      g_assert_cmpint (rest, >=, base - base / 8);
      g_assert_cmpint (rest, <=, base + base / 8);
    }
  g_assert_cmpint (clr_retry_get_wait (&rule, UINT_MAX, 5), <=, 16200 * SECOND);
}

/* -- age */

/* Half a minute after half a minute, the wall clock with them. Returns: what the last look gave, less the
 * wall clock. */
static int64_t
pass (ClrAge *age, int64_t *wall, int64_t *monotonic, int64_t time)
{
  int64_t lag = 0;

  for (int64_t passed = 0; passed < time; passed += 30 * SECOND)
    {
      *wall += 30 * SECOND + 3000; /* 100 millionths fast */
      *monotonic += 30 * SECOND;
      lag = *wall - clr_age_get_time (age, *wall, *monotonic, 5 * DAY);
      g_assert_cmpint (lag, >=, 0);
    }
  return lag;
}

static void
test_age (void)
{
  ClrAge age = { 0 };
  int64_t wall = 20000 * DAY, monotonic = 77 * SECOND;

  g_assert_cmpint (pass (&age, &wall, &monotonic, 8 * DAY), ==, 0);
  /* A correction of a second is none. */
  wall += SECOND;
  g_assert_cmpint (pass (&age, &wall, &monotonic, DAY), ==, 0);
  wall -= SECOND;
  g_assert_cmpint (pass (&age, &wall, &monotonic, DAY), ==, 0);
  /* A week ahead: nothing is older than it was, until all that was there is dead anyway. */
  wall += 7 * DAY;
  int64_t lag = pass (&age, &wall, &monotonic, 4 * DAY);
  g_assert_cmpint (ABS (lag - 7 * DAY), <, SECOND);
  g_assert_cmpint (pass (&age, &wall, &monotonic, 2 * DAY), ==, 0);
  /* Ahead, and back to where it was; and then further back. */
  wall += 7 * DAY;
  g_assert_cmpint (pass (&age, &wall, &monotonic, 60 * SECOND), >, 6 * DAY);
  wall -= 7 * DAY;
  g_assert_cmpint (pass (&age, &wall, &monotonic, 60 * SECOND), <, SECOND);
  wall -= 7 * DAY;
  g_assert_cmpint (pass (&age, &wall, &monotonic, DAY), <, SECOND);
  /* Ahead again, from there. */
  wall += 365 * DAY;
  g_assert_cmpint (pass (&age, &wall, &monotonic, DAY), >, 364 * DAY);
}

/* -- filter */

static void
test_filter_refuses (void)
{
  static const struct
  {
    const char *text, *says;
  } cases[] = {
    { "foo:bar", "\"foo:bar\" at character 1: there is no such word" },
    { "from:a state:gone", "at character 8: a state is" },
    { "older:4", "a time is a number" },
    { "older:x", "a time is a number" },
    { "larger:4X", "a size is" },
    { "id:abc", "a queue id has 13" },
    { "from:", "something must follow" },
    { "\"open", "the quotes are not closed" },
    { "\xff", "UTF-8" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (clr_filter_new (cases[i].text, 0, &error));
      g_assert_error (error, CLR_ERROR, CLR_ERROR_INVALID);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
  g_autoptr (GString) many = g_string_new (NULL);
  for (unsigned i = 0; i < 33; i++)
    g_string_append (many, "w ");
  g_autoptr (GError) error = NULL;
  g_assert_null (clr_filter_new (many->str, 0, &error));
}

static void
test_attributes (void)
{
  static const struct
  {
    const char *json, *expected;
  } cases[] = {
    { "{\"subject\":\"a\"}", "a" },
    { "{\"x\":{\"subject\":\"no\"}, \"subject\" : \"yes\"}", "yes" },
    { "{\"x\":\"subject\",\"subject\":\"\\\"\\u00e4\\ud83d\\ude00\\n\"}", "\"\303\244\360\237\230\200\n" },
    { "{\"subject\":7}", NULL },
    { "{\"subject\":\"cut", "cut" },
    { "{", NULL },
    { NULL, NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrMessage message = { .attributes = (char *)cases[i].json };
      g_autofree char *text = clr_message_dup_attribute (&message, "subject");

      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

/* A domain is what stands behind the last "@", however the local part is quoted. */
static void
test_filter_domain (void)
{
  static const struct
  {
    const char *filter, *address;
    gboolean fits;
  } cases[] = {
    { "domain:example.com", "a@Example.COM", TRUE },
    { "domain:example.com", "a@sub.example.com", FALSE },
    { "domain:example.com", "example.com", FALSE },
    { "domain:com", "a@example.com", FALSE },
    { "domain:example.com", "\"x@example.com\"@example.org", FALSE },
    { "-domain:example.com", "a@example.org", TRUE },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrRecipient recipient = { .address = (char *)cases[i].address };
      ClrMessage message = { 0 };
      g_autoptr (ClrFilter) filter = clr_filter_new (cases[i].filter, 0, NULL);

      g_assert_cmpint (clr_filter_fits (filter, &message, &recipient), ==, cases[i].fits);
    }
}

/* -- reports */

/* RFC 3461 section 4.1: NOTIFY, and what it means for each report. */
static void
test_reports (void)
{
  static const struct
  {
    const char *sender;
    unsigned notify;
    ClrRecipientState given_up;
    gboolean delivered, delayed;
  } cases[] = {
    { "s@example.com", 0, CLR_RECIPIENT_BOUNCING, FALSE, TRUE },
    { "s@example.com", CLR_TELL_NEVER, CLR_RECIPIENT_GIVEN_UP, FALSE, FALSE },
    { "s@example.com", CLR_TELL_SUCCESS, CLR_RECIPIENT_GIVEN_UP, TRUE, FALSE },
    { "s@example.com", CLR_TELL_FAILURE, CLR_RECIPIENT_BOUNCING, FALSE, FALSE },
    { "s@example.com", CLR_TELL_DELAY, CLR_RECIPIENT_GIVEN_UP, FALSE, TRUE },
    { "s@example.com", CLR_TELL_DELAY | CLR_TELL_FAILURE | CLR_TELL_SUCCESS, CLR_RECIPIENT_BOUNCING, TRUE,
      TRUE },
    { "", 0, CLR_RECIPIENT_BOUNCING, FALSE, FALSE }, /* the postmaster may hear of it */
    { "", CLR_TELL_SUCCESS, CLR_RECIPIENT_GIVEN_UP, FALSE, FALSE },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrMessage message = { .sender = (char *)cases[i].sender };
      ClrRecipient recipient = { .notify = cases[i].notify, .notice_us = 7 };

      g_assert_cmpint (clr_report_wants_delivered (&message, &recipient, FALSE), ==, cases[i].delivered);
      g_assert_false (clr_report_wants_delivered (&message, &recipient, TRUE));
      g_assert_cmpint (clr_report_wants_delayed (&message, &recipient), ==, cases[i].delayed);
      clr_report_give_up (&message, &recipient, TRUE);
      g_assert_cmpint (recipient.state, ==, cases[i].given_up);
      g_assert_cmpint (recipient.report, ==,
                       recipient.state == CLR_RECIPIENT_BOUNCING ? CLR_REPORT_FAILED : 0);
      g_assert_cmpint (clr_recipient_is_final (&recipient), ==, recipient.state == CLR_RECIPIENT_GIVEN_UP);
      clr_report_give_up (&message, &recipient, FALSE);
      g_assert_cmpint (recipient.state, ==, CLR_RECIPIENT_FAILED);
      g_assert_false (clr_recipient_is_final (&recipient));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/queue/retry", test_retry);
  g_test_add_func ("/queue/age", test_age);
  g_test_add_func ("/queue/filter-refuses", test_filter_refuses);
  g_test_add_func ("/queue/filter-domain", test_filter_domain);
  g_test_add_func ("/queue/attributes", test_attributes);
  g_test_add_func ("/queue/reports", test_reports);
  return g_test_run ();
}
