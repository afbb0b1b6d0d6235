/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When to try again. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  int64_t first_us;
  int64_t longest_us;
  int64_t lifetime_us;
  int64_t notice_us; /* a sender is told that mail still waits after so long; 0: never */
} ClrRetryRule;

/* The wait after the @attempts-th failed attempt (from 1): doubling from first to longest, plus or minus an
 * eighth.
 * @random: any number, chooses the jitter. */
int64_t clr_retry_get_wait (const ClrRetryRule *rule, unsigned attempts, uint32_t random);

/* No wait is longer. */
int64_t clr_retry_get_longest (const ClrRetryRule *rule);

/* How long a next hop rests after its @failures-th failure in a row (from 1): 5 s, doubling to 5 min, same
 * jitter. */
int64_t clr_retry_get_rest (unsigned failures, uint32_t random);
