/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-age.h"

int64_t
clr_age_get_time (ClrAge *age, int64_t wall_us, int64_t monotonic_us, int64_t lifetime_us)
{
  int64_t offset = wall_us - monotonic_us;

  age->back_us = 0;
  if (!age->has_begun)
    {
      age->has_begun = TRUE;
      age->offset_us = offset;
    }
  int64_t moved = offset - age->offset_us - age->ahead_us;
  if (moved > CLR_AGE_JUMP_US)
    {
      age->ahead_us += moved;
      age->forget_us = monotonic_us + lifetime_us;
    }
  else if (moved < -CLR_AGE_JUMP_US)
    {
      /* Back: that takes from what it was ahead. Beyond it, mail lives longer, which kills nobody. */
      int64_t back = MIN (-moved, age->ahead_us);

      age->back_us = -moved;
      age->ahead_us -= back;
      age->offset_us += moved + back;
    }
  else
    age->offset_us += moved;
  if (age->ahead_us > 0 && monotonic_us >= age->forget_us)
    {
      age->offset_us += age->ahead_us;
      age->ahead_us = 0;
    }
  return wall_us - age->ahead_us;
}
