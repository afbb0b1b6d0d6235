/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a server answers; and replies we write are read as the same.
 */
#include "fuzz.h"
#include "smtp/clr-reply.h"

static ClrReplyStatus
read_reply (ClrReplyReader *reader, const uint8_t *bytes, size_t size, uint32_t seed, size_t *used)
{
  ClrReplyStatus status = CLR_REPLY_MORE;

  clr_reply_reader_init (reader);
  for (*used = 0; *used < size && status == CLR_REPLY_MORE;)
    {
      size_t piece = fuzz_piece (&seed, size - *used), eaten;
      uint8_t *copy = g_memdup2 (bytes + *used, piece);

      status = clr_reply_reader_feed (reader, copy, piece, &eaten);
      g_free (copy);
      fuzz_check (eaten <= piece && (status != CLR_REPLY_MORE || eaten == piece));
      *used += eaten;
    }
  return status;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  uint32_t seed = fuzz_take (&bytes, &size) + 1u;
  ClrReplyReader *whole = g_new (ClrReplyReader, 1), *pieces = g_new (ClrReplyReader, 1);
  size_t used, other_used;
  ClrReplyStatus status = read_reply (whole, bytes, size, 0, &used);

  fuzz_check (status == read_reply (pieces, bytes, size, seed, &other_used));
  if (status == CLR_REPLY_DONE)
    {
      const ClrSmtpReply *reply = &whole->reply;
      g_autofree char *text = clr_smtp_reply_to_text (reply);
      ClrBuffer buffer = CLR_BUFFER_INIT;

      fuzz_check (used == other_used && bytes[used - 1] == '\n');
      fuzz_check (reply->code == pieces->reply.code && g_str_equal (reply->text, pieces->reply.text)
                  && g_str_equal (reply->enhanced, pieces->reply.enhanced));
      fuzz_check (reply->code >= 200 && reply->code <= 599);
      fuzz_check (strlen (reply->text) <= CLR_REPLY_TEXT_MAX && strlen (reply->enhanced) < CLR_ENHANCED_MAX);
      fuzz_check (!strpbrk (text, "\r\n"));
      clr_reply_write (&buffer, reply->code, reply->enhanced, reply->text);
      fuzz_check (fuzz_has_clean_lines (clr_buffer_peek (&buffer), clr_buffer_size (&buffer)));
      fuzz_check (read_reply (pieces, clr_buffer_peek (&buffer), clr_buffer_size (&buffer), seed, &other_used)
                  == CLR_REPLY_DONE);
      fuzz_check (pieces->reply.code == reply->code && other_used == clr_buffer_size (&buffer));
      clr_buffer_clear (&buffer);
    }
  g_free (whole);
  g_free (pieces);
  return 0;
}
