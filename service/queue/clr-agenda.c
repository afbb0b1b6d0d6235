/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-agenda.h"

void
clr_agenda_init (ClrAgenda *agenda)
{
  agenda->heap = g_ptr_array_new ();
}

void
clr_agenda_clear (ClrAgenda *agenda)
{
  g_ptr_array_unref (agenda->heap);
}

static ClrLane *
at (const ClrAgenda *agenda, unsigned i)
{
  return g_ptr_array_index (agenda->heap, i);
}

static void
set (ClrAgenda *agenda, unsigned i, ClrLane *lane)
{
  agenda->heap->pdata[i] = lane;
  lane->agenda_index = i;
}

static void
rise (ClrAgenda *agenda, unsigned i, ClrLane *lane)
{
  for (; i > 0 && at (agenda, (i - 1) / 2)->look_us > lane->look_us; i = (i - 1) / 2)
    set (agenda, i, at (agenda, (i - 1) / 2));
  set (agenda, i, lane);
}

static void
settle (ClrAgenda *agenda, unsigned i, ClrLane *lane)
{
  unsigned n = agenda->heap->len;

  for (;;)
    {
      unsigned child = 2 * i + 1;

      if (child + 1 < n && at (agenda, child + 1)->look_us < at (agenda, child)->look_us)
        child++;
      if (child >= n || at (agenda, child)->look_us >= lane->look_us)
        break;
      set (agenda, i, at (agenda, child));
      i = child;
    }
  rise (agenda, i, lane);
}

void
clr_agenda_put (ClrAgenda *agenda, ClrLane *lane)
{
  if (lane->place != CLR_PLACE_AGENDA)
    {
      lane->place = CLR_PLACE_AGENDA;
      g_ptr_array_add (agenda->heap, lane);
      lane->agenda_index = agenda->heap->len - 1;
    }
  settle (agenda, lane->agenda_index, lane);
}

void
clr_agenda_remove (ClrAgenda *agenda, ClrLane *lane)
{
  ClrLane *last = at (agenda, agenda->heap->len - 1);

  g_assert (lane->place == CLR_PLACE_AGENDA);
  lane->place = CLR_PLACE_NOWHERE;
  g_ptr_array_set_size (agenda->heap, agenda->heap->len - 1);
  if (last != lane)
    settle (agenda, lane->agenda_index, last);
}

ClrLane *
clr_agenda_peek (const ClrAgenda *agenda)
{
  return agenda->heap->len > 0 ? at (agenda, 0) : NULL;
}
