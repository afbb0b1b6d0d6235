/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fields that tell where a message has been: dates, ids, Received.
 */
#include "mail/clr-date.h"
#include "mail/clr-hop.h"
#include "mail/clr-message-id.h"
#include "mail/clr-received.h"

#include <string.h>

static void
test_dates (void)
{
  static const struct
  {
    const char *text;
    int64_t seconds;
    int offset;
  } good[] = {
    { "Thu, 01 Jan 1970 00:00:00 +0000", 0, 0 },
    { "Tue, 24 Nov 2026 09:14:00 +0100", 1795508040, 60 },
    { "24 nov 26 09:14 +0100 (CET (really))", 1795508040, 60 },
    { "Tue,24 November 126 00:14:00 PST", 1795508040, -480 },
    { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800, 0 },
    { "31 Dec 69 23:59:59", -1, 0 },
    { "29 Feb 2024 12:00:00 -0330", 1709220600, -210 },
    { "1 Jan 1970 00:00 Nowhere", 0, 0 },
  };
  static const char *const bad[] = {
    "",
    "Tue",
    "Tue, 24 Nov 2026",
    "Tue, 24 Nov 2026 09",
    "Tue, 24 Nov 2026 24:00",
    "29 Feb 2023 12:00",
    "0 Jan 2023 12:00",
    "32 Jan 2023 12:00",
    "1 Foo 2023 12:00",
    "1 Jan 12345 12:00",
    "1 Jan 1 12:00",
    "1 Jan 2023 1:2:3:4",
    "1 Jan 2023 12:00 +01",
    "1 Jan 2023 12:00 +0199",
    "1 Jan 2023 12:00 5",
    "1 (Jan 2023 12:00",
    "-1 Jan 2023 12:00",
    "1 2 3 4 5 6 7 8 9",
    "1 Jan 2023 12:00 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
  };
  int64_t time_us;
  int offset;

  for (unsigned i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_test_message ("%s", good[i].text);
      g_assert_true (clr_date_from_text (good[i].text, strlen (good[i].text), &time_us, &offset));
      g_assert_cmpint (time_us / G_USEC_PER_SEC, ==, good[i].seconds);
      g_assert_cmpint (offset, ==, good[i].offset);
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i]);
      g_assert_false (clr_date_from_text (bad[i], strlen (bad[i]), &time_us, &offset));
    }
}

static void
test_ids (void)
{
  static const struct
  {
    const char *value, *ids;
  } cases[] = {
    { "", "" },
    { " <a@b>", "a@b" },
    { "<a@b><c@d>\r\n\t(x <y@z>) <e@f>", "a@b c@d e@f" },
    { "<a @ b", "" },
    { "said by <<a@b>", "a@b" },
    { "<>", "" },
    { "a@b c@d", "a@b c@d" },
    { "Your message of (then) Tuesday", "Your message of Tuesday" },
    { "<1@a> <2@a> <3@a> <4@a> <5@a>", "1@a 2@a 3@a 4@a" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
      g_autofree char *joined = NULL;

      clr_message_ids_parse (cases[i].value, strlen (cases[i].value), 4, ids);
      g_ptr_array_add (ids, NULL);
      joined = g_strjoinv (" ", (char **)ids->pdata);
      g_assert_cmpstr (joined, ==, cases[i].ids);
    }
}

static void
expect (const char *value, const char *expected)
{
  g_autofree char *got = NULL;
  ClrHop hop;

  clr_hop_parse (&hop, value, strlen (value));
#define TEXT(it) (it ? it : "-")
  got = g_strdup_printf ("%s %s %s %s %s %s %s %" G_GINT64_FORMAT, TEXT (hop.from), TEXT (hop.helo),
                         TEXT (hop.address), TEXT (hop.by), TEXT (hop.protocol), TEXT (hop.id),
                         TEXT (hop.recipient), hop.has_time ? hop.time_us / G_USEC_PER_SEC : -1);
  g_assert_cmpstr (got, ==, expected);
  clr_hop_clear (&hop);
}

/* from, HELO, address, by, protocol, id, for, time */
static void
test_hops (void)
{
  static const struct
  {
    const char *value, *expected;
  } cases[] = {
    { "", "- - - - - - - -1" },
    { "from", "- - - - - - - -1" },
    { "(((", "- - - - - - - -1" },
    { ";;;", "- - - - - - - -1" },
    { "from a.test (b.test [192.0.2.1]) by c.test with ESMTP id 7; 1 Jan 1970 00:00:05",
      "a.test - 192.0.2.1 c.test ESMTP 7 - 5" },
    { "from a.test (EHLO me) (192.0.2.1:4711) by c.test via x with Other SMTP for <r@c.test>",
      "a.test me 192.0.2.1 c.test SMTP - r@c.test -1" },
    { "from x by y from z by w", "x - - y - - - -1" },
    { "BY y ID <9@y> FROM [IPv6:2001:db8::1] ([IPv6:2001:db8::2])",
      "2001:db8::1 - 2001:db8::2 y - 9@y - -1" },
    { "from x ([999.1.1.1]) by y", "x - - y - - - -1" },
    { "from x\x01y\xff by z", "x y\xef\xbf\xbd - - z - - - -1" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    expect (cases[i].value, cases[i].expected);
}

/* What we write, we read. */
static void
test_our_own (void)
{
  ClrReceived received = { .helo = "client.test",
                           .address = "2001:db8::7",
                           .hostname = "relay.test",
                           .protocol = "ESMTPS",
                           .id = "0ABC",
                           .tls = "TLS1.3",
                           .recipient = "r@example.test",
                           .time_us = G_GINT64_CONSTANT (1795508040000000) };
  g_autoptr (GString) field = g_string_new (NULL);

  clr_received_write (&received, field);
  expect (field->str + strlen ("Received:"),
          "client.test - 2001:db8::7 relay.test ESMTPS 0ABC r@example.test 1795508040");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mail/trace/dates", test_dates);
  g_test_add_func ("/mail/trace/ids", test_ids);
  g_test_add_func ("/mail/trace/hops", test_hops);
  g_test_add_func ("/mail/trace/our-own", test_our_own);
  return g_test_run ();
}
