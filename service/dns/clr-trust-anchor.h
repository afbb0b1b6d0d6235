/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file of trust anchors: DS or DNSKEY records in the form of zone files (RFC 1035 section 5), with absolute
 * names. We read it ourselves: libunbound would open it in the code page of the system, where on Windows most
 * letters of the world have no place. Any thread.
 */
#pragma once

#include <glib.h>

#define CLR_TRUST_ANCHOR_MOST (256u * 1024) /* octets of the file */

/* The DS and DNSKEY records of @text, each on one line of its own without comments; others are left out.
 * (transfer full) NULL: a parenthesis is not closed. */
char **clr_trust_anchor_split (const char *text);

/* The same of a file. (transfer full) @error: CLR_ERROR_INVALID: it cannot be read, is too large, or has no
 * such record. */
char **clr_trust_anchor_read (const char *path, GError **error);
