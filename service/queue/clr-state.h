/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrState: small facts that outlive a restart (who tried to connect, bans, cached policies, sums of rates),
 * in state.db. Rows are (kind, key, value), the value a text, JSON by custom. A thread of its own, with a low
 * priority, writes what was posted in batches of about a second: a fact may be a second late on disk, never
 * half there. Whoever keeps such facts holds them in memory and reads them here once, at the start.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ClrState ClrState;

/* id, name in the file, most rows: beyond them those that were written longest ago fall out */
#define CLR_STATE_KINDS(X)                                                                                   \
  X (INVENTORY, "inventory", CLR_STATE_CLIENTS_MOST)                                                         \
  X (BAN, "ban", 20000)                                                                                      \
  X (STS, "sts", 20000)                                                                                      \
  X (TLS_REPORT, "tls-report", 50000)                                                                        \
  X (TOKEN, "token", 1000)                                                                                   \
  X (RATE, "rate", 50000)                                                                                    \
  X (VOLUME, "volume", 20000)                                                                                \
  X (SERIES, "series", 5000)                                                                                 \
  X (ALERT, "alert", 1000)                                                                                   \
  X (AUDIT, "audit", CLR_STATE_AUDIT_MOST)

typedef enum
{
#define CLR_STATE_ID(id, name, most) CLR_STATE_##id,
  CLR_STATE_KINDS (CLR_STATE_ID)
#undef CLR_STATE_ID
      CLR_STATE_LAST
} ClrStateKind;

#define CLR_STATE_CLIENTS_MOST  10000       /* rows of INVENTORY */
#define CLR_STATE_AUDIT_MOST    5000        /* rows of AUDIT */
#define CLR_STATE_LONGEST_KEY   512         /* octets */
#define CLR_STATE_LONGEST_VALUE (64 * 1024) /* octets */

/* Opens or makes state.db in @folder, and starts the thread. */
ClrState *clr_state_open (const char *folder, GError **error);
/* Writes what was posted, and ends the thread. */
void clr_state_free (ClrState *state);

/* @expires_us: microseconds since 1970, 0: never. */
typedef void (*ClrStateVisitor) (const char *key, const char *value, int64_t expires_us, void *data);

/* Blocks. At the start, before threads run that post: calls @visitor for each row of @kind that has not
 * expired, the longest unchanged first. */
gboolean clr_state_load (ClrState *state, ClrStateKind kind, ClrStateVisitor visitor, void *data,
                         GError **error);

/* Any thread. Of several posts about one key that wait, the last one counts. What is longer than the limits
 * above is not kept. @value is UTF-8. @expires_us: as above. */
void clr_state_put_post (ClrState *state, ClrStateKind kind, const char *key, const char *value,
                         int64_t expires_us);
void clr_state_drop_post (ClrState *state, ClrStateKind kind, const char *key);

/* Any thread; blocks until all that this thread posted is on disk, or could not be written. For tests and
 * orders that answer for what they changed. */
void clr_state_flush (ClrState *state);
