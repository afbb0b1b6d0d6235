/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DKIM: our own canonicalization vectors, the public ones, and public messages signed with public keys, which
 * dkimpy must find good.
 */
#include "auth/clr-dkim-signer.h"
#include "clr-test.h"
#include "vectors.h"

static void
sink (const void *bytes, size_t size, void *data)
{
  g_string_append_len (data, bytes, size);
}

/* @kind: "simple-header", "relaxed-body", ... (transfer full) */
static char *
canonicalize (const char *kind, const char *in)
{
  ClrCanon canon = g_str_has_prefix (kind, "simple") ? CLR_CANON_SIMPLE : CLR_CANON_RELAXED;
  GString *out = g_string_new (NULL);

  if (g_str_has_suffix (kind, "header"))
    clr_dkim_canon_field (canon, in, strlen (in), out);
  else
    {
      ClrDkimBody *body = clr_dkim_body_new (canon);
      uint8_t hash[32];

      clr_dkim_body_set_sink (body, sink, out);
      for (const char *p = in; *p; p++)
        clr_dkim_body_feed (body, (const uint8_t *)p, 1);
      clr_dkim_body_end (body, hash);
      clr_dkim_body_free (body);
    }
  return g_string_free (out, FALSE);
}

static void
test_own (void)
{
  static const char *const cases[][3] = {
    { "simple-body", "", "\r\n" },
    { "simple-body", "\r\n\r\n", "\r\n" },
    { "simple-body", "a", "a\r\n" },
    { "simple-body", "a\r\n\r\nb\r\n\r\n", "a\r\n\r\nb\r\n" },
    { "simple-body", " a\t \r\n", " a\t \r\n" },
    { "simple-body", " \r\n\r\n", " \r\n" },
    { "relaxed-body", "", "" },
    { "relaxed-body", "\r\n\r\n", "" },
    { "relaxed-body", " \t\r\n \r\n", "" },
    { "relaxed-body", "a", "a\r\n" },
    { "relaxed-body", "a  \t b \r\n", "a b\r\n" },
    { "relaxed-body", "\ta\r\n", " a\r\n" },
    { "relaxed-body", "a\r\n \r\n\r\nb\r\n \t\r\n", "a\r\n\r\n\r\nb\r\n" },
    { "relaxed-body", " .\r\n", " .\r\n" },
    { "simple-header", "SubJect :  x \r\n", "SubJect :  x \r\n" },
    { "simple-header", "A: b\r\n\tc\r\n", "A: b\r\n\tc\r\n" },
    { "simple-header", "A: b", "A: b\r\n" },
    { "relaxed-header", "SubJect :  x \r\n", "subject:x\r\n" },
    { "relaxed-header", "A: b\r\n\t c \r\n  d\r\n", "a:b c d\r\n" },
    { "relaxed-header", "A:\r\n", "a:\r\n" },
    { "relaxed-header", "A: \r\n \r\n", "a:\r\n" },
    { "relaxed-header", "A:\r\n b\r\n", "a:b\r\n" },
    { "relaxed-header", "A:b:c : d\r\n", "a:b:c : d\r\n" },
    { "relaxed-header", "X-\xc3\x84:\tJ\xc3\xb6rg", "x-\xc3\x84:J\xc3\xb6rg\r\n" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *out = canonicalize (cases[i][0], cases[i][1]);
      g_assert_cmpstr (out, ==, cases[i][2]);
    }
}

static void
check_canon (JsonObject *one)
{
  g_autofree char *out = canonicalize (clr_vector_get (one, "kind"), clr_vector_get (one, "in"));

  clr_vector_expect (g_str_equal (out, clr_vector_get (one, "out")), "%s of \"%s\": \"%s\"",
                     clr_vector_get (one, "kind"), clr_vector_get (one, "in"), out);
}

static void
test_canon (void)
{
  clr_vectors_run ("dkim/canonicalization.json", check_canon);
}

/* The published Ed25519 keys are 32 octets in base64; in PEM they stand behind RFC 8410's prefix. */
static char *
to_pem (const char *text)
{
  static const uint8_t prefix[] = { 0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20 };
  g_autoptr (GByteArray) der = g_byte_array_new ();
  gsize size;

  if (strstr (text, "-----BEGIN"))
    return g_strdup (text);
  g_autofree guchar *seed = g_base64_decode (text, &size);
  g_assert_cmpuint (size, ==, 32);
  g_byte_array_append (der, prefix, sizeof prefix);
  g_byte_array_append (der, seed, 32);
  g_autofree char *base64 = g_base64_encode (der->data, der->len);
  return g_strdup_printf ("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", base64);
}

/* A private copy in @folder, since a key that everybody can read is refused. */
static ClrDkimKey *
load_public_key (const char *folder, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (VECTORS, "dkim/keys", name, NULL), *text = NULL;
  g_autofree char *copy = g_build_filename (folder, "key", NULL);

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_autofree char *pem = to_pem (text);
  clr_test_write_private (copy, pem);
  return clr_dkim_key_load (copy, error);
}

static void
sign_and_verify (const char *folder, ClrDkimKey *key, const char *message_file, ClrCanon header_canon,
                 ClrCanon body_canon)
{
  static const char script[] = "import sys,dkim\n"
                               "m=open(sys.argv[1],'rb').read(); r=open(sys.argv[2],'rb').read()\n"
                               "d=dkim.DKIM(m)\n"
                               "sys.exit(0 if d.verify(dnsfunc=lambda n,**k: r) else 1)\n";
  char *oversigned[] = { "From", "To", "Subject", "Date", NULL }, *others[] = { "Message-ID", "Cc", NULL };
  ClrDkimStyle style = { header_canon, body_canon, others, oversigned };
  ClrDkimIdentity identity = { "example.com", "test", key };
  const ClrDkimIdentity *identities[] = { &identity };
  g_autofree char *path = g_build_filename (VECTORS, "dkim/unsigned", message_file, NULL), *text = NULL;
  g_autofree char *signed_path = g_build_filename (folder, "signed.eml", NULL),
                  *record_path = g_build_filename (folder, "record", NULL);
  g_autofree char *record = clr_dkim_key_dup_record (key);
  g_autoptr (GString) message = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  ClrHeaderBlock block;
  uint8_t hash[32];
  gsize size;
  int status;

  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  size_t header = clr_header_block_find_end (text, size);
  g_assert_cmpuint (header, >, 0);
  clr_header_block_parse (&block, text, header);
  ClrDkimBody *body = clr_dkim_body_new (body_canon);
  clr_dkim_body_feed (body, (const uint8_t *)text + header, size - header);
  clr_dkim_body_end (body, hash);
  clr_dkim_body_free (body);
  g_assert_true (clr_dkim_sign (&style, identities, 1, &block, hash, g_get_real_time (), message, &error));
  g_assert_no_error (error);
  g_string_append_len (message, text, size);
  clr_header_block_clear (&block);
  g_assert_true (g_file_set_contents (signed_path, message->str, message->len, NULL));
  g_assert_true (g_file_set_contents (record_path, record, -1, NULL));

  char *argv[] = { "/usr/bin/python3", "-c", (char *)script, signed_path, record_path, NULL };
  g_autofree char *errors = NULL;
  g_assert_true (g_spawn_sync (NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &errors,
                               &status, &error));
  clr_vector_expect (g_spawn_check_wait_status (status, NULL), "%s, %d/%d, %s: %s", message_file,
                     header_canon, body_canon, record, errors);
}

static gboolean
can_verify (void)
{
  g_autofree char *folder = g_build_filename (VECTORS, "dkim/unsigned", NULL);
  char *argv[] = { "/usr/bin/python3", "-c", "import dkim, nacl", NULL };
  int status = 1;

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    g_test_skip ("PUBLIC SUITE MISSING: dkim/unsigned");
  else if (!g_spawn_sync (NULL, argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL)
           || status != 0)
    g_test_skip ("dkimpy is not installed for /usr/bin/python3: SIGNATURES ARE NOT VERIFIED");
  else
    return TRUE;
  return FALSE;
}

static void
test_sign (void)
{
  static const char *const messages[]
      = { "ed25519test_msg.eml", "rfc6376_msg.eml", "test_extra_message.eml", "test_message.eml" };

  if (!can_verify ())
    return;
  char *folder = clr_test_make_folder ();
  g_autofree char *made = g_build_filename (folder, "rsa", NULL);
  g_autoptr (GError) error = NULL;
  ClrDkimKey *keys[3];

  keys[0] = load_public_key (folder, "ed25519test.key", &error);
  g_assert_no_error (error);
  keys[1] = load_public_key (folder, "rfc8032_7_1.key", &error);
  g_assert_no_error (error);
  keys[2] = clr_dkim_key_generate (CLR_DKIM_RSA_SHA256, 2048, made,
                                   &error); /* the published RSA keys are too short */
  g_assert_no_error (error);
  for (unsigned k = 0; k < 3; k++)
    {
      for (unsigned m = 0; m < G_N_ELEMENTS (messages); m++)
        for (unsigned style = 0; style < 4; style++)
          sign_and_verify (folder, keys[k], messages[m], style & 1, style >> 1);
      clr_dkim_key_free (keys[k]);
    }
  clr_test_remove_folder (folder);
}

static void
test_keys (void)
{
  static const char *const too_short[] = { "test.private", "test2.private" };

  if (!can_verify ())
    return;
  char *folder = clr_test_make_folder ();
  for (unsigned i = 0; i < G_N_ELEMENTS (too_short); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (load_public_key (folder, too_short[i], &error));
      g_assert_nonnull (strstr (error->message, "1024 bits"));
    }
  g_autoptr (GError) error = NULL;
  ClrDkimKey *key = load_public_key (folder, "ed25519test.key", &error);
  g_assert_no_error (error);
  g_autofree char *record = clr_dkim_key_dup_record (key),
                  *path = g_build_filename (VECTORS, "dkim/keys/ed25519test.dns", NULL), *published = NULL;
  g_assert_true (g_file_get_contents (path, &published, NULL, NULL));
  g_strchomp (published);
  g_assert_cmpstr (strstr (record, "p="), ==, strstr (published, "p="));
  clr_dkim_key_free (key);
  clr_test_remove_folder (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/own/canonicalization", test_own);
  g_test_add_func ("/vectors/dkim/canonicalization", test_canon);
  g_test_add_func ("/vectors/dkim/sign", test_sign);
  g_test_add_func ("/vectors/dkim/keys", test_keys);
  return g_test_run ();
}
