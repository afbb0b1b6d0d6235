/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSeries: what the counters were over time, for the charts: ten minutes by ten seconds, a day by minutes,
 * thirty days by hours. Minutes and hours outlive a restart (state.db). Main thread.
 */
#pragma once

#include "queue/clr-state.h"

#include <json-glib/json-glib.h>

#define CLR_SERIES_SAMPLE_S 10u

typedef struct ClrSeries ClrSeries;

/* @state: where minutes and hours are kept, NULL: nowhere. Samples from now on, every ten seconds. */
ClrSeries *clr_series_new (ClrState *state);
/* The same without a timer: the owner samples. */
ClrSeries *clr_series_new_by_hand (ClrState *state, int64_t now_us);
void clr_series_free (ClrSeries *series);
/* Takes the counters as they are. @now_us: microseconds since 1970; a clock that goes back begins anew. */
void clr_series_sample (ClrSeries *series, int64_t now_us);

/* @span: "10m", "24h" or "30d".
 * Returns: {"span", "step": seconds, "end": time, "accepted": [...], ...}, the oldest number first, null
 * where nothing is known; NULL when there is no such span. (transfer full) */
JsonObject *clr_series_to_json (ClrSeries *series, const char *span);
