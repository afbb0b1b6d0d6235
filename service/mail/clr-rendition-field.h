/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One header field as a peer without SMTPUTF8 may get it: encoded words (RFC 2047) in unstructured text,
 * phrases and comments, RFC 2231 in parameters, A-labels in the domains of addresses, no line beyond 998
 * octets. Pure.
 */
#pragma once

#include "mail/clr-header-block.h"

/* Whether it needs anything of that. */
gboolean clr_rendition_field_is_needed (const ClrField *field);

/* Appends the field with its CRLF. Returns: FALSE when no writing in ASCII means the same: the local part of
 * an address is not ASCII. */
gboolean clr_rendition_field_write (const ClrField *field, GString *into);

/* Breaks lines beyond 998 octets in @text from @from on, at a blank if there is one. */
void clr_rendition_field_cut_lines (GString *text, size_t from);

/* The value of parameter @name of a Content-Type field, unquoted. (transfer full) (nullable) */
char *clr_rendition_field_dup_parameter (const ClrField *field, const char *name);
