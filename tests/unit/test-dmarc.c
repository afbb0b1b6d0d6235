/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DMARC, RFC 9989: own cases over small zones of their own.
 */
#include "auth/clr-dmarc.h"

#include <string.h>

/* Records of _dmarc names; "!" is a temporary error. Other types: only names in @existing are. */
typedef struct
{
  const char *name, *record;
} Entry;

static const char *const existing[] = { "real.example.com", NULL };

static ClrDmarc *
check (const Entry *zone, const char *author, const char *spf, const char *dkim)
{
  const char *spf_domains[] = { spf, NULL }, *dkim_domains[] = { dkim, NULL };
  ClrDmarcRequest request
      = { .author_domain = author, .spf_domains = spf_domains, .dkim_domains = dkim_domains };
  const ClrAuthQuestion *question;
  unsigned n = 0;

  ClrDmarc *dmarc = clr_dmarc_new (&request);
  while ((question = clr_dmarc_get_question (dmarc)) != NULL)
    {
      ClrAuthAnswer answer = { .status = CLR_AUTH_NO_NAME };
      const char *records[2] = { NULL };

      for (const Entry *entry = zone; entry->name && question->type == CLR_AUTH_TXT; entry++)
        if (g_str_has_prefix (question->name, "_dmarc.") && g_str_equal (question->name + 7, entry->name))
          records[answer.n_records++] = entry->record;
      if (question->type == CLR_AUTH_A && g_strv_contains (existing, question->name))
        records[answer.n_records++] = "192.0.2.1";
      answer.status = records[0] == NULL              ? CLR_AUTH_NO_NAME
                      : g_str_equal (records[0], "!") ? CLR_AUTH_TEMPORARY
                                                      : CLR_AUTH_FOUND;
      answer.records = records;
      if (answer.status == CLR_AUTH_TEMPORARY)
        answer.n_records = 0;
      clr_dmarc_feed (dmarc, &answer);
      g_assert_cmpuint (++n, <, 40);
    }
  return dmarc;
}

static void
test_verdicts (void)
{
  static const Entry zone[] = {
    { "example.com", "v=DMARC1; p=reject; sp=quarantine; np=none" },
    { "strict.example.com", "v=DMARC1;p=reject;adkim=s;aspf=s" },
    { "own.example.com", "v=DMARC1; p=none; psd=n" },
    { "suffix.example", "v=DMARC1; p=reject; psd=y" },
    { "shop.suffix.example", "v=DMARC1; p=quarantine" },
    { "test.example.net", "v=DMARC1; p=reject; t=y" },
    { "old.example.net", "v=DMARC1; p=quarantine; pct=0; rf=afrf; ri=86400; fo=1" },
    { "two.example.net", "v=DMARC1; p=reject" },
    { "two.example.net", "v=DMARC1; p=none" },
    { "slow.example.net", "!" },
    { "odd.example.net", "v=DMARC1; p=none; sp=nonsense" },
    { "told.example.net", "v=DMARC1; p=nonsense; rua=mailto:a@example.net" },
    { "xn--mnchen-3ya.example", "v=DMARC1; p=reject" },
    { NULL, NULL },
  };
  static const struct
  {
    const char *author, *spf, *dkim, *result, *policy, *organization;
  } rows[] = {
    { "example.com", "example.com", NULL, "pass", "reject", "example.com" },
    { "example.com", NULL, NULL, "fail", "reject", "example.com" },
    { "EXAMPLE.com", NULL, "mail.Example.COM", "pass", "reject", "example.com" },
    { "real.example.com", NULL, "example.com", "pass", "quarantine", "example.com" },
    { "real.example.com", "other.example", "notexample.com", "fail", "quarantine", "example.com" },
    { "absent.example.com", NULL, NULL, "fail", "none", "example.com" },
    { "strict.example.com", "strict.example.com", NULL, "pass", "reject", "example.com" },
    { "strict.example.com", "example.com", "a.strict.example.com", "fail", "reject", "example.com" },
    { "own.example.com", NULL, "example.com", "fail", "none", "own.example.com" },
    { "own.example.com", NULL, "a.own.example.com", "pass", "none", "own.example.com" },
    { "real.example.com", NULL, "own.example.com", "fail", "quarantine", "example.com" },
    { "shop.suffix.example", NULL, "other.suffix.example", "fail", "quarantine", "shop.suffix.example" },
    { "a.shop.suffix.example", "b.shop.suffix.example", NULL, "pass", "quarantine", "shop.suffix.example" },
    { "a.new.suffix.example", "new.suffix.example", NULL, "pass", "reject", "new.suffix.example" },
    { "suffix.example", NULL, "a.suffix.example", "fail", "reject", "suffix.example" },
    { "test.example.net", NULL, NULL, "fail", "quarantine", "test.example.net" },
    { "old.example.net", NULL, NULL, "fail", "quarantine", "old.example.net" },
    { "two.example.net", NULL, NULL, "none", NULL, "two.example.net" },
    { "slow.example.net", NULL, "slow.example.net", "temperror", NULL, NULL },
    { "a.slow.example.net", NULL, "slow.example.net", "temperror", NULL, NULL },
    { "odd.example.net", NULL, NULL, "none", NULL, "odd.example.net" },
    { "told.example.net", NULL, NULL, "fail", "none", "told.example.net" },
    { "münchen.example", NULL, "xn--mnchen-3ya.example", "pass", "reject", "xn--mnchen-3ya.example" },
    { "nothing.example", "nothing.example", NULL, "none", NULL, "nothing.example" },
    { "[192.0.2.1]", NULL, NULL, "permerror", NULL, NULL },
    { "a..b", NULL, NULL, "permerror", NULL, NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ClrDmarc) dmarc = check (zone, rows[i].author, rows[i].spf, rows[i].dkim);
      const ClrDmarcResult *result = clr_dmarc_get_result (dmarc);

      g_test_message ("%s: %s", rows[i].author, result->reason);
      g_assert_cmpstr (clr_dmarc_verdict_get_name (result->verdict), ==, rows[i].result);
      g_assert_cmpstr (result->organizational_domain, ==, rows[i].organization);
      g_assert_true (rows[i].policy == NULL
                     || g_str_equal (clr_dmarc_policy_get_name (result->policy), rows[i].policy));
    }
}

/* The author's own record is known; only whose domain it is cannot be had: what is equal still passes. */
static void
test_temporary_above (void)
{
  static const Entry zone[]
      = { { "a.example.org", "v=DMARC1; p=reject" }, { "example.org", "!" }, { NULL, NULL } };
  g_autoptr (ClrDmarc) same = check (zone, "a.example.org", NULL, "a.example.org");
  g_autoptr (ClrDmarc) near = check (zone, "a.example.org", NULL, "b.example.org");
  g_autoptr (ClrDmarc) none = check (zone, "a.example.org", NULL, NULL);

  g_assert_cmpint (clr_dmarc_get_result (same)->verdict, ==, CLR_DMARC_PASS);
  g_assert_cmpint (clr_dmarc_get_result (near)->verdict, ==, CLR_DMARC_TEMPERROR);
  g_assert_cmpint (clr_dmarc_get_result (none)->verdict, ==, CLR_DMARC_FAIL);
}

static void
test_long_names (void)
{
  static const Entry zone[] = { { NULL, NULL } };
  static const char *const asked[] = {
    "_dmarc.1.2.3.4.5.6.7.8.9.example.com",
    "_dmarc.5.6.7.8.9.example.com",
    "_dmarc.6.7.8.9.example.com",
    "_dmarc.7.8.9.example.com",
    "_dmarc.8.9.example.com",
    "_dmarc.9.example.com",
    "_dmarc.example.com",
    "_dmarc.com",
  };
  g_autoptr (ClrDmarc) dmarc = check (zone, "1.2.3.4.5.6.7.8.9.example.com", NULL, NULL);
  const ClrDmarcResult *result = clr_dmarc_get_result (dmarc);

  g_assert_cmpuint (result->questions->len, ==, G_N_ELEMENTS (asked));
  for (unsigned i = 0; i < G_N_ELEMENTS (asked); i++)
    g_assert_cmpstr (g_ptr_array_index (result->questions, i), ==, asked[i]);
}

static void
test_records (void)
{
  static const struct
  {
    const char *text;
    gboolean is_record, applies;
    const char *ignored;
  } rows[] = {
    { "v=DMARC1", TRUE, TRUE, NULL },
    { " v=DMARC1;", FALSE, FALSE, NULL },
    { "V\t=\tDMARC1\t;P = Reject", TRUE, TRUE, NULL },
    { "v=DMARC1x; p=none", FALSE, FALSE, NULL },
    { "v=dmarc1; p=none", FALSE, FALSE, NULL },
    { "p=none; v=DMARC1", FALSE, FALSE, NULL },
    { "v=DMARC1; p=none; p=none", FALSE, FALSE, NULL },
    { "v=DMARC1; p=none; x=1; x=2;;", TRUE, TRUE, NULL },
    { "v=DMARC1; p=all", TRUE, FALSE, "p" },
    { "v=DMARC1; p=all; rua=mailto:a@b", TRUE, TRUE, "p" },
    { "v=DMARC1; rua=mailto:a@b!10m,mailto:c@d!,x", TRUE, TRUE, NULL },
    { "v=DMARC1; rua=mailto:@b; ruf=a b:c; t=maybe", TRUE, TRUE, "rua, ruf, t" },
    { "v=DMARC1; adkim; aspf=", TRUE, TRUE, "adkim, aspf" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *problem = NULL;
      g_autoptr (ClrDmarcRecord) record = clr_dmarc_record_parse (rows[i].text, &problem);

      g_test_message ("%s: %s", rows[i].text, problem ? problem : "a record");
      g_assert_true ((record != NULL) == rows[i].is_record);
      if (record == NULL)
        continue;
      g_assert_cmpint (record->applies, ==, rows[i].applies);
      g_assert_cmpstr (record->ignored, ==, rows[i].ignored);
    }
}

static void
test_authors (void)
{
  static const struct
  {
    const char *header, *domain;
  } rows[] = {
    { "From: A <a@Example.COM>\r\n", "example.com" },
    { "From: \"a@evil.example\" <a@example.com>\r\n", "example.com" },
    { "From: a@example.com,\r\n b@example.com\r\n", "example.com" },
    { "From: a@example.com, b@example.net\r\n", NULL },
    { "From: a@example.com\r\nfrom: a@example.com\r\n", NULL },
    { "Subject: x\r\n", NULL },
    { "From: nobody\r\n", NULL },
    { "From: a@[192.0.2.1]\r\n", NULL },
    { "From: <>\r\n", NULL },
    { "From: a@münchen.example\r\n", "xn--mnchen-3ya.example" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *problem;
      ClrHeaderBlock header;

      clr_header_block_parse (&header, rows[i].header, strlen (rows[i].header));
      g_autofree char *domain = clr_dmarc_find_author (&header, &problem);
      g_test_message ("%s", rows[i].header);
      g_assert_cmpstr (domain, ==, rows[i].domain);
      g_assert_true (domain || problem);
      clr_header_block_clear (&header);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dmarc/verdicts", test_verdicts);
  g_test_add_func ("/dmarc/temporary-above", test_temporary_above);
  g_test_add_func ("/dmarc/long-names", test_long_names);
  g_test_add_func ("/dmarc/records", test_records);
  g_test_add_func ("/dmarc/authors", test_authors);
  return g_test_run ();
}
