/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that somebody has named, read whole: a file and nothing else (a pipe would let the reader wait for
 * ever), and no larger than it may be.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full): the content with a NUL behind it. Errors: G_IO_ERROR_NOT_FOUND;
 * G_IO_ERROR_NOT_REGULAR_FILE; G_IO_ERROR_INVALID_DATA when it has more than @most octets; others of the
 * system. */
char *clr_plain_file_read (const char *path, gsize most, gsize *size, GError **error);

G_END_DECLS
