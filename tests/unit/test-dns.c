/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the octets of a DNS answer to the hosts that take a domain's mail.
 */
#include "clr-test.h"
#include "base/clr-domain.h"
#include "dns/clr-dns-packet.h"
#include "dns/clr-mx.h"
#include "dns/clr-resolver.h"
#include "dns/clr-trust-anchor.h"
#include "system/clr-internet.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* -- names */

static void
test_domains (void)
{
  static const struct
  {
    const char *domain, *ascii;
  } table[] = {
    { "example.com", "example.com" },
    { "EXAMPLE.Com", "example.com" },
    { "bücher.example", "xn--bcher-kva.example" },
    { "BÜCHER.example", "xn--bcher-kva.example" },
    { "straße.example", "xn--strae-oqa.example" },
    { "例え.テスト", "xn--r8jz45g.xn--zckzah" },
    { "xn--bcher-kva.example", "xn--bcher-kva.example" },
    { "under_score.example", "under_score.example" },
    { "localhost", "localhost" },
    { "", NULL },
    { ".", NULL },
    { "a..b", NULL },
    { ".a", NULL },
    { "a.", NULL },
    { "a b", NULL },
    { "[192.0.2.1]", NULL },
    { "a\xff.example", NULL },
    { "bü cher.example", NULL },
    { "a123456789012345678901234567890123456789012345678901234567890123.example", NULL },
    { "a12345678901234567890123456789012345678901234567890123456789012.example",
      "a12345678901234567890123456789012345678901234567890123456789012.example" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *ascii = clr_domain_to_ascii (table[i].domain);
      g_assert_cmpstr (ascii, ==, table[i].ascii);
    }
  g_autoptr (GString) longest = g_string_new ("a");
  while (longest->len + 2 <= 253)
    g_string_append (longest, ".a");
  g_assert_cmpuint (longest->len, ==, 253);
  g_assert_true (clr_domain_is_name (longest->str));
  g_string_append_c (longest, 'a');
  g_assert_false (clr_domain_is_name (longest->str));
}

/* -- plans */

/* An answer in words: "10 mx1.test, 20 mx2.test", or one of "nxdomain", "nodata", "servfail". */
static void
make_answer (const char *text, ClrDnsAnswer *answer)
{
  static const char *const states[] = { NULL, "nxdomain", "nodata", "servfail" };

  *answer = (ClrDnsAnswer){ .status = CLR_DNS_FOUND };
  for (unsigned i = 1; i < G_N_ELEMENTS (states); i++)
    if (g_str_equal (text, states[i]))
      {
        answer->status = i;
        answer->problem = g_strdup (text);
        return;
      }
  g_auto (GStrv) words = g_strsplit (text, ", ", -1);
  answer->n_records = g_strv_length (words);
  answer->records = g_new0 (ClrDnsRecord, answer->n_records);
  for (unsigned i = 0; i < answer->n_records; i++)
    {
      const char *space = strchr (words[i], ' ');

      answer->records[i].preference = g_ascii_strtoull (words[i], NULL, 10);
      answer->records[i].name = g_strdup (g_str_equal (space, " .") ? "" : space + 1);
    }
}

static void
test_plans (void)
{
  static const struct
  {
    const char *domain, *answer; /* NULL: must not need one */
    const char *order;           /* or "CODE ENHANCED" */
    const char *site;            /* when it differs from the order */
  } table[] = {
    { "d.test", "10 mx.test", "mx.test:25", NULL },
    { "d.test", "10 a.test, 20 b.test", "a.test<b.test:25", "a.test,b.test:25" },
    { "d.test", "20 a.test, 10 b.test", "b.test<a.test:25", "a.test,b.test:25" },
    { "d.test", "10 b.test, 10 a.test", "a.test,b.test:25", NULL },
    { "d.test", "10 a.test, 10 b.test", "a.test,b.test:25", NULL },
    { "d.test", "10 c.test, 5 b.test, 10 a.test", "b.test<a.test,c.test:25", "a.test,b.test,c.test:25" },
    { "d.test", "10 MX.Test", "mx.test:25", NULL },
    { "d.test", "0 a.test, 65535 b.test", "a.test<b.test:25", "a.test,b.test:25" },
    { "d.test", "10 a.test, 20 A.test", "a.test:25", NULL },
    { "d.test", "10 d.test", "d.test:25", NULL },
    /* implicit, and only when proven */
    { "d.test", "nodata", "d.test:25", NULL },
    { "d.test", "nxdomain", "550 5.1.2", NULL },
    { "d.test", "servfail", "0 4.4.3", NULL },
    /* null MX */
    { "d.test", "0 .", "556 5.1.10", NULL },
    { "d.test", "10 .", "556 5.1.10", NULL },
    { "d.test", "0 ., 10 a.test", "a.test:25", NULL },
    { "d.test", "0 ., 10 .", "550 5.4.4", NULL },
    /* names that are none */
    { "d.test", "10 a b.test", "550 5.4.4", NULL },
    { "d.test", "10 a\\000b.test, 20 c.test", "c.test:25", NULL },
    { "d.test", "10 192.0.2.1", "192.0.2.1:25", NULL },
    /* ourselves */
    { "d.test", "10 relay.test", "554 5.4.6", NULL },
    { "d.test", "10 RELAY.test", "554 5.4.6", NULL },
    { "d.test", "10 a.test, 20 relay.test", "a.test:25", NULL },
    { "d.test", "10 a.test, 20 relay.test, 30 b.test", "a.test:25", NULL },
    { "d.test", "10 a.test, 10 relay.test", "554 5.4.6", NULL },
    { "d.test", "10 a.test, 20 b.test, 20 relay.test, 20 z.test", "a.test:25", NULL },
    { "d.test", "10 relay.test, 20 b.test", "554 5.4.6", NULL },
    { "relay.test", "nodata", "554 5.4.6", NULL },
    /* literals */
    { "[192.0.2.1]", NULL, "192.0.2.1:25", NULL },
    { "[ipv6:2001:db8::1]", NULL, "2001:db8::1:25", NULL },
    { "[IPv6:2001:DB8:0::1]", NULL, "2001:db8::1:25", NULL },
    { "[2001:db8::1]", NULL, "550 5.1.2", NULL },
    { "[IPv6:192.0.2.1]", NULL, "550 5.1.2", NULL },
    { "[192.0.2.256]", NULL, "550 5.1.2", NULL },
    { "[192.0.2.1:25]", NULL, "550 5.1.2", NULL },
    { "[192.0.2.1", NULL, "550 5.1.2", NULL },
    { "[]", NULL, "550 5.1.2", NULL },
    { "[x400:abc]", NULL, "550 5.1.2", NULL },
    /* no domains */
    { "", NULL, "550 5.1.2", NULL },
    { "a..b", NULL, "550 5.1.2", NULL },
    { "a b", NULL, "550 5.1.2", NULL },
    { "b\xc3\xbc.test", NULL, "550 5.1.2", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      ClrDnsAnswer answer;
      ClrMxPlan plan;
      gboolean told = clr_mx_plan_without_dns (&plan, table[i].domain, 25);
      g_autofree char *got = NULL;

      g_assert_cmpint (told, ==, table[i].answer == NULL);
      if (!told)
        {
          make_answer (table[i].answer, &answer);
          clr_mx_plan_from_answer (&plan, table[i].domain, 25, &answer, "relay.test");
          clr_dns_answer_clear (&answer);
        }
      got = plan.order ? g_strdup (plan.order) : g_strdup_printf ("%d %s", plan.code, plan.enhanced);
      if (g_strcmp0 (got, table[i].order) != 0)
        g_error ("%s with %s: got %s, wanted %s", table[i].domain, table[i].answer, got, table[i].order);
      if (plan.verdict == CLR_MX_HOSTS)
        g_assert_cmpstr (plan.site, ==, table[i].site ? table[i].site : table[i].order);
      else
        g_assert_true (plan.why && *plan.why);
      clr_mx_plan_clear (&plan);
    }
}

static void
test_many_exchangers (void)
{
  ClrDnsAnswer answer = { .status = CLR_DNS_FOUND, .n_records = 100 };
  ClrMxPlan plan;

  answer.records = g_new0 (ClrDnsRecord, 100);
  for (unsigned i = 0; i < 100; i++)
    {
      answer.records[i].preference = 1000 - i;
      answer.records[i].name = g_strdup_printf ("mx%u.test", i);
    }
  clr_mx_plan_from_answer (&plan, "d.test", 25, &answer, "relay.test");
  g_assert_cmpuint (plan.n_hosts, ==, CLR_MX_MOST);
  g_assert_cmpstr (plan.hosts[0].name, ==, "mx99.test");
  clr_mx_plan_clear (&plan);
  clr_dns_answer_clear (&answer);
}

/* -- packets */

static void
add (GByteArray *packet, const void *bytes, unsigned size)
{
  g_byte_array_append (packet, bytes, size);
}

#define ADD(packet, literal) add (packet, literal, sizeof (literal) - 1)

/* A question for d.test, at offset 12, and the head of an answer to it of @n records. */
static GByteArray *
begin_packet (unsigned n)
{
  GByteArray *packet = g_byte_array_new ();
  uint8_t count[2] = { n >> 8, n };

  ADD (packet, "\0\0\x81\x80\0\x01");
  add (packet, count, 2);
  ADD (packet, "\0\0\0\0\x01"
               "d\x04"
               "test\0\0\x0f\0\x01");
  return packet;
}

static void
add_record (GByteArray *packet, unsigned type, const char *data, unsigned size)
{
  uint8_t head[12] = { 0xc0, 12, 0, type, 0, 1, 0, 0, 1, 44, size >> 8, size };

  add (packet, head, sizeof head);
  add (packet, data, size);
}

#define RECORD(packet, type, literal) add_record (packet, type, literal, sizeof (literal) - 1)

static gboolean
read_all (GByteArray *packet, ClrDnsType type, ClrDnsAnswer *answer)
{
  *answer = (ClrDnsAnswer){ .ttl = 86400 };
  return clr_dns_packet_read (packet->data, packet->len, type, answer);
}

static void
test_records (void)
{
  g_autoptr (GByteArray) packet = begin_packet (4);
  g_autofree char *longest = g_strnfill (255, 'x');
  g_autoptr (GString) text = g_string_new (NULL);
  ClrDnsAnswer answer;

  /* compressed: mx1 + pointer to d.test; a whole name; odd octets; the root */
  RECORD (packet, CLR_DNS_MX,
          "\0\x0a\x03"
          "mx1\xc0\x0c");
  RECORD (packet, CLR_DNS_MX,
          "\x01\0\x02"
          "mx\x05"
          "other\0");
  RECORD (packet, CLR_DNS_MX,
          "\0\0\x03"
          "a.\0\0");
  RECORD (packet, CLR_DNS_MX, "\0\0\0");
  g_assert_true (read_all (packet, CLR_DNS_MX, &answer));
  g_assert_cmpuint (answer.n_records, ==, 4);
  g_assert_cmpuint (answer.ttl, ==, 300);
  g_assert_cmpstr (answer.records[0].name, ==, "mx1.d.test");
  g_assert_cmpuint (answer.records[1].preference, ==, 256);
  g_assert_cmpstr (answer.records[1].name, ==, "mx.other");
  g_assert_cmpstr (answer.records[2].name, ==, "a\\046\\000");
  g_assert_cmpstr (answer.records[3].name, ==, "");
  clr_dns_answer_clear (&answer);

  /* strings of a TXT are one text; others types in between do not matter */
  g_clear_pointer (&packet, g_byte_array_unref);
  packet = begin_packet (3);
  RECORD (packet, CLR_DNS_TXT,
          "\x03"
          "v=s\0\x02"
          "pf");
  RECORD (packet, 5, "\xc0\x0c");
  g_string_append_c (text, (char)255);
  g_string_append (text, longest);
  g_string_append_len (text, "\1y", 2);
  add_record (packet, CLR_DNS_TXT, text->str, text->len);
  g_assert_true (read_all (packet, CLR_DNS_TXT, &answer));
  g_assert_cmpuint (answer.n_records, ==, 2);
  g_assert_cmpstr ((char *)answer.records[0].bytes, ==, "v=spf");
  g_assert_cmpuint (answer.records[1].size, ==, 256);
  clr_dns_answer_clear (&answer);

  g_clear_pointer (&packet, g_byte_array_unref);
  packet = begin_packet (1);
  RECORD (packet, CLR_DNS_TLSA, "\3\1\1\xaa\xbb");
  g_assert_true (read_all (packet, CLR_DNS_TLSA, &answer));
  g_assert_cmpuint (answer.records[0].usage, ==, 3);
  g_assert_cmpuint (answer.records[0].size, ==, 2);
  clr_dns_answer_clear (&answer);
}

static void
test_absence (void)
{
  g_autoptr (GByteArray) packet = begin_packet (0);
  ClrDnsAnswer answer;

  packet->data[9] = 1;
  RECORD (packet, 6,
          "\0\0"
          "\0\0\0\1"
          "\0\0\0\2"
          "\0\0\0\3"
          "\0\0\0\4"
          "\0\0\0\x3c");
  g_assert_true (read_all (packet, CLR_DNS_MX, &answer));
  g_assert_cmpuint (answer.n_records, ==, 0);
  g_assert_cmpuint (answer.ttl, ==, 60);
}

static void
test_hostile_packets (void)
{
  static const struct
  {
    const char *what;
    unsigned type;
    const char *data;
    unsigned size;
  } table[] = {
    { "a pointer to itself", CLR_DNS_MX, "\0\x0a\xc0\x26", 4 },
    { "a pointer ahead", CLR_DNS_MX, "\0\x0a\xc0\xff", 4 },
    { "two that point at each other", CLR_DNS_MX,
      "\0\x0a\x01"
      "a\xc0\x26",
      6 },
    { "a label of 64", CLR_DNS_MX,
      "\0\x0a\x40"
      "aaaa\0",
      8 },
    { "a name that ends nowhere", CLR_DNS_MX,
      "\0\x0a\x3f"
      "a",
      4 },
    { "a name behind its record", CLR_DNS_MX,
      "\0\x0a\x01"
      "a\0\0",
      6 },
    { "a short MX", CLR_DNS_MX, "\0\x0a", 2 },
    { "no MX at all", CLR_DNS_MX, "", 0 },
    { "a string longer than its record", CLR_DNS_TXT,
      "\x05"
      "abc",
      4 },
    { "a short A", CLR_DNS_A, "\x7f\0\0", 3 },
    { "a long AAAA", CLR_DNS_AAAA, "12345678901234567", 17 },
    { "a short TLSA", CLR_DNS_TLSA, "\3\1", 2 },
  };
  ClrDnsAnswer answer;

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GByteArray) packet = begin_packet (1);

      add_record (packet, table[i].type, table[i].data, table[i].size);
      if (read_all (packet, table[i].type, &answer))
        g_error ("%s was read", table[i].what);
      clr_dns_answer_clear (&answer);
    }

  /* Cut anywhere, it is not read, and nothing beyond the cut is looked at. */
  g_autoptr (GByteArray) packet = begin_packet (2);
  RECORD (packet, CLR_DNS_MX,
          "\0\x0a\x03"
          "mx1\xc0\x0c");
  RECORD (packet, CLR_DNS_MX,
          "\0\x14\x03"
          "mx2\xc0\x0c");
  for (unsigned size = 0; size < packet->len; size++)
    {
      g_autofree uint8_t *copy = g_memdup2 (packet->data, size);

      answer = (ClrDnsAnswer){ 0 };
      g_assert_false (clr_dns_packet_read (copy, size, CLR_DNS_MX, &answer));
      clr_dns_answer_clear (&answer);
    }
}

static void
test_bounds (void)
{
  g_autoptr (GByteArray) packet = begin_packet (1000);
  g_autoptr (GByteArray) deep = begin_packet (300);
  ClrDnsAnswer answer;

  for (unsigned i = 0; i < 1000; i++)
    RECORD (packet, CLR_DNS_A, "\x7f\0\0\1");
  g_assert_true (read_all (packet, CLR_DNS_A, &answer));
  g_assert_cmpuint (answer.n_records, ==, CLR_DNS_RECORDS_MOST);
  g_assert_true (answer.is_cut);
  clr_dns_answer_clear (&answer);

  /* Each name ends in the one before: longer than a name may be. */
  for (unsigned i = 0, before = 12; i < 300; i++)
    {
      uint8_t data[6] = { 0, 10, 1, 'a', 0xc0 | before >> 8, before };

      add_record (deep, CLR_DNS_MX, (char *)data, sizeof data);
      before = deep->len - 4;
    }
  g_assert_false (read_all (deep, CLR_DNS_MX, &answer));
  clr_dns_answer_clear (&answer);
}

static void
test_reverse_names (void)
{
  static const struct
  {
    const char *address, *name;
  } table[] = {
    { "192.0.2.1", "1.2.0.192.in-addr.arpa" },
    { "2001:db8::12", "2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      ClrEndpoint endpoint;
      g_autofree char *name = NULL;

      g_assert_true (clr_endpoint_parse (&endpoint, table[i].address, 0));
      name = clr_dns_reverse_name (&endpoint);
      g_assert_cmpstr (name, ==, table[i].name);
    }
}

static void
test_escape (void)
{
  g_autofree char *plain = clr_dns_escape_name ("_spf.example.com"),
                  *odd = clr_dns_escape_name ("a\\.b\\032");

  g_assert_cmpstr (plain, ==, "_spf.example.com");
  g_assert_cmpstr (odd, ==, "a\\\\.b\\\\032");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dns/domains", test_domains);
  g_test_add_func ("/dns/mx/plans", test_plans);
  g_test_add_func ("/dns/mx/many", test_many_exchangers);
  g_test_add_func ("/dns/packet/records", test_records);
  g_test_add_func ("/dns/packet/absence", test_absence);
  g_test_add_func ("/dns/packet/hostile", test_hostile_packets);
  g_test_add_func ("/dns/packet/bounds", test_bounds);
  g_test_add_func ("/dns/reverse-names", test_reverse_names);
  g_test_add_func ("/dns/escape", test_escape);
  return g_test_run ();
}
