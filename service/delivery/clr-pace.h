/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPace: so many messages in any 60 seconds, and not one more. Exact: it remembers when each of the last
 * ones left. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  unsigned most;
  unsigned next;  /* in @times: the oldest one */
  int64_t *times; /* when the last ones left, long past at first */
} ClrPace;

/* @most: 0 for no limit. */
void clr_pace_init (ClrPace *pace, unsigned most);
void clr_pace_clear (ClrPace *pace);
/* When the next one may leave: @now_us or later. */
int64_t clr_pace_get_next (const ClrPace *pace, int64_t now_us);
/* @n leave now. */
void clr_pace_note (ClrPace *pace, unsigned n, int64_t now_us);
