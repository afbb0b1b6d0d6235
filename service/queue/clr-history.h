/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrHistory: what has become of finished mail, in history.db: messages, recipients, and every attempt with
 * its reply verbatim. A thread of its own writes in batches; look-ups are answered by the same thread on a
 * read-only connection.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "queue/clr-job.h"

typedef struct ClrHistory ClrHistory;

/* @on_stored: called in the history thread with the ids that are now on disk. */
typedef void (*ClrHistoryStored) (const uint64_t *ids, unsigned n, void *data);

ClrHistory *clr_history_new (const char *path, int64_t keep_us, ClrHistoryStored on_stored, void *data,
                             GError **error);
/* Writes what was posted, and ends the thread. */
void clr_history_free (ClrHistory *history);

/* Any thread. The job's observations are recorded; the job belongs to the history from now on. */
void clr_history_post_job (ClrHistory *history, ClrJob *job);
/* Any thread. The message, with all its recipients, is finished; takes the reference. */
void clr_history_post_finished (ClrHistory *history, ClrMessage *message);

/* One attempt, as it is looked up. */
typedef struct
{
  unsigned recipient;
  int64_t started_us, ended_us;
  char *outcome, *phase, *enhanced, *text, *host, *tls;
  int code;
} ClrAttempt;

typedef struct ClrHistoryAnswer ClrHistoryAnswer;

struct ClrHistoryAnswer
{
  ClrLetter letter; /* posted to @reply_to */
  ClrMailbox *reply_to;
  void *data;
  uint64_t id;
  ClrMessage *message; /* NULL when history does not have it; without content */
  GArray *attempts;    /* of ClrAttempt */
};

/* Any thread: looks up @id; the answer's letter is opened in the owner of @reply_to. */
void clr_history_post_find (ClrHistory *history, uint64_t id, ClrMailbox *reply_to,
                            void (*open) (ClrLetter *answer, void *owner), void *data);
void clr_history_answer_free (ClrHistoryAnswer *answer);
