/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-content.h"

#include <string.h>

static const ClrComplaint too_big = { 552, "5.3.4", "the message is larger than this relay accepts" };
static const ClrComplaint bare_newlines = {
  550, "5.6.0",
  "the message has lone CR or LF characters; lines must end with CR LF (a device may be allowed to send "
  "them: bare-newlines = normalize)"
};
static const ClrComplaint nul_octets = { 550, "5.6.0", "the message has NUL characters" };

void
clr_content_begin (ClrContent *content, ClrDataSink sink, void *data, uint64_t max_size, gboolean normalize)
{
  *content = (ClrContent){ .sink = sink,
                           .data = data,
                           .max_size = max_size,
                           .normalize = normalize,
                           .dots = CLR_DATA_DECODER_INIT,
                           .chunks = CLR_BDAT_DECODER_INIT };
}

const ClrComplaint *
clr_content_get_complaint (const ClrContent *content)
{
  if (content->is_too_big)
    return &too_big;
  if (content->normalize)
    return NULL;
  return content->dots.bare + content->chunks.bare > 0 ? &bare_newlines
         : content->nuls > 0                           ? &nul_octets
                                                       : NULL;
}

unsigned
clr_content_get_repairs (const ClrContent *content)
{
  return content->dots.bare + content->chunks.bare + content->nuls;
}

static void
on_unframed (const uint8_t *bytes, size_t size, void *data)
{
  ClrContent *content = data;
  const uint8_t *end = bytes + size, *nul;

  content->size += size;
  if (content->size > content->max_size)
    content->is_too_big = TRUE;
  /* RFC 5322 section 4: no NUL. A next hop that drops it would see a line that we did not. */
  while ((nul = memchr (bytes, 0, end - bytes)))
    {
      content->nuls++;
      if (nul > bytes && !clr_content_get_complaint (content))
        content->sink (bytes, nul - bytes, content->data);
      bytes = nul + 1;
    }
  if (bytes < end && !clr_content_get_complaint (content))
    content->sink (bytes, end - bytes, content->data);
}

gboolean
clr_content_feed_data (ClrContent *content, const uint8_t *bytes, size_t size, size_t *eaten)
{
  return clr_data_decode (&content->dots, bytes, size, eaten, on_unframed, content);
}

void
clr_content_feed_chunk (ClrContent *content, const uint8_t *bytes, size_t size)
{
  clr_bdat_decode (&content->chunks, bytes, size, on_unframed, content);
}

void
clr_content_end_chunks (ClrContent *content)
{
  clr_bdat_decode_end (&content->chunks, on_unframed, content);
}
