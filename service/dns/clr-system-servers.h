/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The name servers that the system says: resolv.conf, or what Windows got for its adapters.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

struct ub_ctx;

/* What changes when they do; 0 when that cannot be known. @file: as a resolv.conf; NULL for the system's own.
 */
uint64_t clr_system_servers_get_mark (const char *file);
/* Before the first question. Without servers the root servers are asked. */
void clr_system_servers_give (struct ub_ctx *ctx, const char *file);
