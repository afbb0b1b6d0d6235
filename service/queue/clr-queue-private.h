/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the three files of the queue thread share: clr-queue.c (mailbox, transactions), clr-scheduler.c
 * (lanes, jobs, results) and clr-request.c (the control API's questions and orders).
 */
#pragma once

#include "queue/clr-lane.h"
#include "queue/clr-queue.h"

/* The store's house-keeping: the disk thread does the bulk, the queue thread ends it. */
typedef enum
{
  CLR_MAINTENANCE_NONE,
  CLR_MAINTENANCE_RUNNING,
  CLR_MAINTENANCE_DONE,
} ClrMaintenance;

struct ClrQueue
{
  ClrQueueOptions options;
  ClrQueueStore *store;
  ClrHistory *history;
  ClrMailbox *mailbox;
  GThread *thread;
  char *directory;

  GHashTable *lanes;      /* key -> ClrLane */
  GPtrArray *submissions; /* came since the last transaction */
  GPtrArray *results;     /* of ClrJob */
  GPtrArray *reports;     /* of ClrReportJob */
  GPtrArray *requests;    /* of ClrQueueRequest */
  GArray *removes;        /* ids that history has */
  GPtrArray *acts;        /* of ClrAct: own ones (expiry) */
  GArray *orphans;        /* ids whose spool files go after the next commit */

  int64_t results_since_us; /* monotonic: when the oldest waiting result came */
  int64_t removes_since_us; /* the same for removes */
  unsigned usual_batch;     /* submissions of a transaction, in sixteenths */
  int64_t retry_store_us;   /* monotonic: not before then, after a failure */
  int64_t next_expiry_us;   /* monotonic */
  int64_t next_space_us;    /* monotonic */
  size_t held;              /* octets of content in jobs */
  gboolean no_space;
  gboolean store_failing;
  gboolean paused;
  gboolean stopping;
  int maintaining; /* ClrMaintenance, atomic */
};

/* clr-scheduler.c */
ClrLane *clr_queue_find_lane (ClrQueue *queue, const char *key);
/* Before the transaction: decides for each recipient whether it is delivered right away or waits in the
 * store. */
void clr_queue_plan_submission (ClrQueue *queue, ClrMessage *message, int64_t now_us);
/* After it. */
void clr_queue_take_message (ClrQueue *queue, ClrMessage *message);
void clr_queue_plan_result (ClrQueue *queue, ClrJob *job, int64_t now_us, GArray *updates);
void clr_queue_take_result (ClrQueue *queue, ClrJob *job, int64_t now_us);
void clr_queue_plan_claims (ClrQueue *queue, int64_t now_us, GArray *claims);
void clr_queue_take_claim (ClrQueue *queue, ClrClaim *claim);
/* After every transaction: posts what may go. */
void clr_queue_dispatch (ClrQueue *queue, int64_t now_us);
/* Wall time of the next thing to do, INT64_MAX for none. */
int64_t clr_queue_get_next_due (ClrQueue *queue, int64_t now_us);
/* When the store holds only delivered recipients of it. */
void clr_queue_finish_if_done (ClrQueue *queue, uint64_t id);
void clr_queue_finish_message (ClrQueue *queue, ClrMessage *message);

/* clr-request.c */
/* Puts the orders among @requests into the batch. */
void clr_queue_plan_requests (ClrQueue *queue, ClrBatch *batch, int64_t now_us);
/* Answers all requests. @error: why the transaction failed, or NULL. */
void clr_queue_answer_requests (ClrQueue *queue, ClrBatch *batch, const GError *error, int64_t now_us);
void clr_queue_take_act (ClrQueue *queue, ClrAct *act, const char *who, int64_t now_us);
