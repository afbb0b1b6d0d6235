/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTracePlace: one of the two files in which a trace looks, over a connection that cannot write. Reader
 * thread of the history.
 */
#pragma once

#include "queue/clr-database.h"
#include "queue/clr-filter.h"

typedef struct ClrTracePlace ClrTracePlace;

ClrTracePlace *clr_trace_place_new (const char *path, gboolean is_queue, GError **error);
void clr_trace_place_free (ClrTracePlace *place);
sqlite3 *clr_trace_place_get_db (ClrTracePlace *place);
const ClrFilterColumns *clr_trace_place_get_columns (ClrTracePlace *place);
/* Binds the filter's values to the parameters from @first on. */
void clr_filter_bind (const ClrFilter *filter, sqlite3_stmt *stmt, unsigned first);

/* A message as it stands here, without content; NULL: it is not here. */
gboolean clr_trace_place_load (ClrTracePlace *place, uint64_t id, ClrMessage **message, GError **error);

/* A walk down the ids below @before that may fit; a transaction from the first step to the end. */
gboolean clr_trace_place_begin (ClrTracePlace *place, const ClrFilter *filter, uint64_t before,
                                GError **error);
/* @id: (out): 0 at the end. An id may come more than once in a row. */
gboolean clr_trace_place_step (ClrTracePlace *place, uint64_t *id, GError **error);
/* Whether a recipient of the message fits the filter. */
gboolean clr_trace_place_fits (ClrTracePlace *place, uint64_t id, gboolean *fits, GError **error);
void clr_trace_place_end (ClrTracePlace *place);
