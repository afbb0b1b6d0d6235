/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrInventory: every client address that connected, so that it can be allowed with one command. Bounded: the
 * address that was not seen for the longest time falls out. Kept over a restart (state.db), written in
 * batches. Main thread; workers post what they saw.
 */
#pragma once

#include "devices/clr-sighting.h"
#include "queue/clr-state.h"

typedef struct ClrInventory ClrInventory;

/* @state: where it is kept, NULL: nowhere; must outlive the inventory. @most: addresses remembered. Reads
 * what was kept. Returns: NULL with @error. */
ClrInventory *clr_inventory_new (ClrState *state, unsigned most, GError **error);
/* After the workers have ended: takes what they posted, and has it all written. */
void clr_inventory_free (ClrInventory *inventory);
void clr_inventory_set_most (ClrInventory *inventory, unsigned most);

/* Any thread. @table: octets -> ClrSighting, made with a free function for its values; taken.
 * Returns: FALSE when the main thread does not keep up: then @table is the caller's as before. */
gboolean clr_inventory_post (ClrInventory *inventory, GHashTable *table);

/* Adds to what is known of its address. @sighting: (transfer full) */
void clr_inventory_take (ClrInventory *inventory, ClrSighting *sighting);
/* What has changed goes to the state thread; happens by itself every few seconds. */
void clr_inventory_store (ClrInventory *inventory);

/* The one seen last comes first. @visitor returns FALSE to end. */
void clr_inventory_visit (ClrInventory *inventory,
                          gboolean (*visitor) (const ClrSighting *sighting, void *data), void *data);
unsigned clr_inventory_count (ClrInventory *inventory);
