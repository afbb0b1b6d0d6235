/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrLane: one way out ("smarthost:provider", "mx:default/example.com"), and what of it is in memory. Limits,
 * rest and back-off hang on its ClrLimitGroup, which it shares with all lanes of the same site; a group is
 * split into shards, one for each worker that takes a share of its limits. Queue thread only.
 */
#pragma once

#include "queue/clr-job.h"

typedef struct
{
  unsigned worker;
  unsigned outstanding; /* jobs posted to it and not yet back */
} ClrShard;

struct ClrLimitGroup
{
  char *key; /* the site, or the key of its only lane */
  unsigned n_lanes;
  unsigned n_jobs; /* posted and not yet back */
  unsigned n_shards;
  ClrShard *shards;
  unsigned n_memory; /* recipients ready or posted */
  unsigned reserved; /* and those that are being claimed */
  size_t held;       /* octets of content of them */
  unsigned planned;  /* and those that come in with the transaction number planned_in */
  uint64_t planned_in;
  unsigned leaving; /* recipients whose results are in the transaction that is being planned */
  size_t leaving_held;
  GQueue blocked; /* of ClrLane: something is due, but there is no room for it */
  GQueue stuck;   /* of ClrLane: with jobs ready, but all shards have as many as they may */
  /* The next hop as a whole has failed: nothing is sent until then, and then one job to see. */
  int64_t rest_until_us;
  unsigned failures; /* in a row */
  char *rest_reason;
};

/* Where the scheduler will meet a lane next. */
typedef enum
{
  CLR_PLACE_NOWHERE, /* nothing of it waits, as far as is known */
  CLR_PLACE_AGENDA,
  CLR_PLACE_CLAIMING,
  CLR_PLACE_BLOCKED, /* until its group has room */
  CLR_PLACE_CROWDED, /* until the whole queue has room */
} ClrPlace;

struct ClrLane
{
  char *key;
  ClrLimitGroup *group;
  GQueue ready;        /* of ClrJob: claimed, not yet posted */
  gboolean is_listed;  /* among the lanes with jobs ready */
  unsigned n_memory;   /* recipients ready or posted */
  int64_t next_due_us; /* earliest due time among those that wait in the store, INT64_MAX for none */
  ClrPlace place;
  int64_t look_us; /* on the agenda: when to look at it */
  unsigned agenda_index;
};

/* Joins @group. */
ClrLane *clr_lane_new (const char *key, ClrLimitGroup *group);
void clr_lane_free (ClrLane *lane); /* leaves its group, which stays */
/* With what is ready; what has been posted stays with the former group until it is back. */
void clr_lane_move (ClrLane *lane, ClrLimitGroup *group);
gboolean clr_lane_is_idle (const ClrLane *lane); /* nothing of it is in memory */

ClrLimitGroup *clr_limit_group_new (const char *key, unsigned n_workers);
void clr_limit_group_free (ClrLimitGroup *group);
gboolean clr_limit_group_is_resting (const ClrLimitGroup *group, int64_t now_us);
/* How many recipients may be taken into memory now, so that no more than @window are there. @planned: so many
 * come anyway. */
unsigned clr_limit_group_get_room (const ClrLimitGroup *group, unsigned window, unsigned planned,
                                   int64_t now_us);
/* The shard with the fewest jobs, or -1 when all have as many as they may. */
int clr_limit_group_choose_shard (const ClrLimitGroup *group);
/* The next hop failed as a whole, or works again. @now_us: wall clock. */
void clr_limit_group_rest (ClrLimitGroup *group, int64_t now_us, int64_t rest_us, const char *reason);
gboolean clr_limit_group_wake (ClrLimitGroup *group);
