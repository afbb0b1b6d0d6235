/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-test.h"
#include "mail/clr-date.h"
#include "mail/clr-header-block.h"
#include "mail/clr-received.h"
#include "mail/clr-repair.h"

/* -- the header block */

static void
test_find_end (void)
{
  static const struct
  {
    const char *text;
    size_t end;
  } cases[] = {
    { "A: b\r\n\r\nbody", 8 },
    { "\r\nbody", 2 },
    { "A: b\r\n", 0 },
    { "A: b\r\n\r", 0 },
    { "A: b", 0 },
    { "", 0 },
    { "A: b\r\n \r\nx", 0 },
    { "A: b\r\n c\r\n\r\n", 12 },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (clr_header_block_find_end (cases[i].text, strlen (cases[i].text)), ==, cases[i].end);
}

static void
test_header_block (void)
{
  static const char text[]
      = "From: \"A, B\" <Joe@Example.COM>\r\nX-Empty:\r\nReceived: one\r\n\ttwo\r\n three\r\n"
        "no field at all\r\nreceived : last\r\n\r\nbody: no\r\n";
  ClrHeaderBlock block;
  size_t size;

  clr_header_block_parse (&block, text, strlen (text));
  g_assert_cmpuint (block.size, ==, strstr (text, "\r\n\r\n") + 2 - text);
  g_assert_cmpuint (clr_header_block_count (&block, "RECEIVED"), ==, 2);
  g_assert_cmpuint (clr_header_block_count (&block, "body"), ==, 0);
  g_assert_null (clr_header_block_find (&block, "To"));
  const ClrField *field = clr_header_block_find (&block, "Received");
  const char *value = clr_field_get_value (field, &size);
  g_assert_cmpmem (value, size, " one\r\n\ttwo\r\n three", size);
  g_autofree char *line = clr_field_dup_text (field, 100), *cut = clr_field_dup_text (field, 5);
  g_assert_null (strpbrk (line, "\r\n"));
  g_assert_cmpuint (strlen (cut), <=, 5);
  field = clr_header_block_find (&block, "X-Empty");
  clr_field_get_value (field, &size);
  g_assert_cmpuint (size, ==, 0);

  /* The fields and the other lines are the whole section, in order. */
  const char *at = text;
  for (unsigned i = 0; i < block.n_fields; i++)
    {
      g_assert_true (block.fields[i].start == at);
      at += block.fields[i].size;
    }
  g_assert_cmpuint (at - text, ==, block.size);
  clr_header_block_clear (&block);
}

static void
test_address_domain (void)
{
  static const char *const cases[][2] = {
    { "From: joe@Example.COM\r\n", "example.com" },
    { "From: Joe <joe@example.com>\r\n", "example.com" },
    { "From: \"x@evil.example\" <joe@example.com>\r\n", "example.com" },
    { "From: \"<x@evil.example>\" <joe@example.com>\r\n", "example.com" },
    { "From: (x@evil.example) joe@example.com\r\n", "example.com" },
    { "From: Joe\r\n <joe@example.com>\r\n", "example.com" },
    { "From: a@one.example, b@two.example\r\n", "one.example" },
    { "From: nobody\r\n", NULL },
    { "From:\r\n", NULL },
    { "From: <>\r\n", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ClrHeaderBlock block;

      clr_header_block_parse (&block, cases[i][0], strlen (cases[i][0]));
      g_autofree char *domain = clr_field_dup_address_domain (clr_header_block_find (&block, "From"));
      g_test_message ("%s", cases[i][0]);
      g_assert_cmpstr (domain, ==, cases[i][1]);
      clr_header_block_clear (&block);
    }
}

/* -- dates, Received */

static void
test_date (void)
{
  char text[CLR_DATE_TEXT];

  g_setenv ("TZ", "UTC", TRUE);
  clr_date_to_text (G_GINT64_CONSTANT (1795511640000000), text);
  g_assert_cmpstr (text, ==, "Tue, 24 Nov 2026 09:14:00 +0000"); /* named days, two digits, numeric zone */
  clr_date_to_text (0, text);
  g_assert_cmpstr (text, ==, "Thu, 01 Jan 1970 00:00:00 +0000");
}

static void
test_received (void)
{
  ClrReceived received = { .helo = "",
                           .address = "2001:db8::1",
                           .hostname = "relay.example.com",
                           .protocol = "ESMTPS",
                           .tls = "TLS1.3",
                           .id = "0123456789ABC",
                           .recipient = "a@example.net" };
  g_autoptr (GString) text = g_string_new (NULL);

  clr_received_write (&received, text);
  g_assert_true (g_str_has_prefix (text->str, "Received: from "));
  g_assert_true (g_str_has_suffix (text->str, "\r\n"));
  g_assert_nonnull (strstr (text->str, "[IPv6:2001:db8::1]"));
  g_assert_nonnull (strstr (text->str, "by relay.example.com "));
  g_assert_nonnull (strstr (text->str, " with ESMTPS id 0123456789ABC"));
  g_assert_nonnull (strstr (text->str, "for <a@example.net>;"));
  ClrHeaderBlock block;
  clr_header_block_parse (&block, text->str, text->len); /* one field, well folded */
  g_assert_cmpuint (block.n_fields, ==, 1);
  clr_header_block_clear (&block);

  received
      = (ClrReceived){ .helo = "pc", .address = "192.0.2.7", .hostname = "r", .protocol = "SMTP", .id = "X" };
  g_string_truncate (text, 0);
  clr_received_write (&received, text);
  g_assert_nonnull (strstr (text->str, "from pc ([192.0.2.7])"));
  g_assert_null (strstr (text->str, "for <"));
}

/* -- repairs */

static const ClrRepairFacts facts = { .wanted = CLR_REPAIR_HEADER,
                                      .sender = "joe@example.com",
                                      .postmaster = "postmaster@example.com",
                                      .hostname = "relay.example.com",
                                      .id = "0123456789ABC" };

#define GOOD "Date: d\r\nMessage-ID: <m@x>\r\nFrom: f@x\r\n"

static void
test_repairs (void)
{
  static const struct
  {
    const char *text;
    ClrRepair repairs;
    const char *has; /* what the result holds */
    const char *lacks;
  } cases[] = {
    { GOOD "\r\n", 0, GOOD "\r\n", NULL },
    { GOOD "X-odd : \t kept \r\n\tas it is\r\n\r\n", 0, "X-odd : \t kept \r\n\tas it is\r\n\r\n", NULL },
    { "Message-ID: <m@x>\r\nFrom: f@x\r\n\r\n", CLR_REPAIR_DATE, "Date: ", NULL },
    { "Date: d\r\nFrom: f@x\r\n\r\n", CLR_REPAIR_MESSAGE_ID,
      "Message-ID: <0123456789ABC@relay.example.com>\r\n", NULL },
    { "Date: d\r\nMessage-ID: <m@x>\r\n\r\n", CLR_REPAIR_FROM, "From: <joe@example.com>\r\n", NULL },
    { GOOD "Bcc: secret@x,\r\n more@x\r\nTo: t@x\r\nbcc: again@x\r\n\r\n", CLR_REPAIR_BCC, "To: t@x\r\n\r\n",
      "@x,\r\n" },
    { GOOD "Bcc: secret@x,\r\n more@x\r\n\r\n", CLR_REPAIR_BCC, "From: f@x\r\n\r\n", "more" },
    { "date: d\r\nMESSAGE-id: <m@x>\r\nfrom: f@x\r\n\r\n", 0, "from: f@x\r\n\r\n", "Date" },
    { "Hello,\r\nthis is a scan.\r\n",
      CLR_REPAIR_DATE | CLR_REPAIR_MESSAGE_ID | CLR_REPAIR_FROM | CLR_REPAIR_SEPARATOR,
      "\r\n\r\nHello,\r\nthis is a scan.\r\n", NULL },
    { "No field\r\nFrom: text@x\r\nDate: d\r\nMessage-ID: <m@x>\r\n",
      CLR_REPAIR_DATE | CLR_REPAIR_MESSAGE_ID | CLR_REPAIR_FROM | CLR_REPAIR_SEPARATOR,
      "From: <joe@example.com>\r\n\r\nNo field\r\nFrom: text@x\r\n", NULL },
    { GOOD "a line that is no field\r\nBcc: secret@x\r\n\r\n", CLR_REPAIR_BCC, "no field\r\n\r\n", "secret" },
    { "\r\n", CLR_REPAIR_DATE | CLR_REPAIR_MESSAGE_ID | CLR_REPAIR_FROM, "\r\n\r\n", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) into = g_string_new (NULL);
      size_t size = strlen (cases[i].text);

      g_test_message ("%u", i);
      g_assert_cmpint (clr_repair_header (cases[i].text, size, &facts, into), ==, cases[i].repairs);
      g_assert_nonnull (strstr (into->str, cases[i].has));
      if (cases[i].lacks)
        g_assert_null (strstr (into->str, cases[i].lacks));
      if (cases[i].repairs == 0)
        g_assert_cmpmem (into->str, into->len, cases[i].text, size);
      g_assert_cmpuint (clr_header_block_find_end (into->str, into->len), >, 0);
    }
}

/* The null sender is no author. */
static void
test_repair_null_sender (void)
{
  ClrRepairFacts null = facts;
  g_autoptr (GString) into = g_string_new (NULL);

  null.sender = "";
  g_assert_cmpint (clr_repair_header ("Date: d\r\nMessage-ID: <m@x>\r\n\r\n", 29, &null, into)
                       & CLR_REPAIR_FROM,
                   ==, CLR_REPAIR_FROM);
  g_assert_nonnull (strstr (into->str, "From: <postmaster@example.com>\r\n"));
}

static void
test_repair_names (void)
{
  g_autofree char *none = clr_repair_to_text (0),
                  *some = clr_repair_to_text (CLR_REPAIR_DATE | CLR_REPAIR_BCC | CLR_REPAIR_NEWLINES);

  g_assert_cmpstr (none, ==, "");
  g_assert_cmpstr (some, ==, "date,bcc,newlines");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mail/header/find-end", test_find_end);
  g_test_add_func ("/mail/header/block", test_header_block);
  g_test_add_func ("/mail/header/address-domain", test_address_domain);
  g_test_add_func ("/mail/date", test_date);
  g_test_add_func ("/mail/received", test_received);
  g_test_add_func ("/mail/repair/each", test_repairs);
  g_test_add_func ("/mail/repair/null-sender", test_repair_null_sender);
  g_test_add_func ("/mail/repair/names", test_repair_names);
  return g_test_run ();
}
