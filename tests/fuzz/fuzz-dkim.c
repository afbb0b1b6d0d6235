/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signer over any message: what it makes are well-formed fields to be put in front, with lines not too
 * long, and our own verifier lets them pass.
 */
#include "fuzz.h"
#include "auth/clr-dkim-signer.h"
#include "auth/clr-dkim-verifier.h"

#include <glib/gstdio.h>

#define NOW 1764000000

static ClrDkimKey *
get_key (void)
{
  static ClrDkimKey *key;

  if (key == NULL)
    {
      g_autofree char *folder = g_dir_make_tmp ("clrelay-fuzz-XXXXXX", NULL);
      g_autofree char *file = g_build_filename (folder, "key.pem", NULL);

      key = clr_dkim_key_generate (CLR_DKIM_ED25519_SHA256, 0, file, NULL);
      fuzz_check (key);
      g_unlink (file);
      g_rmdir (folder);
    }
  return key;
}

static ClrDkimVerdict
verify (const char *text, size_t size, const char *record)
{
  ClrDkimRules rules = { .now = NOW };
  ClrHeaderBlock header;

  clr_header_block_parse (&header, text, size);
  size_t body = MIN (header.size + 2, size);
  ClrDkimVerifier *verifier = clr_dkim_verifier_new (&header, &rules);
  for (unsigned i = 0; i < clr_dkim_verifier_get_n_queries (verifier); i++)
    clr_dkim_verifier_feed_key (verifier, i, CLR_DKIM_KEY_FOUND, &record, 1);
  clr_dkim_verifier_feed_body (verifier, (const uint8_t *)text + body, size - body);
  ClrDkimVerdict verdict = clr_dkim_verifier_end (verifier);
  clr_dkim_verifier_free (verifier);
  clr_header_block_clear (&header);
  return verdict;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static char *signed_fields[] = { "Subject", "To", "Resent-From", NULL };
  static char *oversigned[] = { "From", "Date", NULL };
  unsigned variant = fuzz_take (&bytes, &size);
  ClrDkimIdentity identity = { "example.com", "s1", get_key () };
  const ClrDkimIdentity *identities[] = { &identity, &identity };
  ClrDkimStyle style = { variant & 1, variant >> 1 & 1, signed_fields, oversigned };
  g_autoptr (GString) into = g_string_new (NULL);
  uint8_t hash[32];
  ClrHeaderBlock header, result;

  clr_header_block_parse (&header, (const char *)bytes, size);
  size_t body_start = MIN (header.size + 2, size);
  ClrDkimBody *body = clr_dkim_body_new (style.body_canon);
  clr_dkim_body_feed (body, bytes + body_start, size - body_start);
  clr_dkim_body_end (body, hash);
  clr_dkim_body_free (body);
  fuzz_check (clr_dkim_sign (&style, identities, 2, &header, hash, NOW * (int64_t)1000000, into, NULL));
  clr_header_block_parse (&result, into->str, into->len);
  fuzz_check (result.n_fields == 2 && result.size == into->len);
  fuzz_check (clr_field_is (&result.fields[0], "DKIM-Signature")
              && clr_field_is (&result.fields[1], "DKIM-Signature"));
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)into->str, into->len));
  /* RFC 5322 section 2.1.1 */
  for (const char *line = into->str, *end; (end = strstr (line, "\r\n")); line = end + 2)
    fuzz_check (end - line <= 998);
  /* RFC 6376 section 5.4: From must be there. */
  if (fuzz_has_clean_lines (bytes, size) && clr_header_block_count (&header, "From") > 0)
    {
      g_autofree char *record = clr_dkim_key_dup_record (get_key ());

      g_string_append_len (into, (const char *)bytes, size);
      fuzz_check (verify (into->str, into->len, record) == CLR_DKIM_PASS);
    }
  clr_header_block_clear (&result);
  clr_header_block_clear (&header);
  return 0;
}
