/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The two clocks: monotonic for time-outs, wall for what is stored and shown. Pure modules take the time as a
 * parameter; only the threads' loops ask here.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* Microseconds; never goes back. */
static inline int64_t
clr_clock_monotonic (void)
{
  return g_get_monotonic_time ();
}

/* Microseconds since 1970-01-01 UTC. */
static inline int64_t
clr_clock_wall (void)
{
  return g_get_real_time ();
}
