/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrLane: one way out, and what of it is in memory. Today's key is the route's next hop
 * ("smarthost:provider"); site, source address, TLS class and stream will join it. Limits hang on the lane's
 * ClrLimitGroup, which is split into shards, one for each worker that takes a share of its limits. Queue
 * thread only.
 */
#pragma once

#include "queue/clr-job.h"

typedef struct
{
  unsigned worker;
  unsigned outstanding; /* jobs posted to it and not yet back */
} ClrShard;

typedef struct
{
  char *key;
  unsigned n_shards;
  ClrShard *shards;
} ClrLimitGroup;

struct ClrLane
{
  char *key;
  ClrLimitGroup *group;
  GQueue ready;        /* of ClrJob: claimed, not yet posted */
  unsigned n_memory;   /* recipients ready or posted */
  int64_t next_due_us; /* earliest due time among those that wait in the store, INT64_MAX for none */
  /* The next hop as a whole has failed: nothing is sent until then, and then one job to see. */
  int64_t rest_until_us;
  unsigned failures; /* in a row */
  char *rest_reason;
};

ClrLane *clr_lane_new (const char *key, unsigned n_workers);
void clr_lane_free (ClrLane *lane);

gboolean clr_lane_is_resting (const ClrLane *lane, int64_t now_us);
/* How many recipients may be claimed now, so that no more than @window are in memory. */
unsigned clr_lane_get_room (const ClrLane *lane, unsigned window, int64_t now_us);
/* The shard with the fewest jobs, or -1 when all have as many as they may. */
int clr_lane_choose_shard (const ClrLane *lane);
/* A whole next hop failed, or works again. @now_us: wall clock. */
void clr_lane_rest (ClrLane *lane, int64_t now_us, int64_t rest_us, const char *reason);
gboolean clr_lane_wake (ClrLane *lane);
