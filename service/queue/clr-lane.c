/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-lane.h"

#define JOBS_PER_SHARD 64u

ClrLane *
clr_lane_new (const char *key, unsigned n_workers)
{
  ClrLane *lane = g_new0 (ClrLane, 1);
  ClrLimitGroup *group = g_new0 (ClrLimitGroup, 1);

  group->key = g_strdup (key);
  group->n_shards = n_workers;
  group->shards = g_new0 (ClrShard, n_workers);
  for (unsigned i = 0; i < n_workers; i++)
    group->shards[i].worker = (g_str_hash (key) + i) % n_workers;
  lane->key = g_strdup (key);
  lane->group = group;
  lane->next_due_us = INT64_MAX;
  g_queue_init (&lane->ready);
  return lane;
}

void
clr_lane_free (ClrLane *lane)
{
  g_queue_clear_full (&lane->ready, (GDestroyNotify)clr_job_free);
  g_free (lane->group->key);
  g_free (lane->group->shards);
  g_free (lane->group);
  g_free (lane->key);
  g_free (lane->rest_reason);
  g_free (lane);
}

gboolean
clr_lane_is_resting (const ClrLane *lane, int64_t now_us)
{
  return lane->rest_until_us > now_us;
}

unsigned
clr_lane_get_room (const ClrLane *lane, unsigned window, int64_t now_us)
{
  if (clr_lane_is_resting (lane, now_us))
    return 0;
  if (lane->failures > 0)
    return lane->n_memory == 0 ? 1 : 0; /* one to see whether it works again */
  return lane->n_memory < window ? window - lane->n_memory : 0;
}

int
clr_lane_choose_shard (const ClrLane *lane)
{
  const ClrLimitGroup *group = lane->group;
  unsigned best = 0;

  for (unsigned i = 1; i < group->n_shards; i++)
    if (group->shards[i].outstanding < group->shards[best].outstanding)
      best = i;
  return group->shards[best].outstanding < JOBS_PER_SHARD ? (int)best : -1;
}

void
clr_lane_rest (ClrLane *lane, int64_t now_us, int64_t rest_us, const char *reason)
{
  lane->failures++;
  lane->rest_until_us = now_us + rest_us;
  g_free (lane->rest_reason);
  lane->rest_reason = g_strdup (reason);
}

gboolean
clr_lane_wake (ClrLane *lane)
{
  gboolean was = lane->failures > 0;

  lane->failures = 0;
  lane->rest_until_us = 0;
  g_clear_pointer (&lane->rest_reason, g_free);
  return was;
}
