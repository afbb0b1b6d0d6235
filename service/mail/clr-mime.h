/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of a message (RFC 2045, 2046), for what reads reports and bounces; never used on the mail path.
 * Nesting, the number of parts and the size of a decoded text are bounded. Pure.
 */
#pragma once

#include "mail/clr-header-block.h"

#define CLR_MIME_DEPTH_MOST 8u
#define CLR_MIME_PARTS_MOST 100u

typedef struct
{
  const char *type; /* "text/plain", in small letters */
  const ClrHeaderBlock *header;
  const char *bytes; /* the body, as it stands */
  size_t size;
} ClrMimePart;

/* Calls @on_part for each part that holds no others, in order; a message/rfc822 is one part and not looked
 * into. Ends when it returns FALSE. */
void clr_mime_walk (const char *bytes, size_t size, gboolean (*on_part) (const ClrMimePart *part, void *data),
                    void *data);

/* A parameter of a field such as Content-Type; NULL when there is none. (transfer full) */
char *clr_field_dup_parameter (const ClrField *field, const char *name);
/* The body of a part, its transfer encoding undone, at most @longest octets of it. (transfer full) */
GString *clr_mime_part_dup_octets (const ClrMimePart *part, size_t longest);
/* The body of a part as UTF-8, its transfer encoding undone, at most @longest octets of it. (transfer full)
 */
char *clr_mime_part_dup_text (const ClrMimePart *part, size_t longest);
