/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-id.h"
#include "base/clr-log.h"

#define RECIPIENTS_PER_JOB 100u
#define CLAIM              256u
#define LEASE_US           (600 * (int64_t)G_USEC_PER_SEC)
#define HELD_MOST          (48u * 1024 * 1024) /* octets of content in memory; beyond it mail waits on disk */

ClrLane *
clr_queue_find_lane (ClrQueue *queue, const char *key)
{
  ClrLane *lane = g_hash_table_lookup (queue->lanes, key);

  if (lane == NULL)
    {
      lane = clr_lane_new (key, queue->options.n_workers);
      g_hash_table_insert (queue->lanes, lane->key, lane);
    }
  return lane;
}

void
clr_queue_plan_submission (ClrQueue *queue, ClrMessage *message, int64_t now_us)
{
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      ClrRecipient *recipient = &message->recipients[i];
      ClrLane *lane = clr_queue_find_lane (queue, recipient->lane);
      /* Who waits longer goes first: nobody overtakes what is due in the store. */
      gboolean now = !queue->paused && lane->failures == 0 && lane->next_due_us > now_us
                     && lane->n_memory < queue->options.window && queue->held < HELD_MOST;

      recipient->state = now ? CLR_RECIPIENT_ACTIVE : CLR_RECIPIENT_WAITING;
      recipient->due_us = MAX (now_us, lane->rest_until_us);
      recipient->expires_us = message->created_us + queue->options.retry.lifetime_us;
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
      job->lane = clr_queue_find_lane (queue, key);
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
      queue->held += message->content.size;
      clr_counter_add (CLR_COUNTER_QUEUE_ACTIVE, n);
    }
}

void
clr_queue_take_message (ClrQueue *queue, ClrMessage *message)
{
  clr_counter_add (CLR_COUNTER_QUEUE_MESSAGES, 1);
  for (unsigned i = 0; i < message->n_recipients; i++)
    if (message->recipients[i].state == CLR_RECIPIENT_WAITING)
      {
        ClrLane *lane = clr_queue_find_lane (queue, message->recipients[i].lane);

        lane->next_due_us = MIN (lane->next_due_us, message->recipients[i].due_us);
        clr_counter_add (CLR_COUNTER_QUEUE_WAITING, 1);
      }
  make_jobs (queue, message);
}

void
clr_queue_plan_claims (ClrQueue *queue, int64_t now_us, GArray *claims)
{
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, queue->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ClrLane *lane = value;
      unsigned room = clr_lane_get_room (lane, queue->options.window, now_us);

      if (lane->next_due_us <= now_us && room > 0 && queue->held < HELD_MOST)
        {
          ClrClaim claim = {
            .lane = lane->key, .now_us = now_us, .n = MIN (room, CLAIM), .lease_until_us = now_us + LEASE_US
          };
          g_array_append_val (claims, claim);
        }
    }
}

void
clr_queue_take_claim (ClrQueue *queue, ClrClaim *claim)
{
  clr_queue_find_lane (queue, claim->lane)->next_due_us = claim->next_due_us;
  for (unsigned i = 0; i < claim->messages->len; i++)
    {
      ClrMessage *message = g_ptr_array_index (claim->messages, i);

      clr_counter_add (CLR_COUNTER_QUEUE_WAITING, -(int64_t)message->n_recipients);
      make_jobs (queue, message);
    }
}

/* What an observation makes of a recipient. */
static ClrRecipientState
judge (ClrQueue *queue, const ClrJob *job, const ClrObservation *seen, const ClrRecipient *recipient,
       int64_t now_us, int64_t *due_us)
{
  int64_t wait;

  *due_us = 0;
  switch (seen->outcome)
    {
    case CLR_OUTCOME_DELIVERED:
      return CLR_RECIPIENT_DELIVERED;
    case CLR_OUTCOME_FAILED:
      return CLR_RECIPIENT_FAILED;
    case CLR_OUTCOME_UNTRIED:
      *due_us = MAX (now_us, job->lane->rest_until_us);
      return CLR_RECIPIENT_WAITING;
    case CLR_OUTCOME_DEFERRED:
      if (recipient->expires_us <= now_us)
        return CLR_RECIPIENT_FAILED;
      wait = clr_retry_get_wait (&queue->options.retry, recipient->attempts + 1, g_random_int ());
      *due_us = MIN (now_us + wait, recipient->expires_us);
      return CLR_RECIPIENT_WAITING;
    }
  g_assert_not_reached ();
}

void
clr_queue_plan_result (ClrQueue *queue, ClrJob *job, int64_t now_us, GArray *updates)
{
  /* Told once, even if the transaction has to be repeated. */
  if (job->rest_us > 0)
    {
      if (!clr_lane_is_resting (job->lane, now_us))
        {
          int64_t rest = clr_retry_get_rest (job->lane->failures + 1, g_random_int ());
          g_autofree char *seconds = g_strdup_printf ("%d", (int)(rest / G_USEC_PER_SEC));

          clr_lane_rest (job->lane, now_us, rest, job->rest_reason);
          clr_log_event (CLR_EVENT_NEXT_HOP_RESTING, job->lane->key, seconds, job->rest_reason);
        }
      job->rest_us = 0;
    }
  for (unsigned i = 0; i < job->n_recipients; i++)
    {
      const ClrObservation *seen = &job->observations[i];
      ClrRecipient *recipient = &job->message->recipients[job->recipients[i]];
      int64_t due;
      ClrRecipientState state = judge (queue, job, seen, recipient, now_us, &due);
      gboolean tried = seen->outcome != CLR_OUTCOME_UNTRIED;
      ClrRecipientUpdate update = {
        .message = job->message->id,
        .number = recipient->number,
        .state = state,
        .due_us = due,
        .attempts = recipient->attempts + tried,
        .code = tried ? seen->code : recipient->code,
        .enhanced = tried ? seen->enhanced : recipient->enhanced,
        .text = tried             ? seen->text
                : recipient->text ? recipient->text
                                  : job->lane->rest_reason,
        .host = tried ? seen->host : recipient->host,
        .tried_us = tried ? seen->ended_us : recipient->tried_us,
      };

      g_array_append_val (updates, update);
      /* From here on these two are read by nobody else: the job is back. */
      recipient->state = state;
      recipient->due_us = due;
    }
}

static void
tell (const ClrJob *job, const ClrObservation *seen, const ClrRecipient *recipient)
{
  char id[CLR_ID_TEXT];
  g_autofree char *code = seen->code ? g_strdup_printf ("%d ", seen->code) : g_strdup ("");
  g_autofree char *reply = g_strconcat (code, seen->enhanced ? seen->enhanced : "", seen->enhanced ? " " : "",
                                        seen->text ? seen->text : "", NULL);

  clr_id_to_text (job->message->id, id);
  switch (recipient->state)
    {
    case CLR_RECIPIENT_DELIVERED:
      clr_counter_add (CLR_COUNTER_RECIPIENTS_DELIVERED_TOTAL, 1);
      clr_log_event (CLR_EVENT_RECIPIENT_DELIVERED, id, recipient->address, seen->host, reply);
      break;
    case CLR_RECIPIENT_WAITING:
      {
        g_autoptr (GDateTime) due = g_date_time_new_from_unix_utc (recipient->due_us / G_USEC_PER_SEC);
        g_autofree char *next = g_date_time_format (due, "%Y-%m-%dT%H:%M:%SZ");

        clr_counter_add (CLR_COUNTER_RECIPIENTS_DEFERRED_TOTAL, 1);
        clr_log_event (CLR_EVENT_RECIPIENT_DEFERRED, id, recipient->address, seen->host, reply, next);
        break;
      }
    default:
      clr_counter_add (CLR_COUNTER_RECIPIENTS_FAILED_TOTAL, 1);
      clr_counter_add (CLR_COUNTER_QUEUE_FAILED, 1);
      clr_log_event (CLR_EVENT_RECIPIENT_FAILED, id, recipient->address, seen->host, reply);
    }
}

void
clr_queue_finish_message (ClrQueue *queue, ClrMessage *message)
{
  char id[CLR_ID_TEXT];

  clr_id_to_text (message->id, id);
  clr_log_event (CLR_EVENT_MESSAGE_FINISHED, id);
  if (message->spool_size > 0 && queue->options.disk)
    clr_disk_post_unlink (queue->options.disk, message->id);
  if (queue->history)
    clr_history_post_finished (queue->history, clr_message_ref (message));
  else
    g_array_append_val (queue->removes, message->id);
}

void
clr_queue_finish_if_done (ClrQueue *queue, uint64_t id)
{
  g_autoptr (ClrMessage) stored = queue->store->klass->load (queue->store, id, NULL);

  for (unsigned i = 0; stored && i < stored->n_recipients; i++)
    if (!clr_recipient_state_is_final (stored->recipients[i].state))
      return;
  if (stored && stored->n_recipients > 0)
    clr_queue_finish_message (queue, stored);
}

/* Whether the job was all that the message waited for. */
static gboolean
is_finished (ClrQueue *queue, const ClrJob *job)
{
  for (unsigned i = 0; i < job->n_recipients; i++)
    if (job->message->recipients[job->recipients[i]].state != CLR_RECIPIENT_DELIVERED)
      return FALSE;
  if (job->n_recipients == job->message->n_all)
    return TRUE;
  /* Some recipients went another way or at another time: the store knows. */
  clr_queue_finish_if_done (queue, job->message->id);
  return FALSE; /* told already, with all recipients */
}

void
clr_queue_take_result (ClrQueue *queue, ClrJob *job, int64_t now_us)
{
  ClrLane *lane = job->lane;
  gboolean works = FALSE;

  lane->group->shards[job->shard].outstanding--;
  lane->n_memory -= job->n_recipients;
  queue->held -= job->message->content.size;
  clr_counter_add (CLR_COUNTER_QUEUE_ACTIVE, -(int64_t)job->n_recipients);
  for (unsigned i = 0; i < job->n_recipients; i++)
    {
      ClrRecipient *recipient = &job->message->recipients[job->recipients[i]];
      const ClrObservation *seen = &job->observations[i];

      if (recipient->state == CLR_RECIPIENT_WAITING)
        {
          lane->next_due_us = MIN (lane->next_due_us, recipient->due_us);
          clr_counter_add (CLR_COUNTER_QUEUE_WAITING, 1);
        }
      if (seen->outcome == CLR_OUTCOME_UNTRIED)
        continue;
      recipient->attempts++;
      tell (job, seen, recipient);
      /* Any answer about a recipient shows that the next hop is there. */
      works = works || seen->outcome == CLR_OUTCOME_DELIVERED || seen->code >= 500;
    }
  if (works && !clr_lane_is_resting (lane, now_us) && clr_lane_wake (lane))
    clr_log_event (CLR_EVENT_NEXT_HOP_BACK, lane->key);
  if (is_finished (queue, job))
    clr_queue_finish_message (queue, job->message);
  if (queue->history)
    clr_history_post_job (queue->history, job);
  else
    clr_job_free (job);
}

/* A lane that rests keeps nothing in memory: its jobs go back as results without an attempt. */
static void
give_back (ClrQueue *queue, ClrLane *lane)
{
  ClrJob *job;

  while ((job = g_queue_pop_head (&lane->ready)))
    {
      if (queue->results->len == 0)
        queue->results_since_us = clr_clock_monotonic ();
      job->shard = 0;
      lane->group->shards[0].outstanding++;
      g_ptr_array_add (queue->results, job);
    }
}

void
clr_queue_dispatch (ClrQueue *queue, int64_t now_us)
{
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, queue->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ClrLane *lane = value;
      int shard;

      if (lane->ready.length == 0)
        continue;
      if (queue->paused || clr_lane_is_resting (lane, now_us))
        {
          give_back (queue, lane);
          continue;
        }
      while (lane->ready.length > 0 && (shard = clr_lane_choose_shard (lane)) >= 0)
        {
          ClrJob *job = g_queue_pop_head (&lane->ready);

          job->shard = shard;
          lane->group->shards[shard].outstanding++;
          queue->options.post_job (lane->group->shards[shard].worker, job, queue->options.data);
        }
    }
}

int64_t
clr_queue_get_next_due (ClrQueue *queue, int64_t now_us)
{
  int64_t next = INT64_MAX;
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, queue->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ClrLane *lane = value;
      int64_t due = MAX (lane->next_due_us, lane->rest_until_us);

      /* A lane without room goes on when a result has made some. */
      if (lane->next_due_us != INT64_MAX
          && (due > now_us
              || (clr_lane_get_room (lane, queue->options.window, now_us) > 0 && queue->held < HELD_MOST)))
        next = MIN (next, due);
    }
  return next;
}
