/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#define RECIPIENTS_PER_JOB 100u
#define CLAIM              256u
#define CLAIMS             64u   /* lanes a transaction */
#define CLAIMED            1024u /* recipients a transaction */
#define HISTORY_BEHIND     2048u /* finished messages */
#define HISTORY_SILENT_US  (10 * (int64_t)G_USEC_PER_SEC)
#define LEASE_US           (600 * (int64_t)G_USEC_PER_SEC)

void
clr_queue_plan_submission (ClrQueue *queue, ClrMessage *message, int64_t now_us)
{
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      ClrRecipient *recipient = &message->recipients[i];
      ClrLane *lane = clr_queue_find_lane (queue, recipient->lane, NULL);
      /* Who waits longer goes first: nobody overtakes what is due in the store. */
      gboolean now = !queue->paused && lane->group->failures == 0 && lane->next_due_us > now_us
                     && clr_queue_get_room (queue, lane->group, now_us) > 0;

      /* Whoever submits it may want it held. */
      if (recipient->state != CLR_RECIPIENT_HELD)
        recipient->state = now ? CLR_RECIPIENT_ACTIVE : CLR_RECIPIENT_WAITING;
      if (recipient->state == CLR_RECIPIENT_ACTIVE)
        clr_queue_plan_memory (queue, lane->group, 1);
      recipient->due_us = MAX (now_us, lane->group->rest_until_us);
      recipient->expires_us = message->created_us + queue->options.retry.lifetime_us;
      recipient->priority = message->priority;
      if (queue->options.post_report && queue->options.retry.notice_us > 0
          && clr_report_wants_delayed (message, recipient))
        recipient->notice_us = message->created_us + queue->options.retry.notice_us;
    }
}

/* Makes jobs of the active recipients, lane by lane. */
static void
make_jobs (ClrQueue *queue, ClrMessage *message)
{
  g_autofree gboolean *taken = g_new0 (gboolean, message->n_recipients);

  for (unsigned first = 0; first < message->n_recipients; first++)
    {
      const char *key = message->recipients[first].lane;
      unsigned n = 0;

      if (taken[first] || message->recipients[first].state != CLR_RECIPIENT_ACTIVE)
        continue;
      for (unsigned i = first; i < message->n_recipients && n < RECIPIENTS_PER_JOB; i++)
        n += !taken[i] && message->recipients[i].state == CLR_RECIPIENT_ACTIVE
             && g_str_equal (message->recipients[i].lane, key);

      ClrJob *job = clr_job_new (message, n);
      job->lane = clr_queue_find_lane (queue, key, NULL);
      job->group = job->lane->group;
      job->key = g_strdup (key);
      for (unsigned i = first, k = 0; k < n; i++)
        if (!taken[i] && message->recipients[i].state == CLR_RECIPIENT_ACTIVE
            && g_str_equal (message->recipients[i].lane, key))
          {
            taken[i] = TRUE;
            job->recipients[k++] = i;
          }
      g_queue_push_tail (&job->lane->ready, job);
      job->lane->n_memory += n;
      job->group->n_memory += n;
      job->group->held += message->content.size;
      queue->n_memory += n;
      queue->held += message->content.size;
      clr_queue_list (queue, job->lane);
    }
}

void
clr_queue_take_message (ClrQueue *queue, ClrMessage *message)
{
  for (unsigned i = 0; i < message->n_recipients; i++)
    if (message->recipients[i].state == CLR_RECIPIENT_WAITING)
      clr_queue_note_due (queue, clr_queue_find_lane (queue, message->recipients[i].lane, NULL),
                          message->recipients[i].due_us);
  make_jobs (queue, message);
}

/* While it is being written, what is finished stays in memory. A history that does not get on at all holds
 * nobody up. */
gboolean
clr_queue_waits_for_history (const ClrQueue *queue)
{
  return queue->in_history >= HISTORY_BEHIND
         && clr_queue_get_monotonic (queue) < queue->history_told_us + HISTORY_SILENT_US;
}

void
clr_queue_plan_claims (ClrQueue *queue, int64_t now_us, ClrBatch *batch)
{
  unsigned left = CLAIMED;
  ClrLane *lane;

  if (clr_queue_waits_for_history (queue))
    return;
  clr_queue_load_lanes (queue, now_us);
  for (unsigned i = 0; i < CLAIMS && left > 0; i++)
    {
      unsigned room;

      lane = clr_agenda_peek (&queue->agenda);
      if (lane == NULL || lane->look_us > now_us)
        break;
      if (clr_limit_group_is_resting (lane->group, now_us))
        {
          /* After a restart, too, nobody need look before. */
          clr_queue_keep_lane (queue, lane->key, NULL, lane->group->rest_until_us);
          clr_queue_schedule (queue, lane);
          continue;
        }
      room = MIN (clr_queue_get_room (queue, lane->group, now_us), MIN (left, CLAIM));
      if (room == 0)
        {
          clr_queue_block (queue, lane, now_us);
          continue;
        }
      ClrClaim claim
          = { .lane = lane->key, .now_us = now_us, .n = room, .lease_until_us = now_us + LEASE_US };
      g_array_append_val (batch->claims, claim);
      clr_agenda_remove (&queue->agenda, lane);
      lane->place = CLR_PLACE_CLAIMING;
      lane->group->reserved += room;
      queue->reserved += room;
      left -= room;
    }
}

void
clr_queue_take_claim (ClrQueue *queue, ClrClaim *claim)
{
  ClrLane *lane = g_hash_table_lookup (queue->lanes, claim->lane);

  lane->place = CLR_PLACE_NOWHERE;
  lane->group->reserved -= claim->n;
  queue->reserved -= claim->n;
  if (claim->messages)
    lane->next_due_us = claim->next_due_us;
  for (unsigned i = 0; claim->messages && i < claim->messages->len; i++)
    make_jobs (queue, g_ptr_array_index (claim->messages, i));
  clr_queue_schedule (queue, lane);
  /* A lane in which nothing was found calls nobody by a result. */
  if (lane->group->n_memory == 0)
    clr_queue_unblock (queue, lane->group, clr_queue_get_wall (queue));
}

/* A lane that rests keeps nothing in memory: its jobs go back as results without an attempt. */
static void
give_back (ClrQueue *queue, ClrLane *lane)
{
  ClrJob *job;

  while ((job = g_queue_pop_head (&lane->ready)))
    {
      if (queue->results->len == 0)
        queue->results_since_us = clr_queue_get_monotonic (queue);
      job->shard = 0;
      job->group->shards[0].outstanding++;
      job->group->n_jobs++;
      g_ptr_array_add (queue->results, job);
    }
}

void
clr_queue_dispatch (ClrQueue *queue, int64_t now_us)
{
  ClrLane *lane;

  while ((lane = g_queue_pop_head (&queue->ready)))
    {
      ClrLimitGroup *group = lane->group;
      int shard = -1;

      if (queue->paused || clr_limit_group_is_resting (group, now_us))
        give_back (queue, lane);
      while (lane->ready.length > 0 && (shard = clr_limit_group_choose_shard (group)) >= 0)
        {
          ClrJob *job = g_queue_pop_head (&lane->ready);

          job->shard = shard;
          group->shards[shard].outstanding++;
          group->n_jobs++;
          queue->options.post_job (group->shards[shard].worker, job, queue->options.data);
        }
      lane->is_listed = lane->ready.length > 0;
      if (lane->is_listed)
        g_queue_push_tail (&group->stuck, lane);
    }
}

int64_t
clr_queue_get_next_due (ClrQueue *queue, int64_t now_us)
{
  const ClrLane *first = clr_agenda_peek (&queue->agenda);

  if (clr_queue_waits_for_history (queue))
    return INT64_MAX; /* it tells when it has stored some */
  if (queue->crowded.length > 0)
    clr_queue_uncrowd (queue);
  return MIN (first ? first->look_us : INT64_MAX, queue->beyond.look_us);
}
