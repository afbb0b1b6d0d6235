/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How mail writes what is not plain ASCII: quoted-printable and base64 (RFC 2045), encoded words (RFC 2047),
 * xtext and international addresses of reports (RFC 3461, RFC 6533). All of it reads what strangers wrote.
 * Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

gboolean clr_is_ascii (const char *bytes, size_t size);

/* RFC 3461 section 4. Returns: (transfer full) the octets as a text, NULL when @text is no xtext or holds
 * control characters. */
char *clr_xtext_decode (const char *text);

/* RFC 6533 section 3: "\x{FC}" for what may not stand as it is; with @utf8 letters may (unitext). */
void clr_address_write_utf8 (const char *address, gboolean utf8, GString *into);
/* Back. Returns: (transfer full) NULL when it is malformed. */
char *clr_address_read_utf8 (const char *text);

/* RFC 2045 section 6.7, for text whose lines end with CRLF. Every line gets at most 76 octets. */
void clr_quoted_printable_write (const char *text, size_t size, GString *into);
/* Appends what @text stands for; what is no proper code stays as it is. */
void clr_quoted_printable_read (const char *text, size_t size, GString *into);
/* Appends; letters that are not of the alphabet are skipped. */
void clr_base64_read (const char *text, size_t size, GString *into);

/* The text of a field's value: unfolded, encoded words decoded, valid UTF-8 without control characters, at
 * most @longest octets. (transfer full) */
char *clr_words_read (const char *value, size_t size, size_t longest);
/* Writes @text (UTF-8) as the value of an unstructured field, folded, in encoded words where it must.
 * @column: how far the line has come. */
void clr_words_write (const char *text, size_t column, GString *into);

/* @bytes in @charset as valid UTF-8, whatever they are. (transfer full) */
char *clr_text_to_utf8 (const char *bytes, size_t size, const char *charset);
