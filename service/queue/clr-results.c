/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-counter.h"
#include "base/clr-id.h"
#include "base/clr-log.h"

/* What an observation makes of a recipient. */
static void
judge (ClrQueue *queue, const ClrJob *job, const ClrObservation *seen, ClrRecipient *recipient,
       int64_t now_us)
{
  gboolean reports = queue->options.post_report != NULL;
  int64_t wait, expires_us = recipient->expires_us + now_us - queue->age_us;

  recipient->due_us = 0;
  recipient->state = CLR_RECIPIENT_WAITING;
  recipient->report = 0; /* what was due when it was claimed, the store knows, and may have been made since */
  switch (seen->outcome)
    {
    case CLR_OUTCOME_DELIVERED:
      recipient->state = CLR_RECIPIENT_DELIVERED;
      if (reports && clr_report_wants_delivered (job->message, recipient, seen->relays_dsn))
        recipient->report |= CLR_REPORT_DELIVERED;
      return;
    case CLR_OUTCOME_FAILED:
      clr_report_give_up (job->message, recipient, reports);
      return;
    case CLR_OUTCOME_UNTRIED:
      recipient->due_us = MAX (now_us, job->lane->group->rest_until_us);
      return;
    case CLR_OUTCOME_DEFERRED:
      /* The same for all that a lane tries at a time: they come again in the order in which they lie on disk.
       */
      if (expires_us <= now_us)
        {
          clr_report_give_up (job->message, recipient, reports);
          return;
        }
      wait = clr_retry_get_wait (&queue->options.retry, recipient->attempts + 1,
                                 g_str_hash (job->key) ^ 2654435761u * recipient->attempts);
      recipient->due_us = MIN (now_us + wait, expires_us);
      return;
    }
  g_assert_not_reached ();
}

/* Told once, even if the transaction has to be repeated. */
static void
note_site_and_rest (ClrQueue *queue, ClrJob *job, int64_t now_us)
{
  ClrLimitGroup *group;

  if (job->site)
    clr_queue_set_site (queue, job->lane, job->site);
  g_clear_pointer (&job->site, g_free);
  group = job->lane->group;
  if (job->rest_us > 0 && !clr_limit_group_is_resting (group, now_us))
    {
      int64_t rest = clr_retry_get_rest (group->failures + 1, g_random_int ());
      g_autofree char *seconds = g_strdup_printf ("%d", (int)(rest / G_USEC_PER_SEC));

      clr_limit_group_rest (group, now_us, rest, job->rest_reason);
      clr_log_event (CLR_EVENT_NEXT_HOP_RESTING, group->key, seconds, job->rest_reason);
    }
  job->rest_us = 0;
}

void
clr_queue_plan_result (ClrQueue *queue, ClrJob *job, int64_t now_us, ClrBatch *batch)
{
  note_site_and_rest (queue, job, now_us);
  for (unsigned i = 0; i < job->n_recipients; i++)
    {
      const ClrObservation *seen = &job->observations[i];
      /* From here on its state is read by nobody else: the job is back. */
      ClrRecipient *recipient = &job->message->recipients[job->recipients[i]];
      gboolean tried = seen->outcome != CLR_OUTCOME_UNTRIED;

      judge (queue, job, seen, recipient, now_us);
      ClrRecipientUpdate update = {
        .message = job->message->id,
        .number = recipient->number,
        .from = CLR_RECIPIENT_ACTIVE,
        .state = recipient->state,
        .report = recipient->report,
        .due_us = recipient->due_us,
        .attempts = recipient->attempts + tried,
        .code = tried ? seen->code : recipient->code,
        .enhanced = tried ? seen->enhanced : recipient->enhanced,
        .text = tried             ? seen->text
                : recipient->text ? recipient->text
                                  : job->lane->group->rest_reason,
        .host = tried ? seen->host : recipient->host,
        .tried_us = tried ? seen->ended_us : recipient->tried_us,
        .lane = job->key,
      };

      g_array_append_val (batch->updates, update);
    }
}

void
clr_queue_tell_failed (const ClrMessage *message, const ClrRecipient *recipient, const char *host,
                       const char *why)
{
  char id[CLR_ID_TEXT];

  clr_id_to_text (message->id, id);
  clr_counter_add (CLR_COUNTER_RECIPIENTS_FAILED_TOTAL, 1);
  clr_log_event (CLR_EVENT_RECIPIENT_FAILED, id, recipient->address, host, why,
                 recipient->state == CLR_RECIPIENT_FAILED     ? "kept in the queue as failed"
                 : recipient->state == CLR_RECIPIENT_BOUNCING ? "a report is due"
                                                              : "the sender wants no report");
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
      clr_queue_tell_failed (job->message, recipient, seen->host, reply);
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
    {
      /* Nobody else has it any more, and history does not look at the content. */
      clr_rope_clear (&message->content);
      queue->in_history++;
      clr_history_post_finished (queue->history, clr_message_ref (message));
    }
  else
    g_array_append_val (queue->removes, message->id);
}

void
clr_queue_finish_if_done (ClrQueue *queue, uint64_t id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrMessage) stored = queue->store->klass->load (queue->store, id, &error);

  if (error)
    {
      char text[CLR_ID_TEXT];

      clr_id_to_text (id, text);
      clr_log_event (CLR_EVENT_STORE_UNREADABLE, text, error->message);
      g_array_append_val (queue->unfinished, id);
      return;
    }
  for (unsigned i = 0; stored && i < stored->n_recipients; i++)
    if (!clr_recipient_is_final (&stored->recipients[i]))
      return;
  if (stored && stored->n_recipients > 0)
    clr_queue_finish_message (queue, stored);
}

/* Whether the job was all that the message waited for. */
static gboolean
is_finished (ClrQueue *queue, const ClrJob *job)
{
  for (unsigned i = 0; i < job->n_recipients; i++)
    if (!clr_recipient_is_final (&job->message->recipients[job->recipients[i]]))
      return FALSE;
  if (job->n_recipients == job->message->n_all)
    return TRUE;
  /* Some recipients went another way or at another time: the store knows. */
  clr_queue_finish_if_done (queue, job->message->id);
  return FALSE; /* told already, with all recipients */
}

/* The message keeps what was said last, for the history. */
static void
keep_reply (ClrRecipient *recipient, const ClrObservation *seen)
{
  g_free (recipient->enhanced);
  g_free (recipient->text);
  g_free (recipient->host);
  recipient->code = seen->code;
  recipient->enhanced = g_strdup (seen->enhanced);
  recipient->text = g_strdup (seen->text);
  recipient->host = g_strdup (seen->host);
  recipient->tried_us = seen->ended_us;
}

static void
leave_memory (ClrQueue *queue, ClrJob *job)
{
  ClrLimitGroup *group = job->group;

  group->shards[job->shard].outstanding--;
  group->n_jobs--;
  group->n_memory -= job->n_recipients;
  group->held -= job->message->content.size;
  job->lane->n_memory -= job->n_recipients;
  queue->n_memory -= job->n_recipients;
  queue->held -= job->message->content.size;
}

void
clr_queue_take_result (ClrQueue *queue, ClrJob *job, int64_t now_us)
{
  ClrLane *lane = job->lane;
  gboolean works = FALSE;

  leave_memory (queue, job);
  for (unsigned i = 0; i < job->n_recipients; i++)
    {
      ClrRecipient *recipient = &job->message->recipients[job->recipients[i]];
      const ClrObservation *seen = &job->observations[i];

      if (recipient->state == CLR_RECIPIENT_WAITING)
        clr_queue_note_due (queue, lane, recipient->due_us);
      queue->reports_due = queue->reports_due || recipient->report;
      if (seen->outcome == CLR_OUTCOME_UNTRIED)
        continue;
      recipient->attempts++;
      keep_reply (recipient, seen);
      tell (job, seen, recipient);
      /* Any answer about a recipient shows that the next hop is there. */
      works = works || seen->outcome == CLR_OUTCOME_DELIVERED || seen->code >= 500;
    }
  if (works && !clr_limit_group_is_resting (lane->group, now_us) && clr_limit_group_wake (lane->group))
    clr_log_event (CLR_EVENT_NEXT_HOP_BACK, lane->group->key);
  clr_queue_unblock (queue, lane->group, now_us);
  if (job->group != lane->group)
    clr_queue_unblock (queue, job->group, now_us);
  if (queue->crowded.length > 0)
    clr_queue_uncrowd (queue);
  if (is_finished (queue, job))
    clr_queue_finish_message (queue, job->message);
  if (queue->history)
    clr_history_post_job (queue->history, job);
  else
    clr_job_free (job);
}
