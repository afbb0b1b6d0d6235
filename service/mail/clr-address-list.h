/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The addresses of a From, To, Cc or Bcc field (RFC 5322 section 3.4, with its obsolete forms): names,
 * comments, groups and source routes are left out, what an envelope needs remains. Pure.
 */
#pragma once

#include <glib.h>

/* @value: a field's value, with folds. @into: each address (char*, "local@domain" or "local") is appended.
 * @most: of addresses in @into. Returns: FALSE when the value is no list of addresses, or there are more. */
gboolean clr_address_list_parse (const char *value, size_t size, unsigned most, GPtrArray *into);
