/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DKIM canonicalization, RFC 6376 section 3.4: fields into a string, bodies as a stream into a hash. Pure.
 */
#pragma once

#include "mail/clr-header-block.h"

typedef enum
{
  CLR_CANON_SIMPLE,
  CLR_CANON_RELAXED,
} ClrCanon;

typedef struct ClrDkimBody ClrDkimBody;

/* Appends the canonical form of @field, with its CRLF. */
void clr_dkim_canon_field (ClrCanon canon, const char *field, size_t size, GString *into);

/* SHA-256 over the canonical body. Lines end with CRLF; the pieces may be cut anywhere. */
ClrDkimBody *clr_dkim_body_new (ClrCanon canon);
void clr_dkim_body_feed (ClrDkimBody *body, const uint8_t *bytes, size_t size);
void clr_dkim_body_end (ClrDkimBody *body, uint8_t hash[32]);
void clr_dkim_body_free (ClrDkimBody *body);

/* The canonical body itself goes to @sink instead of the hash: for verifying, and for tests. */
void clr_dkim_body_set_sink (ClrDkimBody *body, void (*sink) (const void *bytes, size_t size, void *data),
                             void *data);
