/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SPF, RFC 7208: own cases over small zones of their own.
 */
#include "auth/clr-spf-macro.h"
#include "auth/clr-spf-merge.h"
#include "auth/clr-spf-record.h"
#include "auth/clr-spf.h"

#include <string.h>

typedef struct
{
  ClrAuthType type;
  const char *name;
  const char *records[16]; /* none: a temporary error */
} Entry;

static void
answer_from (const Entry *zone, const ClrAuthQuestion *question, ClrAuthAnswer *answer)
{
  *answer = (ClrAuthAnswer){ .status = CLR_AUTH_NO_NAME };
  for (; zone->name; zone++)
    if (g_ascii_strcasecmp (zone->name, question->name) == 0)
      {
        answer->status = MAX (answer->status == CLR_AUTH_NO_NAME ? 0 : answer->status, CLR_AUTH_NO_DATA);
        if (zone->type != question->type)
          continue;
        answer->status = zone->records[0] ? CLR_AUTH_FOUND : CLR_AUTH_TEMPORARY;
        answer->records = (const char *const *)zone->records;
        answer->n_records = g_strv_length ((char **)zone->records);
        return;
      }
}

static ClrSpf *
check (const Entry *zone, const char *ip, const char *mail_from, const char *helo)
{
  ClrSpfRequest request = { .mail_from = mail_from, .helo = helo, .limits = CLR_SPF_LIMITS };
  const ClrAuthQuestion *question;
  unsigned n = 0;

  g_assert_true (clr_spf_address_parse (&request.address, ip));
  ClrSpf *spf = clr_spf_new (&request);
  while ((question = clr_spf_get_question (spf)) != NULL)
    {
      ClrAuthAnswer answer;

      g_assert_cmpuint (strlen (question->name), <=, 253);
      answer_from (zone, question, &answer);
      clr_spf_feed (spf, &answer);
      g_assert_cmpuint (++n, <, 150);
    }
  g_assert_cmpuint (clr_spf_get_result (spf)->n_questions, ==, n);
  return spf;
}

static void
test_verdicts (void)
{
  static const Entry zone[] = {
    { CLR_AUTH_TXT, "example.com", { "v=spf1 ip4:192.0.2.0/25 include:other.example -all" } },
    { CLR_AUTH_TXT, "other.example", { "nothing", "v=spf1 a:host.other.example/30 ?all" } },
    { CLR_AUTH_A, "host.other.example", { "198.51.100.4" } },
    { CLR_AUTH_TXT, "soft.example", { "V=SPF1 ~ALL" } },
    { CLR_AUTH_TXT, "open.example", { "v=spf1" } },
    { CLR_AUTH_TXT, "two.example", { "v=spf1 +all", "v=spf1 -all" } },
    { CLR_AUTH_TXT, "slow.example", { NULL } },
    { CLR_AUTH_TXT, "slow-host.example", { "v=spf1 a:slow-a.example +all" } },
    { CLR_AUTH_A, "slow-a.example", { NULL } },
    { CLR_AUTH_TXT, "away.example", { "v=spf1 redirect=example.com" } },
    { CLR_AUTH_TXT, "lost.example", { "v=spf1 include:nowhere.example +all" } },
    { CLR_AUTH_TXT, "loop.example", { "v=spf1 include:loop.example" } },
    { CLR_AUTH_TXT,
      "voids.example",
      { "v=spf1 a:a.nowhere.example a:b.nowhere.example a:c.nowhere.example +all" } },
    { CLR_AUTH_TXT, "six.example", { "v=spf1 ip6:2001:db8::/32 -all" } },
    { CLR_AUTH_TXT, "mapped.example", { "v=spf1 ip6:::ffff:192.0.2.1 ip4:192.0.2.1/32 -all" } },
    { CLR_AUTH_TXT, "xn--mnchen-3ya.example", { "v=spf1 exists:%{d}.ok.example -all" } },
    { CLR_AUTH_A, "xn--mnchen-3ya.example.ok.example", { "127.0.0.2" } },
    { CLR_AUTH_TXT, "names.example", { "v=spf1 exists:%{l}.users.example ?all" } },
    { CLR_AUTH_A, "bob.users.example", { "127.0.0.2" } },
    { CLR_AUTH_TXT, "mx.example", { "v=spf1 mx -all" } },
    { CLR_AUTH_MX, "mx.example", { "10 one.mx.example", "0 two.mx.example" } },
    { CLR_AUTH_A, "two.mx.example", { "192.0.2.9" } },
    { CLR_AUTH_TXT, "null.example", { "v=spf1 mx -all" } },
    { CLR_AUTH_MX, "null.example", { "0 " } },
    { CLR_AUTH_TXT, "ptr.example", { "v=spf1 ptr -all" } },
    { CLR_AUTH_PTR, "7.2.0.192.in-addr.arpa", { "liar.ptr.example", "mail.ptr.example." } },
    { CLR_AUTH_A, "mail.ptr.example", { "192.0.2.7" } },
    { CLR_AUTH_A, "liar.ptr.example", { "192.0.2.8" } },
    { 0, NULL, { NULL } },
  };
  static const struct
  {
    const char *ip, *mail_from, *helo, *result;
  } rows[] = {
    { "192.0.2.5", "a@example.com", "h.example", "pass" },
    { "192.0.2.200", "a@example.com", "h.example", "fail" },
    { "198.51.100.7", "a@EXAMPLE.com.", "h.example", "pass" },
    { "::ffff:192.0.2.5", "a@example.com", "h.example", "pass" },
    { "2001:db8::1", "a@example.com", "h.example", "fail" },
    { "192.0.2.5", NULL, "example.com", "pass" },
    { "192.0.2.5", "", "[192.0.2.5]", "none" },
    { "192.0.2.5", "a@[192.0.2.5]", "example.com", "none" },
    { "192.0.2.5", "a@nothing.example", "h.example", "none" },
    { "192.0.2.5", "a@soft.example", "h.example", "softfail" },
    { "192.0.2.5", "a@open.example", "h.example", "neutral" },
    { "192.0.2.5", "a@two.example", "h.example", "permerror" },
    { "192.0.2.5", "a@slow.example", "h.example", "temperror" },
    { "192.0.2.5", "a@slow-host.example", "h.example", "temperror" },
    { "192.0.2.5", "a@away.example", "h.example", "pass" },
    { "192.0.2.5", "a@lost.example", "h.example", "permerror" },
    { "192.0.2.5", "a@loop.example", "h.example", "permerror" },
    { "192.0.2.5", "a@voids.example", "h.example", "permerror" },
    { "2001:db8:1::5", "a@six.example", "h.example", "pass" },
    { "2001:db9::5", "a@six.example", "h.example", "fail" },
    { "192.0.2.1", "a@mapped.example", "h.example", "pass" },
    { "192.0.2.5", "a@münchen.example", "h.example", "pass" },
    { "192.0.2.5", "bob@names.example", "h.example", "pass" },
    { "192.0.2.5", "böb@names.example", "h.example", "neutral" },
    { "192.0.2.9", "a@mx.example", "h.example", "pass" },
    { "192.0.2.8", "a@mx.example", "h.example", "fail" },
    { "192.0.2.8", "a@null.example", "h.example", "fail" },
    { "192.0.2.7", "a@ptr.example", "h.example", "pass" },
    { "192.0.2.8", "a@ptr.example", "h.example", "fail" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ClrSpf) spf = check (zone, rows[i].ip, rows[i].mail_from, rows[i].helo);
      const ClrSpfResult *result = clr_spf_get_result (spf);
      ClrSpfVerdict verdict;

      g_test_message ("%s %s: %s", rows[i].ip, rows[i].mail_from, result->reason);
      g_assert_cmpstr (clr_spf_verdict_get_name (result->verdict), ==, rows[i].result);
      g_assert_true (clr_spf_verdict_from_name (rows[i].result, &verdict) && verdict == result->verdict);
      g_assert_nonnull (result->reason);
    }
}

static void
test_explanation (void)
{
  static const Entry zone[] = {
    { CLR_AUTH_TXT, "example.com", { "v=spf1 -all exp=why.%{d2}" } },
    { CLR_AUTH_TXT, "why.example.com", { "%{i} is not one of %{d}'s, says %{r} to %{p}. 100%%%_%{S}" } },
    { CLR_AUTH_PTR, "5.2.0.192.in-addr.arpa", { "n.example.net", "m.example.com" } },
    { CLR_AUTH_A, "n.example.net", { "192.0.2.5" } },
    { CLR_AUTH_A, "m.example.com", { "192.0.2.5" } },
    { CLR_AUTH_TXT, "bad.example", { "v=spf1 -all exp=why.bad.example" } },
    { CLR_AUTH_TXT, "why.bad.example", { "%{x}" } },
    { 0, NULL, { NULL } },
  };
  g_autoptr (ClrSpf) spf = check (zone, "192.0.2.5", "a b@example.com", "h.example");
  g_autoptr (ClrSpf) bad = check (zone, "192.0.2.5", "a@bad.example", "h.example");

  g_assert_cmpstr (
      clr_spf_get_result (spf)->explanation, ==,
      "192.0.2.5 is not one of example.com's, says unknown to m.example.com. 100% a%20b%40example.com");
  g_assert_cmpstr (clr_spf_get_result (spf)->term, ==, "-all");
  g_assert_cmpint (clr_spf_get_result (bad)->verdict, ==, CLR_SPF_FAIL);
  g_assert_null (clr_spf_get_result (bad)->explanation);
}

/* Every term is counted once, over all records; the eleventh is an error. */
static void
test_limits (void)
{
  g_autofree char *eleven = g_strdup ("v=spf1 a a a a a a a a a a a +all"),
                  *ten = g_strdup ("v=spf1 a a a a a a a a a a +all");
  const Entry zone[] = {
    { CLR_AUTH_TXT, "eleven.example", { eleven } },
    { CLR_AUTH_A, "eleven.example", { "198.51.100.1" } },
    { CLR_AUTH_TXT, "ten.example", { ten } },
    { CLR_AUTH_A, "ten.example", { "198.51.100.1" } },
    { CLR_AUTH_TXT, "mx.example", { "v=spf1 mx +all" } },
    { CLR_AUTH_MX,
      "mx.example",
      { "1 ten.example", "1 ten.example", "1 ten.example", "1 ten.example", "1 ten.example", "1 ten.example",
        "1 ten.example", "1 ten.example", "1 ten.example", "1 ten.example", "1 ten.example" } },
    { 0, NULL, { NULL } },
  };
  g_autoptr (ClrSpf) over = check (zone, "192.0.2.5", "a@eleven.example", "h");
  g_autoptr (ClrSpf) within = check (zone, "192.0.2.5", "a@ten.example", "h");
  g_autoptr (ClrSpf) exchangers = check (zone, "192.0.2.5", "a@mx.example", "h");

  g_assert_cmpint (clr_spf_get_result (over)->verdict, ==, CLR_SPF_PERMERROR);
  g_assert_cmpint (clr_spf_get_result (within)->verdict, ==, CLR_SPF_PASS);
  g_assert_cmpuint (clr_spf_get_result (within)->n_terms, ==, 10);
  g_assert_cmpint (clr_spf_get_result (exchangers)->verdict, ==, CLR_SPF_PERMERROR);
  g_assert_cmpuint (clr_spf_get_result (exchangers)->n_questions, ==, 12);
}

static void
test_give_up (void)
{
  ClrSpfRequest request = { .mail_from = "a@example.com", .limits = CLR_SPF_LIMITS };
  g_assert_true (clr_spf_address_parse (&request.address, "192.0.2.1"));
  g_autoptr (ClrSpf) spf = clr_spf_new (&request);

  g_assert_cmpstr (clr_spf_get_question (spf)->name, ==, "example.com");
  g_assert_null (clr_spf_get_result (spf));
  clr_spf_give_up (spf, "it took too long");
  g_assert_cmpint (clr_spf_get_result (spf)->verdict, ==, CLR_SPF_TEMPERROR);
  g_assert_null (clr_spf_get_question (spf));
}

static void
test_records (void)
{
  static const char *const good[] = {
    "v=spf1",
    "v=spf1   ",
    "v=spf1 a/24//64 -MX:%{d}",
    "v=spf1 ip6:::1/0 a:b/c.example/16",
    "v=spf1 x.y-z=%{c}%-",
    "v=spf1 exists:%{l1r+-}._spf.%{d2} exp=e.example. redirect=%{o}",
    "v=spf1 a:a.b-c",
    "v=spf1 ptr:%{d}",
  };
  static const char *const bad[] = {
    "v=spf1 a/33",
    "v=spf1 a/024",
    "v=spf1 a/",
    "v=spf1 a/24/64",
    "v=spf1 a//129",
    "v=spf1 a:",
    "v=spf1 a:example",
    "v=spf1 a:example.123",
    "v=spf1 a:example.com-",
    "v=spf1 all:x.example",
    "v=spf1 include",
    "v=spf1 ip4:192.0.2",
    "v=spf1 ip4:192.0.2.01",
    "v=spf1 ip4:192.0.2.1/33",
    "v=spf1 ip4:::1",
    "v=spf1 ip6:192.0.2.1",
    "v=spf1 ip6:::1::",
    "v=spf1 %{d}=x",
    "v=spf1 x=%{d0}",
    "v=spf1 x=%",
    "v=spf1 x=%{e}",
    "v=spf1 exp=a.b exp=a.b",
    "v=spf1 redirect=",
    "v=spf1 a:%{c}.example",
    "v=spf1 ptr/24",
    "v=spf1\ta",
    "v=spf1 a\ta",
    "v=spf1 ++a",
    "v=spf1 1x=y",
    "v=spf1 exists:%(d)",
    "v=spf1 a:ex\xc3\xa4mple.com",
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (good) + G_N_ELEMENTS (bad); i++)
    {
      gboolean is_good = i < G_N_ELEMENTS (good);
      const char *text = is_good ? good[i] : bad[i - G_N_ELEMENTS (good)];
      g_autofree char *problem = NULL;
      g_autoptr (ClrSpfRecord) record
          = clr_spf_record_is_one (text) ? clr_spf_record_parse (text, &problem) : NULL;

      g_test_message ("%s: %s", text, problem ? problem : "valid");
      g_assert_true ((record != NULL) == is_good);
    }
}

static void
test_addresses (void)
{
  static const struct
  {
    const char *text, *shown;
  } rows[] = {
    { "192.0.2.1", "192.0.2.1" },
    { "::ffff:192.0.2.1", "192.0.2.1" },
    { "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
    { "2001:db8::192.0.2.1", "2001:db8::c000:201" },
    { "::", "::" },
    { "1::", "1::" },
    { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
    { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
    { "1:2:3:4:5:6:7", NULL },
    { "1:2:3:4:5:6:7:8:9", NULL },
    { "1:::2", NULL },
    { ":1", NULL },
    { "1:", NULL },
    { "12345::", NULL },
    { "::1%lo", NULL },
    { "256.0.0.1", NULL },
    { "1.2.3", NULL },
    { "1.2.3.4.5", NULL },
    { "::1.2.3.4:5", NULL },
    { "", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ClrSpfAddress address;
      char text[CLR_SPF_ADDRESS_TEXT];

      g_test_message ("%s", rows[i].text);
      g_assert_true (clr_spf_address_parse (&address, rows[i].text) == (rows[i].shown != NULL));
      if (rows[i].shown == NULL)
        continue;
      clr_spf_address_to_text (&address, text);
      g_assert_cmpstr (text, ==, rows[i].shown);
    }
}

static void
test_merge (void)
{
  static const struct
  {
    const char *record, *mechanisms[4], *merged;
  } cases[] = {
    { NULL, { "a:mx.test" }, "v=spf1 a:mx.test ~all" },
    { NULL, { NULL }, "v=spf1 ~all" },
    { "v=spf1 mx -all", { "a:mx.test", "include:x.test" }, "v=spf1 mx a:mx.test include:x.test -all" },
    { "v=spf1 A:MX.test -all", { "a:mx.test" }, "v=spf1 A:MX.test -all" },
    { "v=spf1 +a:mx.test ?all", { "a:mx.test" }, "v=spf1 +a:mx.test ?all" },
    /* What lets nothing pass does not count, nor what stands behind the end. */
    { "v=spf1 -a:mx.test -all", { "a:mx.test" }, "v=spf1 -a:mx.test a:mx.test -all" },
    { "v=spf1 -all a:mx.test", { "a:mx.test" }, "v=spf1 a:mx.test -all a:mx.test" },
    { "v=spf1 redirect=other.test", { "ip4:192.0.2.1" }, "v=spf1 ip4:192.0.2.1 redirect=other.test" },
    { "V=SPF1  mx   a", { "mx", "a:b.test" }, "v=spf1 mx a a:b.test ~all" },
    { "v=spf1 exp=e.test mx", { "a:b.test", "a:b.test" }, "v=spf1 exp=e.test mx a:b.test ~all" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *merged = clr_spf_record_merge (cases[i].record, cases[i].mechanisms), *problem = NULL;
      g_autofree char *again = clr_spf_record_merge (merged, cases[i].mechanisms);
      g_autoptr (ClrSpfRecord) parsed = clr_spf_record_parse (merged, &problem);

      g_assert_cmpstr (merged, ==, cases[i].merged);
      g_assert_cmpstr (again, ==, merged); /* and then nothing is missing */
      g_assert_nonnull (parsed);
      for (unsigned k = 0; cases[i].mechanisms[k]; k++)
        g_assert_true (clr_spf_record_names (merged, cases[i].mechanisms[k]));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spf/verdicts", test_verdicts);
  g_test_add_func ("/spf/explanation", test_explanation);
  g_test_add_func ("/spf/limits", test_limits);
  g_test_add_func ("/spf/give-up", test_give_up);
  g_test_add_func ("/spf/records", test_records);
  g_test_add_func ("/spf/merge", test_merge);
  g_test_add_func ("/spf/addresses", test_addresses);
  return g_test_run ();
}
