/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTimers: the timers of one thread, a binary heap. A ClrTimer is embedded in what it serves. Setting a
 * timer to a later time is one store: the heap is put right when the old time comes. That makes the common
 * case (a five-minute time-out that every command pushes back) free. Times are microseconds of the monotonic
 * clock.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct ClrTimer ClrTimer;
typedef struct ClrTimers ClrTimers;

struct ClrTimer
{
  void (*fire) (ClrTimer *timer, void *data);
  void *data;
  int64_t deadline; /* when to fire */
  int64_t key;      /* where it stands in the heap: never later than the deadline */
  unsigned place;   /* 1-based place in the heap, 0: not set */
};

ClrTimers *clr_timers_new (void);
void clr_timers_free (ClrTimers *timers);

void clr_timer_init (ClrTimer *timer, void (*fire) (ClrTimer *timer, void *data), void *data);
void clr_timers_set (ClrTimers *timers, ClrTimer *timer, int64_t deadline);
void clr_timers_clear (ClrTimers *timers, ClrTimer *timer);

/* Fires what is due at @now. Returns: the next deadline, or -1 when no timer is set. */
int64_t clr_timers_run (ClrTimers *timers, int64_t now);
