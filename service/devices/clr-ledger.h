/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrLedger: keeps the devices' accounts over a restart, and knows how much each of them sends at which hour
 * of the week: from the same hour of the four weeks before it says to the account beyond which volume this
 * hour is unusual. Weeks in which a device was not known yet do not count; before it is known for one week
 * nothing is unusual. Hours are of UTC. Main thread; workers only count, and read limits.
 */
#pragma once

#include "policy/clr-account.h"
#include "queue/clr-state.h"

#define CLR_LEDGER_WEEKS  4
#define CLR_LEDGER_FACTOR 5  /* more than so many times the mean is unusual, */
#define CLR_LEDGER_LEAST  50 /* and more than so many recipients an hour */

typedef struct ClrLedger ClrLedger;

/* @state: NULL: nothing is kept; must outlive the ledger. Reads what was kept into the accounts of the policy
 * that stands, before any worker runs. Looks after them from now on, every few seconds. */
ClrLedger *clr_ledger_new (ClrState *state, GError **error);
/* The same without a timer: the owner ticks. */
ClrLedger *clr_ledger_new_by_hand (ClrState *state, int64_t now_us, GError **error);
/* New settings brought devices: reads what was kept of those that had no account yet, before any worker
 * counts for them. Returns: FALSE when it could not be read. */
gboolean clr_ledger_take_up (ClrLedger *ledger, GError **error);
/* After the workers have ended: what has changed is posted to be written. */
void clr_ledger_free (ClrLedger *ledger);

/* @now_us: since 1970. Closes hours that are over, sets limits, has written what has changed. */
void clr_ledger_tick (ClrLedger *ledger, int64_t now_us);
