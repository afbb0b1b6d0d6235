/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * BDAT (RFC 3030 section 2): the argument of the command, and what is in the chunks. Chunks carry lines too,
 * for BINARYMIME is not offered: a lone CR or LF is told and turned into CRLF, as in DATA, also where one
 * chunk ends and the next begins. Pure, in pieces of any size.
 */
#pragma once

#include "smtp/clr-data.h"

/* "SIZE [LAST]". Returns: FALSE when @argument is anything else. */
gboolean clr_bdat_parse (const char *argument, size_t argument_size, uint64_t *size, gboolean *last);

typedef struct
{
  gboolean in_line;
  gboolean after_cr; /* a CR that is held back until it is known what follows */
  unsigned bare;     /* lone CRs and LFs met */
} ClrBdatDecoder;

#define CLR_BDAT_DECODER_INIT                                                                                \
  {                                                                                                          \
    FALSE, FALSE, 0                                                                                          \
  }

void clr_bdat_decode (ClrBdatDecoder *decoder, const uint8_t *bytes, size_t size, ClrDataSink sink,
                      void *data);
/* Behind the last chunk: ends the last line if need be. */
void clr_bdat_decode_end (ClrBdatDecoder *decoder, ClrDataSink sink, void *data);
