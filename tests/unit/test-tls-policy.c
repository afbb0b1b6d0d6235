/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What domains publish about TLS of their mail servers: MTA-STS and TLSRPT records, MTA-STS policies, TLSA
 * records and the certificates they name.
 */
#include "dns/clr-dane.h"
#include "dns/clr-sts-policy.h"
#include "dns/clr-sts-record.h"
#include "dns/clr-tlsrpt-record.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>

/* -- MTA-STS */

static void
test_sts_records (void)
{
  static const struct
  {
    const char *record, *id;
  } table[] = {
    { "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
    { "v=STSv1;id=a", "a" },
    { "v=STSv1 ; id=a ; x=1", "a" },
    { "v=STSv1\t;\tid=a\t;", "a" },
    { "v=STSv1; x=1; id=b", "b" },
    { "v=STSv1; id=a; id=b", "a" },
    { "v=STSv1; id=a; b_c.d-e=~!:", "a" },
    { "v=STSv1; id=01234567890123456789012345678901;", "01234567890123456789012345678901" },
    { "v=STSv1; id=a;;", NULL },
    { "v=STSv1; ; id=a", NULL },
    { "v=STSv1;; id=a", NULL },
    { "v=STSv1; id=a ", NULL },
    { " v=STSv1; id=a", NULL },
    { "V=STSv1; id=a", NULL },
    { "v=stsv1; id=a", NULL },
    { "v=STSv1 id=a", NULL },
    { "v=STSv10; id=a", NULL },
    { "v=STSv1; ID=a", NULL },
    { "v=STSv1; id =a", NULL },
    { "v=STSv1; id= a", NULL },
    { "v=STSv1; id=", NULL },
    { "v=STSv1; id=a-b", NULL },
    { "v=STSv1; id=a; x=a b", NULL },
    { "v=STSv1; id=a; x=a=b", NULL },
    { "v=STSv1; id=a; _x=1", NULL },
    { "v=STSv1; id=a; x", NULL },
    { "v=STSv1; id=a; =1", NULL },
    { "v=STSv1; id=a; x=\xc3\xa9", NULL },
    { "", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      char id[CLR_STS_ID_SIZE];
      const char *problem = NULL;
      gboolean ok = clr_sts_record_parse (table[i].record, strlen (table[i].record), id, &problem);

      g_test_message ("%s: %s", table[i].record, ok ? id : problem);
      g_assert_cmpint (ok, ==, table[i].id != NULL);
      if (ok)
        g_assert_cmpstr (id, ==, table[i].id);
      else
        g_assert_nonnull (problem);
    }
}

static ClrDnsRecord
text_record (const char *text)
{
  return (ClrDnsRecord){ .bytes = (uint8_t *)text, .size = strlen (text) };
}

static void
test_sts_choice (void)
{
  char id[CLR_STS_ID_SIZE];
  const char *problem;
  ClrDnsRecord records[] = { text_record ("something else"), text_record ("v=STSv1; id=1"),
                             text_record ("v=STSv11; id=2"), text_record ("v=STSv1; id=3") };
  ClrDnsAnswer answer = { .status = CLR_DNS_FOUND, .records = records, .n_records = 3 };

  g_assert_cmpint (clr_sts_record_choose (&answer, id, &problem), ==, CLR_STS_RECORD_FOUND);
  g_assert_cmpstr (id, ==, "1");
  answer.n_records = 4;
  g_assert_cmpint (clr_sts_record_choose (&answer, id, &problem), ==, CLR_STS_RECORD_INVALID);
  answer.n_records = 1;
  g_assert_cmpint (clr_sts_record_choose (&answer, id, &problem), ==, CLR_STS_RECORD_NONE);
  answer = (ClrDnsAnswer){ .status = CLR_DNS_NO_NAME };
  g_assert_cmpint (clr_sts_record_choose (&answer, id, &problem), ==, CLR_STS_RECORD_NONE);
  answer.status = CLR_DNS_TEMPORARY;
  g_assert_cmpint (clr_sts_record_choose (&answer, id, &problem), ==, CLR_STS_RECORD_TEMPORARY);
}

static void
test_sts_policies (void)
{
  static const struct
  {
    const char *policy;
    int mode; /* -1: no policy */
    unsigned max_age, n_patterns;
  } table[] = {
    { "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backup.example\nmax_age: "
      "604800\n",
      CLR_STS_MODE_ENFORCE, 604800, 3 },
    { "version:STSv1\r\nmode:testing\r\nmx:a\r\nmax_age:1\r\n", CLR_STS_MODE_TESTING, 1, 1 },
    { "mode:none\nmax_age:0\nversion:STSv1", CLR_STS_MODE_NONE, 0, 0 },
    { "version:STSv1  \nmode:none\t\nmax_age:86400 \n\n\r\n", CLR_STS_MODE_NONE, 86400, 0 },
    { "version:STSv1\nmode:none\nmax_age:9999999999", CLR_STS_MODE_NONE, 31557600, 0 },
    { "version:STSv1\nmode:enforce\nmode:none\nmx:a.b\nmax_age:1\nmax_age:x", CLR_STS_MODE_ENFORCE, 1, 1 },
    { "version:STSv1\nmode:none\nmax_age:1\nx.y-z_0: é, €", CLR_STS_MODE_NONE, 1, 0 },
    { "version:STSv1\nmode:enforce\nmx:MAIL.Example.COM\nmax_age:1", CLR_STS_MODE_ENFORCE, 1, 1 },
    { "", -1, 0, 0 },
    { "\nversion:STSv1\nmode:none\nmax_age:1", -1, 0, 0 },
    { "version:STSv1\n\nmode:none\nmax_age:1", -1, 0, 0 },
    { "version:STSv1\nmode:none", -1, 0, 0 },
    { "mode:none\nmax_age:1", -1, 0, 0 },
    { "Version:STSv1\nmode:none\nmax_age:1", -1, 0, 0 },
    { "version:STSv2\nmode:none\nmax_age:1", -1, 0, 0 },
    { "version:STSv1\nmode:Enforce\nmx:a\nmax_age:1", -1, 0, 0 },
    { "version:STSv1\nmode:report\nmx:a\nmax_age:1", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:-1", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nmx:[192.0.2.1]", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nmx:a_b.example", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nmx:a.example.", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nmx:-a.example", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nmx:*", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nmx:*.", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nmx:a.*.example", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nmx:b\xc3\xbc.example", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nx:a\x01z", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nx:\xff", -1, 0, 0 },
    { "version:STSv1\nmode:none\nmax_age:1\nline", -1, 0, 0 },
    { "version :STSv1\nmode:none\nmax_age:1", -1, 0, 0 },
    { "version:STSv1\rmode:none\rmax_age:1", -1, 0, 0 },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      const char *problem = NULL;
      g_autoptr (ClrStsPolicy) policy
          = clr_sts_policy_parse (table[i].policy, strlen (table[i].policy), &problem);

      g_test_message ("%u: %s", i, problem ? problem : "valid");
      g_assert_cmpint (policy ? (int)policy->mode : -1, ==, table[i].mode);
      if (policy)
        {
          g_assert_cmpuint (policy->max_age, ==, table[i].max_age);
          g_assert_cmpuint (g_strv_length (policy->patterns), ==, table[i].n_patterns);
        }
    }
  g_autofree char *large = g_strnfill (CLR_STS_POLICY_SIZE_MOST + 1, 'a');
  const char *problem = NULL;
  g_assert_null (clr_sts_policy_parse (large, strlen (large), &problem));
}

static void
test_sts_match (void)
{
  static const char text[] = "version:STSv1\nmode:enforce\nmx:mail.example.com\nmx:*.Example.net\nmax_age:1";
  static const struct
  {
    const char *host, *pattern;
  } table[] = {
    { "mail.example.com", "mail.example.com" },
    { "MAIL.example.COM", "mail.example.com" },
    { "a.mail.example.com", NULL },
    { "example.com", NULL },
    { "mx1.example.net", "*.example.net" },
    { "a.b.example.net", NULL },
    { "example.net", NULL },
    { "mx.example.net.evil.test", NULL },
    { "evilexample.net", NULL },
    { "", NULL },
  };
  const char *problem;
  g_autoptr (ClrStsPolicy) policy = clr_sts_policy_parse (text, strlen (text), &problem);

  g_assert_nonnull (policy);
  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_cmpstr (clr_sts_policy_match (policy, table[i].host), ==, table[i].pattern);
  g_assert_true (clr_sts_policy_is_type ("text/plain"));
  g_assert_true (clr_sts_policy_is_type ("Text/Plain ; charset=utf-8"));
  g_assert_false (clr_sts_policy_is_type ("text/plainer"));
  g_assert_false (clr_sts_policy_is_type ("text/html"));
  g_assert_false (clr_sts_policy_is_type (""));
  g_assert_false (clr_sts_policy_is_type (NULL));
}

/* -- TLSRPT */

static void
test_tlsrpt_records (void)
{
  static const struct
  {
    const char *record;
    unsigned n_places;
  } table[] = {
    { "v=TLSRPTv1; rua=mailto:reports@example.com", 1 },
    { "v=TLSRPTv1;rua=https://reporting.example.com/v1/tlsrpt?a=b", 1 },
    { "v=TLSRPTv1; rua=mailto:a@b , https://c/d\t,mailto:e@f;", 3 },
    { "v=TLSRPTv1; x=y; rua=mailto:a%2cb@c", 1 },
    { "v=TLSRPTv1; rua=mailto:a@b; rua=mailto:c@d", 1 },
    { "v=TLSRPTv1; rua=https://[2001:db8::1]/x", 1 },
    { "v=TLSRPTv1; rua=", 0 },
    { "v=TLSRPTv1; rua=mailto:a@b,", 0 },
    { "v=TLSRPTv1; rua=,mailto:a@b", 0 },
    { "v=TLSRPTv1; rua=reports@example.com", 0 },
    { "v=TLSRPTv1; rua=mailto:a!b@c", 0 },
    { "v=TLSRPTv1; rua=mailto:a@b c", 0 },
    { "v=TLSRPTv1; rua=https://a/%zz", 0 },
    { "v=TLSRPTv1; rua=https://a/<b>", 0 },
    { "v=TLSRPTv1; RUA=mailto:a@b", 0 },
    { "v=tlsrptv1; rua=mailto:a@b", 0 },
    { "v=TLSRPTv1 rua=mailto:a@b", 0 },
    { "v=TLSRPTv1; rua=mailto:a@b;;", 0 },
    { "v=TLSRPTv1; rua=mailto:a@b; x=", 0 },
    { "rua=mailto:a@b", 0 },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      const char *problem = NULL;
      g_autoptr (ClrTlsrptRecord) record
          = clr_tlsrpt_record_parse (table[i].record, strlen (table[i].record), &problem);

      g_test_message ("%s: %s", table[i].record, problem ? problem : "valid");
      g_assert_cmpuint (record ? g_strv_length (record->places) : 0, ==, table[i].n_places);
    }
}

static void
test_tlsrpt_places (void)
{
  static const struct
  {
    const char *place, *target;
    gboolean is_mail;
  } table[] = {
    { "mailto:a@b", "a@b", TRUE },
    { "MAILTO:a%2Cb@c?subject=x", "a,b@c", TRUE },
    { "https://a/b?c", "https://a/b?c", FALSE },
    { "http://a/b", NULL, FALSE },
    { "ftp://a", NULL, FALSE },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      gboolean is_mail;
      g_autofree char *target = clr_tlsrpt_place_dup_target (table[i].place, &is_mail);
      g_assert_cmpstr (target, ==, table[i].target);
      g_assert_cmpint (is_mail, ==, table[i].is_mail);
    }
}

/* -- DANE */

typedef struct
{
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gnutls_datum_t der, spki;
} Maker;

#define NOW  INT64_C (1800000000)
#define YEAR (365 * 86400)

/* @days: how long it is valid from the day before NOW on. */
static void
make (Maker *made, const char *name, const Maker *issuer, gboolean is_ca, int days)
{
  static uint8_t serial = 1;
  gnutls_pubkey_t key;

  gnutls_x509_privkey_init (&made->key);
  gnutls_x509_privkey_generate (made->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
                                0);
  gnutls_x509_crt_init (&made->certificate);
  gnutls_x509_crt_set_version (made->certificate, 3);
  gnutls_x509_crt_set_serial (made->certificate, &serial, 1);
  serial++;
  gnutls_x509_crt_set_key (made->certificate, made->key);
  gnutls_x509_crt_set_dn_by_oid (made->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, strlen (name));
  gnutls_x509_crt_set_activation_time (made->certificate, NOW - 86400);
  gnutls_x509_crt_set_expiration_time (made->certificate, NOW - 86400 + days * INT64_C (86400));
  gnutls_x509_crt_set_basic_constraints (made->certificate, is_ca, -1);
  if (!is_ca)
    gnutls_x509_crt_set_subject_alt_name (made->certificate, GNUTLS_SAN_DNSNAME, name, strlen (name),
                                          GNUTLS_FSAN_SET);
  g_assert_cmpint (gnutls_x509_crt_sign2 (made->certificate, issuer ? issuer->certificate : made->certificate,
                                          issuer ? issuer->key : made->key, GNUTLS_DIG_SHA256, 0),
                   >=, 0);
  gnutls_x509_crt_export2 (made->certificate, GNUTLS_X509_FMT_DER, &made->der);
  gnutls_pubkey_init (&key);
  gnutls_pubkey_import_x509 (key, made->certificate, 0);
  gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &made->spki);
  gnutls_pubkey_deinit (key);
}

static void
unmake (Maker *made)
{
  gnutls_x509_privkey_deinit (made->key);
  gnutls_x509_crt_deinit (made->certificate);
  gnutls_free (made->der.data);
  gnutls_free (made->spki.data);
}

static ClrDnsRecord
record_of (const Maker *made, unsigned usage, unsigned selector, unsigned matching)
{
  const gnutls_datum_t *chosen = selector ? &made->spki : &made->der;
  ClrDnsRecord record = { .usage = usage, .selector = selector, .matching = matching };

  record.size = matching == 0 ? chosen->size : matching == 1 ? 32 : 64;
  record.bytes = g_malloc (record.size);
  if (matching == 0)
    memcpy (record.bytes, chosen->data, chosen->size);
  else
    gnutls_hash_fast (matching == 1 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512, chosen->data, chosen->size,
                      record.bytes);
  return record;
}

typedef struct
{
  const Maker *named;
  unsigned usage, selector, matching;
  const Maker *chain[4];
  const char *name;
  int64_t now;
  ClrDaneVerdict verdict;
} Row;

static void
judge_row (const Row *row, unsigned index)
{
  ClrDnsRecord record = record_of (row->named, row->usage, row->selector, row->matching);
  g_autoptr (ClrDane) dane = clr_dane_new (&record, 1);
  gnutls_datum_t chain[4];
  const char *const names[] = { row->name, NULL };
  ClrDaneResult result;
  unsigned n = 0;

  for (; n < G_N_ELEMENTS (row->chain) && row->chain[n]; n++)
    chain[n] = row->chain[n]->der;
  clr_dane_judge (dane, chain, n, names, row->now, &result);
  g_test_message ("%u: %s, %s", index, clr_dane_verdict_get_name (result.verdict),
                  result.problem ? result.problem : "");
  g_assert_cmpint (result.verdict, ==, row->verdict);
  g_free (record.bytes);
}

static void
test_dane_chains (void)
{
  Maker root, middle, leaf, other, old, faker, below;

  make (&root, "Root", NULL, TRUE, 3650);
  make (&middle, "Middle", &root, TRUE, 3650);
  make (&leaf, "mx.example.net", &middle, FALSE, 90);
  make (&other, "mx.example.net", NULL, FALSE, 90);
  make (&old, "mx.example.net", &middle, FALSE, 1);
  make (&faker, "not a ca", &root, FALSE, 90);
  make (&below, "mx.example.net", &faker, FALSE, 90);

  const Row rows[] = {
    /* DANE-EE: every selector and matching type; neither names nor dates count. */
    { &leaf, 3, 0, 0, { &leaf }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &leaf, 3, 0, 1, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &leaf, 3, 1, 0, { &leaf }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &leaf, 3, 1, 1, { &leaf }, "other.test", NOW, CLR_DANE_MATCH },
    { &leaf, 3, 1, 2, { &leaf }, "mx.example.net", NOW + 20 * (int64_t)YEAR, CLR_DANE_MATCH },
    { &other, 3, 1, 1, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_FAIL },
    { &middle, 3, 1, 1, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_FAIL },
    /* DANE-TA: an anchor that is shown. */
    { &middle, 2, 0, 1, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &middle, 2, 1, 2, { &leaf, &middle, &root }, "MX.example.net", NOW, CLR_DANE_MATCH },
    { &root, 2, 0, 1, { &leaf, &middle, &root }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &root, 2, 0, 1, { &leaf, &root, &middle }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &root, 2, 0, 1, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_FAIL },
    { &middle, 2, 0, 1, { &leaf, &middle }, "other.test", NOW, CLR_DANE_FAIL },
    { &middle, 2, 0, 1, { &old, &middle }, "mx.example.net", NOW + 86400, CLR_DANE_FAIL },
    { &middle, 2, 0, 1, { &leaf, &middle }, "mx.example.net", NOW - 2 * 86400, CLR_DANE_FAIL },
    { &middle, 2, 0, 1, { &other, &middle }, "mx.example.net", NOW, CLR_DANE_FAIL },
    { &leaf, 2, 0, 1, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_FAIL },
    { &faker, 2, 0, 1, { &below, &faker }, "mx.example.net", NOW, CLR_DANE_FAIL },
    { &root, 2, 0, 1, { &below, &faker, &root }, "mx.example.net", NOW, CLR_DANE_FAIL },
    /* An anchor that stands in the record. */
    { &root, 2, 0, 0, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &middle, 2, 0, 0, { &leaf }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &middle, 2, 1, 0, { &leaf }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &root, 2, 1, 0, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_MATCH },
    { &middle, 2, 1, 0, { &leaf }, "other.test", NOW, CLR_DANE_FAIL },
    { &middle, 2, 1, 0, { &old }, "mx.example.net", NOW + 86400, CLR_DANE_FAIL },
    { &root, 2, 1, 0, { &leaf }, "mx.example.net", NOW, CLR_DANE_FAIL },
    { &root, 2, 0, 0, { &other }, "mx.example.net", NOW, CLR_DANE_FAIL },
    /* Not for SMTP. */
    { &leaf, 1, 1, 1, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_UNUSABLE },
    { &middle, 0, 1, 1, { &leaf, &middle }, "mx.example.net", NOW, CLR_DANE_UNUSABLE },
    { &leaf, 4, 1, 1, { &leaf }, "mx.example.net", NOW, CLR_DANE_UNUSABLE },
    { &leaf, 3, 1, 1, { NULL }, "mx.example.net", NOW, CLR_DANE_FAIL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    judge_row (&rows[i], i);

  /* The anchor is found behind a certificate that has nothing to do with it. */
  ClrDnsRecord record = record_of (&middle, 2, 0, 1);
  g_autoptr (ClrDane) dane = clr_dane_new (&record, 1);
  gnutls_datum_t chain[] = { leaf.der, other.der, middle.der };
  const char *const names[] = { "no", "mx.example.net", NULL };
  ClrDaneResult result;
  clr_dane_judge (dane, chain, 3, names, NOW, &result);
  g_assert_cmpint (result.verdict, ==, CLR_DANE_MATCH);
  g_assert_cmpint (result.record, ==, 0);
  g_free (record.bytes);

  for (Maker *each[] = { &root, &middle, &leaf, &other, &old, &faker, &below, NULL }, **one = each; *one;
       one++)
    unmake (*one);
}

static void
test_dane_records (void)
{
  uint8_t octets[64] = { 1, 2, 3 };
  const ClrDnsRecord records[] = {
    { .usage = 3, .selector = 1, .matching = 1, .bytes = octets, .size = 32 },
    { .usage = 3, .selector = 1, .matching = 2, .bytes = octets, .size = 64 },
    { .usage = 3, .selector = 0, .matching = 1, .bytes = octets, .size = 32 },
    { .usage = 3, .selector = 1, .matching = 1, .bytes = octets, .size = 31 },
    { .usage = 3, .selector = 2, .matching = 1, .bytes = octets, .size = 32 },
    { .usage = 3, .selector = 1, .matching = 3, .bytes = octets, .size = 32 },
    { .usage = 1, .selector = 1, .matching = 1, .bytes = octets, .size = 32 },
    { .usage = 2, .selector = 0, .matching = 0, .bytes = octets, .size = 64 },
    { .usage = 2, .selector = 1, .matching = 0, .bytes = octets, .size = 0 },
    { .usage = 255, .selector = 1, .matching = 1, .bytes = octets, .size = 32 },
  };
  static const ClrTlsaUse uses[] = {
    CLR_TLSA_WEAKER,   CLR_TLSA_USABLE, CLR_TLSA_USABLE, CLR_TLSA_DATA, CLR_TLSA_SELECTOR,
    CLR_TLSA_MATCHING, CLR_TLSA_USAGE,  CLR_TLSA_DATA,   CLR_TLSA_DATA, CLR_TLSA_USAGE,
  };
  g_autoptr (ClrDane) dane = clr_dane_new (records, G_N_ELEMENTS (records));
  g_autoptr (ClrDane) none = clr_dane_new (records + 3, 7);

  for (unsigned i = 0; i < G_N_ELEMENTS (records); i++)
    g_assert_cmpint (clr_dane_get_use (dane, i), ==, uses[i]);
  g_assert_true (clr_dane_is_usable (dane));
  g_assert_false (clr_dane_is_usable (none));
}

static void
test_tlsa_text (void)
{
  static const struct
  {
    const char *text, *again;
  } table[] = {
    { "3 1 1 00ff", "3 1 1 00ff" },
    { " 3\t1  2 00 FF\n0a", "3 1 2 00ff0a" },
    { "255 0 0 ", "255 0 0 " },
    { "3 1 1 0", NULL },
    { "3 1 1 0g", NULL },
    { "3 1 00ff", NULL },
    { "256 1 1 00", NULL },
    { "-1 1 1 00", NULL },
    { "", NULL },
    { "three one one 00", NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      ClrDnsRecord record;
      gboolean ok = clr_tlsa_parse (table[i].text, &record);

      g_assert_cmpint (ok, ==, table[i].again != NULL);
      if (ok)
        {
          g_autofree char *again = clr_tlsa_to_text (&record);
          g_assert_cmpstr (again, ==, table[i].again);
          g_free (record.bytes);
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tls-policy/mta-sts/records", test_sts_records);
  g_test_add_func ("/tls-policy/mta-sts/choice", test_sts_choice);
  g_test_add_func ("/tls-policy/mta-sts/policies", test_sts_policies);
  g_test_add_func ("/tls-policy/mta-sts/match", test_sts_match);
  g_test_add_func ("/tls-policy/tlsrpt/records", test_tlsrpt_records);
  g_test_add_func ("/tls-policy/tlsrpt/places", test_tlsrpt_places);
  g_test_add_func ("/tls-policy/dane/chains", test_dane_chains);
  g_test_add_func ("/tls-policy/dane/records", test_dane_records);
  g_test_add_func ("/tls-policy/dane/text", test_tlsa_text);
  return g_test_run ();
}
