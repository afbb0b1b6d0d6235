/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-history.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "queue/clr-database.h"

#include <stdatomic.h>
#include <string.h>

#define GATHER_US        (250 * 1000)   /* how long a batch may wait for company */
#define BATCH            1000           /* entries after which it does not wait */
#define RETRY_US         G_USEC_PER_SEC /* after a failure */
#define SWEEP_US         (60 * (int64_t)G_USEC_PER_SEC)
#define SWEEP_ROWS       1000 /* a transaction */
#define CHECKPOINT_PAGES 2000

#define INDEXES                                                                                              \
  "CREATE INDEX message_sender ON message(sender COLLATE NOCASE, id);"                                       \
  "CREATE INDEX message_name ON message(message_id COLLATE NOCASE, id) WHERE message_id IS NOT NULL;"        \
  "CREATE INDEX recipient_address ON recipient(address COLLATE NOCASE, message);"

static const char schema[]
    = "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL,"
      " sender TEXT NOT NULL, size INTEGER NOT NULL, origin TEXT, client TEXT, device TEXT, attributes TEXT,"
      " subject TEXT, message_id TEXT, envid TEXT);"
      "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
      " lane TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, code INTEGER NOT NULL DEFAULT "
      "0,"
      " enhanced TEXT, text TEXT, host TEXT, tried INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(message, number))"
      " WITHOUT ROWID;"
      "CREATE TABLE attempt(message INTEGER NOT NULL, number INTEGER NOT NULL, started INTEGER NOT NULL,"
      " ended INTEGER NOT NULL, outcome INTEGER NOT NULL, phase TEXT, code INTEGER NOT NULL, enhanced TEXT,"
      " text TEXT, host TEXT, tls TEXT, PRIMARY KEY(message, number, started)) WITHOUT ROWID;" INDEXES;

static const char *const upgrades[] = {
  "ALTER TABLE message ADD COLUMN subject TEXT; ALTER TABLE message ADD COLUMN message_id TEXT;"
  "ALTER TABLE message ADD COLUMN envid TEXT;"
  "ALTER TABLE recipient ADD COLUMN code INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE recipient ADD COLUMN enhanced TEXT; ALTER TABLE recipient ADD COLUMN text TEXT;"
  "ALTER TABLE recipient ADD COLUMN host TEXT;"
  "ALTER TABLE recipient ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;"
  "UPDATE message SET subject=json_extract(attributes,'$.subject'),"
  " message_id=json_extract(attributes,'$.\"message-id\"') WHERE json_valid(attributes);"
  "DROP INDEX message_sender; DROP INDEX recipient_address;" INDEXES,
};

static const ClrDatabaseKind kind
    = { .application_id = 0x434c5248 /* "CLRH" */, .version = 2, .schema = schema, .upgrades = upgrades };

struct ClrHistory
{
  ClrMailbox *mailbox;
  GThread *thread;
  char *path;
  sqlite3 *db;
  sqlite3 *reader;
  ClrHistoryStored on_stored;
  void *data;
  int64_t keep_us;
  gboolean stopping;
  gboolean failing;

  GPtrArray *jobs;     /* not yet stored */
  GPtrArray *finished; /* of ClrMessage, not yet stored */
  int64_t oldest_us;   /* when the first of them came, monotonic */
  int64_t next_sweep_us;
  int wal_pages;

  sqlite3_stmt *add_message, *add_recipient, *add_attempt, *sweep[3];
};

typedef struct
{
  ClrLetter letter;
  ClrMessage *message;
} FinishedLetter;

typedef struct
{
  ClrLetter letter;
  ClrHistoryAnswer *answer;
} FindLetter;

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
write_finished (ClrHistory *history, const ClrMessage *message, GError **error)
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
    if (!write_finished (history, g_ptr_array_index (history->finished, i), error))
      return FALSE;
  return clr_database_exec (history->db, "COMMIT", error);
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
  if (history->wal_pages > CHECKPOINT_PAGES)
    sqlite3_wal_checkpoint_v2 (history->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  return TRUE;
}

/* What is older than is kept, a few rows a transaction, so that nothing waits for it. */
static void
sweep (ClrHistory *history, int64_t wall_us)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (history->sweep); i++)
    {
      sqlite3_bind_int64 (history->sweep[i], 1, wall_us - history->keep_us);
      clr_database_run (history->sweep[i], "sweeping", NULL);
    }
}

static unsigned
n_pending (ClrHistory *history)
{
  return history->jobs->len + history->finished->len;
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
          sweep (history, clr_clock_wall ());
          history->next_sweep_us = now + SWEEP_US;
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

void
clr_history_post_finished (ClrHistory *history, ClrMessage *message)
{
  FinishedLetter *letter = g_new0 (FinishedLetter, 1);

  letter->letter.open = open_finished;
  letter->message = message;
  clr_mailbox_post (history->mailbox, &letter->letter);
}

static const char *
outcome_name (int outcome)
{
  static const char *const names[] = { "untried", "delivered", "deferred", "failed" };

  return outcome >= 0 && outcome < (int)G_N_ELEMENTS (names) ? names[outcome] : "unknown";
}

static void
find_attempts (ClrHistory *history, ClrHistoryAnswer *answer)
{
  sqlite3_stmt *stmt = clr_database_prepare (
      history->reader,
      "SELECT number,started,ended,outcome,phase,code,enhanced,text,host,tls FROM attempt WHERE message=?1"
      " ORDER BY started, number LIMIT 1000");

  sqlite3_bind_int64 (stmt, 1, answer->id);
  while (sqlite3_step (stmt) == SQLITE_ROW)
    {
      ClrAttempt attempt = {
        .recipient = sqlite3_column_int (stmt, 0),
        .started_us = sqlite3_column_int64 (stmt, 1),
        .ended_us = sqlite3_column_int64 (stmt, 2),
        .outcome = g_strdup (outcome_name (sqlite3_column_int (stmt, 3))),
        .phase = clr_database_dup_text (stmt, 4),
        .code = sqlite3_column_int (stmt, 5),
        .enhanced = clr_database_dup_text (stmt, 6),
        .text = clr_database_dup_text (stmt, 7),
        .host = clr_database_dup_text (stmt, 8),
        .tls = clr_database_dup_text (stmt, 9),
      };
      g_array_append_val (answer->attempts, attempt);
    }
  sqlite3_finalize (stmt);
}

static void
find_message (ClrHistory *history, ClrHistoryAnswer *answer)
{
  sqlite3_stmt *stmt = clr_database_prepare (
      history->reader,
      "SELECT node,created,sender,size,origin,client,device,attributes,envid FROM message WHERE id=?1");

  sqlite3_bind_int64 (stmt, 1, answer->id);
  if (sqlite3_step (stmt) == SQLITE_ROW)
    {
      ClrMessage *message = answer->message = clr_message_new (0);

      message->id = answer->id;
      message->node = sqlite3_column_int (stmt, 0);
      message->created_us = sqlite3_column_int64 (stmt, 1);
      message->sender = clr_database_dup_text (stmt, 2);
      message->size = sqlite3_column_int64 (stmt, 3);
      message->origin = clr_database_dup_text (stmt, 4);
      message->client = clr_database_dup_text (stmt, 5);
      message->device = clr_database_dup_text (stmt, 6);
      message->attributes = clr_database_dup_text (stmt, 7);
      message->envid = clr_database_dup_text (stmt, 8);
    }
  sqlite3_finalize (stmt);
  if (answer->message == NULL)
    return;

  g_autoptr (GArray) recipients = g_array_new (FALSE, TRUE, sizeof (ClrRecipient));
  stmt = clr_database_prepare (history->reader,
                               "SELECT number,address,lane,state,attempts,code,enhanced,text,host,tried"
                               " FROM recipient WHERE message=?1"
                               " ORDER BY number");
  sqlite3_bind_int64 (stmt, 1, answer->id);
  while (sqlite3_step (stmt) == SQLITE_ROW)
    {
      ClrRecipient recipient = {
        .number = sqlite3_column_int (stmt, 0),
        .address = clr_database_dup_text (stmt, 1),
        .lane = clr_database_dup_text (stmt, 2),
        .state = sqlite3_column_int (stmt, 3),
        .attempts = sqlite3_column_int (stmt, 4),
        .code = sqlite3_column_int (stmt, 5),
        .enhanced = clr_database_dup_text (stmt, 6),
        .text = clr_database_dup_text (stmt, 7),
        .host = clr_database_dup_text (stmt, 8),
        .tried_us = sqlite3_column_int64 (stmt, 9),
      };
      g_array_append_val (recipients, recipient);
    }
  sqlite3_finalize (stmt);
  g_free (answer->message->recipients);
  answer->message->n_recipients = answer->message->n_all = recipients->len;
  answer->message->recipients = (ClrRecipient *)(void *)g_array_free (g_steal_pointer (&recipients), FALSE);
}

static void
open_find (ClrLetter *letter, void *owner)
{
  ClrHistory *history = owner;
  ClrHistoryAnswer *answer = ((FindLetter *)letter)->answer;

  g_free (letter);
  /* What has been posted before the question belongs to the answer. */
  if (n_pending (history) > 0 && !history->failing)
    store (history);
  find_message (history, answer);
  find_attempts (history, answer);
  clr_mailbox_post (answer->reply_to, &answer->letter);
}

void
clr_history_post_find (ClrHistory *history, uint64_t id, ClrMailbox *reply_to,
                       void (*open) (ClrLetter *answer, void *owner), void *data)
{
  FindLetter *letter = g_new0 (FindLetter, 1);
  ClrHistoryAnswer *answer = g_new0 (ClrHistoryAnswer, 1);

  answer->letter.open = open;
  answer->reply_to = reply_to;
  answer->data = data;
  answer->id = id;
  answer->attempts = g_array_new (FALSE, TRUE, sizeof (ClrAttempt));
  letter->letter.open = open_find;
  letter->answer = answer;
  clr_mailbox_post (history->mailbox, &letter->letter);
}

void
clr_history_answer_free (ClrHistoryAnswer *answer)
{
  for (unsigned i = 0; i < answer->attempts->len; i++)
    {
      ClrAttempt *attempt = &g_array_index (answer->attempts, ClrAttempt, i);
      g_free (attempt->outcome);
      g_free (attempt->phase);
      g_free (attempt->enhanced);
      g_free (attempt->text);
      g_free (attempt->host);
      g_free (attempt->tls);
    }
  g_array_unref (answer->attempts);
  if (answer->message)
    clr_message_unref (answer->message);
  g_free (answer);
}

static void
close_all (ClrHistory *history)
{
  sqlite3_finalize (history->add_message);
  sqlite3_finalize (history->add_recipient);
  sqlite3_finalize (history->add_attempt);
  for (unsigned i = 0; i < G_N_ELEMENTS (history->sweep); i++)
    sqlite3_finalize (history->sweep[i]);
  g_ptr_array_unref (history->jobs);
  g_ptr_array_unref (history->finished);
  sqlite3_close (history->db);
  sqlite3_close (history->reader);
  g_free (history->path);
  g_free (history);
}

ClrHistory *
clr_history_new (const char *path, int64_t keep_us, ClrHistoryStored on_stored, void *data, GError **error)
{
  sqlite3 *db = clr_database_open (path, &kind, error);

  if (db == NULL)
    return NULL;
  ClrHistory *history = g_new0 (ClrHistory, 1);
  history->db = db;
  history->path = g_strdup (path);
  history->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_job_free);
  history->finished = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  history->reader = clr_database_keep_ids (db, error) ? clr_database_open_reader (path, error) : NULL;
  if (history->reader == NULL)
    {
      close_all (history);
      return NULL;
    }
  history->keep_us = keep_us;
  history->on_stored = on_stored;
  history->data = data;
  /* The same rows may come again after a crash: they are the same. */
  history->add_message = clr_database_prepare (
      db, "INSERT OR IGNORE INTO message(id,node,created,sender,size,origin,client,device,attributes,subject,"
          "message_id,envid) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)");
  history->add_recipient = clr_database_prepare (
      db,
      "INSERT OR IGNORE INTO recipient(message,number,address,lane,state,attempts,code,enhanced,text,host,"
      "tried) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
  history->add_attempt = clr_database_prepare (
      db,
      "INSERT OR IGNORE INTO attempt(message,number,started,ended,outcome,phase,code,enhanced,text,host,tls)"
      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
  /* Attempts and recipients of messages first, found by the id's age; then the messages. */
#define OLD "(SELECT id FROM message WHERE created<?1 ORDER BY id LIMIT " G_STRINGIFY (SWEEP_ROWS) ")"
  history->sweep[0] = clr_database_prepare (db, "DELETE FROM attempt WHERE message IN " OLD);
  history->sweep[1] = clr_database_prepare (db, "DELETE FROM recipient WHERE message IN " OLD);
  history->sweep[2] = clr_database_prepare (db, "DELETE FROM message WHERE id IN " OLD);
#undef OLD
  gboolean ok = history->add_message && history->add_recipient && history->add_attempt;
  for (unsigned i = 0; i < G_N_ELEMENTS (history->sweep); i++)
    ok = ok && history->sweep[i];
  if (!ok)
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
