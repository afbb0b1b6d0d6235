/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAge: how far the wall clock has run ahead of the time that has really passed. Lifetimes are stored as
 * times of the wall clock; when that jumps a week ahead, mail has not become a week older. So mail is given
 * up by the wall clock less the jump, until all mail from before the jump has lived its time. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* What a clock that is being corrected, or a busy machine, makes of a minute at the most. */
#define CLR_AGE_JUMP_US (120 * (int64_t)G_USEC_PER_SEC)

typedef struct
{
  int64_t offset_us; /* wall less monotonic clock, without the jumps; follows small corrections */
  int64_t ahead_us;  /* the jumps that still count */
  int64_t forget_us; /* monotonic: then none does */
  int64_t back_us;   /* so far has the clock been set back since the last look; 0: it has not */
  gboolean has_begun;
} ClrAge;

/* To be asked at least every minute. @lifetime_us: of mail. Returns: the time by which mail is given up, at
 * most @wall_us. */
int64_t clr_age_get_time (ClrAge *age, int64_t wall_us, int64_t monotonic_us, int64_t lifetime_us);
