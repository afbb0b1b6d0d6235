/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The assertion by which a client shows that it has a certificate's key: a JWT (RFC 7519, RFC 7523 section 3)
 * signed with RS256. Main thread; files are read each time, so that a renewed certificate counts at once.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* @audience: the token endpoint. @now_s: seconds since 1970. Returns: (transfer full) (nullable) */
char *clr_assertion_make (const char *client_id, const char *audience, const char *certificate_file,
                          const char *key_file, int64_t now_s, GError **error);

/* base64 without padding, in the alphabet of URLs (RFC 4648 section 5). (transfer full) */
char *clr_base64url (const void *bytes, size_t size);
