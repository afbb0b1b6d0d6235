/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-history.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "queue/clr-history-reader.h"
#include "queue/clr-history-schema.h"

#include <stdatomic.h>
#include <string.h>

#define GATHER_US        (250 * 1000)   /* how long a batch may wait for company */
#define BATCH            1000           /* entries after which it does not wait */
#define RETRY_US         G_USEC_PER_SEC /* after a failure */
#define SWEEP_US         (60 * (int64_t)G_USEC_PER_SEC)
#define SWEEP_SOON_US    G_USEC_PER_SEC /* after something was stored */
#define SWEEP_MORE_US    (10 * 1000)    /* between two steps: others come to the disk */
#define CHECKPOINT_PAGES 2000
#define RESTART_PAGES    (8 * CHECKPOINT_PAGES) /* readers came too often for the log to begin anew */

struct ClrHistory
{
  ClrMailbox *mailbox;
  GThread *thread;
  sqlite3 *db;
  ClrHistoryReader *reader;
  ClrHistorySweep *sweep;
  ClrHistoryStored on_stored;
  void *data;
  ClrHistoryRule rule;
  gboolean stopping;
  gboolean failing;

  GPtrArray *jobs;     /* not yet stored */
  GPtrArray *finished; /* of ClrMessage, not yet stored */
  GPtrArray *deleted;  /* of ClrMessage with the recipients that were deleted, not yet stored */
  int64_t oldest_us;   /* when the first of them came, monotonic */
  int64_t next_sweep_us;
  int wal_pages;

  sqlite3_stmt *add_message, *add_recipient, *add_attempt;
};

typedef struct
{
  ClrLetter letter;
  ClrMessage *message;
} FinishedLetter;

typedef struct
{
  ClrLetter letter;
  ClrHistoryRule rule;
} RuleLetter;

static int
on_wal (void *data, sqlite3 *db, const char *name, int pages)
{
  ((ClrHistory *)data)->wal_pages = pages;
  return SQLITE_OK;
}

static gboolean
write_job (ClrHistory *history, const ClrJob *job, GError **error)
{
  sqlite3_stmt *stmt = history->add_attempt;

  for (unsigned i = 0; i < job->n_recipients; i++)
    {
      const ClrObservation *seen = &job->observations[i];

      if (seen->outcome == CLR_OUTCOME_UNTRIED)
        continue;
      sqlite3_bind_int64 (stmt, 1, job->message->id);
      sqlite3_bind_int (stmt, 2, job->message->recipients[job->recipients[i]].number);
      sqlite3_bind_int64 (stmt, 3, seen->started_us);
      sqlite3_bind_int64 (stmt, 4, seen->ended_us);
      sqlite3_bind_int (stmt, 5, seen->outcome);
      clr_database_bind_text (stmt, 6, seen->phase);
      sqlite3_bind_int (stmt, 7, seen->code);
      clr_database_bind_text (stmt, 8, seen->enhanced);
      clr_database_bind_text (stmt, 9, seen->text);
      clr_database_bind_text (stmt, 10, seen->host);
      clr_database_bind_text (stmt, 11, seen->tls);
      if (!clr_database_run (stmt, "recording an attempt", error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_message (ClrHistory *history, const ClrMessage *message, GError **error)
{
  g_autofree char *subject = clr_message_dup_attribute (message, "subject");
  g_autofree char *message_id = clr_message_dup_attribute (message, "message-id");
  sqlite3_stmt *stmt = history->add_message;

  sqlite3_bind_int64 (stmt, 1, message->id);
  sqlite3_bind_int64 (stmt, 2, message->node);
  sqlite3_bind_int64 (stmt, 3, message->created_us);
  clr_database_bind_text (stmt, 4, message->sender);
  sqlite3_bind_int64 (stmt, 5, message->size);
  clr_database_bind_text (stmt, 6, message->origin);
  clr_database_bind_text (stmt, 7, message->client);
  clr_database_bind_text (stmt, 8, message->device);
  clr_database_bind_text (stmt, 9, message->attributes);
  clr_database_bind_text (stmt, 10, subject);
  clr_database_bind_text (stmt, 11, message_id);
  clr_database_bind_text (stmt, 12, message->envid);
  if (!clr_database_run (stmt, "recording a message", error))
    return FALSE;

  stmt = history->add_recipient;
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      const ClrRecipient *recipient = &message->recipients[i];

      sqlite3_bind_int64 (stmt, 1, message->id);
      sqlite3_bind_int (stmt, 2, recipient->number);
      clr_database_bind_text (stmt, 3, recipient->address);
      clr_database_bind_text (stmt, 4, recipient->lane);
      sqlite3_bind_int (stmt, 5, recipient->state);
      sqlite3_bind_int (stmt, 6, recipient->attempts);
      sqlite3_bind_int (stmt, 7, recipient->code);
      clr_database_bind_text (stmt, 8, recipient->enhanced);
      clr_database_bind_text (stmt, 9, recipient->text);
      clr_database_bind_text (stmt, 10, recipient->host);
      sqlite3_bind_int64 (stmt, 11, recipient->tried_us);
      clr_database_bind_text (stmt, 12, recipient->who);
      if (!clr_database_run (stmt, "recording a recipient", error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_all (ClrHistory *history, GError **error)
{
  if (!clr_database_exec (history->db, "BEGIN IMMEDIATE", error))
    return FALSE;
  for (unsigned i = 0; i < history->jobs->len; i++)
    if (!write_job (history, g_ptr_array_index (history->jobs, i), error))
      return FALSE;
  for (unsigned i = 0; i < history->finished->len; i++)
    if (!write_message (history, g_ptr_array_index (history->finished, i), error))
      return FALSE;
  for (unsigned i = 0; i < history->deleted->len; i++)
    if (!write_message (history, g_ptr_array_index (history->deleted, i), error))
      return FALSE;
  return clr_database_exec (history->db, "COMMIT", error);
}

/* A passive checkpoint never waits, but while readers come one after the other the log does not begin anew.
 * Before it gets long it waits for the page that is just being read, which is short; whoever comes then reads
 * the file itself. */
static void
checkpoint_if_long (ClrHistory *history)
{
  if (history->wal_pages <= CHECKPOINT_PAGES)
    return;
  sqlite3_wal_checkpoint_v2 (history->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  if (history->wal_pages > RESTART_PAGES)
    sqlite3_wal_checkpoint_v2 (history->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
}

static gboolean
store (ClrHistory *history)
{
  g_autoptr (GError) error = NULL;

  if (!write_all (history, &error))
    {
      if (!sqlite3_get_autocommit (history->db))
        clr_database_exec (history->db, "ROLLBACK", NULL);
      if (!history->failing)
        clr_log_event (CLR_EVENT_HISTORY_FAILED, error->message);
      history->failing = TRUE;
      return FALSE;
    }
  history->failing = FALSE;

  g_autofree uint64_t *ids = g_new (uint64_t, history->finished->len + 1);
  for (unsigned i = 0; i < history->finished->len; i++)
    ids[i] = ((ClrMessage *)g_ptr_array_index (history->finished, i))->id;
  if (history->finished->len > 0)
    history->on_stored (ids, history->finished->len, history->data);
  g_ptr_array_set_size (history->jobs, 0);
  g_ptr_array_set_size (history->finished, 0);
  g_ptr_array_set_size (history->deleted, 0);
  history->next_sweep_us = MIN (history->next_sweep_us, clr_clock_monotonic () + SWEEP_SOON_US);
  checkpoint_if_long (history);
  return TRUE;
}

/* Returns: how long until the next step. */
static int64_t
sweep (ClrHistory *history)
{
  g_autoptr (GError) error = NULL;
  gboolean more;

  if (!clr_history_sweep_step (history->sweep, &history->rule, clr_clock_wall (), &more, &error))
    {
      if (!history->failing)
        clr_log_event (CLR_EVENT_HISTORY_FAILED, error->message);
      return SWEEP_US;
    }
  checkpoint_if_long (history);
  return more ? SWEEP_MORE_US : SWEEP_US;
}

static unsigned
n_pending (ClrHistory *history)
{
  return history->jobs->len + history->finished->len + history->deleted->len;
}

static void *
run (void *data)
{
  ClrHistory *history = data;

  history->next_sweep_us = clr_clock_monotonic () + SWEEP_US;
  for (;;)
    {
      int64_t now = clr_clock_monotonic ();
      int64_t wake = history->next_sweep_us;

      if (n_pending (history) > 0)
        wake = MIN (wake, history->oldest_us + (history->failing ? RETRY_US : GATHER_US));
      clr_log_flush ();
      clr_mailbox_wait (history->mailbox, MAX (wake - now, 0));
      clr_mailbox_open_all (history->mailbox);
      now = clr_clock_monotonic ();
      if (n_pending (history) > 0
          && (history->stopping || (n_pending (history) >= BATCH && !history->failing)
              || now >= history->oldest_us + (history->failing ? RETRY_US : GATHER_US)))
        {
          if (!store (history))
            history->oldest_us = now;
        }
      if (now >= history->next_sweep_us)
        {
          history->next_sweep_us = INT64_MAX;
          history->next_sweep_us = clr_clock_monotonic () + sweep (history);
        }
      if (history->stopping)
        return NULL;
    }
}

static void
came (ClrHistory *history)
{
  if (n_pending (history) == 0)
    history->oldest_us = clr_clock_monotonic ();
}

static void
open_job (ClrLetter *letter, void *owner)
{
  ClrHistory *history = owner;

  came (history);
  g_ptr_array_add (history->jobs, letter);
}

static void
open_finished (ClrLetter *letter, void *owner)
{
  ClrHistory *history = owner;

  came (history);
  g_ptr_array_add (history->finished, ((FinishedLetter *)letter)->message);
  g_free (letter);
}

static void
open_deleted (ClrLetter *letter, void *owner)
{
  ClrHistory *history = owner;

  came (history);
  g_ptr_array_add (history->deleted, ((FinishedLetter *)letter)->message);
  g_free (letter);
}

static void
open_rule (ClrLetter *letter, void *owner)
{
  ClrHistory *history = owner;

  history->rule = ((RuleLetter *)letter)->rule;
  history->next_sweep_us = clr_clock_monotonic ();
  g_free (letter);
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  ((ClrHistory *)owner)->stopping = TRUE;
  g_free (letter);
}

void
clr_history_post_job (ClrHistory *history, ClrJob *job)
{
  job->letter.open = open_job;
  clr_mailbox_post (history->mailbox, &job->letter);
}

static void
post_message (ClrHistory *history, ClrMessage *message, void (*open) (ClrLetter *letter, void *owner))
{
  FinishedLetter *letter = g_new0 (FinishedLetter, 1);

  letter->letter.open = open;
  letter->message = message;
  clr_mailbox_post (history->mailbox, &letter->letter);
}

void
clr_history_post_finished (ClrHistory *history, ClrMessage *message)
{
  post_message (history, message, open_finished);
}

void
clr_history_post_deleted (ClrHistory *history, ClrMessage *message, const char *who)
{
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      message->recipients[i].state = CLR_RECIPIENT_DELETED;
      g_free (message->recipients[i].who);
      message->recipients[i].who = g_strdup (who);
    }
  post_message (history, message, open_deleted);
}

void
clr_history_post_rule (ClrHistory *history, const ClrHistoryRule *rule)
{
  RuleLetter *letter = g_new0 (RuleLetter, 1);

  letter->letter.open = open_rule;
  letter->rule = *rule;
  clr_mailbox_post (history->mailbox, &letter->letter);
}

static void
open_find (ClrLetter *letter, void *owner)
{
  ClrHistory *history = owner;

  /* What has been posted before the question belongs to the answer. */
  if (n_pending (history) > 0 && !history->failing)
    store (history);
  clr_history_reader_post_find (history->reader, (ClrHistoryAnswer *)letter);
}

void
clr_history_post_find (ClrHistory *history, uint64_t id, ClrMailbox *reply_to,
                       void (*open) (ClrLetter *answer, void *owner), void *data)
{
  ClrHistoryAnswer *answer = g_new0 (ClrHistoryAnswer, 1);

  answer->letter.open = open_find;
  answer->reply_to = reply_to;
  answer->open = open;
  answer->data = data;
  answer->id = id;
  answer->traced = clr_traced_new ();
  clr_mailbox_post (history->mailbox, &answer->letter);
}

void
clr_history_answer_free (ClrHistoryAnswer *answer)
{
  clr_traced_free (answer->traced);
  g_free (answer->problem);
  g_free (answer);
}

/* The reader is not asked through the writer: what is not yet stored here is still in the queue. */
void
clr_history_post_trace (ClrHistory *history, ClrTrace *trace)
{
  clr_history_reader_post_trace (history->reader, trace);
}

void
clr_history_post_roll (ClrHistory *history, ClrRollCall *call)
{
  clr_history_reader_post_roll (history->reader, call);
}

static void
close_all (ClrHistory *history)
{
  sqlite3_finalize (history->add_message);
  sqlite3_finalize (history->add_recipient);
  sqlite3_finalize (history->add_attempt);
  g_clear_pointer (&history->sweep, clr_history_sweep_free);
  g_ptr_array_unref (history->jobs);
  g_ptr_array_unref (history->finished);
  g_ptr_array_unref (history->deleted);
  g_clear_pointer (&history->reader, clr_history_reader_free);
  sqlite3_close (history->db);
  g_free (history);
}

ClrHistory *
clr_history_new (const char *path, const char *queue_file, const ClrHistoryRule *rule,
                 ClrHistoryStored on_stored, void *data, GError **error)
{
  sqlite3 *db = clr_database_open (path, &clr_history_schema, error);

  if (db == NULL)
    return NULL;
  ClrHistory *history = g_new0 (ClrHistory, 1);
  history->db = db;
  history->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_job_free);
  history->finished = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  history->deleted = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  history->reader
      = clr_database_keep_ids (db, error) ? clr_history_reader_new (path, queue_file, error) : NULL;
  if (history->reader == NULL)
    {
      close_all (history);
      return NULL;
    }
  history->rule = *rule;
  history->on_stored = on_stored;
  history->data = data;
  /* The same rows may come again after a crash: they are the same. */
  history->add_message = clr_database_prepare (
      db, "INSERT OR IGNORE INTO message(id,node,created,sender,size,origin,client,device,attributes,subject,"
          "message_id,envid) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)");
  history->add_recipient = clr_database_prepare (
      db,
      "INSERT OR IGNORE INTO recipient(message,number,address,lane,state,attempts,code,enhanced,text,host,"
      "tried,who) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)");
  history->add_attempt = clr_database_prepare (
      db,
      "INSERT OR IGNORE INTO attempt(message,number,started,ended,outcome,phase,code,enhanced,text,host,tls)"
      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
  history->sweep = clr_history_sweep_new (db);
  if (!history->add_message || !history->add_recipient || !history->add_attempt || !history->sweep)
    {
      clr_database_fail (db, path, error);
      close_all (history);
      return NULL;
    }
  sqlite3_wal_hook (db, on_wal, history);
  history->mailbox = clr_mailbox_new (history);
  history->thread = g_thread_new ("history", run, history);
  return history;
}

void
clr_history_free (ClrHistory *history)
{
  ClrLetter *stop = g_new0 (ClrLetter, 1);

  stop->open = open_stop;
  clr_mailbox_post (history->mailbox, stop);
  g_thread_join (history->thread);
  clr_mailbox_free (history->mailbox);
  close_all (history);
}
