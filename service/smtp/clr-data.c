/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-data.h"

#include <string.h>

static const uint8_t crlf[2] = { '\r', '\n' };

gboolean
clr_data_decode (ClrDataDecoder *decoder, const uint8_t *bytes, size_t size, size_t *eaten, ClrDataSink sink,
                 void *data)
{
  const uint8_t *p = bytes, *end = size ? bytes + size : bytes;
  const uint8_t *span = p; /* content from here to p has not been given yet */

#define GIVE(to)                                                                                             \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    if ((to) > span)                                                                                         \
      sink (span, (to)-span, data);                                                                          \
  }                                                                                                          \
  G_STMT_END

  while (p < end)
    switch (decoder->state)
      {
      case CLR_DATA_LINE_START:
        if (*p == '.')
          {
            GIVE (p);
            span = ++p;
            decoder->state = CLR_DATA_DOT;
          }
        else
          decoder->state = CLR_DATA_TEXT;
        break;

      case CLR_DATA_DOT: /* the dot is dropped, whatever follows (RFC 5321 section 4.5.2) */
        if (*p == '\r')
          {
            span = ++p;
            decoder->state = CLR_DATA_DOT_CR;
          }
        else
          {
            span = p;
            decoder->state = CLR_DATA_TEXT;
          }
        break;

      case CLR_DATA_DOT_CR:
        if (*p == '\n')
          {
            *eaten = p + 1 - bytes;
            *decoder = (ClrDataDecoder){ CLR_DATA_LINE_START, decoder->bare };
            return TRUE;
          }
        decoder->bare++;
        sink (crlf, 2, data);
        span = p;
        decoder->state = CLR_DATA_BARE_START;
        break;

      case CLR_DATA_TEXT:
        {
          const uint8_t *cr = memchr (p, '\r', end - p);
          const uint8_t *lf = memchr (p, '\n', (cr ? cr : end) - p);

          if (lf)
            {
              decoder->bare++;
              GIVE (lf);
              sink (crlf, 2, data);
              span = p = lf + 1;
              decoder->state = CLR_DATA_BARE_START;
            }
          else if (cr == NULL)
            p = end;
          else if (cr + 1 < end && cr[1] == '\n')
            {
              p = cr + 2;
              decoder->state = CLR_DATA_LINE_START;
            }
          else
            {
              GIVE (cr);
              span = p = cr + 1;
              decoder->state = CLR_DATA_CR;
            }
          break;
        }

      case CLR_DATA_CR:
        sink (crlf, 2, data);
        if (*p == '\n')
          {
            p++;
            decoder->state = CLR_DATA_LINE_START;
          }
        else
          {
            decoder->bare++;
            decoder->state = CLR_DATA_BARE_START;
          }
        span = p;
        break;

      case CLR_DATA_BARE_START:
        if (*p == '.')
          {
            span = ++p;
            decoder->state = CLR_DATA_BARE_DOT;
          }
        else
          decoder->state = CLR_DATA_TEXT;
        break;

      case CLR_DATA_BARE_DOT:
        /* A client that takes lone line feeds for line ends has stuffed here, others have not: only a pair is
         * surely stuffed. A single dot stays content; it never ends the data. */
        if (*p != '.')
          sink ((const uint8_t *)".", 1, data);
        span = p;
        decoder->state = CLR_DATA_TEXT;
        break;
      }
  GIVE (p);
  *eaten = size;
  return FALSE;
#undef GIVE
}

/* The first place at or after @p, the start of a line, that must not go out as it is: nearly all content is
 * whole lines that end with CRLF and begin without a dot, and is copied in one piece. */
static const uint8_t *
skip_clean_lines (const uint8_t *p, const uint8_t *end)
{
  while (p < end && *p != '.')
    {
      const uint8_t *lf = memchr (p, '\n', end - p);

      if (lf == NULL || lf == p || lf[-1] != '\r' || memchr (p, '\r', lf - 1 - p))
        break;
      p = lf + 1;
    }
  return p;
}

void
clr_data_encode (ClrDataEncoder *encoder, const uint8_t *bytes, size_t size, ClrBuffer *into)
{
  const uint8_t *p = bytes, *end = size ? bytes + size : bytes;

  if (size)
    clr_buffer_reserve (into, size);
  while (p < end)
    {
      if (!encoder->in_line && !encoder->after_cr)
        {
          const uint8_t *clean = skip_clean_lines (p, end);

          clr_buffer_append (into, p, clean - p);
          p = clean;
          if (p == end)
            break;
        }
      if (encoder->after_cr)
        {
          /* The CR was held back until now. */
          clr_buffer_append (into, crlf, 2);
          encoder->after_cr = FALSE;
          encoder->in_line = FALSE;
          if (*p == '\n')
            {
              p++;
              continue;
            }
        }
      if (!encoder->in_line && *p == '.')
        clr_buffer_append (into, ".", 1);

      const uint8_t *lf = memchr (p, '\n', end - p);
      const uint8_t *stop = lf ? lf : end;
      const uint8_t *cr = memchr (p, '\r', stop - p);

      if (cr)
        {
          clr_buffer_append (into, p, cr - p);
          encoder->after_cr = TRUE;
          encoder->in_line = TRUE;
          p = cr + 1;
        }
      else
        {
          clr_buffer_append (into, p, stop - p);
          encoder->in_line = TRUE;
          p = stop;
          if (lf)
            {
              clr_buffer_append (into, crlf, 2);
              encoder->in_line = FALSE;
              p++;
            }
        }
    }
}

void
clr_data_encode_end (ClrDataEncoder *encoder, ClrBuffer *into)
{
  if (encoder->in_line || encoder->after_cr)
    clr_buffer_append (into, crlf, 2);
  clr_buffer_append (into, ".\r\n", 3);
  *encoder = (ClrDataEncoder)CLR_DATA_ENCODER_INIT;
}
