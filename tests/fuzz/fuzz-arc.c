/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ARC sets of any message, with any record for their keys: octet 0x1e parts the two. Without the right key no
 * chain passes; and the size of the pieces makes no difference.
 */
#include "fuzz.h"
#include "auth/clr-arc.h"

static ClrArcVerdict
validate (const char *text, size_t size, const char *record, uint32_t seed, char **story)
{
  ClrHeaderBlock header;
  const char *reason;
  unsigned n;

  clr_header_block_parse (&header, text, size);
  ClrArc *arc = clr_arc_new (&header, 1764000000);
  fuzz_check (clr_arc_get_n_queries (arc) <= CLR_ARC_SETS_MOST + 1);
  for (unsigned i = 0; i < clr_arc_get_n_queries (arc); i++)
    clr_arc_feed_key (arc, i, record ? CLR_DKIM_KEY_FOUND : CLR_DKIM_KEY_TEMPORARY, &record, record != NULL);
  for (size_t at = MIN (header.size + 2, size), piece; at < size; at += piece)
    {
      piece = fuzz_piece (&seed, size - at);
      clr_arc_feed_body (arc, (const uint8_t *)text + at, piece);
    }
  ClrArcVerdict verdict = clr_arc_end (arc, &reason);
  clr_arc_get_sets (arc, &n);
  fuzz_check (reason && n <= CLR_ARC_SETS_MOST && clr_arc_verdict_get_name (verdict));
  *story = g_strdup (reason);
  clr_arc_free (arc);
  clr_header_block_clear (&header);
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
  ClrArcVerdict verdict = validate ((const char *)bytes, n, record, 0, &whole);
  fuzz_check (verdict == validate ((const char *)bytes, n, record, seed, &pieces));
  fuzz_check (g_str_equal (whole, pieces) && verdict != CLR_ARC_PASS);
  return 0;
}
