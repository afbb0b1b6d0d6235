/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrContent: the content of one message as it comes in, by DATA or by BDAT: unframed, measured, and watched
 * for what may not be in it. What will be refused is eaten to its end and not passed on. Pure.
 */
#pragma once

#include "smtp/clr-bdat.h"
#include "smtp/clr-command.h"

typedef struct
{
  ClrDataSink sink;
  void *data;
  uint64_t max_size;
  gboolean normalize; /* lone CR or LF become CRLF, NULs are left out, instead of a refusal */

  ClrDataDecoder dots;
  ClrBdatDecoder chunks;
  uint64_t size;
  unsigned nuls;
  gboolean is_too_big;
} ClrContent;

void clr_content_begin (ClrContent *content, ClrDataSink sink, void *data, uint64_t max_size,
                        gboolean normalize);

/* DATA. @eaten: octets used. Returns: TRUE when the end of data was met. */
gboolean clr_content_feed_data (ClrContent *content, const uint8_t *bytes, size_t size, size_t *eaten);
/* Octets of a chunk. */
void clr_content_feed_chunk (ClrContent *content, const uint8_t *bytes, size_t size);
/* The last chunk has come in. */
void clr_content_end_chunks (ClrContent *content);

/* Why it cannot be taken, or NULL. */
const ClrComplaint *clr_content_get_complaint (const ClrContent *content);
/* Lone CRs and LFs that were made CRLF, and NULs that were left out. */
unsigned clr_content_get_repairs (const ClrContent *content);
