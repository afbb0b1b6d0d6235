/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrHistoryReader: the thread that answers look-ups in the history, one page a transaction. It gives way
 * to the threads that move mail: by its priority, and by a rest between the pages while mail moves.
 */
#pragma once

#include "queue/clr-history.h"

typedef struct ClrHistoryReader ClrHistoryReader;

ClrHistoryReader *clr_history_reader_new (const char *history_file, const char *queue_file, GError **error);
/* Answers what was posted, and ends the thread. */
void clr_history_reader_free (ClrHistoryReader *reader);
/* Any thread. */
void clr_history_reader_post_find (ClrHistoryReader *reader, ClrHistoryAnswer *answer);
void clr_history_reader_post_roll (ClrHistoryReader *reader, ClrRollCall *call);
void clr_history_reader_post_trace (ClrHistoryReader *reader, ClrTrace *trace);
