/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrHistory: what has become of finished mail, in history.db: messages, recipients, and every attempt with
 * its reply verbatim. A thread of its own writes in batches and removes what is old (clr-history-sweep);
 * another answers look-ups (clr-history-reader).
 */
#pragma once

#include "base/clr-mailbox.h"
#include "queue/clr-history-sweep.h"
#include "queue/clr-job.h"
#include "queue/clr-roll.h"
#include "queue/clr-trace.h"

typedef struct ClrHistory ClrHistory;

/* @on_stored: called in the history thread with the ids that are now on disk. */
typedef void (*ClrHistoryStored) (const uint64_t *ids, unsigned n, void *data);

/* @queue_file: where a trace looks for what is not finished; NULL: nowhere. */
ClrHistory *clr_history_new (const char *path, const char *queue_file, const ClrHistoryRule *rule,
                             ClrHistoryStored on_stored, void *data, GError **error);
/* Writes what was posted, and ends the thread. */
void clr_history_free (ClrHistory *history);

/* Any thread. The job's observations are recorded; the job belongs to the history from now on. */
void clr_history_post_job (ClrHistory *history, ClrJob *job);
/* Any thread. The message, with all its recipients, is finished; takes the reference. */
void clr_history_post_finished (ClrHistory *history, ClrMessage *message);

/* Any thread. The recipients of @message have been deleted by @who; it may have others, which are told of
 * later. Takes the reference, which is the only one. */
void clr_history_post_deleted (ClrHistory *history, ClrMessage *message, const char *who);
/* Any thread. */
void clr_history_post_rule (ClrHistory *history, const ClrHistoryRule *rule);

typedef struct
{
  ClrLetter letter; /* posted to @reply_to */
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *answer, void *owner);
  void *data;
  uint64_t id;
  ClrTraced *traced; /* what the history has of it */
  char *problem;     /* NULL, or why it could not be looked up */
} ClrHistoryAnswer;

/* Any thread: looks up @id; the answer's letter is opened in the owner of @reply_to. */
void clr_history_post_find (ClrHistory *history, uint64_t id, ClrMailbox *reply_to,
                            void (*open) (ClrLetter *answer, void *owner), void *data);
void clr_history_answer_free (ClrHistoryAnswer *answer);

/* Any thread: one page of what @trace asks for, answered to its @reply_to. */
void clr_history_post_trace (ClrHistory *history, ClrTrace *trace);
/* Any thread: a part of a long list of what waits, answered to its @reply_to. */
void clr_history_post_roll (ClrHistory *history, ClrRollCall *call);
