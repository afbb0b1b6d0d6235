/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrHistorySweep: keeps history.db as young and as small as the settings say. The oldest go first, a few
 * rows a transaction; the file shrinks in small steps. The time is a parameter. History thread.
 */
#pragma once

#include "queue/clr-database.h"

typedef struct
{
  int64_t keep_us; /* how long finished mail can be looked up */
  uint64_t size;   /* octets of the file; 0: no limit */
} ClrHistoryRule;

typedef struct ClrHistorySweep ClrHistorySweep;

/* The most rows that one transaction removes. */
#define CLR_HISTORY_SWEEP_ROWS 1000

/* @db: stays the caller's. Returns: NULL when the disk does not work. */
ClrHistorySweep *clr_history_sweep_new (sqlite3 *db);
void clr_history_sweep_free (ClrHistorySweep *sweep);
/* One step. @more: (out): another would do something, too. */
gboolean clr_history_sweep_step (ClrHistorySweep *sweep, const ClrHistoryRule *rule, int64_t now_us,
                                 gboolean *more, GError **error);
