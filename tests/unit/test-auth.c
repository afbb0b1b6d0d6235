/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-signer.h"
#include "base/clr-error.h"
#include "clr-test.h"

#ifdef _WIN32
#include <aclapi.h>
#endif

/* -- the body is the same however it is cut */

static void
sink (const void *bytes, size_t size, void *data)
{
  g_string_append_len (data, bytes, size);
}

static void
test_body_splits (void)
{
  static const char text[] = " a \t b \r\n\r\n \t\r\nc\r\n\r\n\r\n";
  static const char *const expected[] = { " a \t b \r\n\r\n \t\r\nc\r\n", " a b\r\n\r\n\r\nc\r\n" };

  for (ClrCanon canon = CLR_CANON_SIMPLE; canon <= CLR_CANON_RELAXED; canon++)
    for (size_t cut1 = 0; cut1 < sizeof text; cut1++)
      for (size_t cut2 = cut1; cut2 < sizeof text; cut2++)
        {
          g_autoptr (GString) canonical = g_string_new (NULL);
          ClrDkimBody *body = clr_dkim_body_new (canon);
          uint8_t hash[32];

          clr_dkim_body_set_sink (body, sink, canonical);
          clr_dkim_body_feed (body, (const uint8_t *)text, cut1);
          clr_dkim_body_feed (body, (const uint8_t *)text + cut1, cut2 - cut1);
          clr_dkim_body_feed (body, (const uint8_t *)text + cut2, sizeof text - 1 - cut2);
          clr_dkim_body_end (body, hash);
          clr_dkim_body_free (body);
          g_assert_cmpstr (canonical->str, ==, expected[canon]);
        }
}

static void
test_body_hash (void)
{
  static const char *const empty[]
      = { /* of CRLF, and of nothing: RFC 6376 sections 3.4.3 and 3.4.4 */
          "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        };

  for (ClrCanon canon = CLR_CANON_SIMPLE; canon <= CLR_CANON_RELAXED; canon++)
    {
      ClrDkimBody *body = clr_dkim_body_new (canon);
      uint8_t hash[32];

      clr_dkim_body_end (body, hash);
      clr_dkim_body_free (body);
      g_autofree char *text = g_base64_encode (hash, 32);
      g_assert_cmpstr (text, ==, empty[canon]);
    }
}

/* -- signing */

static char *
unfold (const char *field)
{
  GString *text = g_string_new (NULL);

  for (; *field; field++)
    if (!strchr ("\r\n\t ", *field))
      g_string_append_c (text, *field);
  return g_string_free (text, FALSE);
}

static void
test_sign (void)
{
  static const char header[] = "Received: old\r\nFrom: a@example.com\r\nTo: b@example.net\r\nto: "
                               "c@example.net\r\nSubject: x\r\n\r\n";
  char *oversigned[] = { "From", "To", "Date", NULL }, *others[] = { "Subject", "Sender", "from", NULL };
  ClrDkimStyle style = { CLR_CANON_RELAXED, CLR_CANON_SIMPLE, others, oversigned };
  char *folder = clr_test_make_folder ();
  g_autofree char *rsa_file = g_build_filename (folder, "rsa.pem", NULL),
                  *ed_file = g_build_filename (folder, "ed.pem", NULL);
  g_autoptr (GError) error = NULL;
  ClrDkimIdentity rsa
      = { "example.com", "r1", clr_dkim_key_generate (CLR_DKIM_RSA_SHA256, 2048, rsa_file, &error) };
  g_assert_no_error (error);
  ClrDkimIdentity ed
      = { "example.com", "e1", clr_dkim_key_generate (CLR_DKIM_ED25519_SHA256, 0, ed_file, &error) };
  g_assert_no_error (error);
  const ClrDkimIdentity *both[] = { &rsa, &ed };
  g_autoptr (GString) fields = g_string_new ("before|");
  uint8_t hash[32] = { 1, 2, 3 };
  ClrHeaderBlock block;

  clr_header_block_parse (&block, header, strlen (header));
  g_assert_true (clr_dkim_sign (&style, both, 2, &block, hash, 1795511640 * G_GINT64_CONSTANT (1000000),
                                fields, &error));
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (fields->str, "before|DKIM-Signature: "));
  g_assert_true (g_str_has_suffix (fields->str, "\r\n"));
  ClrHeaderBlock made;
  clr_header_block_parse (&made, fields->str + 7, fields->len - 7);
  g_assert_cmpuint (made.n_fields, ==, 2);
  for (unsigned i = 0; i < 2; i++)
    {
      g_autofree char *field = g_strndup (made.fields[i].start, made.fields[i].size), *flat = unfold (field);
      g_auto (GStrv) lines = g_strsplit (field, "\r\n", -1);

      g_assert_nonnull (strstr (flat, i ? "a=ed25519-sha256;" : "a=rsa-sha256;"));
      g_assert_nonnull (strstr (flat, i ? ";s=e1;" : ";s=r1;"));
      g_assert_nonnull (strstr (flat, "v=1;"));
      g_assert_nonnull (strstr (flat, "c=relaxed/simple;"));
      g_assert_nonnull (strstr (flat, "d=example.com;"));
      g_assert_nonnull (strstr (flat, "t=1795511640;"));
      /* Each as often as it is there, the oversigned once more; a name stands in one list only. */
      g_assert_nonnull (strstr (flat, ";h=From:From:To:To:To:Date:Subject;"));
      g_assert_null (strstr (flat, "Sender"));
      g_assert_nonnull (strstr (flat, "bh=AQIDAAAA"));
      for (char **line = lines; *line; line++)
        g_assert_cmpuint (strlen (*line), <=, 100);
      g_autofree char *decoded = g_strdup (strstr (flat, ";b=") + 3);
      gsize size;
      g_base64_decode_inplace (decoded, &size);
      g_assert_cmpuint (size, ==, i ? 64 : 256);
    }
  clr_header_block_clear (&made);
  clr_header_block_clear (&block);
  clr_dkim_key_free (rsa.key);
  clr_dkim_key_free (ed.key);
  clr_test_remove_folder (folder);
}

/* From here on everybody on this machine may read @path. */
static void
open_to_all (const char *path)
{
#ifdef _WIN32
  g_autofree wchar_t *wide = (wchar_t *)g_utf8_to_utf16 (path, -1, NULL, NULL, NULL);

  /* Without an access list. */
  g_assert_cmpint (
      SetNamedSecurityInfoW (wide, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL), ==,
      ERROR_SUCCESS);
#else
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
#endif
}

static void
test_keys (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *file = g_build_filename (folder, "key.pem", NULL),
                  *junk = g_build_filename (folder, "junk", NULL);
  g_autoptr (GError) error = NULL;
  ClrDkimKey *key = clr_dkim_key_generate (CLR_DKIM_ED25519_SHA256, 0, file, &error);
  ClrFileFacts facts;

  g_assert_no_error (error);
  g_assert_true (clr_file_look (file, &facts) && (facts.mode == 0600 || facts.mode == 0));
  g_assert_false (clr_file_is_open_to_all (file));
  g_assert_null (clr_dkim_key_generate (CLR_DKIM_ED25519_SHA256, 0, file, &error)); /* never overwritten */
  g_assert_nonnull (error);
  g_clear_error (&error);

  ClrDkimKey *again = clr_dkim_key_load (file, &error);
  g_assert_no_error (error);
  g_autofree char *record = clr_dkim_key_dup_record (key), *record2 = clr_dkim_key_dup_record (again);
  g_assert_cmpstr (record, ==, record2);
  g_assert_true (g_str_has_prefix (record, "v=DKIM1; k=ed25519; p="));
  g_assert_cmpuint (strlen (strstr (record, "p=") + 2), ==, 44);
  clr_dkim_key_free (key);
  clr_dkim_key_free (again);

  open_to_all (file); /* a key that everybody can read is no secret */
  g_assert_null (clr_dkim_key_load (file, &error));
  g_assert_error (error, CLR_ERROR, CLR_ERROR_INVALID);
  g_clear_error (&error);
  clr_test_write_private (junk, "no key");
  g_assert_null (clr_dkim_key_load (junk, &error));
  g_assert_error (error, CLR_ERROR, CLR_ERROR_INVALID);
  g_clear_error (&error);
  g_remove (junk);
  g_assert_null (clr_dkim_key_load (junk, &error));
  g_assert_nonnull (error);
  clr_test_remove_folder (folder);
}

/* RFC 1035 section 3.3.14: strings of at most 255 octets, which together are the record. */
static void
test_record_to_zone (void)
{
  for (unsigned n = 0; n <= 1100; n += 5)
    {
      g_autofree char *record = g_strnfill (n, 'x'),
                      *zone = clr_dkim_record_to_zone (record, "s1", "example.com");
      g_auto (GStrv) parts = g_strsplit (zone, "\"", -1);
      size_t total = 0;

      g_assert_true (g_str_has_prefix (zone, "s1._domainkey.example.com. IN TXT ("));
      for (unsigned i = 1; parts[0] && i < g_strv_length (parts); i += 2)
        {
          g_assert_cmpuint (strlen (parts[i]), <=, 255);
          total += strlen (parts[i]);
        }
      g_assert_cmpuint (total, ==, n);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/body/splits", test_body_splits);
  g_test_add_func ("/auth/body/hash", test_body_hash);
  g_test_add_func ("/auth/sign", test_sign);
  g_test_add_func ("/auth/keys", test_keys);
  g_test_add_func ("/auth/record-to-zone", test_record_to_zone);
  return g_test_run ();
}
