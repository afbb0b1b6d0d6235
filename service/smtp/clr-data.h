/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The framing of DATA, both ways (RFC 5321 sections 4.1.1.4 and 4.5.2). Pure, in pieces of any size.
 *
 * Receiving: CRLF.CRLF, and nothing else, ends the data. A CR or LF that stands alone is told, and turned
 * into CRLF; the caller refuses the message unless its policy is to normalise. Sending: whatever the content
 * is, what leaves has lines that end with CRLF only, stuffed dots, and one end.
 */
#pragma once

#include "base/clr-buffer.h"

typedef enum
{
  CLR_DATA_LINE_START, /* after CRLF, or at the beginning */
  CLR_DATA_DOT,
  CLR_DATA_DOT_CR,
  CLR_DATA_TEXT,
  CLR_DATA_CR,
  CLR_DATA_BARE_START, /* after a lone CR or LF */
  CLR_DATA_BARE_DOT,
} ClrDataState;

typedef struct
{
  ClrDataState state;
  unsigned bare; /* lone CRs and LFs met */
} ClrDataDecoder;

typedef void (*ClrDataSink) (const uint8_t *bytes, size_t size, void *data);

#define CLR_DATA_DECODER_INIT                                                                                \
  {                                                                                                          \
    CLR_DATA_LINE_START, 0                                                                                   \
  }

/* Gives the content in @bytes to @sink, in pieces. @eaten: octets used, up to and including the end of data.
 * Returns: TRUE when the end of data was met. */
gboolean clr_data_decode (ClrDataDecoder *decoder, const uint8_t *bytes, size_t size, size_t *eaten,
                          ClrDataSink sink, void *data);

typedef struct
{
  gboolean in_line;
  gboolean after_cr;
} ClrDataEncoder;

#define CLR_DATA_ENCODER_INIT                                                                                \
  {                                                                                                          \
    FALSE, FALSE                                                                                             \
  }

void clr_data_encode (ClrDataEncoder *encoder, const uint8_t *bytes, size_t size, ClrBuffer *into);
/* Ends the last line if need be, and the data. */
void clr_data_encode_end (ClrDataEncoder *encoder, ClrBuffer *into);
