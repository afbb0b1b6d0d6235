/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-timer.h"

struct ClrTimers
{
  GPtrArray *heap; /* [0] unused, so that the parent of i is i / 2 */
};

ClrTimers *
clr_timers_new (void)
{
  ClrTimers *timers = g_new0 (ClrTimers, 1);

  timers->heap = g_ptr_array_new ();
  g_ptr_array_add (timers->heap, NULL);
  return timers;
}

void
clr_timers_free (ClrTimers *timers)
{
  g_ptr_array_unref (timers->heap);
  g_free (timers);
}

void
clr_timer_init (ClrTimer *timer, void (*fire) (ClrTimer *timer, void *data), void *data)
{
  *timer = (ClrTimer){ .fire = fire, .data = data };
}

static inline ClrTimer *
at (ClrTimers *timers, unsigned place)
{
  return g_ptr_array_index (timers->heap, place);
}

static inline void
put (ClrTimers *timers, unsigned place, ClrTimer *timer)
{
  timers->heap->pdata[place] = timer;
  timer->place = place;
}

static void
sift_up (ClrTimers *timers, ClrTimer *timer)
{
  unsigned place = timer->place;

  for (; place > 1 && at (timers, place / 2)->key > timer->key; place /= 2)
    put (timers, place, at (timers, place / 2));
  put (timers, place, timer);
}

static void
sift_down (ClrTimers *timers, ClrTimer *timer)
{
  unsigned place = timer->place, last = timers->heap->len - 1;

  for (unsigned child = place * 2; child <= last; child = place * 2)
    {
      if (child < last && at (timers, child + 1)->key < at (timers, child)->key)
        child++;
      if (at (timers, child)->key >= timer->key)
        break;
      put (timers, place, at (timers, child));
      place = child;
    }
  put (timers, place, timer);
}

void
clr_timers_set (ClrTimers *timers, ClrTimer *timer, int64_t deadline)
{
  timer->deadline = deadline;
  if (timer->place == 0)
    {
      timer->key = deadline;
      g_ptr_array_add (timers->heap, timer);
      timer->place = timers->heap->len - 1;
      sift_up (timers, timer);
    }
  else if (deadline < timer->key)
    {
      timer->key = deadline;
      sift_up (timers, timer);
    }
}

void
clr_timers_clear (ClrTimers *timers, ClrTimer *timer)
{
  unsigned place = timer->place, last = timers->heap->len - 1;

  if (place == 0)
    return;
  timer->place = 0;
  ClrTimer *moved = at (timers, last);
  g_ptr_array_set_size (timers->heap, last);
  if (moved == timer)
    return;
  put (timers, place, moved);
  sift_up (timers, moved);
  sift_down (timers, moved);
}

int64_t
clr_timers_run (ClrTimers *timers, int64_t now)
{
  while (timers->heap->len > 1)
    {
      ClrTimer *timer = at (timers, 1);

      if (timer->key > now)
        return timer->key;
      if (timer->deadline > now)
        {
          timer->key = timer->deadline;
          sift_down (timers, timer);
          continue;
        }
      clr_timers_clear (timers, timer);
      timer->fire (timer, timer->data);
    }
  return -1;
}
