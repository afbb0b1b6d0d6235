/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDkimTags: the tag list of DKIM (RFC 6376 section 3.2), "a=b; c=d", of signatures and key records; ARC
 * uses the same. An index into a text that the caller keeps. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_DKIM_TAGS_MOST 64 /* of one list; the RFCs know 13 */

typedef struct
{
  const char *name;
  size_t name_size;
  const char *value; /* without white space around it; folds inside are left */
  size_t value_size;
} ClrDkimTag;

typedef struct
{
  ClrDkimTag tags[CLR_DKIM_TAGS_MOST];
  unsigned n_tags;
} ClrDkimTags;

/* Strict: a tag that stands twice, a name that is none or a line end without a fold make the list invalid.
 * White space behind a final semicolon is let pass (the grammar has none; published records do).
 * @problem: (out): why it is invalid, static. */
gboolean clr_dkim_tags_parse (ClrDkimTags *tags, const char *text, size_t size, const char **problem);

/* Names are case-sensitive. NULL when there is none. */
const ClrDkimTag *clr_dkim_tags_find (const ClrDkimTags *tags, const char *name);

/* The value without any white space. (transfer full) */
char *clr_dkim_tag_dup_compact (const ClrDkimTag *tag);
/* The words between colons, without white space; NULL when one of them is empty or there are more than
 * @most. (transfer full) */
char **clr_dkim_tag_dup_list (const ClrDkimTag *tag, unsigned most);
/* Base64 with white space anywhere; NULL when it is none. @size: (out). (transfer full) */
uint8_t *clr_dkim_tag_dup_bytes (const ClrDkimTag *tag, gsize *size);
/* 1 to 18 digits. */
gboolean clr_dkim_tag_get_number (const ClrDkimTag *tag, int64_t *number);
