/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-key.h"
#include "auth/clr-dkim-record.h"
#include "auth/clr-dkim-tags.h"
#include "auth/clr-dkim-verifier.h"
#include "clr-test.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define NOW 1700000000

/* -- tag lists */

static void
test_tags (void)
{
  static const struct
  {
    const char *text;
    int n; /* tags, -1: not valid */
  } cases[] = {
    { "", -1 },
    { " ", -1 },
    { ";", -1 },
    { "a=1", 1 },
    { "a=1;", 1 },
    { "a=1; ", 1 },
    { "a=1;\r\n ", 1 },
    { "a=1;;", -1 },
    { "a=1;;b=2", -1 },
    { " a\t=\r\n 1 2 ; b=", 2 },
    { "a=1;a=2", -1 },
    { "a=1;A=2", 2 },
    { "a", -1 },
    { "a;b=1", -1 },
    { "=1", -1 },
    { "1a=1", -1 },
    { "_a=1", -1 },
    { "a_1=1", 1 },
    { "a-b=1", -1 },
    { "a=1\r\nb=2", -1 },
    { "a=1\n b", -1 },
    { "a=1\rb", -1 },
    { "a=1\r\n", -1 },
    { "a=\x7f", -1 },
    { "a=x=y==", 1 },
    { "a=j\xc3\xb6rg", 1 },
    { "v=1; a=rsa-sha256; unknown=!\"#$%&'()*+,-./:<=>?@[\\]^`{|}~", 3 },
  };
  ClrDkimTags tags;
  const char *problem;

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].text);
      gboolean ok = clr_dkim_tags_parse (&tags, cases[i].text, strlen (cases[i].text), &problem);
      g_assert_cmpint (ok ? (int)tags.n_tags : -1, ==, cases[i].n);
    }
  g_assert_false (clr_dkim_tags_parse (&tags, "a=\0", 3, &problem));

  g_autoptr (GString) many = g_string_new (NULL);
  for (unsigned i = 0; i < CLR_DKIM_TAGS_MOST; i++)
    g_string_append_printf (many, "t%u=;", i);
  g_assert_true (clr_dkim_tags_parse (&tags, many->str, many->len, &problem));
  g_string_append (many, "more=");
  g_assert_false (clr_dkim_tags_parse (&tags, many->str, many->len, &problem));
}

static void
test_tag_values (void)
{
  ClrDkimTags tags;
  const char *problem;
  int64_t number;
  gsize size;
  static const char text[]
      = "n=123; big=9999999999999999999; neg=-1; b= YWJ\r\n j ; b2=YWI; b3=YW=I; list= a : b ;"
        " hole=a::b; none=";

  g_assert_true (clr_dkim_tags_parse (&tags, text, strlen (text), &problem));
  g_assert_true (clr_dkim_tag_get_number (clr_dkim_tags_find (&tags, "n"), &number) && number == 123);
  g_assert_false (clr_dkim_tag_get_number (clr_dkim_tags_find (&tags, "big"), &number));
  g_assert_false (clr_dkim_tag_get_number (clr_dkim_tags_find (&tags, "neg"), &number));
  g_assert_false (clr_dkim_tag_get_number (clr_dkim_tags_find (&tags, "none"), &number));
  g_autofree uint8_t *bytes = clr_dkim_tag_dup_bytes (clr_dkim_tags_find (&tags, "b"), &size);
  g_assert_cmpmem (bytes, size, "abc", 3);
  g_assert_null (clr_dkim_tag_dup_bytes (clr_dkim_tags_find (&tags, "b2"), &size));
  g_assert_null (clr_dkim_tag_dup_bytes (clr_dkim_tags_find (&tags, "b3"), &size));
  g_assert_null (clr_dkim_tag_dup_bytes (clr_dkim_tags_find (&tags, "none"), &size));
  g_auto (GStrv) words = clr_dkim_tag_dup_list (clr_dkim_tags_find (&tags, "list"), 2);
  g_assert_cmpstrv (words, ((const char *const[]){ "a", "b", NULL }));
  g_assert_null (clr_dkim_tag_dup_list (clr_dkim_tags_find (&tags, "list"), 1));
  g_assert_null (clr_dkim_tag_dup_list (clr_dkim_tags_find (&tags, "hole"), 9));
}

/* -- published keys */

#define ED "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static void
test_records (void)
{
  static const struct
  {
    const char *text, *problem; /* a part of it, NULL: valid */
  } cases[] = {
    { "v=DKIM1; k=ed25519; p=" ED, NULL },
    { "k=ed25519; p=" ED, NULL },
    { "p=" ED "; k=ed25519; v=DKIM1", "first" },
    { "v=DKIM2; k=ed25519; p=" ED, "version" },
    { "v=dkim1; k=ed25519; p=" ED, "version" },
    { "v=DKIM1; k=ed25519", "no p=" },
    { "v=DKIM1; p=", NULL },
    { "v=DKIM1; p=!", "base64" },
    { "v=DKIM1; p=" ED, "no key" },
    { "v=DKIM1; k=ed25519; p=AAAA", "no key" },
    { "v=DKIM1; k=other; p=AAAA", NULL },
    { "v=DKIM1; k=ed25519; h=sha256; s=email; t=y:s; n=why; g=*; x=y; p=" ED, NULL },
    { "v=DKIM1; k=ed25519; t=; p=" ED, NULL },
    { "v=DKIM1; k=ed25519; h=; p=" ED, "list" },
    { "v=DKIM1; k=ed25519; s=a::b; p=" ED, "list" },
    { "spf2.0/pra", "value" },
    { "", "name" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *problem = NULL;
      g_autoptr (ClrDkimRecord) record
          = clr_dkim_record_parse (cases[i].text, strlen (cases[i].text), NULL, &problem);

      g_test_message ("%s: %s", cases[i].text, problem ? problem : "valid");
      g_assert_true ((record != NULL) == (cases[i].problem == NULL));
      if (cases[i].problem)
        g_assert_nonnull (strstr (problem, cases[i].problem));
    }
  g_autoptr (ClrDkimRecord) flags
      = clr_dkim_record_parse (cases[11].text, strlen (cases[11].text), NULL, &(const char *){ NULL });
  g_assert_true (flags->strict && flags->testing && flags->for_mail && flags->sha256 && !flags->sha1);
}

/* -- signatures */

static ClrDkimKey *key;
static char *record;

static const char header[]
    = "Received: by x\r\nFrom: A <a@example.com>\r\nTo: b@example.net\r\nSubject: one\r\n"
      "Subject: two\r\n";
static const char body[] = "Hello,\r\n\r\nworld\r\n";

/* A message signed with @tags beside bh= and b=; of the body, @length octets (-1: all). (transfer full) */
static char *
sign (const char *tags, const char *signed_fields, int length)
{
  g_autoptr (GString) input = g_string_new (NULL);
  uint8_t hash[32];

  gnutls_hash_fast (GNUTLS_DIG_SHA256, body, length < 0 ? strlen (body) : (size_t)length, hash);
  g_autofree char *bh = g_base64_encode (hash, 32);
  g_autofree char *field
      = g_strdup_printf ("DKIM-Signature: a=ed25519-sha256; c=simple/simple; s=s; %s; bh=%s; b=", tags, bh);
  g_string_append (input, signed_fields);
  g_string_append (input, field);
  gnutls_hash_fast (GNUTLS_DIG_SHA256, input->str, input->len, hash);
  g_autofree char *b = clr_dkim_key_sign (key, hash, NULL);
  return g_strdup_printf ("%s%s\r\n%s\r\n%s", field, b, header, body);
}

static ClrDkimVerdict
verify (const char *message, ClrDkimKeyStatus status, const char *const *records, unsigned n_records,
        char **reason)
{
  ClrDkimRules rules = { .now = NOW };
  ClrHeaderBlock block;
  size_t end = clr_header_block_find_end (message, strlen (message));

  clr_header_block_parse (&block, message, end);
  ClrDkimVerifier *verifier = clr_dkim_verifier_new (&block, &rules);
  for (unsigned i = 0; i < clr_dkim_verifier_get_n_queries (verifier); i++)
    clr_dkim_verifier_feed_key (verifier, i, status, records, n_records);
  clr_dkim_verifier_feed_body (verifier, (const uint8_t *)message + end, strlen (message) - end);
  ClrDkimVerdict verdict = clr_dkim_verifier_end (verifier);
  *reason = verdict == CLR_DKIM_NONE ? NULL : g_strdup (clr_dkim_verifier_get_nearest (verifier)->reason);
  clr_dkim_verifier_free (verifier);
  clr_header_block_clear (&block);
  return verdict;
}

#define FROM "From: A <a@example.com>\r\n"

static void
test_signatures (void)
{
  static const struct
  {
    const char *tags, *fields;
    int length;
    ClrDkimVerdict verdict;
    const char *reason;
  } cases[] = {
    { "v=1; d=example.com; h=From", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From:To", FROM "To: b@example.net\r\n", -1, CLR_DKIM_PASS, "good" },
    /* From the bottom; then nothing is left, and nothing is signed for the name. */
    { "v=1; d=example.com; h=From:Subject", FROM "Subject: two\r\n", -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From:Subject:subject:SUBJECT", FROM "Subject: two\r\nSubject: one\r\n", -1,
      CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From:Subject", FROM "Subject: one\r\n", -1, CLR_DKIM_FAIL, "does not fit" },
    { "v=1; d=example.com; h=From:DKIM-Signature:X-None", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=To", "To: b@example.net\r\n", -1, CLR_DKIM_PERMERROR, "From" },
    { "v=1; d=example.com; h= From :\r\n\tTo", FROM "To: b@example.net\r\n", -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From::To", FROM, -1, CLR_DKIM_PERMERROR, "h=" },
    { "v=2; d=example.com; h=From", FROM, -1, CLR_DKIM_PERMERROR, "version" },
    { "d=example.com; h=From", FROM, -1, CLR_DKIM_PERMERROR, "v=1" },
    { "v=1; h=From", FROM, -1, CLR_DKIM_PERMERROR, "d=" },
    { "v=1; d=example.com", FROM, -1, CLR_DKIM_PERMERROR, "h=" },
    { "v=1; d=example.com; d=example.com; h=From", FROM, -1, CLR_DKIM_PERMERROR, "twice" },
    { "v=1; d=exa mple.com; h=From", FROM, -1, CLR_DKIM_PASS,
      "good" }, /* FWS in a value counts for nothing */
    { "v=1; d=com; h=From", FROM, -1, CLR_DKIM_PERMERROR, "d=" },
    { "v=1; d=example..com; h=From", FROM, -1, CLR_DKIM_PERMERROR, "d=" },
    { "v=1; d=example.com; h=From; zz=unknown", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From; q=dns/txt", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From; q=other:dns/txt", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From; q=other", FROM, -1, CLR_DKIM_PERMERROR, "q=" },
    { "v=1; d=example.com; h=From; i=@example.com", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From; i=j=3Do@sub.example.com", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From; i=a@badexample.com", FROM, -1, CLR_DKIM_PERMERROR, "outside" },
    { "v=1; d=example.com; h=From; i=a@com", FROM, -1, CLR_DKIM_PERMERROR, "i=" },
    { "v=1; d=example.com; h=From; i=a", FROM, -1, CLR_DKIM_PERMERROR, "i=" },
    { "v=1; d=example.com; h=From; i=a=3@example.com", FROM, -1, CLR_DKIM_PERMERROR, "i=" },
    { "v=1; d=example.com; h=From; t=1699999999; x=1700000001", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From; x=1699999999", FROM, -1, CLR_DKIM_PERMERROR, "expired" },
    { "v=1; d=example.com; h=From; x=1700000000", FROM, -1, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From; t=5; x=5", FROM, -1, CLR_DKIM_PERMERROR, "expires" },
    { "v=1; d=example.com; h=From; t=1700036001", FROM, -1, CLR_DKIM_PERMERROR, "future" },
    { "v=1; d=example.com; h=From; t=now", FROM, -1, CLR_DKIM_PERMERROR, "t=" },
    { "v=1; d=example.com; h=From; l=17", FROM, 17, CLR_DKIM_PASS, "good" },
    { "v=1; d=example.com; h=From; l=5", FROM, 5, CLR_DKIM_PASS, "only the first 5" },
    { "v=1; d=example.com; h=From; l=0", FROM, 0, CLR_DKIM_PASS, "only the first 0" },
    { "v=1; d=example.com; h=From; l=18", FROM, 17, CLR_DKIM_PERMERROR, "more octets" },
    { "v=1; d=example.com; h=From; l=-1", FROM, 5, CLR_DKIM_PERMERROR, "l=" },
    { "v=1; d=example.com; h=From; l=17", FROM, 5, CLR_DKIM_FAIL, "body" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *message = sign (cases[i].tags, cases[i].fields, cases[i].length), *reason = NULL;
      ClrDkimVerdict verdict
          = verify (message, CLR_DKIM_KEY_FOUND, (const char *const[]){ record }, 1, &reason);

      g_test_message ("%s: %s", cases[i].tags, reason);
      g_assert_cmpstr (clr_dkim_verdict_get_name (verdict), ==, clr_dkim_verdict_get_name (cases[i].verdict));
      g_assert_nonnull (strstr (reason, cases[i].reason));
    }
}

/* Every octet of what is signed counts. */
static void
test_changes (void)
{
  g_autofree char *message = sign ("v=1; d=example.com; h=From:To:Subject:Subject",
                                   FROM "To: b@example.net\r\nSubject: two\r\nSubject: one\r\n", -1);
  const char *from = strstr (message, "From: A");

  for (char *p = message; *p; p++)
    {
      g_autofree char *reason = NULL;

      if (*p == '\r' || *p == '\n')
        continue;
      gboolean covered = p >= from;
      *p ^= 1;
      ClrDkimVerdict verdict
          = verify (message, CLR_DKIM_KEY_FOUND, (const char *const[]){ record }, 1, &reason);
      *p ^= 1;
      if (covered)
        g_assert_cmpint (verdict, !=, CLR_DKIM_PASS);
    }
}

static void
test_keys (void)
{
  g_autofree char *below = sign ("v=1; d=example.com; h=From; i=@sub.example.com", FROM, -1);
  g_autofree char *message = sign ("v=1; d=example.com; h=From", FROM, -1);
  g_autofree char *strict = g_strconcat (record, "; t=s:y", NULL);
  g_autofree char *other_hash = g_strconcat (record, "; h=sha1", NULL);
  g_autofree char *other_service = g_strconcat (record, "; s=tlsrpt", NULL);
  const struct
  {
    const char *message;
    ClrDkimKeyStatus status;
    const char *records[6];
    ClrDkimVerdict verdict;
    const char *reason;
  } cases[] = {
    { message, CLR_DKIM_KEY_NONE, { NULL }, CLR_DKIM_PERMERROR, "no key" },
    { message, CLR_DKIM_KEY_FOUND, { NULL }, CLR_DKIM_PERMERROR, "no key" },
    { message, CLR_DKIM_KEY_TEMPORARY, { NULL }, CLR_DKIM_TEMPERROR, "now" },
    { message, CLR_DKIM_KEY_FOUND, { "v=DKIM1; p=" }, CLR_DKIM_PERMERROR, "revoked" },
    { message, CLR_DKIM_KEY_FOUND, { "v=DKIM1; k=other; p=AAAA" }, CLR_DKIM_PERMERROR, "kind" },
    { message, CLR_DKIM_KEY_FOUND, { "v=DKIM1; k=ed25519; p=" ED }, CLR_DKIM_FAIL, "does not fit" },
    { message, CLR_DKIM_KEY_FOUND, { other_hash }, CLR_DKIM_PERMERROR, "h=" },
    { message, CLR_DKIM_KEY_FOUND, { other_service }, CLR_DKIM_PERMERROR, "s=" },
    { message, CLR_DKIM_KEY_FOUND, { strict }, CLR_DKIM_PASS, "good" },
    { below, CLR_DKIM_KEY_FOUND, { record }, CLR_DKIM_PASS, "good" },
    { below, CLR_DKIM_KEY_FOUND, { strict }, CLR_DKIM_PERMERROR, "subdomains" },
    /* Section 6.1.2: one of several may be chosen; a few are tried. */
    { message, CLR_DKIM_KEY_FOUND, { "spf", "v=DKIM1; p=", record }, CLR_DKIM_PASS, "good" },
    { message, CLR_DKIM_KEY_FOUND, { "a", "b", "c", "d", record }, CLR_DKIM_PERMERROR, "cannot be used" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *reason = NULL;
      unsigned n = 0;

      while (cases[i].records[n])
        n++;
      ClrDkimVerdict verdict = verify (cases[i].message, cases[i].status, cases[i].records, n, &reason);
      g_test_message ("%u: %s", i, reason);
      g_assert_cmpstr (clr_dkim_verdict_get_name (verdict), ==, clr_dkim_verdict_get_name (cases[i].verdict));
      g_assert_nonnull (strstr (reason, cases[i].reason));
    }
}

/* The verdict is that of the signature nearest to a pass; of very many, the first are looked at. */
static void
test_several (void)
{
  g_autofree char *good = sign ("v=1; d=example.com; h=From", FROM, -1);
  g_autofree char *reason = NULL;
  g_autoptr (GString) message = g_string_new (NULL);
  const char *const records[] = { record };

  for (unsigned i = 0; i < CLR_DKIM_SIGNATURES_MOST - 1; i++)
    g_string_append (message, "DKIM-Signature: v=1; broken\r\n");
  g_string_append (message, good);
  g_assert_cmpint (verify (message->str, CLR_DKIM_KEY_FOUND, records, 1, &reason), ==, CLR_DKIM_PASS);
  g_free (reason);
  g_string_prepend (message, "DKIM-Signature: v=1; broken\r\n");
  g_assert_cmpint (verify (message->str, CLR_DKIM_KEY_FOUND, records, 1, &reason), ==, CLR_DKIM_PERMERROR);
  g_free (reason);
  g_assert_cmpint (verify (strstr (good, "Received:"), CLR_DKIM_KEY_FOUND, records, 1, &reason), ==,
                   CLR_DKIM_NONE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  char *folder = clr_test_make_folder ();
  g_autofree char *file = g_build_filename (folder, "key", NULL);

  key = clr_dkim_key_generate (CLR_DKIM_ED25519_SHA256, 0, file, NULL);
  record = clr_dkim_key_dup_record (key);
  g_test_add_func ("/dkim/tags", test_tags);
  g_test_add_func ("/dkim/tag-values", test_tag_values);
  g_test_add_func ("/dkim/records", test_records);
  g_test_add_func ("/dkim/signatures", test_signatures);
  g_test_add_func ("/dkim/changes", test_changes);
  g_test_add_func ("/dkim/keys", test_keys);
  g_test_add_func ("/dkim/several", test_several);
  int code = g_test_run ();
  clr_dkim_key_free (key);
  g_free (record);
  clr_test_remove_folder (folder);
  return code;
}
