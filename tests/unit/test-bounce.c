/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-test.h"
#include "mail/clr-bounce.h"
#include "mail/clr-mime.h"
#include "mail/clr-report.h"

#define REPORT(fields)                                                                                       \
  "From: MAILER-DAEMON@x\r\nSubject: failure\r\nContent-Type: multipart/report; "                            \
  "report-type=delivery-status;\r\n"                                                                         \
  " boundary=\"b\"\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" fields  \
  "\r\n--b--\r\n"

static const struct
{
  const char *name;
  const char *message;
  ClrBounceSource source;
  unsigned n;
  const char *address, *status, *action;
  int code;
  ClrBounceClass class;
  gboolean hard;
} cases[] = {
  { "fields",
    REPORT ("Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; joe@example.org\r\nAction: "
            "failed\r\nStatus: 5.1.1\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n"),
    CLR_BOUNCE_FIELDS, 1, "joe@example.org", "5.1.1", "failed", 550, CLR_BOUNCE_HARD, TRUE },
  { "delayed",
    REPORT ("Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; joe@example.org\r\nAction: "
            "delayed\r\nStatus: 4.4.1\r\n"),
    CLR_BOUNCE_FIELDS, 1, "joe@example.org", "4.4.1", "delayed", 0, CLR_BOUNCE_SOFT, FALSE },
  { "delivered",
    REPORT ("Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; joe@example.org\r\nAction: "
            "delivered\r\nStatus: 2.0.0\r\n"),
    CLR_BOUNCE_FIELDS, 1, "joe@example.org", "2.0.0", "delivered", 0, CLR_BOUNCE_UNKNOWN, FALSE },
  { "two recipients",
    REPORT ("Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@example.org\r\nAction: "
            "failed\r\nStatus: 5.2.2\r\n\r\n"
            "Final-Recipient: rfc822; b@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"),
    CLR_BOUNCE_FIELDS, 2, "a@example.org", "5.2.2", "failed", 0, CLR_BOUNCE_FULL, FALSE },
  { "a clear reply behind a vague status",
    REPORT ("Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@example.org\r\nAction: failed\r\n"
            "Status: 5.0.0\r\nDiagnostic-Code: smtp; 552 5.2.2 mailbox\r\n full\r\n"),
    CLR_BOUNCE_FIELDS, 1, "a@example.org", "5.2.2", "failed", 552, CLR_BOUNCE_FULL, FALSE },
  { "a temporary one is not hard",
    REPORT ("\r\nFinal-Recipient: rfc822; a@example.org\r\nAction: failed\r\nStatus: 4.1.1\r\n"),
    CLR_BOUNCE_FIELDS, 1, "a@example.org", "4.1.1", "failed", 0, CLR_BOUNCE_HARD, FALSE },
  { "a reputation is not hard",
    REPORT ("\r\nFinal-Recipient: rfc822; a@example.org\r\nAction: failed\r\nStatus: 5.7.1\r\n"
            "Diagnostic-Code: smtp; 554 5.7.1 blocked using zen.spamhaus.org\r\n"),
    CLR_BOUNCE_FIELDS, 1, "a@example.org", "5.7.1", "failed", 554, CLR_BOUNCE_BLOCK, FALSE },
  { "an international address",
    REPORT ("\r\nFinal-Recipient: utf-8; gr\\x{FC}n@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"),
    CLR_BOUNCE_FIELDS, 1, "grün@example.org", "5.1.1", "failed", 0, CLR_BOUNCE_HARD, TRUE },
  { "text",
    "From: MAILER-DAEMON@mx.example.org\r\nTo: me@example.com\r\nSubject: failure "
    "notice\r\n\r\nHi.\r\n<joe@example.org>:\r\n"
    "192.0.2.1 said: 550 5.1.1 no such user\r\n\r\n--- Below this line is a copy of the "
    "message.\r\n\r\nother@example.org 5.2.2\r\n",
    CLR_BOUNCE_TEXT, 1, "joe@example.org", "5.1.1", "failed", 550, CLR_BOUNCE_HARD, TRUE },
  { "text with the reader's own address",
    "From: postmaster@mx.example.org\r\nTo: me@example.com\r\nSubject: Undeliverable\r\n\r\n"
    "Dear me@example.com, joe@example.org: mailbox is full\r\n",
    CLR_BOUNCE_TEXT, 1, "joe@example.org", "", "failed", 0, CLR_BOUNCE_FULL, FALSE },
  { "X-Failed-Recipients",
    "From: Mail Delivery System <x@y>\r\nX-Failed-Recipients: joe@example.org\r\nSubject: s\r\n\r\nno "
    "words\r\n",
    CLR_BOUNCE_TEXT, 1, "joe@example.org", "", "failed", 0, CLR_BOUNCE_UNKNOWN, FALSE },
  { "a letter", "From: joe@example.org\r\nSubject: lunch\r\n\r\n550 ways to cook\r\n", CLR_BOUNCE_NONE, 0 },
  { "holidays",
    "From: joe@example.org\r\nSubject: Auto: delivery\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n",
    CLR_BOUNCE_NONE, 0 },
  { "nothing", "", CLR_BOUNCE_NONE, 0 },
  { "a report without fields and words", "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n--b--\r\n",
    CLR_BOUNCE_NONE, 0 },
};

static void
test_case (const void *data)
{
  unsigned i = GPOINTER_TO_UINT (data);
  ClrBounce bounce;

  clr_bounce_parse (&bounce, cases[i].message, strlen (cases[i].message));
  g_assert_cmpint (bounce.source, ==, cases[i].source);
  g_assert_cmpuint (bounce.recipients->len, ==, cases[i].n);
  if (cases[i].n > 0)
    {
      ClrBounceRecipient *recipient = &g_array_index (bounce.recipients, ClrBounceRecipient, 0);

      g_assert_cmpstr (recipient->address, ==, cases[i].address);
      g_assert_cmpstr (recipient->status, ==, cases[i].status);
      g_assert_cmpstr (recipient->action, ==, cases[i].action);
      g_assert_cmpint (recipient->code, ==, cases[i].code);
      g_assert_cmpstr (clr_bounce_class_get_name (recipient->class), ==,
                       clr_bounce_class_get_name (cases[i].class));
      g_assert_cmpint (recipient->is_hard, ==, cases[i].hard);
    }
  clr_bounce_clear (&bounce);
}

/* What we write, we read: in every language, with every action. */
static void
test_own_reports (void)
{
  static const char message[] = "Subject: x\r\n\r\nb\r\n";

  for (unsigned language = 0; language < CLR_LANGUAGE_LAST; language++)
    for (unsigned action = 0; action < CLR_ACTION_LAST; action++)
      {
        ClrReportRecipient recipients[] = {
          { .address = "joe+x@example.org",
            .orcpt = "rfc822;Joe+2Bx@example.org",
            .action = action,
            .code = 550,
            .enhanced = "5.1.1",
            .text = "user unknown\nreally" },
          { .address = "full@example.org", .action = action, .code = 452, .text = "mailbox full" },
        };
        ClrReportFacts facts = { .language = language,
                                 .hostname = "relay.example.com",
                                 .author = "p@example.com",
                                 .postmaster = "p@example.com",
                                 .to = "a@example.com",
                                 .sender = "a@example.com",
                                 .id = "0A",
                                 .message_id = "0B",
                                 .envid = "QQ+2B1",
                                 .content = message,
                                 .content_size = strlen (message),
                                 .recipients = recipients,
                                 .n_recipients = 2 };
        g_autoptr (GString) header = g_string_new (NULL);
        g_autoptr (GString) body = g_string_new (NULL);
        gboolean smtputf8;
        ClrBounce bounce;

        clr_report_write (&facts, header, body, &smtputf8);
        g_string_append_len (header, body->str, body->len);
        g_assert_true (clr_bounce_parse (&bounce, header->str, header->len));
        g_assert_cmpint (bounce.source, ==, CLR_BOUNCE_FIELDS);
        g_assert_cmpstr (bounce.reporter, ==, "relay.example.com");
        g_assert_cmpstr (bounce.envelope_id, ==, "QQ+1");
        g_assert_cmpuint (bounce.recipients->len, ==, 2);
        ClrBounceRecipient *first = &g_array_index (bounce.recipients, ClrBounceRecipient, 0);
        g_assert_cmpstr (first->address, ==, "joe+x@example.org");
        g_assert_cmpstr (first->original, ==, "Joe+x@example.org");
        g_assert_cmpstr (first->action, ==, clr_report_action_get_name (action));
        g_assert_cmpint (first->is_hard, ==, action == CLR_ACTION_FAILED);
        g_assert_cmpint (first[1].class, ==,
                         action == CLR_ACTION_FAILED    ? CLR_BOUNCE_FULL
                         : action == CLR_ACTION_DELAYED ? CLR_BOUNCE_SOFT
                                                        : CLR_BOUNCE_UNKNOWN);
        clr_bounce_clear (&bounce);
      }
}

static gboolean
count_part (const ClrMimePart *part, void *data)
{
  return ++*(unsigned *)data < 1000;
}

/* Nesting and numbers have an end. */
static void
test_bounds (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GString) many = g_string_new ("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
  g_autoptr (GString) crowd = g_string_new ("Reporting-MTA: dns; x\r\n");
  unsigned n = 0;
  ClrBounce bounce;

  for (unsigned i = 0; i < 1000; i++)
    g_string_append_printf (deep, "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", i, i);
  clr_mime_walk (deep->str, deep->len, count_part, &n);
  g_assert_cmpuint (n, ==, 1);
  for (unsigned i = 0; i < 5000; i++)
    g_string_append (many, "--b\r\n\r\nx\r\n");
  n = 0;
  clr_mime_walk (many->str, many->len, count_part, &n);
  g_assert_cmpuint (n, ==, CLR_MIME_PARTS_MOST);

  for (unsigned i = 0; i < 3000; i++)
    g_string_append_printf (
        crowd, "\r\nFinal-Recipient: rfc822; a%u@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n", i);
  g_autofree char *message = g_strdup_printf ("Content-Type: message/delivery-status\r\n\r\n%s", crowd->str);
  g_assert_true (clr_bounce_parse (&bounce, message, strlen (message)));
  g_assert_cmpuint (bounce.recipients->len, ==, CLR_BOUNCE_RECIPIENTS_MOST);
  clr_bounce_clear (&bounce);
}

static void
test_parameters (void)
{
  static const char *const table[][2] = {
    { "Content-Type: a/b; boundary=x\r\n", "x" },
    { "Content-Type: a/b; charset=u; BOUNDARY = \"x y\\\"z\"; q=1\r\n", "x y\"z" },
    { "Content-Type: a/b;\r\n\tboundary=\"=_x\"\r\n", "=_x" },
    { "Content-Type: a/b; boundaryx=1\r\n", NULL },
    { "Content-Type: a/b; boundary\r\n", NULL },
    { "Content-Type: a/b; boundary=\"open\r\n", "open" },
    { "Content-Type:\r\n", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      ClrHeaderBlock block;

      clr_header_block_parse (&block, table[i][0], strlen (table[i][0]));
      g_autofree char *value = clr_field_dup_parameter (&block.fields[0], "boundary");
      g_assert_cmpstr (value, ==, table[i][1]);
      clr_header_block_clear (&block);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdelimit (g_strdup_printf ("/bounce/case/%s", cases[i].name), " ", '-');
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_case);
    }
  g_test_add_func ("/bounce/own-reports", test_own_reports);
  g_test_add_func ("/bounce/bounds", test_bounds);
  g_test_add_func ("/mime/parameters", test_parameters);
  return g_test_run ();
}
