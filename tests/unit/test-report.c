/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-test.h"
#include "mail/clr-encoding.h"
#include "mail/clr-header-block.h"
#include "mail/clr-mime.h"
#include "mail/clr-report.h"

#define TIME G_GINT64_CONSTANT (1795511640000000) /* Tue, 24 Nov 2026 09:14:00 +0000 */
#define DAY  (86400 * (int64_t)G_USEC_PER_SEC)
#define MESSAGE                                                                                              \
  "Received: from x\r\n\tby y\r\nMessage-ID: <abc@example.com>\r\nSubject: Offer 17\r\nFrom: "               \
  "a@b\r\n\r\nbody\r\n"
#define NO_USER                                                                                              \
  .code = 550, .enhanced = "5.1.1", .text = "No such user", .host = "mx.example.org (192.0.2.1:25)",         \
  .tried_us = TIME
#define FAILED  .action = CLR_ACTION_FAILED
#define DELAYED .action = CLR_ACTION_DELAYED
#define MOST    4

typedef struct
{
  const char *name;
  ClrReportFacts facts; /* what differs from the usual */
  ClrReportRecipient recipients[MOST];
  const char *has[8];
  const char *lacks[5];
} Case;

static const Case cases[] = {
  { "plain",
    {},
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "From: Mail Delivery System <postmaster@example.com>\r\n", "To: <a@example.com>\r\n",
      "Subject: Undeliverable: Offer 17\r\n",
      "In-Reply-To: <abc@example.com>\r\nReferences: <abc@example.com>\r\n",
      "Auto-Submitted: auto-replied\r\n", "Message-ID: <0AAAAAAAAAAAA@relay.example.com>\r\n",
      "Your message could not be delivered to this address:\r\n\r\n    joe@example.org\r\n      This address "
      "does not exist there.",
      "\r\n\r\nFinal-Recipient: rfc822; joe@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
      "Remote-MTA: dns; mx.example.org\r\nDiagnostic-Code: smtp; 550 5.1.1 No such "
      "user\r\nLast-Attempt-Date: " },
    { "Original-Envelope-Id", "Original-Recipient", "Will-Retry-Until", "quoted-printable" } },
  { "headers only",
    {},
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "Content-Type: text/rfc822-headers\r\n", "\r\n\r\nReceived: from x\r\n\tby y\r\n" },
    { "\r\nbody\r\n", "message/rfc822" } },
  { "whole",
    { .returns_whole = TRUE },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "Content-Type: message/rfc822\r\n", "From: a@b\r\n\r\nbody\r\n", "It is attached." },
    { "text/rfc822-headers" } },
  { "the whole asked for, and not at hand",
    { .returns_whole = TRUE, .is_whole = -1 },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "text/rfc822-headers", "Its header lines are attached." },
    { "\r\nbody\r\n" } },
  { "content not readable",
    { .content = "" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "Subject: Undeliverable: your message\r\n", "Final-Recipient: rfc822; joe@example.org" },
    { "rfc822-headers", "In-Reply-To", "attached" } },
  { "ENVID and ORCPT in xtext",
    { .envid = "QQ+2B+3D1" },
    { { "joe+x@example.org", "rfc822;Joe+2Bx@Example.ORG", FAILED, NO_USER } },
    { "Original-Envelope-Id: QQ+=1\r\n",
      "Original-Recipient: rfc822; Joe+x@Example.ORG\r\nFinal-Recipient: rfc822; joe+x@example.org\r\n" } },
  { "xtext that would break the line",
    { .envid = "a+0D+0AX-Evil:+20yes" },
    { { "joe@example.org", "rfc822;x+0AAction:+20delivered", FAILED, NO_USER } },
    {},
    { "Evil", "Action: delivered", "Original-" } },
  { "xtext that is none",
    { .envid = "a+Z1" },
    { { "joe@example.org", "no semicolon", FAILED, NO_USER } },
    {},
    { "Original-" } },
  { "another address type",
    {},
    { { "joe@example.org", "x400;/c=de/a=x", FAILED, NO_USER } },
    { "Original-Recipient: x400; /c=de/a=x\r\n" } },
  { "no enhanced code: from the words",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 550, .text = "unknown user" } },
    { "Status: 5.1.1\r\n", "Diagnostic-Code: smtp; 550 unknown user\r\n" } },
  { "no enhanced code, no words",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 550, .text = "no" } },
    { "Status: 5.0.0\r\n", "did not accept the message" } },
  { "mailbox full",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 552, .enhanced = "5.2.2", .text = "over quota" } },
    { "The recipient's mailbox is full." } },
  { "refused as spam",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 554, .enhanced = "5.7.1", .text = "This looks like spam" } },
    { "takes the message for spam", "Status: 5.7.1\r\n" } },
  { "our address on a list",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 554, .enhanced = "5.7.1",
        .text = "Client host [192.0.2.9] blocked using bl.example" } },
    { "accepts no mail from the server that sent it" } },
  { "too large",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 552, .text = "message size exceeds fixed limit" } },
    { "Status: 5.3.4\r\n", "larger than the recipient's" } },
  { "domain unknown",
    {},
    { { "joe@nowhere.example", NULL, FAILED, .enhanced = "5.1.2", .text = "the domain does not exist" } },
    { "(what stands behind the @) does not exist", "Status: 5.1.2\r\n" },
    { "Remote-MTA" } },
  { "expired, nobody reached",
    { .arrived_us = TIME - 5 * DAY },
    { { "joe@example.org", NULL, FAILED, .text = "connect to 192.0.2.2:25: Connection refused",
        .host = "192.0.2.2:25", .tried_us = TIME } },
    { "The relay has tried for 5 days.", "could not be reached", "Status: 5.4.7\r\n",
      "Diagnostic-Code: X-Clrelay; connect to 192.0.2.2:25: Connection refused\r\n" },
    { "Remote-MTA", "smtp;" } },
  { "expired over a full mailbox",
    { .arrived_us = TIME - DAY },
    { { "joe@example.org", NULL, FAILED, .code = 452, .enhanced = "4.2.2", .text = "mailbox full" } },
    { "The relay has tried for 1 day.", "Status: 5.2.2\r\n",
      "Diagnostic-Code: smtp; 452 4.2.2 mailbox full\r\n" } },
  { "delayed",
    {},
    { { "joe@example.org", NULL, DELAYED, .code = 451, .enhanced = "4.7.1", .text = "greylisted",
        .until_us = TIME + DAY, .tried_us = TIME } },
    { "Subject: Delayed: Offer 17\r\n", "has not yet been delivered", "Action: delayed\r\nStatus: 4.7.1\r\n",
      "Will-Retry-Until: Wed, 25 Nov 2026 09:14:00 +0000\r\n",
      "keeps trying until Wednesday, 25 November 2026, 09:14 (UTC)" },
    { "will not try again" } },
  { "delayed by a permanent reply",
    {},
    { { "joe@example.org", NULL, DELAYED, .code = 550, .enhanced = "5.7.1", .text = "no" } },
    { "Status: 4.7.1\r\n" } },
  { "delivered",
    {},
    { { "joe@example.org", NULL, CLR_ACTION_DELIVERED, .code = 250, .enhanced = "2.1.5", .text = "ok" } },
    { "Subject: Delivered: Offer 17\r\n", "Action: delivered\r\nStatus: 2.1.5\r\n",
      "asked for a confirmation" },
    { "could not", "failed" } },
  { "relayed",
    {},
    { { "joe@example.org", NULL, CLR_ACTION_RELAYED, .code = 250, .text = "queued as 1",
        .host = "[2001:db8::1]:25" } },
    { "Subject: Relayed: Offer 17\r\n",
      "Action: relayed\r\nStatus: 2.0.0\r\nRemote-MTA: dns; [IPv6:2001:db8::1]\r\n",
      "sends no confirmations" } },
  { "expanded",
    {},
    { { "list@example.org", NULL, CLR_ACTION_EXPANDED } },
    { "Action: expanded\r\nStatus: 2.0.0\r\n", "several others:" } },
  { "two of three",
    { .has_others = TRUE },
    { { "joe@example.org", NULL, FAILED, NO_USER }, { "ann@example.org", NULL, FAILED, NO_USER } },
    { "to these addresses:\r\n\r\n    joe@example.org\r\n    ann@example.org\r\n      This address",
      "Other recipients", "\r\n\r\nFinal-Recipient: rfc822; joe@example.org\r\n",
      "\r\n\r\nFinal-Recipient: rfc822; ann@example.org\r\n" } },
  { "failed and delayed at once",
    {},
    { { "joe@example.org", NULL, FAILED, NO_USER },
      { "ann@example.org", NULL, DELAYED, .code = 451, .text = "later" } },
    { "Subject: Undeliverable: ", "could not be delivered to this address",
      "has not yet been delivered to this address" } },
  { "a long reply, folded",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 550, .enhanced = "5.1.1", .text = "one\ntwo\n\nfour" } },
    { "Diagnostic-Code: smtp; 550-5.1.1 one\r\n  550-5.1.1 two\r\n  550-5.1.1 \r\n  550 5.1.1 four\r\n",
      "550 5.1.1 one\r\n" } },
  { "a reply that wants to be more",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 550,
        .text = "x\r\n\r\nAction: delivered\r\n--=_0AAAAAAAAAAAA_0--\r\n\033[2J\x7f" } },
    { "Diagnostic-Code: smtp; 550-x" },
    { "\nAction: delivered", "\n--=_0AAAAAAAAAAAA_0--\r\n\033", "\033" } },
  { "a reply in Latin 1",
    {},
    { { "joe@example.org", NULL, FAILED, .code = 550, .text = "Postfach \xfcnbekannt" } },
    { "Diagnostic-Code: smtp; 550 Postfach ?nbekannt\r\n" } },
  { "the null sender's",
    { .sender = "", .to = "postmaster@example.com" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "To: <postmaster@example.com>\r\n", "This message for the postmaster" } },
  { "German",
    { .language = CLR_LANGUAGE_GERMAN },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "Content-Language: de\r\nContent-Transfer-Encoding: quoted-printable\r\n",
      "Subject: Unzustellbar: Offer 17\r\n", "Diese Adresse gibt es dort nicht.", "pr=C3=BCfen",
      "Dienstag, 24. November 2026, 09:14 Uhr" } },
  { "German, delayed",
    { .language = CLR_LANGUAGE_GERMAN },
    { { "joe@example.org", NULL, DELAYED, .code = 451, .text = "later" } },
    { "Subject: =?utf-8?B?VmVyesO2Z2VydDogT2ZmZXIgMTc=?=\r\n" } },
  { "a UTF-8 sender",
    { .sender = "jörg@bücher.example", .to = "jörg@bücher.example" },
    { { "grün@example.org", NULL, FAILED, NO_USER } },
    { "To: <jörg@bücher.example>\r\n",
      "message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n",
      "Final-Recipient: utf-8; grün@example.org\r\n" } },
  { "a UTF-8 recipient for an ASCII sender",
    {},
    { { "grün+x@example.org", "utf-8;gr\\x{FC}n@example.org", FAILED, NO_USER } },
    { "Content-Type: message/delivery-status\r\n",
      "Final-Recipient: utf-8; gr\\x{FC}n\\x{2B}x@example.org\r\n",
      "Original-Recipient: utf-8; gr\\x{FC}n@example.org\r\n", "gr=C3=BCn+x@example.org" } },
  { "UTF-8 in the returned fields",
    { .content = "Subject: Gr\xc3\xbc\xc3\x9f"
                 "e\r\n\r\nb\r\n" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "text/rfc822-headers\r\nContent-Transfer-Encoding: quoted-printable\r\n",
      "Subject: Gr=C3=BC=C3=9Fe\r\n", "Subject: Undeliverable:\r\n =?utf-8?B?R3LDvMOfZQ==?=\r\n" } },
  { "UTF-8 in the returned fields, for a UTF-8 sender",
    { .content = "Subject: Gr\xc3\xbc\xc3\x9f"
                 "e\r\n\r\nb\r\n",
      .to = "jörg@example.com",
      .sender = "jörg@example.com" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "message/global-headers\r\nContent-Transfer-Encoding: 8bit\r\n", "Subject: Gr\xc3\xbc\xc3\x9f"
                                                                       "e\r\n" } },
  { "an 8-bit body returned",
    { .content = "Subject: x\r\n\r\ngr\xfc\xdf"
                 "e\r\n",
      .returns_whole = TRUE },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n", "gr\xfc\xdf"
                                                               "e\r\n" } },
  { "Message-ID that is none",
    { .content = "Message-ID: <a b>\r\nSubject: x\r\n\r\n" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    {},
    { "In-Reply-To", "References" } },
  { "Message-ID in two pairs of brackets",
    { .content = "Message-ID: <<a@b>>\r\n\r\n" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    {},
    { "In-Reply-To" } },
  { "the boundary in the message",
    { .content = "Subject: --=_0AAAAAAAAAAAA_0\r\n\r\n" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "boundary=\"=_0AAAAAAAAAAAA_1\"" } },
  { "an encoded subject",
    { .content = "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?Q?_f=FCr?=\r\n dich\r\n\r\n" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "Subject: Gr=C3=BC=C3=9Fe f=C3=BCr dich\r\n" } },
  { "a client of IPv6",
    { .client = "2001:db8::7" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "Received-From-MTA: dns; [IPv6:2001:db8::7]\r\n", "Arrival-Date: " } },
  { "a client that is a person",
    { .client = "root" },
    { { "joe@example.org", NULL, FAILED, NO_USER } },
    { "Arrival-Date: " },
    { "Received-From-MTA" } },
};

static ClrReportFacts
make_facts (const Case *c)
{
  ClrReportFacts facts = c->facts;
  unsigned n = 0;

  while (n < MOST && c->recipients[n].address)
    n++;
  facts.hostname = "relay.example.com";
  facts.author = facts.postmaster = "postmaster@example.com";
  facts.id = "0AAAAAAAAAAAA";
  facts.message_id = "0BBBBBBBBBBBB";
  facts.time_us = TIME;
  facts.to = facts.to ? facts.to : "a@example.com";
  facts.sender = facts.sender ? facts.sender : facts.to;
  facts.arrived_us = facts.arrived_us ? facts.arrived_us : TIME - G_USEC_PER_SEC;
  facts.content = facts.content == NULL ? MESSAGE : *facts.content ? facts.content : NULL;
  facts.content_size = facts.content ? strlen (facts.content) : 0;
  facts.is_whole = facts.is_whole == 0;
  facts.recipients = c->recipients;
  facts.n_recipients = n;
  return facts;
}

/* What every report keeps to, whatever it is about. */
static void
check_shape (const ClrReportFacts *facts, const char *header, const char *body, gboolean eight_bit)
{
  ClrHeaderBlock block;
  const char *boundary = strstr (header, "boundary=\"") + 10;
  g_autofree char *mark = g_strdup_printf ("\r\n--%.*s", (int)strcspn (boundary, "\""), boundary);
  unsigned marks = 1;

  clr_header_block_parse (&block, header, strlen (header));
  g_assert_cmpuint (block.size + 2, ==, strlen (header));
  for (unsigned i = 0; i < block.n_fields; i++)
    g_assert_cmpuint (block.fields[i].name_size, >, 0);
  clr_header_block_clear (&block);
  g_assert_true (g_str_has_prefix (body, mark + 2));
  for (const char *at = body; (at = strstr (at, mark)); at++)
    marks++;
  g_assert_cmpuint (marks, ==, facts->content ? 4 : 3);
  for (const char *line = body, *end; *line; line = end + 1)
    {
      end = strchr (line, '\n');
      g_assert_nonnull (end);
      g_assert_true (end > line && end[-1] == '\r');
      g_assert_cmpuint (end - line, <=, 999);
      g_assert_null (memchr (line, '\r', end - 1 - line));
    }
  g_assert_cmpint (eight_bit, ==,
                   !clr_is_ascii (body, strlen (body)) || !clr_is_ascii (header, strlen (header)));

  /* The second part is made of fields only, in groups. */
  const char *second = strstr (strstr (body, "delivery-status\r\n"), "\r\n\r\n") + 4;
  g_autofree char *fields = g_strndup (second, strstr (second, mark) - second);
  g_auto (GStrv) groups = g_strsplit (fields, "\r\n\r\n", -1);
  g_assert_cmpuint (g_strv_length (groups), ==, facts->n_recipients + 1);
  for (char **group = groups; *group; group++)
    {
      clr_header_block_parse (&block, *group, strlen (*group));
      for (unsigned i = 0; i < block.n_fields; i++)
        g_assert_cmpuint (block.fields[i].name_size, >, 0);
      g_assert_cmpuint (clr_header_block_count (&block, "Action"), ==, group > groups);
      g_assert_cmpuint (clr_header_block_count (&block, "Status"), ==, group > groups);
      g_assert_cmpuint (clr_header_block_count (&block, "Final-Recipient"), ==, group > groups);
      g_assert_cmpuint (clr_header_block_count (&block, "Reporting-MTA"), ==, group == groups);
      clr_header_block_clear (&block);
    }
}

static gboolean
take_text (const ClrMimePart *part, void *data)
{
  *(char **)data = clr_mime_part_dup_text (part, part->size);
  return FALSE;
}

/* The text for people on one line, so that it does not matter where it was broken. (transfer full) */
static char *
dup_text_line (const char *message)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *part = NULL;

  clr_mime_walk (message, strlen (message), take_text, &part);
  g_auto (GStrv) words = g_strsplit_set (part, " \r\n", -1);
  for (char **word = words; *word; word++)
    if (**word)
      g_string_append_printf (text, "%s ", *word);
  return g_strdup (text->str);
}

static void
test_case (const void *data)
{
  const Case *c = data;
  ClrReportFacts facts = make_facts (c);
  g_autoptr (GString) header = g_string_new (NULL);
  g_autoptr (GString) body = g_string_new (NULL);
  gboolean smtputf8, eight_bit = clr_report_write (&facts, header, body, &smtputf8);
  g_autofree char *whole = g_strconcat (header->str, body->str, NULL);
  g_autofree char *line = dup_text_line (whole);

  check_shape (&facts, header->str, body->str, eight_bit);
  g_assert_cmpint (smtputf8, ==, !g_str_is_ascii (facts.to));
  for (unsigned i = 0; i < G_N_ELEMENTS (c->has) && c->has[i]; i++)
    if (!strstr (whole, c->has[i]) && !strstr (line, c->has[i]))
      g_error ("%s: lacks \"%s\":\n%s", c->name, c->has[i], whole);
  for (unsigned i = 0; i < G_N_ELEMENTS (c->lacks) && c->lacks[i]; i++)
    if (strstr (whole, c->lacks[i]))
      g_error ("%s: has \"%s\":\n%s", c->name, c->lacks[i], whole);
}

/* A header section larger than is returned ends at a line's end; a thousand recipients all stand in the
 * second part. */
static void
test_bounds (void)
{
  g_autoptr (GString) content = g_string_new (NULL);
  g_autoptr (GString) header = g_string_new (NULL);
  g_autoptr (GString) body = g_string_new (NULL);
  ClrReportRecipient recipients[1000];
  Case c = { .recipients = { { "joe@example.org", NULL, FAILED, NO_USER } } };
  gboolean smtputf8;

  while (content->len < 300 * 1024)
    g_string_append_printf (content, "X-Field-%zu: %0*d\r\n", content->len, 500, 1);
  g_string_append (content, "\r\nbody\r\n");
  c.facts.content = content->str;
  ClrReportFacts facts = make_facts (&c);
  for (unsigned i = 0; i < G_N_ELEMENTS (recipients); i++)
    recipients[i] = c.recipients[0];
  facts.recipients = recipients;
  facts.n_recipients = G_N_ELEMENTS (recipients);
  clr_report_write (&facts, header, body, &smtputf8);
  check_shape (&facts, header->str, body->str, FALSE);
  g_assert_nonnull (strstr (body->str, "and 950 further addresses"));
  const char *returned = strstr (body->str, "rfc822-headers");
  g_assert_cmpuint (strlen (returned), <=, CLR_REPORT_HEADERS_MOST + 300);
  g_assert_cmpuint (strlen (returned), >=, CLR_REPORT_HEADERS_MOST - 600);
  g_assert_true (g_str_has_suffix (body->str, "001\r\n\r\n--=_0AAAAAAAAAAAA_0--\r\n"));
}

/* Every reason has its words in every language, and no template more places than are filled. */
static void
test_words (void)
{
  for (unsigned language = 0; language < CLR_LANGUAGE_LAST; language++)
    {
      for (unsigned i = 0; i < CLR_REASON_LAST; i++)
        {
          g_assert_true (g_str_has_suffix (clr_words_get_reason (language, i), "."));
          g_assert_true (g_str_has_suffix (clr_words_get_advice (language, i), "."));
          g_assert_nonnull (clr_reason_get_name (i));
          g_assert_nonnull (clr_reason_get_detail (i));
        }
      for (unsigned i = 0; i < CLR_WORDS_LAST; i++)
        {
          g_assert_nonnull (clr_words_get (language, i));
          g_auto (GStrv) pieces = g_strsplit (clr_words_get (language, i), "%", -1);
          g_auto (GStrv) english = g_strsplit (clr_words_get (CLR_LANGUAGE_ENGLISH, i), "%", -1);
          g_assert_cmpuint (g_strv_length (pieces), ==, g_strv_length (english));
        }
    }
}

static void
test_durations (void)
{
  static const struct
  {
    int64_t seconds;
    const char *english, *german;
  } durations[] = {
    { 5 * 86400, "5 days", "5 Tage" },       { 86400, "1 day", "1 Tag" },
    { 30 * 3600, "30 hours", "30 Stunden" }, { 3600, "1 hour", "1 Stunde" },
    { 90 * 60, "90 minutes", "90 Minuten" }, { 20, "20 seconds", "20 Sekunden" },
    { 0, "1 second", "1 Sekunde" },          { -5, "1 second", "1 Sekunde" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (durations); i++)
    {
      g_autofree char *english
          = clr_words_dup_duration (CLR_LANGUAGE_ENGLISH, durations[i].seconds * G_USEC_PER_SEC);
      g_autofree char *german
          = clr_words_dup_duration (CLR_LANGUAGE_GERMAN, durations[i].seconds * G_USEC_PER_SEC);
      g_assert_cmpstr (english, ==, durations[i].english);
      g_assert_cmpstr (german, ==, durations[i].german);
    }
}

/* What delivery says of itself and what servers say, in the words of a person. */
static void
test_reasons (void)
{
  static const struct
  {
    int code;
    const char *enhanced, *text;
    ClrReason reason;
  } table[] = {
    { 0, "5.4.6", "mx.example.org: this is one of our own listeners: mail would go round in circles",
      CLR_REASON_LOOP },
    { 0, "4.7.5", "TLS is required for this next hop, but the server does not offer STARTTLS",
      CLR_REASON_SECURITY },
    { 0, "5.3.4", "the message is larger than the next hop accepts", CLR_REASON_TOO_LARGE },
    { 0, "5.1.2", "there is no domain nowhere.example", CLR_REASON_NO_DOMAIN },
    { 0, "5.1.10", "the domain example.org does not accept mail (null MX)", CLR_REASON_NO_MAIL },
    { 0, "4.4.1", "mx.example.org: the connect took too long", CLR_REASON_UNREACHABLE },
    { 0, "4.4.3", "the name mx.example.org cannot be resolved: the name servers did not answer in time",
      CLR_REASON_UNREACHABLE },
    { 0, NULL, "192.0.2.1:25: Connection refused", CLR_REASON_UNREACHABLE },
    { 550, "5.1.1", "<a@b>: Recipient address rejected: User unknown in local table", CLR_REASON_NO_USER },
    { 550, NULL, "No  such\nuser", CLR_REASON_NO_USER },
    { 552, "5.2.2", "The email account that you tried to reach is over quota", CLR_REASON_FULL },
    { 452, "4.2.2", "", CLR_REASON_FULL },
    { 550, "5.7.26", "Unauthenticated email is not accepted due to DMARC policy", CLR_REASON_AUTHENTICATION },
    { 554, "5.7.1", "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
      CLR_REASON_BLOCKED },
    { 451, "4.7.1", "Greylisting in action, please come back later", CLR_REASON_BUSY },
    { 554, "5.7.1", "<a@b>: Relay access denied", CLR_REASON_RELAYING },
    { 553, "5.1.8", "Domain of sender address a@b does not exist", CLR_REASON_SENDER },
    { 421, NULL, NULL, CLR_REASON_BUSY },
    { 556, NULL, "", CLR_REASON_NO_MAIL },
    { 550, "5.0.0", "no", CLR_REASON_UNKNOWN },
    { 0, "", "", CLR_REASON_UNKNOWN },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_cmpstr (clr_reason_get_name (clr_reason_find (table[i].code, table[i].enhanced, table[i].text)),
                     ==, clr_reason_get_name (table[i].reason));
}

/* -- encodings */

static void
test_words_read (void)
{
  static const char *const table[][2] = {
    { " plain text", "plain text" },
    { " =?utf-8?B?R3LDvMOfZQ==?=", "Grüße" },
    { " =?UTF-8?q?a_b=3D?= =?utf-8?q?c?=", "a b=c" },
    { " =?utf-8?q?a?= b =?utf-8?q?c?=", "a b c" },
    { " a\r\n b\r\n\tc", "a b c" },
    { " =?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
    { " =?utf-8?B?abc", "=?utf-8?B?abc" },
    { " =?no-such-set?Q?abc?=", "abc" },
    { " =?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x" },
    { " =?utf-8*de?Q?=C3=BC?=", "ü" },
    { " \xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
    { " a\xe2\x80\xae"
      "b",
      "ab" }, /* a mark that turns the direction of writing */
    { "", "" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *read = clr_words_read (table[i][0], strlen (table[i][0]), 200);
      g_assert_cmpstr (read, ==, table[i][1]);
    }
  g_autofree char *cut = clr_words_read ("abcdefghijklmnop", 16, 10);
  g_assert_cmpuint (strlen (cut), <=, 10);
}

static void
test_words_write (void)
{
  static const char *const texts[] = {
    "short",
    "Grüße aus München, und ein Text, der so lang ist, dass er auf keinen Fall in eine Zeile passt",
    "=?utf-8?Q?not_what_it_seems?=",
    "many plain words that do not fit into one line of a header field, so that it is folded in between",
    "",
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GString) written = g_string_new ("Subject: ");

      clr_words_write (texts[i], 9, written);
      g_auto (GStrv) lines = g_strsplit (written->str, "\r\n", -1);
      for (char **line = lines; *line; line++)
        g_assert_cmpuint (strlen (*line), <=, 78);
      g_assert_true (clr_is_ascii (written->str, written->len));
      g_autofree char *read = clr_words_read (written->str + 9, written->len - 9, 400);
      g_assert_cmpstr (read, ==, texts[i]);
    }
}

static void
test_quoted_printable (void)
{
  static const char *const texts[] = {
    "plain\r\n",
    "ends with a blank \r\nand a tab\t\r\n",
    "Grüße = =3D\r\n",
    "no end",
    "\r\n\r\n",
    " ",
    "a very long line that goes on and on, äöü, until it has to be broken by a soft line break, and then "
    "once more, "
    "because it has not come to its end yet\r\n",
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GString) written = g_string_new (NULL);
      g_autoptr (GString) read = g_string_new (NULL);

      clr_quoted_printable_write (texts[i], strlen (texts[i]), written);
      g_auto (GStrv) lines = g_strsplit (written->str, "\r\n", -1);
      for (char **line = lines; *line; line++)
        {
          g_assert_cmpuint (strlen (*line), <=, 76);
          g_assert_false (g_str_has_suffix (*line, " ") || g_str_has_suffix (*line, "\t"));
        }
      clr_quoted_printable_read (written->str, written->len, read);
      g_assert_cmpstr (read->str, ==, texts[i]);
    }
}

int
main (int argc, char *argv[])
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdelimit (g_strdup_printf ("/report/case/%s", cases[i].name), " ", '-');
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/report/bounds", test_bounds);
  g_test_add_func ("/report/words", test_words);
  g_test_add_func ("/report/reasons", test_reasons);
  g_test_add_func ("/report/durations", test_durations);
  g_test_add_func ("/encoding/words-read", test_words_read);
  g_test_add_func ("/encoding/words-write", test_words_write);
  g_test_add_func ("/encoding/quoted-printable", test_quoted_printable);
  return g_test_run ();
}
