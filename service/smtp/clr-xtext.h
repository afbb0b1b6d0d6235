/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * xtext of RFC 3461 section 4 and utf-8-addr-xtext of RFC 6533 section 3: how addresses travel in the
 * parameters of DSN. Pure.
 */
#pragma once

#include "base/clr-buffer.h"

/* Printable ASCII but "+" and "=", or "+" and two hexadecimal digits; not empty. @utf8: other octets than
 * ASCII are good too (utf-8-addr-unitext of RFC 6533). */
gboolean clr_xtext_is_valid (const char *text, size_t size, gboolean utf8);

/* Appends "rfc822;..." for @address, or "utf-8;..." where it has other than ASCII. */
void clr_xtext_append_address (ClrBuffer *into, const char *address);

/* Appends the ORCPT value @orcpt with nothing but ASCII in it (RFC 6533 section 3: only a peer with SMTPUTF8
 * may get other octets, and this form means the same). */
void clr_xtext_append_orcpt (ClrBuffer *into, const char *orcpt);
