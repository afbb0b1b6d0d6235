/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-clock.h"
#include "base/clr-id.h"
#include "base/clr-log.h"

#include <string.h>

/* Results may wait a little for a submission to share its sync with: nobody waits for them. */
#define RESULT_WAIT_US (5 * 1000)
#define RESULTS_WAIT   256u
#define GATHER_US      200
#define REMOVE_WAIT_US (100 * 1000) /* rows that only wait to go are in no hurry at all */
#define REMOVES_WAIT   512u

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

int64_t
clr_queue_get_wall (const ClrQueue *queue)
{
  int64_t wall, monotonic;

  if (queue->options.tell_time == NULL)
    return clr_clock_wall ();
  queue->options.tell_time (&wall, &monotonic, queue->options.data);
  return wall;
}

int64_t
clr_queue_get_monotonic (const ClrQueue *queue)
{
  int64_t wall, monotonic;

  if (queue->options.tell_time == NULL)
    return clr_clock_monotonic ();
  queue->options.tell_time (&wall, &monotonic, queue->options.data);
  return monotonic;
}

/* Microseconds to wait before the next transaction; 0: now. */
static int64_t
get_wait (ClrQueue *queue)
{
  int64_t monotonic = clr_queue_get_monotonic (queue), now = clr_queue_get_wall (queue), wait, due;

  if (queue->submissions->len + queue->requests->len > 0)
    return 0;
  if (queue->reports->len > 0 || queue->results->len >= RESULTS_WAIT || queue->removes->len >= REMOVES_WAIT
      || queue->set_backs.length > 0 || queue->stopping)
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

int64_t
clr_queue_turn (ClrQueue *queue)
{
  clr_mailbox_open_all (queue->mailbox);
  gather (queue);
  if (get_wait (queue) <= 0)
    clr_queue_commit (queue);
  clr_queue_dispatch (queue, clr_queue_get_wall (queue));
  clr_queue_post_due_reports (queue);
  clr_queue_tidy_lanes (queue, clr_queue_get_wall (queue));
  return get_wait (queue);
}

static gboolean
is_over (const ClrQueue *queue)
{
  return queue->stopping && queue->submissions->len + queue->requests->len == 0
         && (queue->results->len == 0 || queue->store_failing);
}

static void *
run (void *data)
{
  ClrQueue *queue = data;
  int64_t wait = get_wait (queue);

  while (!is_over (queue))
    {
      if (wait > 0)
        {
          clr_log_flush ();
          clr_mailbox_wait (queue->mailbox, wait);
        }
      wait = clr_queue_turn (queue);
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
    queue->results_since_us = clr_queue_get_monotonic (queue);
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

  queue->history_told_us = clr_queue_get_monotonic (queue);
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

/* Ids hold their time and only grow: those of a former run tell that the clock has been set back since. */
static void
look_at_clock (ClrQueue *queue)
{
  int64_t now = clr_queue_get_wall (queue);
  int64_t ahead = clr_id_get_time (clr_id_new (queue->options.node, now)) - now;

  if (ahead > CLR_AGE_JUMP_US)
    clr_queue_set_back (queue, now, 0);
}

static gboolean
recover (ClrQueue *queue, GError **error)
{
  g_autoptr (GPtrArray) finished = g_ptr_array_new ();
  const ClrQueueStoreClass *klass = queue->store->klass;

  if (!klass->recover (queue->store, queue->options.node, finished, error))
    return FALSE;
  clr_queue_show_counts (queue);
  look_at_clock (queue);
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
  g_array_unref (queue->unfinished);
  g_ptr_array_unref (queue->acts);
  g_queue_clear_full (&queue->set_backs, (GDestroyNotify)clr_act_free);
  queue->store->klass->free (queue->store);
  g_free (queue->directory);
  g_free (queue);
}

ClrQueue *
clr_queue_new_by_hand (const ClrQueueOptions *options, GError **error)
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
  queue->unfinished = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  g_queue_init (&queue->set_backs);
  queue->next_expiry_us = clr_queue_get_monotonic (queue);
  if (options->history_file)
    queue->history = clr_history_new (options->history_file, options->queue_file, &options->history_rule,
                                      on_history_stored, queue, error);
  if ((options->history_file && queue->history == NULL) || !recover (queue, error))
    {
      queue_destroy (queue);
      return NULL;
    }
  return queue;
}

ClrQueue *
clr_queue_new (const ClrQueueOptions *options, GError **error)
{
  ClrQueue *queue = clr_queue_new_by_hand (options, error);

  if (queue)
    queue->thread = g_thread_new ("queue", run, queue);
  return queue;
}

void
clr_queue_free (ClrQueue *queue)
{
  post_simple (queue, open_stop);
  if (queue->thread)
    g_thread_join (queue->thread);
  else
    run (queue);
  while (g_atomic_int_get (&queue->maintaining) == CLR_MAINTENANCE_RUNNING)
    g_usleep (1000);
  queue_destroy (queue);
}

ClrHistory *
clr_queue_get_history (ClrQueue *queue)
{
  return queue->history;
}
