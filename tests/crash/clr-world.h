/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrWorld: what stands around a queue whose disk loses its power: who hands in, who delivers and makes
 * reports, who asks and orders, and the ledger of what each was told. What cannot be true ends the program.
 * One thread, but for what is named _post, which is the queue's.
 */
#pragma once

#include "queue/clr-queue.h"

#define CLR_WORLD_RECIPIENTS 3
#define CLR_WORLD_MAILS      60   /* of a run, at the most */
#define CLR_WORLD_REPORTS    2000 /* of a run: those that a cut forgets are made again */
#define CLR_WORLD_KINDS      3

typedef struct
{
  uint64_t id;
  unsigned n;
  unsigned notify;
  gboolean accepted, gone, spoiled;
  gboolean deleted, expired; /* it was ordered */
  unsigned pieces;           /* of the spool file */
  unsigned delivered[CLR_WORLD_RECIPIENTS];
  gboolean stored[CLR_WORLD_RECIPIENTS]; /* we were told that it is delivered, or given up */
  gboolean failed[CLR_WORLD_RECIPIENTS];
  unsigned reports[CLR_WORLD_RECIPIENTS][CLR_WORLD_KINDS]; /* that have arrived */
} ClrWorldMail;

typedef struct
{
  uint64_t id;
  ClrWorldMail *about;
  ClrReportKind kind;
  unsigned recipients; /* a bit for each */
  gboolean arrived;
} ClrWorldReport;

typedef struct
{
  GRand *rand;
  char *folder, *state, *spool, *queue_file, *history_file;
  ClrMailbox *mailbox;
  ClrDisk *disk;
  ClrQueue *queue;
  ClrWorldMail mails[CLR_WORLD_MAILS];
  unsigned n_mails;
  ClrWorldReport reports[CLR_WORLD_REPORTS];
  unsigned n_reports;
  unsigned on_way; /* handed in, not answered */
  unsigned asked;  /* requests, not answered */
  gboolean closing;
  gboolean troubled;             /* in this life the disk fails once, and then the power */
  gboolean once;                 /* which it has not yet done */
  gboolean is_last;              /* no cut comes any more: all is delivered */
  uint64_t n_messages, n_failed; /* in the queue, when it was last asked */
} ClrWorld;

/* Hands in one message more, as the intake does. */
void clr_world_hand_in (ClrWorld *world);
/* Asks as an administrator does; the answer is held against the ledger. */
void clr_world_ask (ClrWorld *world, ClrRequestKind kind, uint64_t id);
/* Orders something by chance, or nothing. @mail: (nullable): about which */
void clr_world_order_something (ClrWorld *world, ClrWorldMail *mail);
/* For the queue's options, with the world as data. */
void clr_world_post_job (unsigned worker, ClrJob *job, void *data);
void clr_world_post_report (unsigned worker, ClrReportJob *job, void *data);
