/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRenditionBody: writes one body of a rendition after the other, as it is or in a transfer encoding
 * (RFC 2045 section 6), from pieces of lines of any size. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_RENDITION_LONGEST_LINE 998u /* RFC 5321 section 4.5.3.1.6 */
#define CLR_BASE64_INPUT           57u  /* octets of a line of 76 letters */

typedef enum
{
  CLR_BODY_AS_IS,
  CLR_BODY_QUOTED_PRINTABLE,
  CLR_BODY_BASE64,
  CLR_BODY_IGNORED, /* in front of the first boundary and behind the last: nobody reads it */
} ClrBodyKind;

typedef struct
{
  ClrBodyKind kind;
  gboolean crlf; /* a line end that may belong to a boundary is not yet written */
  size_t column; /* of quoted-printable, or of what is ignored */
  uint8_t group[CLR_BASE64_INPUT];
  size_t group_size;
} ClrRenditionBody;

/* The next octets of a line. @ends_line: a CRLF follows. */
void clr_rendition_body_write (ClrRenditionBody *body, const uint8_t *bytes, size_t size, gboolean ends_line,
                               GString *into);

/* The body is over. @boundary: one follows, and the line end in front of it is not the body's (RFC 2046
 * section 5.1.1). */
void clr_rendition_body_end (ClrRenditionBody *body, gboolean boundary, GString *into);
