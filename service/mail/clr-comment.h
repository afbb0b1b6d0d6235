/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Comments of structured header fields (RFC 5322 section 3.2.2). Pure.
 */
#pragma once

#include <stddef.h>

/* The comment that begins with the "(" at @text, with the comments in it. Returns: its octets; all of @size
 * where it has no end. */
size_t clr_comment_measure (const char *text, size_t size);
