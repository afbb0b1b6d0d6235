/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verifier over any message, with any record for its keys: octet 0x1e parts the two. Without the right
 * key nothing passes; and the size of the pieces makes no difference.
 */
#include "fuzz.h"
#include "auth/clr-dkim-verifier.h"

static ClrDkimVerdict
verify (const char *text, size_t size, const char *record, uint32_t seed, char **story)
{
  ClrDkimRules rules = { .now = 1764000000 };
  ClrHeaderBlock header;
  const ClrDkimResult *results;
  unsigned n;
  GString *told = g_string_new (NULL);

  clr_header_block_parse (&header, text, size);
  ClrDkimVerifier *verifier = clr_dkim_verifier_new (&header, &rules);
  fuzz_check (clr_dkim_verifier_get_n_queries (verifier) <= CLR_DKIM_SIGNATURES_MOST);
  for (unsigned i = 0; i < clr_dkim_verifier_get_n_queries (verifier); i++)
    {
      const char *name = clr_dkim_verifier_get_query (verifier, i);

      fuzz_check (fuzz_is_line (name) && strlen (name) < 600);
      clr_dkim_verifier_feed_key (verifier, i, record ? CLR_DKIM_KEY_FOUND : CLR_DKIM_KEY_NONE, &record,
                                  record != NULL);
    }
  size_t body = MIN (header.size + 2, size);
  for (size_t at = body, piece; at < size; at += piece)
    {
      piece = fuzz_piece (&seed, size - at);
      clr_dkim_verifier_feed_body (verifier, (const uint8_t *)text + at, piece);
    }
  ClrDkimVerdict verdict = clr_dkim_verifier_end (verifier);
  results = clr_dkim_verifier_get_results (verifier, &n);
  fuzz_check (n <= CLR_DKIM_SIGNATURES_MOST || verdict != CLR_DKIM_NONE);
  for (unsigned i = 0; i < n; i++)
    {
      fuzz_check (results[i].reason || results[i].verdict == CLR_DKIM_PASS);
      if (results[i].reason)
        fuzz_check (g_utf8_validate (results[i].reason, -1, NULL) && fuzz_is_line (results[i].reason));
      g_string_append_printf (told, "%d %s;", results[i].verdict, results[i].reason ? results[i].reason : "");
    }
  fuzz_check (clr_dkim_verdict_get_name (verdict));
  clr_dkim_verifier_free (verifier);
  clr_header_block_clear (&header);
  *story = g_string_free (told, FALSE);
  return verdict;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  uint32_t seed = fuzz_take (&bytes, &size) + 1u;
  const uint8_t *part = memchr (bytes, 0x1e, size);
  size_t n = part ? (size_t)(part - bytes) : size;
  g_autofree char *record = part ? fuzz_dup_text (part + 1, size - n - 1) : NULL, *whole = NULL,
                  *pieces = NULL;

  if (!fuzz_has_clean_lines (bytes, n))
    return 0;
  ClrDkimVerdict verdict = verify ((const char *)bytes, n, record, 0, &whole);
  fuzz_check (verdict == verify ((const char *)bytes, n, record, seed, &pieces));
  fuzz_check (g_str_equal (whole, pieces));
  return 0;
}
