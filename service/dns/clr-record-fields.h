/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The form that the TXT records of MTA-STS (RFC 8461 section 3.1) and TLSRPT (RFC 8460 section 3) share: a
 * version, then fields "name=value" behind semicolons. Pure.
 */
#pragma once

#include <glib.h>

/* Of one field. @name and @value end where their sizes say; no blank stands around them. Returns: NULL, or
 * why the field is wrong, static. */
typedef const char *(*ClrRecordField) (const char *name, size_t name_size, const char *value,
                                       size_t value_size, void *data);

/* Strict: blanks stand around semicolons only, there is one semicolon between two fields, at most one at the
 * end. @version: "v=STSv1", case counts. Returns: FALSE with @problem, static. */
gboolean clr_record_fields_parse (const char *text, size_t size, const char *version, ClrRecordField field,
                                  void *data, const char **problem);

/* Whether @text is a record of this kind at all: @version, then a semicolon. Others at the same name are not
 * meant for us. */
gboolean clr_record_is_of (const char *text, size_t size, const char *version);

/* A field that the RFCs do not know: a name of 1 to 32 characters, a value without blanks, "=" and ";".
 * Returns: NULL, or why it is none. */
const char *clr_record_check_extension (const char *name, size_t name_size, const char *value,
                                        size_t value_size);
/* "name" of an extension: of records, and of policies. */
gboolean clr_record_is_extension_name (const char *name, size_t size);
