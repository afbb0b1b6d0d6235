/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAccount: how much a device has sent in this minute, hour and day (UTC). Counted by all workers with
 * atomic operations; kept in memory by name over changes of the settings, and lost with the service.
 */
#pragma once

#include "policy/clr-device.h"

typedef struct ClrAccount ClrAccount;

/* Main thread: the one account of that name, made at first need and kept for ever. */
ClrAccount *clr_account_get (const char *name);

/* Any thread: counts a message with @n recipients at @now_us (since 1970).
 * Returns: NULL, or the limit of @rates that it exceeds, as its setting is called. */
const char *clr_account_charge (ClrAccount *account, const ClrRates *rates, unsigned n, int64_t now_us);
/* Any thread: whether one more message would exceed a limit; nothing is counted. */
const char *clr_account_peek (ClrAccount *account, const ClrRates *rates, unsigned n, int64_t now_us);
