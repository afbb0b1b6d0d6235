/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Networks as other products write them: ranges, masks, lists. Pure.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Adds the networks (CIDR) that are exactly the addresses from @first to @last.
 * Returns: FALSE when these are no range of one family. */
gboolean clr_import_network_add_range (GPtrArray *networks, const char *first, const char *last);
/* "192.0.2.0" and "255.255.255.0". */
gboolean clr_import_network_add_mask (GPtrArray *networks, const char *address, const char *mask);
/* "192.0.2.0/24", "[2001:db8::]/32", "192.0.2.1". Host bits must be zero, as for the settings. */
gboolean clr_import_network_add (GPtrArray *networks, const char *text);
/* "host", "host:port", "[host]:port", "[192.0.2.1]" as a host of the settings.
 * (transfer full) NULL when it is none. */
char *clr_import_read_host (const char *text, unsigned default_port);

G_END_DECLS
