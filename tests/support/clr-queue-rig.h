/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A queue without a thread, whose clocks the test sets, over a store whose reads can be made to fail. Jobs
 * and reports stay where they are posted to until the test answers them.
 */
#pragma once

#include "base/clr-error.h"
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "clr-test.h"
#include "queue/clr-queue.h"
#include "queue/clr-store-sqlite.h"

#define SECOND G_GINT64_CONSTANT (1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* 2026-11-24, and some uptime. */
#define RIG_WALL      (G_GINT64_CONSTANT (1795500000) * SECOND)
#define RIG_MONOTONIC (77 * SECOND)

typedef struct
{
  ClrQueueStore parent; /* first: it stands in front of the other */
  ClrQueueStoreClass klass;
  ClrQueueStore *inner;
  unsigned bad_loads, bad_reports; /* so many reads from now on fail */
} ClrFaultyStore;

typedef struct
{
  char *folder;
  ClrFaultyStore *store;
  ClrQueue *queue;
  ClrMailbox *mailbox;
  int64_t wall, monotonic;
  GQueue jobs;    /* of ClrJob: posted, not answered */
  GQueue reports; /* of ClrReportJob */
  unsigned n_stored, n_refused;
} ClrQueueRig;

/* -- the store */

static inline ClrFaultyStore *
rig_fail (ClrQueueStore *store, unsigned *left, GError **error)
{
  if (*left == 0)
    return (ClrFaultyStore *)store;
  --*left;
  g_set_error (error, CLR_ERROR, CLR_ERROR_STORE, "the disk does not answer");
  return NULL;
}

static inline void
rig_apply (ClrQueueStore *store, ClrBatch *batch, ClrStoreDone done, void *data)
{
  ClrQueueStore *inner = ((ClrFaultyStore *)store)->inner;

  inner->klass->apply (inner, batch, done, data);
}

static inline gboolean
rig_recover (ClrQueueStore *store, unsigned node, GPtrArray *finished, GError **error)
{
  ClrQueueStore *inner = ((ClrFaultyStore *)store)->inner;

  return inner->klass->recover (inner, node, finished, error);
}

static inline gboolean
rig_visit_lanes (ClrQueueStore *store, ClrLaneCursor *cursor, unsigned n, ClrLaneVisitor visitor, void *data,
                 GError **error)
{
  ClrQueueStore *inner = ((ClrFaultyStore *)store)->inner;

  return inner->klass->visit_lanes (inner, cursor, n, visitor, data, error);
}

static inline ClrMessage *
rig_load (ClrQueueStore *store, uint64_t id, GError **error)
{
  ClrFaultyStore *self = rig_fail (store, &((ClrFaultyStore *)store)->bad_loads, error);

  return self ? self->inner->klass->load (self->inner, id, error) : NULL;
}

static inline GPtrArray *
rig_due_reports (ClrQueueStore *store, unsigned n, GError **error)
{
  ClrFaultyStore *self = rig_fail (store, &((ClrFaultyStore *)store)->bad_reports, error);

  return self ? self->inner->klass->due_reports (self->inner, n, error) : NULL;
}

static inline void
rig_count (ClrQueueStore *store, uint64_t *messages, uint64_t by_state[CLR_RECIPIENT_STATES])
{
  ClrQueueStore *inner = ((ClrFaultyStore *)store)->inner;

  inner->klass->count (inner, messages, by_state);
}

static inline gboolean
rig_has_message (ClrQueueStore *store, uint64_t id)
{
  ClrQueueStore *inner = ((ClrFaultyStore *)store)->inner;

  return inner->klass->has_message (inner, id);
}

static inline gboolean
rig_wants_maintenance (ClrQueueStore *store)
{
  return FALSE;
}

static inline void
rig_store_free (ClrQueueStore *store)
{
  ClrQueueStore *inner = ((ClrFaultyStore *)store)->inner;

  inner->klass->free (inner);
  g_free (store);
}

/* @kind: "sqlite" or "memory" */
static inline ClrFaultyStore *
rig_store_new (const char *kind, const char *folder)
{
  ClrFaultyStore *self = g_new0 (ClrFaultyStore, 1);
  g_autofree char *path = g_build_filename (folder, "queue.db", NULL);
  g_autoptr (GError) error = NULL;

  self->inner = g_str_equal (kind, "sqlite") ? clr_store_sqlite_new (path, &error) : clr_store_memory_new ();
  g_assert_no_error (error);
  self->klass = *self->inner->klass;
  self->klass.apply = rig_apply;
  self->klass.recover = rig_recover;
  self->klass.visit_lanes = rig_visit_lanes;
  self->klass.load = rig_load;
  self->klass.due_reports = rig_due_reports;
  self->klass.count = rig_count;
  self->klass.has_message = rig_has_message;
  self->klass.wants_maintenance = rig_wants_maintenance;
  self->klass.free = rig_store_free;
  self->parent.klass = &self->klass;
  return self;
}

/* -- the queue */

static inline void
rig_tell_time (int64_t *wall, int64_t *monotonic, void *data)
{
  *wall = ((ClrQueueRig *)data)->wall;
  *monotonic = ((ClrQueueRig *)data)->monotonic;
}

static inline void
rig_post_job (unsigned worker, ClrJob *job, void *data)
{
  g_queue_push_tail (&((ClrQueueRig *)data)->jobs, job);
}

static inline void
rig_post_report (unsigned worker, ClrReportJob *job, void *data)
{
  g_queue_push_tail (&((ClrQueueRig *)data)->reports, job);
}

/* The queue comes up again with what its store holds. */
static inline void
rig_start (ClrQueueRig *rig, const void *kind)
{
  ClrQueueOptions options = { .window = 100,
                              .n_workers = 2,
                              .retry = { 5 * MINUTE, 4 * HOUR, 5 * DAY, 4 * HOUR },
                              .post_job = rig_post_job,
                              .post_report = rig_post_report,
                              .tell_time = rig_tell_time,
                              .data = rig };
  g_autoptr (GError) error = NULL;

  rig->store = rig_store_new (kind, rig->folder);
  options.store = &rig->store->parent;
  rig->queue = clr_queue_new_by_hand (&options, &error);
  g_assert_no_error (error);
}

static inline void
rig_stop (ClrQueueRig *rig)
{
  clr_queue_free (rig->queue);
  g_queue_clear_full (&rig->jobs, (GDestroyNotify)clr_job_free);
  g_queue_clear_full (&rig->reports, (GDestroyNotify)clr_report_job_free);
}

static inline void
rig_set_up (ClrQueueRig *rig, const void *kind)
{
  clr_log_setup (CLR_LOG_HUMAN, CLR_LEVEL_ERROR, "/dev/null", NULL);
  rig->folder = clr_test_make_folder ();
  rig->wall = RIG_WALL;
  rig->monotonic = RIG_MONOTONIC;
  rig->mailbox = clr_mailbox_new (rig);
  g_queue_init (&rig->jobs);
  g_queue_init (&rig->reports);
  rig_start (rig, kind);
}

static inline void
rig_tear_down (ClrQueueRig *rig, const void *kind)
{
  rig_stop (rig);
  clr_mailbox_free (rig->mailbox);
  clr_test_remove_folder (rig->folder);
}

/* Both clocks go on. */
static inline void
rig_pass (ClrQueueRig *rig, int64_t time)
{
  rig->wall += time;
  rig->monotonic += time;
}

/* All that is due now is done. Returns: microseconds until there is more. */
static inline int64_t
rig_settle (ClrQueueRig *rig)
{
  int64_t wait = 0;
  unsigned turns = 0;

  while (wait <= 0)
    {
      g_assert_cmpuint (turns++, <, 1000); /* it must not spin */
      wait = clr_queue_turn (rig->queue);
    }
  clr_mailbox_open_all (rig->mailbox);
  return wait;
}

/* Lets @time pass, and the queue do what is due meanwhile, until a job or a report is there. Returns: what
 * has passed. */
static inline int64_t
rig_wait (ClrQueueRig *rig, int64_t time)
{
  int64_t passed = 0, wait = rig_settle (rig);

  while (passed < time && rig->jobs.length + rig->reports.length == 0)
    {
      int64_t step = MIN (wait, time - passed);

      passed += step;
      rig_pass (rig, step);
      wait = rig_settle (rig);
    }
  return passed;
}

static inline void
rig_on_submitted (ClrLetter *letter, void *owner)
{
  ClrQueueRig *rig = owner;
  ClrSubmission *submission = (ClrSubmission *)letter;

  rig->n_stored += submission->problem == NULL;
  rig->n_refused += submission->problem != NULL;
  clr_submission_free (submission);
}

/* A message with a recipient for each of @lanes, which end with NULL. Returns: its id. */
static inline uint64_t
rig_submit (ClrQueueRig *rig, unsigned notify, const char *const *lanes)
{
  unsigned n = g_strv_length ((char **)lanes);
  ClrMessage *message = clr_message_new (n);
  ClrSubmission *submission = g_new0 (ClrSubmission, 1);

  message->id = clr_id_new (0, rig->wall);
  message->created_us = rig->wall;
  message->sender = g_strdup ("s@internal.test");
  clr_rope_append (&message->content, "content", 7);
  message->size = 7;
  message->is_loaded = TRUE;
  for (unsigned i = 0; i < n; i++)
    {
      message->recipients[i].number = i;
      message->recipients[i].address = g_strdup_printf ("r%u@example.net", i);
      message->recipients[i].notify = notify;
      message->recipients[i].lane = g_strdup (lanes[i]);
    }
  submission->message = message;
  submission->reply_to = rig->mailbox;
  submission->open = rig_on_submitted;
  uint64_t id = message->id;
  clr_queue_post_submission (rig->queue, submission);
  return id;
}

/* All of the job comes to @outcome. @rest: the whole next hop failed. */
static inline void
rig_answer (ClrQueueRig *rig, ClrJob *job, ClrOutcome outcome, gboolean rest)
{
  for (unsigned i = 0; i < job->n_recipients; i++)
    {
      ClrObservation *seen = &job->observations[i];

      seen->outcome = outcome;
      seen->phase = "DATA";
      seen->code = outcome == CLR_OUTCOME_DELIVERED  ? 250
                   : outcome == CLR_OUTCOME_FAILED   ? 550
                   : outcome == CLR_OUTCOME_DEFERRED ? 451
                                                     : 0;
      seen->started_us = seen->ended_us = rig->wall;
    }
  job->rest_us = rest;
  if (rest)
    {
      g_free (job->rest_reason);
      job->rest_reason = g_strdup ("no answer");
    }
  clr_queue_post_result (rig->queue, job);
}

static inline ClrJob *
rig_take_job (ClrQueueRig *rig)
{
  ClrJob *job = g_queue_pop_head (&rig->jobs);

  g_assert_nonnull (job);
  return job;
}

/* What is to be reported is, to the sender, by @lane. */
static inline uint64_t
rig_make_report (ClrQueueRig *rig, ClrReportJob *job, const char *lane)
{
  uint64_t id = clr_id_new (0, rig->wall);

  job->report = clr_message_new (1);
  job->report->id = id;
  job->report->created_us = rig->wall;
  job->report->sender = g_strdup ("");
  job->report->origin = g_strdup ("dsn");
  clr_rope_append (&job->report->content, "report", 6);
  job->report->size = 6;
  job->report->is_loaded = TRUE;
  job->report->recipients[0].address = g_strdup ("s@internal.test");
  job->report->recipients[0].lane = g_strdup (lane);
  clr_queue_post_report (rig->queue, job);
  return id;
}

static inline unsigned
rig_count_messages (ClrQueueRig *rig)
{
  uint64_t messages, states[CLR_RECIPIENT_STATES];

  rig->store->inner->klass->count (rig->store->inner, &messages, states);
  return messages;
}

/* The recipient as the store has it, which must have it. Returns: (transfer full): the message */
static inline ClrMessage *
rig_load_message (ClrQueueRig *rig, uint64_t id)
{
  ClrMessage *message = rig->store->inner->klass->load (rig->store->inner, id, NULL);

  g_assert_nonnull (message);
  return message;
}
