/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pure rules of the queue: when to try again, what a filter's words mean, who is told of what.
 */
#include "base/clr-error.h"
#include "clr-test.h"
#include "queue/clr-filter.h"
#include "queue/clr-report-job.h"
#include "queue/clr-retry.h"

#include <string.h>

#define SECOND G_GINT64_CONSTANT (1000000)

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
  g_test_add_func ("/queue/filter-refuses", test_filter_refuses);
  g_test_add_func ("/queue/filter-domain", test_filter_domain);
  g_test_add_func ("/queue/attributes", test_attributes);
  g_test_add_func ("/queue/reports", test_reports);
  return g_test_run ();
}
