/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-counter.h"
#include "base/clr-error.h"
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "system/clr-file.h"

#define STORE_RETRY_US G_USEC_PER_SEC
#define EXPIRY_US      (30 * (int64_t)G_USEC_PER_SEC)
#define SPACE_US       G_USEC_PER_SEC

static void
watch_space (ClrQueue *queue, int64_t now)
{
  uint64_t octets;

  if (queue->directory == NULL || now < queue->next_space_us)
    return;
  queue->next_space_us = now + SPACE_US;
  queue->no_space = clr_file_get_free_space (queue->directory, &octets) && octets < queue->options.min_free;
}

static void
answer_submission (ClrSubmission *submission, const char *problem, gboolean no_space)
{
  submission->problem = g_strdup (problem);
  submission->no_space = no_space;
  submission->letter.open = submission->open;
  clr_mailbox_post (submission->reply_to, &submission->letter);
}

/* A refused message's spool file. When a sync has failed, the transaction may yet stand in the log, and come
 * back after a crash; what is written next takes its place. Until then the file stays: a row must not lose
 * its content. A full disk, though, has not taken the whole transaction. */
static void
drop_spool_file (ClrQueue *queue, const ClrMessage *message, gboolean at_once)
{
  if (message->spool_size == 0 || queue->options.disk == NULL)
    return;
  if (at_once)
    clr_disk_post_unlink (queue->options.disk, message->id);
  else
    g_array_append_val (queue->orphans, message->id);
}

static void
store_failed (ClrQueue *queue, const GError *error)
{
  clr_counter_add (CLR_COUNTER_STORE_FAILURES_TOTAL, 1);
  queue->retry_store_us = clr_queue_get_monotonic (queue) + STORE_RETRY_US;
  if (!queue->store_failing)
    clr_log_event (CLR_EVENT_STORE_FAILED, error->message);
  queue->store_failing = TRUE;
}

static void
store_works (ClrQueue *queue)
{
  clr_counter_add (CLR_COUNTER_STORE_COMMITS_TOTAL, 1);
  queue->retry_store_us = 0;
  if (queue->store_failing)
    clr_log_event (CLR_EVENT_STORE_RECOVERED, NULL);
  queue->store_failing = FALSE;
}

static void
maintain (void *data)
{
  ClrQueue *queue = data;

  queue->store->klass->maintain (queue->store);
  g_atomic_int_set (&queue->maintaining, CLR_MAINTENANCE_DONE);
}

void
clr_queue_show_counts (ClrQueue *queue)
{
  static const struct
  {
    ClrCounterId counter;
    ClrRecipientState state;
  } gauges[] = {
    { CLR_COUNTER_QUEUE_WAITING, CLR_RECIPIENT_WAITING },
    { CLR_COUNTER_QUEUE_ACTIVE, CLR_RECIPIENT_ACTIVE },
    { CLR_COUNTER_QUEUE_FAILED, CLR_RECIPIENT_FAILED },
    { CLR_COUNTER_QUEUE_HELD, CLR_RECIPIENT_HELD },
  };
  uint64_t messages, states[CLR_RECIPIENT_STATES];

  queue->store->klass->count (queue->store, &messages, states);
  clr_counter_add (CLR_COUNTER_QUEUE_MESSAGES,
                   (int64_t)messages - clr_counter_get (CLR_COUNTER_QUEUE_MESSAGES));
  for (unsigned i = 0; i < G_N_ELEMENTS (gauges); i++)
    clr_counter_add (gauges[i].counter,
                     (int64_t)states[gauges[i].state] - clr_counter_get (gauges[i].counter));
}

/* The transaction failed: what can come again comes again, what waits for an answer gets it. */
static void
on_refused (ClrQueue *queue, ClrBatch *batch, const GError *error, int64_t now)
{
  gboolean no_space = error->code == CLR_ERROR_NO_SPACE;

  store_failed (queue, error);
  for (unsigned i = 0; i < queue->submissions->len; i++)
    {
      ClrSubmission *submission = g_ptr_array_index (queue->submissions, i);

      drop_spool_file (queue, submission->message, no_space);
      answer_submission (submission, error->message, no_space);
    }
  g_ptr_array_set_size (queue->submissions, 0);
  for (unsigned i = 0; i < batch->claims->len; i++)
    {
      ClrClaim *claim = &g_array_index (batch->claims, ClrClaim, i);

      g_clear_pointer (&claim->messages, g_ptr_array_unref);
      clr_queue_take_claim (queue, claim);
    }
  clr_queue_answer_requests (queue, error, now);
  g_ptr_array_set_size (queue->acts, 0);
}

void
clr_queue_set_back (ClrQueue *queue, int64_t now_us, int64_t back_us)
{
  ClrAct *act = clr_act_new (CLR_ACT_SET_BACK, 0, now_us);
  g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, back_us / G_USEC_PER_SEC);

  act->back_us = back_us;
  act->rule = queue->options.retry;
  act->until = clr_id_new (queue->options.node, now_us);
  g_queue_push_tail (&queue->set_backs, act);
  clr_queue_set_lanes_back (queue, now_us, back_us);
  if (back_us > 0)
    clr_log_event (CLR_EVENT_CLOCK_SET_BACK, seconds);
}

/* A slice of the first one. It goes on where the last transaction that was stored has ended. */
static void
plan_set_back (ClrQueue *queue, ClrBatch *batch)
{
  ClrAct *act = g_queue_peek_head (&queue->set_backs);

  if (act == NULL)
    return;
  clr_act_reset (act);
  act->after = queue->set_back_after;
  g_ptr_array_add (batch->acts, act);
}

static void
take_set_back (ClrQueue *queue, int64_t now)
{
  ClrAct *act = g_queue_peek_head (&queue->set_backs);

  if (act == NULL)
    return;
  clr_queue_take_act (queue, act, NULL, now);
  queue->set_back_after = act->more ? act->after : 0;
  if (!act->more)
    clr_act_free (g_queue_pop_head (&queue->set_backs));
}

/* Acts on all that could wait, and was in the batch. */
static void
take_rest (ClrQueue *queue, ClrBatch *batch, int64_t now)
{
  g_array_remove_range (queue->lane_updates, 0, batch->lanes->len);
  g_array_set_size (queue->removes, 0);
  for (unsigned i = 0; i < queue->results->len; i++)
    clr_queue_take_result (queue, g_ptr_array_index (queue->results, i), now);
  g_ptr_array_set_size (queue->results, 0);
  for (unsigned i = 0; i < queue->reports->len; i++)
    clr_queue_take_report (queue, g_ptr_array_index (queue->reports, i));
  g_ptr_array_set_size (queue->reports, 0);
  for (unsigned i = 0; i < batch->claims->len; i++)
    clr_queue_take_claim (queue, &g_array_index (batch->claims, ClrClaim, i));
  for (unsigned i = 0; i < queue->acts->len; i++)
    {
      ClrAct *act = g_ptr_array_index (queue->acts, i);

      clr_queue_take_act (queue, act, NULL, now);
      if (act->more)
        queue->next_expiry_us = 0;
    }
  g_ptr_array_set_size (queue->acts, 0);
  take_set_back (queue, now);
}

/* Everything in the batch is on disk, or nothing is. */
static void
on_applied (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data)
{
  ClrQueue *queue = data;
  int64_t now = clr_queue_get_wall (queue);

  if (error)
    {
      on_refused (queue, batch, error, now);
      return;
    }
  store_works (queue);
  for (unsigned i = 0; i < queue->orphans->len; i++)
    clr_disk_post_unlink (queue->options.disk, g_array_index (queue->orphans, uint64_t, i));
  g_array_set_size (queue->orphans, 0);
  for (unsigned i = 0; i < queue->submissions->len; i++)
    {
      ClrSubmission *submission = g_ptr_array_index (queue->submissions, i);

      clr_queue_take_message (queue, submission->message);
      answer_submission (submission, NULL, FALSE);
    }
  g_ptr_array_set_size (queue->submissions, 0);
  if (queue->rest_is_in)
    take_rest (queue, batch, now);
  clr_queue_answer_requests (queue, NULL, now);
  clr_queue_show_counts (queue);

  if (queue->options.disk == NULL)
    return;
  if (g_atomic_int_compare_and_exchange (&queue->maintaining, CLR_MAINTENANCE_DONE, CLR_MAINTENANCE_NONE))
    store->klass->end_maintenance (store);
  else if (store->klass->wants_maintenance (store)
           && g_atomic_int_compare_and_exchange (&queue->maintaining, CLR_MAINTENANCE_NONE,
                                                 CLR_MAINTENANCE_RUNNING))
    clr_disk_post_work (queue->options.disk, maintain, queue);
}

static void
refuse_for_space (ClrQueue *queue)
{
  for (unsigned i = 0; i < queue->submissions->len; i++)
    {
      ClrSubmission *submission = g_ptr_array_index (queue->submissions, i);

      drop_spool_file (queue, submission->message, TRUE);
      answer_submission (submission, "the disk is nearly full", TRUE);
    }
  g_ptr_array_set_size (queue->submissions, 0);
}

static void
plan_act (ClrQueue *queue, ClrBatch *batch, ClrActKind kind, int64_t now)
{
  ClrAct *act = clr_act_new (kind, 0, now);

  act->reports = queue->options.post_report != NULL;
  g_ptr_array_add (queue->acts, act);
  g_ptr_array_add (batch->acts, act);
}

/* What could not be read when it was over, and would stay for ever. */
static void
finish_unfinished (ClrQueue *queue)
{
  g_autoptr (GArray) ids = g_steal_pointer (&queue->unfinished);

  queue->unfinished = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  for (unsigned i = 0; i < ids->len; i++)
    clr_queue_finish_if_done (queue, g_array_index (ids, uint64_t, i));
}

/* What nobody waits for: results, reports, orders, claims. */
static void
plan_rest (ClrQueue *queue, ClrBatch *batch, int64_t now, int64_t monotonic)
{
  if (monotonic >= queue->next_expiry_us)
    finish_unfinished (queue);
  for (unsigned i = 0; i < queue->results->len; i++)
    clr_queue_plan_result (queue, g_ptr_array_index (queue->results, i), now, batch);
  for (unsigned i = 0; i < queue->reports->len; i++)
    clr_queue_plan_report (queue, g_ptr_array_index (queue->reports, i), now, batch);
  g_array_append_vals (batch->removes, queue->removes->data, queue->removes->len);
  if (monotonic >= queue->next_expiry_us)
    {
      queue->next_expiry_us = monotonic + EXPIRY_US;
      plan_act (queue, batch, CLR_ACT_AGE, queue->age_us);
      plan_act (queue, batch, CLR_ACT_NOTICE, queue->age_us);
    }
  plan_set_back (queue, batch);
  clr_queue_plan_requests (queue, batch, now);
  if (!queue->paused)
    {
      clr_queue_plan_room (queue);
      clr_queue_plan_claims (queue, now, batch);
      clr_queue_end_room (queue);
    }
  g_array_append_vals (batch->lanes, queue->lane_updates->data, queue->lane_updates->len);
}

void
clr_queue_commit (ClrQueue *queue)
{
  int64_t now = clr_queue_get_wall (queue), monotonic = clr_queue_get_monotonic (queue);
  ClrBatch *batch;

  queue->age_us = clr_age_get_time (&queue->age, now, monotonic, queue->options.retry.lifetime_us);
  if (queue->age.back_us > 0)
    clr_queue_set_back (queue, now, queue->age.back_us);
  watch_space (queue, monotonic);
  if (queue->no_space && queue->submissions->len > 0)
    refuse_for_space (queue);

  batch = clr_batch_new ();
  for (unsigned i = 0; i < queue->submissions->len; i++)
    {
      ClrSubmission *submission = g_ptr_array_index (queue->submissions, i);

      clr_queue_plan_submission (queue, submission->message, now);
      g_ptr_array_add (batch->inserts, clr_message_ref (submission->message));
    }
  /* After a failure, what can wait waits. */
  queue->rest_is_in = monotonic >= queue->retry_store_us;
  if (queue->rest_is_in)
    plan_rest (queue, batch, now, monotonic);
  clr_queue_end_plan (queue);
  if (clr_batch_is_empty (batch))
    clr_queue_answer_requests (queue, NULL, now);
  else
    queue->store->klass->apply (queue->store, batch, on_applied, queue);
  clr_batch_free (batch);
}
