/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ids in Message-ID, In-Reply-To and References (RFC 5322 section 3.6.4), as mail really writes them.
 * Pure.
 */
#pragma once

#include <glib.h>

/* @value: a field's value, with folds. Appends each id (char*) without its brackets, blanks and comments,
 * until @into holds @most; where there is no bracket at all, the words count. */
void clr_message_ids_parse (const char *value, size_t size, unsigned most, GPtrArray *into);
