/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrAgenda: lanes by the time at which the scheduler is to look at them; the earliest is found at once,
 * whatever their number (a binary heap). Queue thread only.
 */
#pragma once

#include "queue/clr-lane.h"

typedef struct
{
  GPtrArray *heap;
} ClrAgenda;

void clr_agenda_init (ClrAgenda *agenda);
void clr_agenda_clear (ClrAgenda *agenda);
/* Puts the lane where its look_us belongs, whether it was there or not. */
void clr_agenda_put (ClrAgenda *agenda, ClrLane *lane);
void clr_agenda_remove (ClrAgenda *agenda, ClrLane *lane);
ClrLane *clr_agenda_peek (const ClrAgenda *agenda); /* NULL: empty */
