/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-error.h"
#include "base/clr-log.h"

#include <string.h>
#include <sys/statvfs.h>

/* Results may wait a little for a submission to share its sync with: nobody waits for them. */
#define RESULT_WAIT_US (5 * 1000)
#define RESULTS_WAIT   256u
#define GATHER_US      200
#define REMOVE_WAIT_US (100 * 1000) /* rows that only wait to go are in no hurry at all */
#define REMOVES_WAIT   512u
#define STORE_RETRY_US G_USEC_PER_SEC
#define EXPIRY_US      (30 * (int64_t)G_USEC_PER_SEC)
#define SPACE_US       G_USEC_PER_SEC

typedef struct
{
  ClrLetter letter;
  unsigned n;
  uint64_t ids[];
} StoredLetter;

typedef struct
{
  ClrLetter letter;
  ClrRetryRule retry;
  uint64_t min_free;
} RulesLetter;

static void
watch_space (ClrQueue *queue, int64_t now)
{
  struct statvfs facts;

  if (queue->directory == NULL || now < queue->next_space_us)
    return;
  queue->next_space_us = now + SPACE_US;
  queue->no_space = statvfs (queue->directory, &facts) == 0
                    && (uint64_t)facts.f_bavail * facts.f_frsize < queue->options.min_free;
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
  queue->retry_store_us = clr_clock_monotonic () + STORE_RETRY_US;
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

/* The gauges are the store's own counts. */
static void
show_counts (ClrQueue *queue)
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
}

/* Everything in the batch is on disk, or nothing is. */
static void
on_applied (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data)
{
  ClrQueue *queue = data;
  int64_t now = clr_clock_wall ();

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
  show_counts (queue);

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

/* What nobody waits for: results, reports, orders, claims. */
static void
plan_rest (ClrQueue *queue, ClrBatch *batch, int64_t now, int64_t monotonic)
{
  for (unsigned i = 0; i < queue->results->len; i++)
    clr_queue_plan_result (queue, g_ptr_array_index (queue->results, i), now, batch);
  for (unsigned i = 0; i < queue->reports->len; i++)
    clr_queue_plan_report (queue, g_ptr_array_index (queue->reports, i), now, batch);
  g_array_append_vals (batch->removes, queue->removes->data, queue->removes->len);
  if (monotonic >= queue->next_expiry_us)
    {
      queue->next_expiry_us = monotonic + EXPIRY_US;
      plan_act (queue, batch, CLR_ACT_AGE, now);
      plan_act (queue, batch, CLR_ACT_NOTICE, now);
    }
  clr_queue_plan_requests (queue, batch, now);
  if (!queue->paused)
    {
      clr_queue_plan_room (queue);
      clr_queue_plan_claims (queue, now, batch);
      clr_queue_end_room (queue);
    }
  g_array_append_vals (batch->lanes, queue->lane_updates->data, queue->lane_updates->len);
}

/* One transaction with all that is there. */
static void
commit (ClrQueue *queue)
{
  int64_t now = clr_clock_wall (), monotonic = clr_clock_monotonic ();
  ClrBatch *batch;

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
  if (clr_batch_is_empty (batch))
    clr_queue_answer_requests (queue, NULL, now);
  else
    queue->store->klass->apply (queue->store, batch, on_applied, queue);
  clr_batch_free (batch);
}

/* Microseconds to wait before the next transaction; 0: now. */
static int64_t
get_wait (ClrQueue *queue)
{
  int64_t monotonic = clr_clock_monotonic (), now = clr_clock_wall (), wait, due;

  if (queue->submissions->len + queue->requests->len > 0)
    return 0;
  if (queue->reports->len > 0 || queue->results->len >= RESULTS_WAIT || queue->removes->len >= REMOVES_WAIT
      || queue->stopping)
    wait = 0;
  else
    wait = MAX (queue->next_expiry_us - monotonic, 0);
  if (queue->results->len > 0)
    wait = MIN (wait, MAX (queue->results_since_us + RESULT_WAIT_US - monotonic, 0));
  if (queue->removes->len > 0)
    wait = MIN (wait, MAX (queue->removes_since_us + REMOVE_WAIT_US - monotonic, 0));
  due = queue->paused ? INT64_MAX : clr_queue_get_next_due (queue, now);
  if (due != INT64_MAX)
    wait = MIN (wait, MAX (due - now, 0));
  return MAX (wait, queue->retry_store_us - monotonic);
}

/* When transactions have lately held several submissions, one that is smaller waits a moment for its
 * companions: a sync costs more than the wait, and all of them need it. A client alone never waits. */
static void
gather (ClrQueue *queue)
{
  unsigned n = queue->submissions->len;

  if (n == 0)
    return;
  if (n < queue->usual_batch / 16)
    {
      g_usleep (GATHER_US);
      clr_mailbox_open_all (queue->mailbox);
      n = queue->submissions->len;
    }
  /* Sixteenths, a moving average that looks a little higher than it stands, so that batches may grow. */
  queue->usual_batch = (queue->usual_batch * 7 + n * 18) / 8;
}

static void *
run (void *data)
{
  ClrQueue *queue = data;

  for (;;)
    {
      int64_t wait = get_wait (queue);

      if (wait > 0)
        {
          clr_log_flush ();
          clr_mailbox_wait (queue->mailbox, wait);
        }
      clr_mailbox_open_all (queue->mailbox);
      gather (queue);
      if (get_wait (queue) <= 0)
        commit (queue);
      clr_queue_dispatch (queue, clr_clock_wall ());
      clr_queue_post_due_reports (queue);
      clr_queue_tidy_lanes (queue, clr_clock_wall ());
      if (queue->stopping && queue->submissions->len + queue->requests->len == 0
          && (queue->results->len == 0 || queue->store_failing))
        break;
    }
  clr_log_flush ();
  return NULL;
}

static void
open_submission (ClrLetter *letter, void *owner)
{
  g_ptr_array_add (((ClrQueue *)owner)->submissions, letter);
}

static void
open_result (ClrLetter *letter, void *owner)
{
  ClrQueue *queue = owner;

  if (queue->results->len == 0)
    queue->results_since_us = clr_clock_monotonic ();
  g_ptr_array_add (queue->results, letter);
}

static void
open_report (ClrLetter *letter, void *owner)
{
  g_ptr_array_add (((ClrQueue *)owner)->reports, letter);
}

static void
open_request (ClrLetter *letter, void *owner)
{
  g_ptr_array_add (((ClrQueue *)owner)->requests, letter);
}

static void
open_stored (ClrLetter *letter, void *owner)
{
  StoredLetter *stored = (StoredLetter *)letter;

  ClrQueue *queue = owner;

  queue->history_told_us = clr_clock_monotonic ();
  queue->in_history -= MIN (queue->in_history, stored->n);
  if (queue->removes->len == 0)
    queue->removes_since_us = queue->history_told_us;
  g_array_append_vals (queue->removes, stored->ids, stored->n);
  g_free (stored);
}

static void
open_pause (ClrLetter *letter, void *owner)
{
  clr_queue_pause (owner);
  g_free (letter);
}

static void
open_rules (ClrLetter *letter, void *owner)
{
  ClrQueue *queue = owner;

  queue->options.retry = ((RulesLetter *)letter)->retry;
  queue->options.min_free = ((RulesLetter *)letter)->min_free;
  g_free (letter);
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  ((ClrQueue *)owner)->stopping = TRUE;
  clr_queue_pause (owner);
  g_free (letter);
}

/* History thread. */
static void
on_history_stored (const uint64_t *ids, unsigned n, void *data)
{
  StoredLetter *stored = g_malloc (sizeof *stored + n * sizeof *ids);

  stored->letter.open = open_stored;
  stored->n = n;
  memcpy (stored->ids, ids, n * sizeof *ids);
  clr_mailbox_post (((ClrQueue *)data)->mailbox, &stored->letter);
}

void
clr_queue_post_submission (ClrQueue *queue, ClrSubmission *submission)
{
  submission->letter.open = open_submission;
  clr_mailbox_post (queue->mailbox, &submission->letter);
}

void
clr_submission_free (ClrSubmission *submission)
{
  clr_message_unref (submission->message);
  g_free (submission->problem);
  g_free (submission);
}

void
clr_queue_post_result (ClrQueue *queue, ClrJob *job)
{
  job->letter.open = open_result;
  clr_mailbox_post (queue->mailbox, &job->letter);
}

void
clr_queue_post_report (ClrQueue *queue, ClrReportJob *job)
{
  job->letter.open = open_report;
  clr_mailbox_post (queue->mailbox, &job->letter);
}

void
clr_queue_post_request (ClrQueue *queue, ClrQueueRequest *request)
{
  request->letter.open = open_request;
  clr_mailbox_post (queue->mailbox, &request->letter);
}

static void
post_simple (ClrQueue *queue, void (*open) (ClrLetter *letter, void *owner))
{
  ClrLetter *letter = g_new0 (ClrLetter, 1);

  letter->open = open;
  clr_mailbox_post (queue->mailbox, letter);
}

void
clr_queue_post_letter (ClrQueue *queue, ClrLetter *letter)
{
  clr_mailbox_post (queue->mailbox, letter);
}

void
clr_queue_post_pause (ClrQueue *queue)
{
  post_simple (queue, open_pause);
}

void
clr_queue_post_rules (ClrQueue *queue, const ClrRetryRule *retry, uint64_t min_free)
{
  RulesLetter *letter = g_new0 (RulesLetter, 1);

  letter->letter.open = open_rules;
  letter->retry = *retry;
  letter->min_free = min_free;
  clr_mailbox_post (queue->mailbox, &letter->letter);
}

static gboolean
is_known (uint64_t id, void *data)
{
  ClrQueueStore *store = data;

  return store->klass->has_message (store, id);
}

static gboolean
recover (ClrQueue *queue, GError **error)
{
  g_autoptr (GPtrArray) finished = g_ptr_array_new ();
  const ClrQueueStoreClass *klass = queue->store->klass;

  if (!klass->recover (queue->store, queue->options.node, finished, error))
    return FALSE;
  show_counts (queue);
  queue->reports_due = TRUE;
  for (unsigned i = 0; i < finished->len; i++)
    {
      ClrMessage *message = g_ptr_array_index (finished, i);
      clr_queue_finish_message (queue, message);
      clr_message_unref (message);
    }
  if (queue->options.disk)
    {
      unsigned n = clr_disk_sweep (queue->options.disk, is_known, queue->store);
      g_autofree char *text = g_strdup_printf ("%u", n);

      if (n > 0)
        clr_log_event (CLR_EVENT_ORPHANS_SWEPT, text);
    }
  return TRUE;
}

static void
queue_destroy (ClrQueue *queue)
{
  if (queue->history)
    clr_history_free (queue->history);
  /* The history may have told of more, while the thread had already gone. */
  clr_mailbox_open_all (queue->mailbox);
  clr_mailbox_free (queue->mailbox);
  clr_queue_clear_lanes (queue);
  g_hash_table_unref (queue->reporting);
  g_ptr_array_unref (queue->submissions);
  g_ptr_array_set_free_func (queue->results, (GDestroyNotify)clr_job_free);
  g_ptr_array_unref (queue->results);
  g_ptr_array_set_free_func (queue->reports, (GDestroyNotify)clr_report_job_free);
  g_ptr_array_unref (queue->reports);
  g_ptr_array_unref (queue->requests);
  g_array_unref (queue->removes);
  g_array_unref (queue->orphans);
  g_ptr_array_unref (queue->acts);
  queue->store->klass->free (queue->store);
  g_free (queue->directory);
  g_free (queue);
}

ClrQueue *
clr_queue_new (const ClrQueueOptions *options, GError **error)
{
  ClrQueue *queue = g_new0 (ClrQueue, 1);

  queue->options = *options;
  queue->store = options->store;
  queue->directory = g_strdup (options->directory);
  queue->mailbox = clr_mailbox_new (queue);
  clr_queue_set_up_lanes (queue);
  queue->reporting = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  queue->submissions = g_ptr_array_new ();
  queue->results = g_ptr_array_new ();
  queue->reports = g_ptr_array_new ();
  queue->requests = g_ptr_array_new ();
  queue->orphans = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  queue->removes = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  queue->acts = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_act_free);
  queue->next_expiry_us = clr_clock_monotonic ();
  if (options->history_file)
    queue->history = clr_history_new (options->history_file, options->queue_file, &options->history_rule,
                                      on_history_stored, queue, error);
  if ((options->history_file && queue->history == NULL) || !recover (queue, error))
    {
      queue_destroy (queue);
      return NULL;
    }
  queue->thread = g_thread_new ("queue", run, queue);
  return queue;
}

void
clr_queue_free (ClrQueue *queue)
{
  post_simple (queue, open_stop);
  g_thread_join (queue->thread);
  while (g_atomic_int_get (&queue->maintaining) == CLR_MAINTENANCE_RUNNING)
    g_usleep (1000);
  queue_destroy (queue);
}

ClrHistory *
clr_queue_get_history (ClrQueue *queue)
{
  return queue->history;
}
