/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-pace.h"

#define WINDOW_US (60 * (int64_t)G_USEC_PER_SEC)

void
clr_pace_init (ClrPace *pace, unsigned most)
{
  *pace = (ClrPace){ .most = most, .times = most ? g_new (int64_t, most) : NULL };
  for (unsigned i = 0; i < most; i++)
    pace->times[i] = -WINDOW_US;
}

void
clr_pace_clear (ClrPace *pace)
{
  g_clear_pointer (&pace->times, g_free);
}

int64_t
clr_pace_get_next (const ClrPace *pace, int64_t now_us)
{
  return pace->most ? MAX (now_us, pace->times[pace->next] + WINDOW_US) : now_us;
}

void
clr_pace_note (ClrPace *pace, unsigned n, int64_t now_us)
{
  for (unsigned i = 0; i < MIN (n, pace->most); i++)
    {
      pace->times[pace->next] = now_us;
      pace->next = (pace->next + 1) % pace->most;
    }
}
