/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-test.h"
#include "intake/clr-reporter.h"

static ClrPolicy *
make_policy (const char *reports)
{
  g_autofree char *text = g_strconcat (
      "[server]\nhostname = relay.example.com\npostmaster = Post@Example.com\n", reports, NULL);
  g_autoptr (ClrSettings) settings = clr_settings_new_from_text (text, strlen (text), "test.conf", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (settings);
  ClrPolicy *policy = clr_policy_new (settings, &error);
  g_assert_no_error (error);
  return policy;
}

static void
test_addressee (void)
{
  static const struct
  {
    const char *sender, *recipient;
    ClrReportKind kind;
    const char *told; /* NULL: nobody */
  } cases[] = {
    { "a@example.com", "b@example.org", CLR_REPORT_FAILED, "a@example.com" },
    { "a@example.com", "b@example.org", CLR_REPORT_DELAYED, "a@example.com" },
    { "a@example.com", "b@example.org", CLR_REPORT_DELIVERED, "a@example.com" },
    { "a@example.com", "post@example.com", CLR_REPORT_FAILED, "a@example.com" },
    { "", "b@example.org", CLR_REPORT_FAILED, "Post@Example.com" },
    { "", "b@example.org", CLR_REPORT_DELAYED, NULL },
    { "", "b@example.org", CLR_REPORT_DELIVERED, NULL },
    { "", "Post@Example.com", CLR_REPORT_FAILED, NULL },
    { "", "POST@example.com", CLR_REPORT_FAILED, NULL },
  };
  g_autoptr (ClrPolicy) policy = make_policy ("");

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrMessage *message = clr_message_new (1);
      ClrReportJob *job = clr_report_job_new (cases[i].kind, message);

      message->sender = g_strdup (cases[i].sender);
      message->recipients[0].address = g_strdup (cases[i].recipient);
      g_assert_cmpstr (clr_reporter_find_addressee (policy, job), ==, cases[i].told);
      clr_report_job_free (job);
    }
}

static void
test_style (void)
{
  g_autoptr (ClrPolicy) usual = make_policy ("");
  g_autoptr (ClrPolicy) own
      = make_policy ("[reports]\nlanguage = de\nfrom = reports@example.com\nreturn-size = 1K\n");
  const ClrReportStyle *style = clr_policy_get_report_style (usual);

  g_assert_cmpstr (style->author, ==, "Post@Example.com");
  g_assert_cmpint (style->language, ==, CLR_LANGUAGE_ENGLISH);
  g_assert_cmpuint (style->return_size, ==, 50 * 1024);
  style = clr_policy_get_report_style (own);
  g_assert_cmpstr (style->author, ==, "reports@example.com");
  g_assert_cmpint (style->language, ==, CLR_LANGUAGE_GERMAN);
  g_assert_cmpuint (style->return_size, ==, 1024);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reporter/addressee", test_addressee);
  g_test_add_func ("/reporter/style", test_style);
  return g_test_run ();
}
