/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests that a browser was talked into: a web page may make it ask the relay on its own machine, or lead a
 * name of its own to a loopback address. Pure.
 */
#pragma once

#include <glib.h>

/* The Host of a request (RFC 9110 section 7.2), port and all. Over TCP it is this machine's name, "localhost"
 * or a literal address, of which no name of a stranger is one; on the Unix socket "localhost".
 * @hostname: the relay's. */
gboolean clr_head_allows_host (const char *host, const char *hostname, gboolean is_tcp);
/* The token of an Authorization field (RFC 6750 section 2.1), or NULL. (transfer none) */
const char *clr_head_get_token (const char *authorization);
