/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-bdat.h"

#include <string.h>

static const uint8_t crlf[2] = { '\r', '\n' };

gboolean
clr_bdat_parse (const char *argument, size_t argument_size, uint64_t *size, gboolean *last)
{
  size_t i = 0;

  *size = 0;
  /* chunk-size is 1*DIGIT; what has more than 19 of them no size can be. */
  for (; i < argument_size && g_ascii_isdigit (argument[i]); i++)
    {
      if (i == 19)
        return FALSE;
      *size = *size * 10 + (argument[i] - '0');
    }
  if (i == 0)
    return FALSE;
  *last = i < argument_size;
  if (!*last)
    return TRUE;
  if (argument[i] != ' ')
    return FALSE;
  while (i < argument_size && argument[i] == ' ')
    i++;
  return argument_size - i == 4 && g_ascii_strncasecmp (argument + i, "LAST", 4) == 0;
}

void
clr_bdat_decode (ClrBdatDecoder *decoder, const uint8_t *bytes, size_t size, ClrDataSink sink, void *data)
{
  const uint8_t *p = bytes, *end = size ? bytes + size : bytes;
  const uint8_t *span = p; /* content from here to p has not been given yet */

  if (p < end && decoder->after_cr)
    {
      decoder->after_cr = FALSE;
      decoder->in_line = FALSE;
      sink (crlf, 2, data);
      if (*p == '\n')
        span = ++p;
      else
        decoder->bare++;
    }
  while (p < end)
    {
      const uint8_t *lf = memchr (p, '\n', end - p);
      const uint8_t *stop = lf ? lf : end;
      const uint8_t *cr = memchr (p, '\r', stop - p);

      if (cr && cr + 1 == lf)
        {
          p = lf + 1;
          decoder->in_line = FALSE;
          continue;
        }
      if (cr == NULL && lf == NULL)
        {
          p = end;
          decoder->in_line = TRUE;
          break;
        }
      /* A line that ends as no line should, or a CR at the very end. */
      const uint8_t *odd = cr ? cr : lf;
      if (odd > span)
        sink (span, odd - span, data);
      span = p = odd + 1;
      if (odd == cr && p == end)
        {
          decoder->after_cr = TRUE;
          return;
        }
      decoder->bare++;
      decoder->in_line = FALSE;
      sink (crlf, 2, data);
    }
  if (p > span)
    sink (span, p - span, data);
}

void
clr_bdat_decode_end (ClrBdatDecoder *decoder, ClrDataSink sink, void *data)
{
  decoder->bare += decoder->after_cr;
  if (decoder->in_line || decoder->after_cr)
    sink (crlf, 2, data);
  decoder->in_line = decoder->after_cr = FALSE;
}
