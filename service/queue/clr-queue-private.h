/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the queue thread share: clr-queue.c (mailbox, when to commit), clr-commit.c (one
 * transaction), clr-lanes.c (which lanes are in memory, and when each is looked at), clr-scheduler.c (what is
 * claimed and posted), clr-results.c (what came of it), clr-reports.c (reports that are due) and
 * clr-request.c (the control API's questions and orders).
 */
#pragma once

#include "queue/clr-age.h"
#include "queue/clr-agenda.h"
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

  /* clr-lanes.c */
  GHashTable *lanes;    /* key -> ClrLane: those with anything in memory, and those that are due soon */
  GHashTable *groups;   /* key -> ClrLimitGroup */
  ClrAgenda agenda;     /* lanes by the time of their next look */
  ClrLaneCursor beyond; /* lanes behind it wait in the store, and are not in memory */
  GQueue crowded;       /* of ClrLane: due, but the whole queue has no room */
  GQueue ready;         /* of ClrLane: with jobs that may be posted */
  unsigned n_memory;    /* recipients of all groups in memory */
  unsigned reserved;
  unsigned planned; /* recipients that the transaction which is being planned brings into memory */
  uint64_t transaction;
  size_t held;      /* octets of content in jobs */
  unsigned leaving; /* of n_memory and held: what leaves with the transaction that is being planned */
  size_t leaving_held;
  int64_t next_tidy_us; /* monotonic */
  unsigned tidy_at;     /* with so many lanes in memory, some are dropped */
  GArray *lane_updates; /* of ClrLaneUpdate, for the next transaction */

  /* clr-reports.c */
  GHashTable *reporting; /* ids (uint64_t) of messages about which a report is being made */
  gboolean reports_due;  /* there may be some in the store that are not being made */
  unsigned next_reporter;
  int64_t next_reports_us; /* monotonic: not before then, after a failure */

  GArray *unfinished; /* ids (uint64_t) of messages that may be finished, but could not be read */

  GPtrArray *submissions; /* came since the last transaction */
  GPtrArray *results;     /* of ClrJob */
  GPtrArray *reports;     /* of ClrReportJob */
  GPtrArray *requests;    /* of ClrQueueRequest */
  GArray *removes;        /* ids that history has */
  GPtrArray *acts;        /* of ClrAct: own ones (expiry) */
  GArray *orphans;        /* ids whose spool files go after the next commit */

  unsigned in_history;      /* finished messages that history has not yet stored */
  int64_t history_told_us;  /* monotonic: when it last stored some */
  int64_t results_since_us; /* monotonic: when the oldest waiting result came */
  int64_t removes_since_us; /* the same for removes */
  unsigned usual_batch;     /* submissions of a transaction, in sixteenths */
  int64_t retry_store_us;   /* monotonic: not before then, after a failure */
  int64_t next_expiry_us;   /* monotonic */
  int64_t next_space_us;    /* monotonic */
  ClrAge age;
  int64_t age_us;          /* the time by which mail is given up, as of this transaction */
  GQueue set_backs;        /* of ClrAct: the clock has been set back; the first runs in slices */
  uint64_t set_back_after; /* how far it had got with the last transaction that was stored */
  gboolean rest_is_in;     /* the batch holds more than submissions */
  gboolean no_space;
  gboolean store_failing;
  gboolean paused;
  gboolean stopping;
  int maintaining; /* ClrMaintenance, atomic */
};

/* clr-queue.c */
int64_t clr_queue_get_wall (const ClrQueue *queue);
int64_t clr_queue_get_monotonic (const ClrQueue *queue);

/* clr-commit.c */
/* One transaction with all that is there; then what follows from it. */
void clr_queue_commit (ClrQueue *queue);
/* The clock has been set back by @back_us; 0: it is not known by how much, while the relay did not run. */
void clr_queue_set_back (ClrQueue *queue, int64_t now_us, int64_t back_us);
/* The gauges are the store's own counts. */
void clr_queue_show_counts (ClrQueue *queue);

/* clr-lanes.c */
ClrLane *clr_queue_find_lane (ClrQueue *queue, const char *key, const char *site);
/* What of it waits is due then at the earliest. */
void clr_queue_note_due (ClrQueue *queue, ClrLane *lane, int64_t due_us);
/* Puts the lane on the agenda where it belongs, or takes it off. */
void clr_queue_schedule (ClrQueue *queue, ClrLane *lane);
/* Nothing is posted any more: all that is ready goes back. */
void clr_queue_pause (ClrQueue *queue);
/* Recipients that may be taken into memory for the group now. */
unsigned clr_queue_get_room (const ClrQueue *queue, const ClrLimitGroup *group, int64_t now_us);
/* There is no room for what is due in it: it is looked at again when there is. Returns: FALSE when too many
 * wait so; then look_us says when to look again. */
gboolean clr_queue_block (ClrQueue *queue, ClrLane *lane, int64_t now_us);
/* @n recipients more come into memory with the transaction that is being planned. */
void clr_queue_plan_memory (ClrQueue *queue, ClrLimitGroup *group, unsigned n);
/* It is planned. */
void clr_queue_end_plan (ClrQueue *queue);
/* The group has changed: what waited for that goes on. */
void clr_queue_unblock (ClrQueue *queue, ClrLimitGroup *group, int64_t now_us);
/* The same for lanes that waited for room in the whole queue. */
void clr_queue_uncrowd (ClrQueue *queue);
/* What the results that are planned free is room for the claims of the same transaction. */
void clr_queue_plan_room (ClrQueue *queue);
void clr_queue_end_room (ClrQueue *queue);
/* The lane belongs to @site. */
void clr_queue_set_site (ClrQueue *queue, ClrLane *lane, const char *site);
/* For the store, with the next transaction. @look_us: 0 leaves it. */
void clr_queue_keep_lane (ClrQueue *queue, const char *key, const char *site, int64_t look_us);
/* Jobs of the lane may be posted. */
void clr_queue_list (ClrQueue *queue, ClrLane *lane);
/* The clock has been set back by so much: what was planned in memory is planned by the new time. */
void clr_queue_set_lanes_back (ClrQueue *queue, int64_t now_us, int64_t back_us);
/* Takes lanes that are due soon from the store, and drops those that are not needed. */
void clr_queue_load_lanes (ClrQueue *queue, int64_t now_us);
void clr_queue_tidy_lanes (ClrQueue *queue, int64_t now_us);
void clr_queue_set_up_lanes (ClrQueue *queue);
void clr_queue_clear_lanes (ClrQueue *queue);

/* clr-scheduler.c */
/* Before the transaction: decides for each recipient whether it is delivered right away or waits in the
 * store. */
void clr_queue_plan_submission (ClrQueue *queue, ClrMessage *message, int64_t now_us);
/* After it. */
void clr_queue_take_message (ClrQueue *queue, ClrMessage *message);
/* History has much to do: what waits is not taken from the store until it has less. */
gboolean clr_queue_waits_for_history (const ClrQueue *queue);
void clr_queue_plan_claims (ClrQueue *queue, int64_t now_us, ClrBatch *batch);
/* @claim: as it came out of the transaction; without messages when that failed. */
void clr_queue_take_claim (ClrQueue *queue, ClrClaim *claim);
/* After every transaction: posts what may go. */
void clr_queue_dispatch (ClrQueue *queue, int64_t now_us);
/* Wall time of the next thing to do, INT64_MAX for none. */
int64_t clr_queue_get_next_due (ClrQueue *queue, int64_t now_us);

/* clr-results.c */
void clr_queue_plan_result (ClrQueue *queue, ClrJob *job, int64_t now_us, ClrBatch *batch);
void clr_queue_take_result (ClrQueue *queue, ClrJob *job, int64_t now_us);
/* @why: the last reply, or what else ended it. */
void clr_queue_tell_failed (const ClrMessage *message, const ClrRecipient *recipient, const char *host,
                            const char *why);
/* When the store holds only recipients of it that are over. */
void clr_queue_finish_if_done (ClrQueue *queue, uint64_t id);
void clr_queue_finish_message (ClrQueue *queue, ClrMessage *message);

/* clr-reports.c */
void clr_queue_plan_report (ClrQueue *queue, ClrReportJob *job, int64_t now_us, ClrBatch *batch);
void clr_queue_take_report (ClrQueue *queue, ClrReportJob *job);
/* Posts what is due and not yet being made, as many as may be at a time. */
void clr_queue_post_due_reports (ClrQueue *queue);

/* clr-request.c */
/* Puts the orders among @requests into the batch. */
void clr_queue_plan_requests (ClrQueue *queue, ClrBatch *batch, int64_t now_us);
/* Answers the requests that are done. @error: why the transaction failed, or NULL. */
void clr_queue_answer_requests (ClrQueue *queue, const GError *error, int64_t now_us);
void clr_queue_take_act (ClrQueue *queue, ClrAct *act, const char *who, int64_t now_us);
