/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRendition: a stored message as a peer may get it that takes no 8-bit content, or no UTF-8 in header
 * sections: parts in quoted-printable or base64, fields in encoded words. It walks through the parts of a
 * message without ever breaking their order or their boundaries. The content is given several times, each
 * time in pieces of any size and in bounded memory: once to look, then as often as it is wanted.
 * Pure; a property of one worker.
 */
#pragma once

#include "mail/clr-header-block.h"

typedef struct ClrRendition ClrRendition;

typedef void (*ClrRenditionSink) (const uint8_t *bytes, size_t size, void *data);

/* Why there is none. */
typedef enum
{
  CLR_RENDITION_GOOD,
  CLR_RENDITION_ADDRESS,     /* an address in the header section cannot be written in ASCII */
  CLR_RENDITION_SIGNED,      /* a signature of others would break */
  CLR_RENDITION_TOO_COMPLEX, /* beyond what is walked through: depth, parts, size of a header section */
} ClrRenditionVerdict;

/* @signatures: so many DKIM-Signature fields at the top are our own; they are left out. */
ClrRendition *clr_rendition_new (unsigned signatures);
void clr_rendition_free (ClrRendition *rendition);

/* First the whole content, then the verdict. */
void clr_rendition_look (ClrRendition *rendition, const uint8_t *bytes, size_t size);
ClrRenditionVerdict clr_rendition_end_look (ClrRendition *rendition);

/* The header section with the empty line behind it, as it will be sent, without signatures of ours. */
const GString *clr_rendition_get_header (const ClrRendition *rendition);

/* Then, as often as wanted: the whole content again; @sink gets what stands behind that header section. */
void clr_rendition_begin (ClrRendition *rendition, ClrRenditionSink sink, void *data);
void clr_rendition_feed (ClrRendition *rendition, const uint8_t *bytes, size_t size);
void clr_rendition_end (ClrRendition *rendition);
