/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPickup: the thread that looks into the pickup folders of the settings. A file is read, given to a worker
 * as an injection, and removed when the message is stored; what is no message is put aside with a reason. A
 * crash between the commit and the removal sends a message twice, never not at all.
 */
#pragma once

#include "intake/clr-injection.h"

typedef struct ClrPickup ClrPickup;

/* @places: one for each worker; copied. Its thread starts at once. */
ClrPickup *clr_pickup_new (const ClrIntakePlace *places, unsigned n_places, ClrSettings *settings,
                           ClrPolicy *policy);
/* Any thread: other folders, or other rules for them. What is on its way is finished first. */
void clr_pickup_post_settings (ClrPickup *pickup, ClrSettings *settings, ClrPolicy *policy);
/* Nothing is taken any more. Any thread. */
void clr_pickup_post_stop (ClrPickup *pickup);
/* Any thread: whether a message is between its file and the queue. */
gboolean clr_pickup_is_busy (ClrPickup *pickup);
/* Main thread, before the workers end: ends the thread. */
void clr_pickup_join (ClrPickup *pickup);
/* Main thread, when the workers have ended and the queue is still there: gives up what is on its way to the
 * disk. */
void clr_pickup_abandon (ClrPickup *pickup);
/* Main thread, when workers and queue have said all they will say. */
void clr_pickup_free (ClrPickup *pickup);
