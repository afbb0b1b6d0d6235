/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAccount: what a device has sent in this minute, hour and day (UTC) and ever, what was borne of it, and
 * whether it is frozen. Counted by all workers with atomic operations: no lock, no allocation, no disk. Lives
 * by name over changes of the settings; the ledger (devices/clr-ledger.h) keeps it over a restart.
 */
#pragma once

#include "policy/clr-device.h"

typedef struct ClrAccount ClrAccount;

/* Why all that a device sends is held. The exceeded limits come last, a number each, in the order of
 * CLR_PERIODS: messages, then recipients. */
typedef enum
{
  CLR_FREEZE_NONE,
  CLR_FREEZE_BY_HAND,
  CLR_FREEZE_UNUSUAL,
  CLR_FREEZE_EXCESS,
  CLR_FREEZE_LAST = CLR_FREEZE_EXCESS + 2 * CLR_PERIODS
} ClrFreeze;

/* "messages-per-hour is exceeded"; NULL for none. */
const char *clr_freeze_to_text (ClrFreeze why);

/* What held mail says of the freeze that held it: since when (microseconds since 1970). */
#define CLR_FREEZE_NAME "freeze-%" G_GINT64_FORMAT

/* What is made of a message. */
typedef struct
{
  const char *held;   /* NULL, or why it is held */
  int64_t frozen_us;  /* since when the device is frozen, where that is why; 0: it is not */
  gboolean froze;     /* this message froze the device */
  unsigned n_unusual; /* this message made the hour unusual, which is only told: recipients so far */
} ClrCharge;

/* What was counted in one period; @period: its number since 1970. */
typedef struct
{
  uint32_t period, n;
} ClrCount;

#define CLR_ACCOUNT_HOUR_US (3600 * (int64_t)G_USEC_PER_SEC)

/* All of it at one moment, for those who show and keep it. */
typedef struct
{
  ClrCount messages[CLR_PERIODS], recipients[CLR_PERIODS];
  ClrCount volumes[2]; /* recipients in an hour, by its number's last bit: this one and the one before */
  ClrCount limits[2];  /* beyond which an hour is unusual, likewise; not kept */
  ClrCount excused;    /* the hour that is not judged any more; n is 1 */
  ClrFreeze frozen;
  int64_t frozen_us; /* since 1970 */
  int64_t last_us;   /* its last message; 0: none */
  uint64_t n_messages, n_recipients;
  uint64_t quirks[CLR_QUIRK_COUNT]; /* messages it was used for */
  uint64_t repairs[CLR_REPAIR_COUNT];
} ClrAccountFacts;

/* Main thread: the one account of that name, made at first need and kept for ever. */
ClrAccount *clr_account_get (const char *name);
/* Main thread: every one. */
void clr_account_visit (void (*visitor) (const char *name, ClrAccount *account, void *data), void *data);

/* Any thread: counts a message with @n recipients at @now_us (since 1970), and judges it. What a frozen
 * device sends is not counted: it must not become what is usual. @device has an account. */
ClrCharge clr_account_charge (const ClrDevice *device, unsigned n, int64_t now_us);
/* Any thread: whether a message now would exceed a limit; nothing is counted.
 * Returns: NULL, or the limit as its setting is called. */
const char *clr_account_peek (ClrAccount *account, const ClrRates *rates, unsigned n, int64_t now_us);
/* Any thread: a message was stored that needed these. */
void clr_account_record (ClrAccount *account, ClrQuirks quirks, ClrRepair repairs);

/* Any thread. Returns: FALSE when it is frozen already. */
gboolean clr_account_freeze (ClrAccount *account, ClrFreeze why, int64_t now_us);
/* Any thread. Its sums of this minute, hour and day begin anew, and this hour is not judged again.
 * Returns: FALSE when it is not frozen. */
gboolean clr_account_thaw (ClrAccount *account, int64_t now_us);
ClrFreeze clr_account_get_frozen (ClrAccount *account);

/* Main thread: beyond @limit recipients the @hour (its number since 1970) is unusual. An hour that nobody has
 * set a limit for is not judged. */
void clr_account_set_limit (ClrAccount *account, uint32_t hour, uint32_t limit);

/* Main thread. */
void clr_account_read (ClrAccount *account, ClrAccountFacts *facts);
/* Before anything is counted. */
void clr_account_restore (ClrAccount *account, const ClrAccountFacts *facts);
/* Whether anything has changed since the last call. */
gboolean clr_account_take_changed (ClrAccount *account);
