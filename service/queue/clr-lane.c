/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-lane.h"

/* So many are with a worker while the results of as many are being stored. */
#define JOBS_PER_SHARD 256u

ClrLimitGroup *
clr_limit_group_new (const char *key, unsigned n_workers)
{
  ClrLimitGroup *group = g_new0 (ClrLimitGroup, 1);

  group->key = g_strdup (key);
  group->n_shards = n_workers;
  group->shards = g_new0 (ClrShard, n_workers);
  for (unsigned i = 0; i < n_workers; i++)
    group->shards[i].worker = (g_str_hash (key) + i) % n_workers;
  g_queue_init (&group->blocked);
  g_queue_init (&group->stuck);
  return group;
}

void
clr_limit_group_free (ClrLimitGroup *group)
{
  g_queue_clear (&group->blocked);
  g_queue_clear (&group->stuck);
  g_free (group->key);
  g_free (group->shards);
  g_free (group->rest_reason);
  g_free (group);
}

gboolean
clr_limit_group_is_resting (const ClrLimitGroup *group, int64_t now_us)
{
  return group->rest_until_us > now_us;
}

unsigned
clr_limit_group_get_room (const ClrLimitGroup *group, unsigned window, unsigned planned, int64_t now_us)
{
  unsigned taken = group->n_memory + group->reserved + planned - group->leaving;

  if (clr_limit_group_is_resting (group, now_us))
    return 0;
  if (group->failures > 0)
    return taken == 0 ? MIN (window, 1) : 0; /* one to see whether it works again */
  return taken < window ? window - taken : 0;
}

int
clr_limit_group_choose_shard (const ClrLimitGroup *group)
{
  unsigned best = 0;

  for (unsigned i = 1; i < group->n_shards; i++)
    if (group->shards[i].outstanding < group->shards[best].outstanding)
      best = i;
  return group->shards[best].outstanding < JOBS_PER_SHARD ? (int)best : -1;
}

void
clr_limit_group_rest (ClrLimitGroup *group, int64_t now_us, int64_t rest_us, const char *reason)
{
  group->failures++;
  group->rest_until_us = now_us + rest_us;
  g_free (group->rest_reason);
  group->rest_reason = g_strdup (reason);
}

gboolean
clr_limit_group_wake (ClrLimitGroup *group)
{
  gboolean was = group->failures > 0;

  group->failures = 0;
  group->rest_until_us = 0;
  g_clear_pointer (&group->rest_reason, g_free);
  return was;
}

ClrLane *
clr_lane_new (const char *key, ClrLimitGroup *group)
{
  ClrLane *lane = g_new0 (ClrLane, 1);

  lane->key = g_strdup (key);
  lane->group = group;
  lane->next_due_us = INT64_MAX;
  g_queue_init (&lane->ready);
  group->n_lanes++;
  return lane;
}

void
clr_lane_free (ClrLane *lane)
{
  lane->group->n_lanes--;
  g_queue_clear_full (&lane->ready, (GDestroyNotify)clr_job_free);
  g_free (lane->key);
  g_free (lane);
}

static size_t
count_recipients (const ClrLane *lane, size_t *held)
{
  size_t n = 0;

  for (const GList *link = lane->ready.head; link; link = link->next)
    {
      const ClrJob *job = link->data;

      n += job->n_recipients;
      *held += job->message->content.size;
    }
  return n;
}

void
clr_lane_move (ClrLane *lane, ClrLimitGroup *group)
{
  size_t held = 0, n = count_recipients (lane, &held);

  lane->group->n_lanes--;
  lane->group->n_memory -= n;
  lane->group->held -= held;
  lane->group = group;
  group->n_lanes++;
  group->n_memory += n;
  group->held += held;
  for (GList *link = lane->ready.head; link; link = link->next)
    ((ClrJob *)link->data)->group = group;
}

gboolean
clr_lane_is_idle (const ClrLane *lane)
{
  return lane->n_memory == 0 && !lane->is_listed && lane->place != CLR_PLACE_CLAIMING;
}
