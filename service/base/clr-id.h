/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Queue ids: 64 bits of time (42 bits of milliseconds since 2020), node (8 bits) and counter (14 bits). They
 * sort by age, are unique across the relays of one office, and are written as 13 letters that survive being
 * read over the phone.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_ID_TEXT 14 /* 13 letters and the final zero */

/* Any thread. @node: 0 to 255. @now_us: wall clock. Never returns the same id twice, even if the clock goes
 * back. */
uint64_t clr_id_new (unsigned node, int64_t now_us);
/* @id is taken, by a former run whose clock may have been ahead of ours: what comes is above it. */
void clr_id_keep_above (uint64_t id);
void clr_id_to_text (uint64_t id, char text[CLR_ID_TEXT]);
/* Returns: FALSE when @text is not an id. */
gboolean clr_id_from_text (const char *text, uint64_t *id);
/* The time of creation in microseconds since 1970. */
int64_t clr_id_get_time (uint64_t id);
/* The lowest id of that time. */
uint64_t clr_id_from_time (int64_t time_us);
