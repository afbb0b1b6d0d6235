/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-log.h"

#define LANES_MOST      8192u /* in memory; the others are in the store until their time comes */
#define LANES_LOADED    1024u /* a look into the store */
#define BLOCKED_MOST    256u  /* lanes of a group that wait for room */
#define BLOCKED_LOOK_US (15 * (int64_t)G_USEC_PER_SEC)
#define HELD_MOST       (48u * 1024 * 1024) /* octets of content in memory; beyond it mail waits on disk */
#define WINDOWS         4u                  /* so many windows of recipients are in memory */
#define TIDY_US         (60 * (int64_t)G_USEC_PER_SEC)

static ClrLimitGroup *
find_group (ClrQueue *queue, const char *key)
{
  ClrLimitGroup *group = g_hash_table_lookup (queue->groups, key);

  if (group == NULL)
    {
      group = clr_limit_group_new (key, queue->options.n_workers);
      g_hash_table_insert (queue->groups, group->key, group);
    }
  return group;
}

ClrLane *
clr_queue_find_lane (ClrQueue *queue, const char *key, const char *site)
{
  ClrLane *lane = g_hash_table_lookup (queue->lanes, key);

  if (lane == NULL)
    {
      lane = clr_lane_new (key, find_group (queue, site ? site : key));
      g_hash_table_insert (queue->lanes, lane->key, lane);
    }
  return lane;
}

static GQueue *
get_waiting_line (ClrQueue *queue, ClrLane *lane)
{
  return lane->place == CLR_PLACE_BLOCKED   ? &lane->group->blocked
         : lane->place == CLR_PLACE_CROWDED ? &queue->crowded
                                            : NULL;
}

void
clr_queue_schedule (ClrQueue *queue, ClrLane *lane)
{
  if (lane->place == CLR_PLACE_CLAIMING || get_waiting_line (queue, lane))
    return;
  if (lane->next_due_us != INT64_MAX)
    {
      lane->look_us = MAX (lane->next_due_us, lane->group->rest_until_us);
      clr_agenda_put (&queue->agenda, lane);
    }
  else if (lane->place == CLR_PLACE_AGENDA)
    clr_agenda_remove (&queue->agenda, lane);
}

void
clr_queue_note_due (ClrQueue *queue, ClrLane *lane, int64_t due_us)
{
  if (due_us >= lane->next_due_us)
    return;
  lane->next_due_us = due_us;
  clr_queue_schedule (queue, lane);
}

static unsigned
count_memory (const ClrQueue *queue)
{
  return queue->n_memory + queue->reserved + queue->planned - queue->leaving;
}

static gboolean
is_crowded (const ClrQueue *queue)
{
  return count_memory (queue) >= WINDOWS * queue->options.window
         || queue->held - queue->leaving_held >= HELD_MOST;
}

/* Half of what is free is for each group, so that a slow one leaves room for the next. The last window is for
 * groups that have nothing in memory, a recipient each: so however many are slow, the others do not wait for
 * them. */
unsigned
clr_queue_get_room (const ClrQueue *queue, const ClrLimitGroup *group, int64_t now_us)
{
  size_t held = queue->held - queue->leaving_held;
  unsigned planned = group->planned_in == queue->transaction ? group->planned : 0, left;
  unsigned window = queue->options.window;

  if (is_crowded (queue) || group->held - group->leaving_held >= HELD_MOST - held)
    return 0;
  left = WINDOWS * window - count_memory (queue);
  left = left > window ? left - window : group->n_memory + group->reserved + planned == 0;
  return clr_limit_group_get_room (group, MIN (window, left), planned, now_us);
}

void
clr_queue_plan_memory (ClrQueue *queue, ClrLimitGroup *group, unsigned n)
{
  if (group->planned_in != queue->transaction)
    group->planned = 0;
  group->planned_in = queue->transaction;
  group->planned += n;
  queue->planned += n;
}

void
clr_queue_end_plan (ClrQueue *queue)
{
  queue->planned = 0;
  queue->transaction++;
}

gboolean
clr_queue_block (ClrQueue *queue, ClrLane *lane, int64_t now_us)
{
  ClrLimitGroup *group = lane->group;

  if (lane->place == CLR_PLACE_AGENDA)
    clr_agenda_remove (&queue->agenda, lane);
  /* Only what is under way makes room. */
  if (group->n_memory + group->reserved == 0)
    {
      lane->place = CLR_PLACE_CROWDED;
      g_queue_push_tail (&queue->crowded, lane);
      return TRUE;
    }
  if (group->blocked.length >= BLOCKED_MOST)
    {
      lane->next_due_us = MAX (lane->next_due_us, now_us + BLOCKED_LOOK_US);
      clr_queue_schedule (queue, lane);
      return FALSE;
    }
  lane->place = CLR_PLACE_BLOCKED;
  g_queue_push_tail (&group->blocked, lane);
  return TRUE;
}

static void
release_first (ClrQueue *queue, GQueue *line)
{
  ClrLane *lane = g_queue_pop_head (line);

  lane->place = CLR_PLACE_NOWHERE;
  clr_queue_schedule (queue, lane);
}

void
clr_queue_unblock (ClrQueue *queue, ClrLimitGroup *group, int64_t now_us)
{
  gboolean all = group->n_memory + group->reserved == 0 || clr_limit_group_is_resting (group, now_us);

  /* One for one, in turn; all of them when nothing is under way that would call the next. */
  while (group->blocked.length > 0)
    {
      release_first (queue, &group->blocked);
      if (!all)
        break;
    }
  while (group->stuck.length > 0)
    {
      ClrLane *lane = g_queue_pop_head (&group->stuck);

      g_queue_push_tail (&queue->ready, lane);
      if (!all)
        break;
    }
}

void
clr_queue_plan_room (ClrQueue *queue)
{
  for (unsigned i = 0; i < queue->results->len; i++)
    {
      const ClrJob *job = g_ptr_array_index (queue->results, i);

      job->group->leaving += job->n_recipients;
      job->group->leaving_held += job->message->content.size;
      queue->leaving += job->n_recipients;
      queue->leaving_held += job->message->content.size;
      if (job->group->blocked.length > 0)
        release_first (queue, &job->group->blocked);
    }
  clr_queue_uncrowd (queue);
}

void
clr_queue_end_room (ClrQueue *queue)
{
  for (unsigned i = 0; i < queue->results->len; i++)
    {
      const ClrJob *job = g_ptr_array_index (queue->results, i);

      job->group->leaving = 0;
      job->group->leaving_held = 0;
    }
  queue->leaving = 0;
  queue->leaving_held = 0;
}

void
clr_queue_uncrowd (ClrQueue *queue)
{
  if (queue->crowded.length > 0 && !is_crowded (queue))
    release_first (queue, &queue->crowded);
}

void
clr_queue_pause (ClrQueue *queue)
{
  GHashTableIter iter;
  void *value;

  queue->paused = TRUE;
  g_hash_table_iter_init (&iter, queue->groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    while (((ClrLimitGroup *)value)->stuck.length > 0)
      g_queue_push_tail (&queue->ready, g_queue_pop_head (&((ClrLimitGroup *)value)->stuck));
}

void
clr_queue_set_site (ClrQueue *queue, ClrLane *lane, const char *site)
{
  ClrLimitGroup *group = find_group (queue, site), *former = lane->group;
  GQueue *line = get_waiting_line (queue, lane);

  if (group == former)
    return;
  if (line && g_queue_remove (line, lane))
    lane->place = CLR_PLACE_NOWHERE;
  if (g_queue_remove (&former->stuck, lane))
    g_queue_push_tail (&queue->ready, lane);
  clr_lane_move (lane, group);
  clr_queue_keep_lane (queue, lane->key, site, 0);
  clr_queue_schedule (queue, lane);
}

void
clr_queue_list (ClrQueue *queue, ClrLane *lane)
{
  if (lane->is_listed)
    return;
  lane->is_listed = TRUE;
  g_queue_push_tail (&queue->ready, lane);
}

static int64_t
put_back (int64_t time_us, int64_t now_us, int64_t back_us)
{
  return time_us == INT64_MAX || time_us <= now_us ? time_us : MAX (time_us - back_us, now_us);
}

void
clr_queue_set_lanes_back (ClrQueue *queue, int64_t now_us, int64_t back_us)
{
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, queue->groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ClrLimitGroup *group = value;

      group->rest_until_us = put_back (group->rest_until_us, now_us, back_us);
    }
  g_hash_table_iter_init (&iter, queue->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ClrLane *lane = value;

      lane->next_due_us = put_back (lane->next_due_us, now_us, back_us);
      clr_queue_schedule (queue, lane);
    }
}

static void
on_lane (const char *key, const char *site, int64_t look_us, void *data)
{
  clr_queue_note_due (data, clr_queue_find_lane (data, key, site), look_us);
}

void
clr_queue_load_lanes (ClrQueue *queue, int64_t now_us)
{
  const ClrLane *first = clr_agenda_peek (&queue->agenda);
  g_autoptr (GError) error = NULL;

  if (queue->beyond.look_us > now_us || queue->beyond.look_us == INT64_MAX
      || (first && first->look_us <= now_us && queue->agenda.heap->len >= LANES_MOST / 2))
    return;
  if (!queue->store->klass->visit_lanes (queue->store, &queue->beyond, LANES_LOADED, on_lane, queue, &error))
    clr_log_event (CLR_EVENT_STORE_FAILED, error->message);
}

static int
compare_looks (const void *a, const void *b)
{
  const ClrLane *x = *(ClrLane *const *)a, *y = *(ClrLane *const *)b;

  return (x->look_us > y->look_us) - (x->look_us < y->look_us);
}

void
clr_queue_keep_lane (ClrQueue *queue, const char *key, const char *site, int64_t look_us)
{
  ClrLaneUpdate update = { .lane = g_strdup (key), .site = g_strdup (site), .look_us = look_us };

  g_array_append_val (queue->lane_updates, update);
}

static void
clear_update (void *data)
{
  ClrLaneUpdate *update = data;

  g_free ((char *)update->lane);
  g_free ((char *)update->site);
}

/* Those that are due last go to the store's care again. */
static void
drop_late (ClrQueue *queue)
{
  g_autoptr (GPtrArray) lanes = g_ptr_array_new ();
  int64_t horizon;

  for (unsigned i = 0; i < queue->agenda.heap->len; i++)
    g_ptr_array_add (lanes, g_ptr_array_index (queue->agenda.heap, i));
  if (lanes->len <= LANES_MOST / 2)
    return;
  g_ptr_array_sort (lanes, compare_looks);
  horizon = ((ClrLane *)g_ptr_array_index (lanes, LANES_MOST / 2))->look_us;
  for (unsigned i = LANES_MOST / 2; i < lanes->len; i++)
    {
      ClrLane *lane = g_ptr_array_index (lanes, i);

      if (lane->look_us <= horizon || !clr_lane_is_idle (lane))
        continue;
      clr_agenda_remove (&queue->agenda, lane);
      clr_queue_keep_lane (queue, lane->key, NULL, lane->look_us);
      g_hash_table_remove (queue->lanes, lane->key);
    }
  if (horizon < queue->beyond.look_us)
    queue->beyond = (ClrLaneCursor){ horizon, 0 };
}

void
clr_queue_tidy_lanes (ClrQueue *queue, int64_t now_us)
{
  int64_t monotonic = clr_queue_get_monotonic (queue);
  GHashTableIter iter;
  void *value;

  if (g_hash_table_size (queue->lanes) <= queue->tidy_at && monotonic < queue->next_tidy_us)
    return;
  queue->next_tidy_us = monotonic + TIDY_US;
  g_hash_table_iter_init (&iter, queue->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (clr_lane_is_idle (value) && ((ClrLane *)value)->place == CLR_PLACE_NOWHERE)
      g_hash_table_iter_remove (&iter);
  if (g_hash_table_size (queue->lanes) > LANES_MOST)
    drop_late (queue);
  /* What could not be dropped is not tried again at once. */
  queue->tidy_at = MAX (LANES_MOST, 2 * g_hash_table_size (queue->lanes));
  g_hash_table_iter_init (&iter, queue->groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const ClrLimitGroup *group = value;

      if (group->n_lanes + group->n_jobs == 0 && !clr_limit_group_is_resting (group, now_us))
        g_hash_table_iter_remove (&iter);
    }
}

void
clr_queue_set_up_lanes (ClrQueue *queue)
{
  queue->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)clr_lane_free);
  queue->groups = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)clr_limit_group_free);
  clr_agenda_init (&queue->agenda);
  g_queue_init (&queue->crowded);
  g_queue_init (&queue->ready);
  queue->lane_updates = g_array_new (FALSE, TRUE, sizeof (ClrLaneUpdate));
  g_array_set_clear_func (queue->lane_updates, clear_update);
  queue->tidy_at = LANES_MOST;
  queue->transaction = 1;
}

void
clr_queue_clear_lanes (ClrQueue *queue)
{
  g_queue_clear (&queue->ready);
  g_queue_clear (&queue->crowded);
  clr_agenda_clear (&queue->agenda);
  g_hash_table_unref (queue->lanes);
  g_hash_table_unref (queue->groups);
  g_array_unref (queue->lane_updates);
}
