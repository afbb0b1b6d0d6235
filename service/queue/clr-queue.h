/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrQueue: the thread that owns the store and the scheduler. Everybody else posts to it: sessions their
 * messages, workers their results, the control API its requests. Whatever came while the last transaction was
 * being synced goes into the next one (group commit). An answer is sent, and a result acted on, only after
 * the commit that holds it.
 */
#pragma once

#include "queue/clr-disk.h"
#include "queue/clr-history.h"
#include "queue/clr-job.h"
#include "queue/clr-report-job.h"
#include "queue/clr-retry.h"
#include "queue/clr-store.h"

typedef struct ClrQueue ClrQueue;

typedef struct
{
  ClrQueueStore *store;     /* taken */
  ClrDisk *disk;            /* NULL: no spool files */
  const char *history_file; /* NULL: none, finished messages are just removed */
  const char *queue_file;   /* where its reader finds what is not finished; NULL: nowhere */
  ClrHistoryRule history_rule;
  const char *directory; /* whose free space is watched, or NULL */
  uint64_t min_free;     /* octets */
  unsigned node;
  unsigned window;    /* recipients of a lane in memory */
  unsigned n_workers; /* the most shards a group may have */
  ClrRetryRule retry;
  /* Queue thread: hands a job to a worker, which brings it back with clr_queue_post_result(). */
  void (*post_job) (unsigned worker, ClrJob *job, void *data);
  /* Queue thread: hands the work of making a report to a worker, which brings it back with
   * clr_queue_post_report(). NULL: there are no reports, and what fails is kept. */
  void (*post_report) (unsigned worker, ClrReportJob *job, void *data);
  /* What time it is, by both clocks; NULL: the system's. */
  void (*tell_time) (int64_t *wall_us, int64_t *monotonic_us, void *data);
  void *data;
} ClrQueueOptions;

/* Recovers what a former run left, then starts the thread. */
ClrQueue *clr_queue_new (const ClrQueueOptions *options, GError **error);
/* The same without a thread, for tests with clocks of their own: they call clr_queue_turn(). */
ClrQueue *clr_queue_new_by_hand (const ClrQueueOptions *options, GError **error);
/* Opens what was posted, and does all that is due. Returns: microseconds until there is more to do. */
int64_t clr_queue_turn (ClrQueue *queue);
/* No job leaves any more; submissions and results are still taken. */
void clr_queue_post_pause (ClrQueue *queue);
/* Any letter, opened in the queue thread. */
void clr_queue_post_letter (ClrQueue *queue, ClrLetter *letter);
void clr_queue_post_rules (ClrQueue *queue, const ClrRetryRule *retry, uint64_t min_free);
/* Stores what was posted, and ends the thread. */
void clr_queue_free (ClrQueue *queue);

/* A message to be kept. Posted back to @reply_to when it is on disk, or when it could not be stored. Its
 * spool file is the queue's from the post on, whatever the answer. */
typedef struct
{
  ClrLetter letter;
  ClrMessage *message;
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *submission, void *owner);
  void *data;
  char *problem; /* the answer: NULL for success */
  gboolean no_space;
} ClrSubmission;

void clr_queue_post_submission (ClrQueue *queue, ClrSubmission *submission);
void clr_submission_free (ClrSubmission *submission);

void clr_queue_post_result (ClrQueue *queue, ClrJob *job);
void clr_queue_post_report (ClrQueue *queue, ClrReportJob *job);

typedef enum
{
  CLR_REQUEST_STATUS,
  CLR_REQUEST_LIST,
  CLR_REQUEST_COUNT, /* what a filter would choose */
  CLR_REQUEST_SHOW,
  CLR_REQUEST_CONTENT, /* as SHOW, with what of its content is not spooled */
  CLR_REQUEST_ACT,
} ClrRequestKind;

/* What of a lane is told. */
typedef struct
{
  char *key;
  char *site; /* whose limits it shares */
  unsigned n_memory;
  int64_t next_due_us;   /* 0: nothing waits */
  int64_t rest_until_us; /* 0: it works */
  char *rest_reason;
} ClrLaneFacts;

/* A question or order of the control API; comes back to @reply_to with its answer. What goes over the whole
 * queue is done in slices between transactions with new mail. */
typedef struct
{
  ClrLetter letter;
  ClrRequestKind kind;
  uint64_t id;       /* SHOW, CONTENT; ACT: 0 for all that the filter chooses */
  ClrFilter *filter; /* LIST, COUNT, ACT: NULL for all */
  uint64_t after;    /* LIST: the cursor */
  unsigned n;        /* LIST: messages a page */
  ClrActKind act;
  int priority;  /* ACT: of CLR_ACT_PRIORITY */
  ClrMove *move; /* ACT: of CLR_ACT_MOVE; taken */
  char *reason;  /* ACT: of CLR_ACT_REFUSE; NULL: none is given */
  char *who;     /* who ordered it, for the event */
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *request, void *owner);
  void *data;

  GPtrArray *messages;   /* LIST, SHOW, CONTENT: of ClrMessage */
  gboolean more;         /* LIST: behind @after */
  GArray *lanes;         /* STATUS: of ClrLaneFacts, the busiest ones */
  uint64_t n_messages;   /* STATUS, COUNT */
  uint64_t n_recipients; /* COUNT */
  uint64_t n_by_state[CLR_RECIPIENT_STATES];
  uint64_t n_changed; /* ACT: recipients */
  char *problem;

  ClrAct *running; /* ACT: queue thread only */
} ClrQueueRequest;

void clr_queue_post_request (ClrQueue *queue, ClrQueueRequest *request);
void clr_queue_request_free (ClrQueueRequest *request);

ClrHistory *clr_queue_get_history (ClrQueue *queue);
