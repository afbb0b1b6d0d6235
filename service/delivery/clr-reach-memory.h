/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrReachMemory: what a worker has learned about getting there: an address family that leads nowhere, and
 * hosts whose TLS breaks. Bounded, and forgotten after a while. Pure: times are parameters.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_REACH_FAMILY_FAILURES 3 /* in a row, while the other family got through */
#define CLR_REACH_FAMILY_US       (600 * (int64_t)G_USEC_PER_SEC)
#define CLR_REACH_CLEAR_US        (3600 * (int64_t)G_USEC_PER_SEC)
#define CLR_REACH_CLEAR_MOST      1000u /* hosts remembered */

typedef struct ClrReachMemory ClrReachMemory;

ClrReachMemory *clr_reach_memory_new (void);
void clr_reach_memory_free (ClrReachMemory *memory);

/* A host was reached by @family (AF_INET or AF_INET6). @other_failed: while addresses of the other did not
 * answer. */
void clr_reach_memory_reached (ClrReachMemory *memory, int family, gboolean other_failed, int64_t now_us);
gboolean clr_reach_memory_is_broken (const ClrReachMemory *memory, int family, int64_t now_us);

/* TLS with @host ("name:port") broke in the handshake: it gets mail in clear for a while. */
void clr_reach_memory_set_clear (ClrReachMemory *memory, const char *host, int64_t now_us);
gboolean clr_reach_memory_is_clear (const ClrReachMemory *memory, const char *host, int64_t now_us);
