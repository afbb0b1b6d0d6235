/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSightings: whom one worker has seen since it last told the inventory. Noting is a look-up in a table of
 * the worker's own; a second after the first note the table goes to the main thread as one letter. Belongs to
 * a worker.
 */
#pragma once

#include "base/clr-timer.h"
#include "devices/clr-inventory.h"

typedef struct ClrSightings ClrSightings;

/* @timers: the worker's. */
ClrSightings *clr_sightings_new (ClrTimers *timers, ClrInventory *inventory);
/* After the worker has ended, before the inventory: what it still knows is told. */
void clr_sightings_free (ClrSightings *sightings);

/* @now_us: since 1970. When the table is full, addresses that are not in it are not noted. */
void clr_sightings_note (ClrSightings *sightings, const ClrSightingNote *note, int64_t now_us);
