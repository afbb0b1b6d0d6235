/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signer over any header section: the result is one well-formed field in front, with lines not too long.
 */
#include "fuzz.h"
#include "auth/clr-dkim-signer.h"

#include <glib/gstdio.h>

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
  uint8_t hash[32] = { 0 };
  ClrHeaderBlock header, result;

  clr_header_block_parse (&header, (const char *)bytes, size);
  fuzz_check (clr_dkim_sign (&style, identities, 2, &header, hash, 1764000000000000, into, NULL));
  clr_header_block_parse (&result, into->str, into->len);
  fuzz_check (result.n_fields == 2 && result.size == into->len);
  fuzz_check (clr_field_is (&result.fields[0], "DKIM-Signature")
              && clr_field_is (&result.fields[1], "DKIM-Signature"));
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)into->str, into->len));
  /* RFC 5322 section 2.1.1 */
  for (const char *line = into->str, *end; (end = strstr (line, "\r\n")); line = end + 2)
    fuzz_check (end - line <= 998);
  clr_header_block_clear (&result);
  clr_header_block_clear (&header);
  return 0;
}
