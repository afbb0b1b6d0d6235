/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ring of recent events, of which followers of the log are told. One for the process, bounded; the
 * oldest go. Threads put in what they have gathered when they flush their log lines; nobody is woken: whoever
 * follows asks, and is told how much he has missed.
 */
#pragma once

#include "base/clr-event.h"

#define CLR_RING_SIZE (2u * 1024 * 1024) /* octets; at least half of it is always there */

/* Appends one event to @records, the thread's own. */
void clr_ring_gather (GByteArray *records, ClrEventId id, int64_t time_us, const char *const *values);
/* Any thread. Empties @records. */
void clr_ring_append (GByteArray *records);

/* @values: one for each field of the event, NULL allowed. Returns: FALSE to stop behind this one. */
typedef gboolean (*ClrRingVisitor) (uint64_t number, int64_t time_us, ClrEventId id,
                                    const char *const *values, void *data);

/* Events behind number @after, in order, until the visitor stops. @missed: (out): how many of them are gone.
 * Returns: the number of the last event visited, or of the last one that is gone. */
uint64_t clr_ring_visit (uint64_t after, ClrRingVisitor visitor, void *data, uint64_t *missed);
/* The number of the newest event, 0 for none. */
uint64_t clr_ring_get_newest (void);
