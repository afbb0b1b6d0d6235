/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The framing of DATA. Whatever is encoded has one end, the right one, and comes out as it went in but for
 * line ends; and the size of the pieces makes no difference, either way.
 */
#include "fuzz.h"
#include "smtp/clr-data.h"

static void
sink (const uint8_t *bytes, size_t size, void *data)
{
  clr_buffer_append (data, bytes, size);
}

static gboolean
decode (const uint8_t *bytes, size_t size, uint32_t seed, ClrDataDecoder *decoder, ClrBuffer *into,
        size_t *used)
{
  *decoder = (ClrDataDecoder)CLR_DATA_DECODER_INIT;
  for (*used = 0; *used < size;)
    {
      size_t piece = fuzz_piece (&seed, size - *used), eaten;
      uint8_t *copy = g_memdup2 (bytes + *used, piece);
      gboolean over = clr_data_decode (decoder, copy, piece, &eaten, sink, into);

      g_free (copy);
      fuzz_check (eaten <= piece && (over || eaten == piece));
      *used += eaten;
      if (over)
        return TRUE;
    }
  return FALSE;
}

static void
encode (const uint8_t *bytes, size_t size, uint32_t seed, ClrBuffer *into)
{
  ClrDataEncoder encoder = CLR_DATA_ENCODER_INIT;

  for (size_t at = 0, piece; at < size; at += piece)
    {
      piece = fuzz_piece (&seed, size - at);
      clr_data_encode (&encoder, bytes + at, piece, into);
    }
  clr_data_encode_end (&encoder, into);
}

static gboolean
equal (const ClrBuffer *a, const ClrBuffer *b)
{
  return clr_buffer_size (a) == clr_buffer_size (b)
         && (clr_buffer_size (a) == 0
             || memcmp (clr_buffer_peek (a), clr_buffer_peek (b), clr_buffer_size (a)) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  uint32_t seed = fuzz_take (&bytes, &size) + 1u;
  ClrBuffer whole = CLR_BUFFER_INIT, pieces = CLR_BUFFER_INIT, back = CLR_BUFFER_INIT;
  ClrDataDecoder decoder, other;
  size_t used, other_used;

  /* In */
  gboolean over = decode (bytes, size, 0, &decoder, &whole, &used);
  fuzz_check (over == decode (bytes, size, seed, &other, &pieces, &other_used));
  fuzz_check (used == other_used && decoder.bare == other.bare && equal (&whole, &pieces));
  if (over)
    {
      fuzz_check (fuzz_ends_with (bytes, used, "\r\n.\r\n")
                  || (used == 3 && memcmp (bytes, ".\r\n", 3) == 0));
      fuzz_check (fuzz_has_clean_lines (clr_buffer_peek (&whole), clr_buffer_size (&whole)));
      fuzz_check (clr_buffer_size (&whole) == 0
                  || fuzz_ends_with (clr_buffer_peek (&whole), clr_buffer_size (&whole), "\r\n"));
    }
  clr_buffer_clear (&whole);
  clr_buffer_clear (&pieces);

  /* Out, and in again */
  encode (bytes, size, 0, &whole);
  encode (bytes, size, seed, &pieces);
  fuzz_check (equal (&whole, &pieces));
  fuzz_check (fuzz_has_clean_lines (clr_buffer_peek (&whole), clr_buffer_size (&whole)));
  fuzz_check (decode (clr_buffer_peek (&whole), clr_buffer_size (&whole), 0, &decoder, &back, &used));
  fuzz_check (used == clr_buffer_size (&whole) && decoder.bare == 0);
  if (fuzz_has_clean_lines (bytes, size) && (size == 0 || fuzz_ends_with (bytes, size, "\r\n")))
    fuzz_check (clr_buffer_size (&back) == size
                && (size == 0 || memcmp (clr_buffer_peek (&back), bytes, size) == 0));
  clr_buffer_clear (&whole);
  clr_buffer_clear (&pieces);
  clr_buffer_clear (&back);
  return 0;
}
