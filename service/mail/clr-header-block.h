/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrHeaderBlock: an index over the header section of a message (RFC 5322 section 2.2). It points into bytes
 * that the caller keeps; it never changes them. Lines that are no fields stay where they are, without a name.
 * Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  const char *start; /* the first octet of the name */
  size_t name_size;  /* 0: this line is no field */
  size_t size;       /* with folds and the final CRLF, if it has one */
} ClrField;

typedef struct
{
  ClrField *fields; /* in order */
  unsigned n_fields;
  size_t size; /* octets of the header section, without the empty line behind it */
} ClrHeaderBlock;

/* Looks for the end of the header section in the first octets of a message.
 * Returns: the octets up to and including the empty line, or 0 when it is not there yet. */
size_t clr_header_block_find_end (const char *bytes, size_t size);

void clr_header_block_parse (ClrHeaderBlock *block, const char *bytes, size_t size);
void clr_header_block_clear (ClrHeaderBlock *block);

gboolean clr_field_is (const ClrField *field, const char *name);
/* The value behind the colon, with folds. @size: its octets without the final CRLF. */
const char *clr_field_get_value (const ClrField *field, size_t *size);

/* The first field of that name, or NULL. */
const ClrField *clr_header_block_find (const ClrHeaderBlock *block, const char *name);
unsigned clr_header_block_count (const ClrHeaderBlock *block, const char *name);

/* The domain of the first address of a From field's value, in lower case; NULL when there is none. (transfer
 * full) */
char *clr_field_dup_address_domain (const ClrField *field);
/* The value on one line, at most @longest octets, for people. (transfer full) */
char *clr_field_dup_text (const ClrField *field, size_t longest);
