/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-state.h"

#include "backup/clr-formats.h"
#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "base/clr-mailbox.h"
#include "queue/clr-database.h"

#include <stdatomic.h>
#include <string.h>

#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define GATHER_US        G_USEC_PER_SEC                 /* how long a batch waits for company */
#define RETRY_US         (5 * (int64_t)G_USEC_PER_SEC)  /* after a failure */
#define SWEEP_US         (60 * (int64_t)G_USEC_PER_SEC) /* between two looks for what has expired */
#define SWEEP_ROWS       "1000"                         /* removed a transaction */
#define MOST_WAITING     65536                          /* keys not yet written; of others nothing is kept */
#define MOST_POSTED      262144                         /* letters not yet opened */
#define CHECKPOINT_PAGES 1000
#define NICENESS         10

typedef struct
{
  const char *name;
  int64_t most;
} Kind;

static const Kind kinds[] = {
#define ROW(id, name, most) { name, most },
  CLR_STATE_KINDS (ROW)
#undef ROW
};

typedef struct
{
  ClrLetter letter;
  ClrStateKind kind;
  char *value; /* NULL: the row goes */
  int64_t expires_us;
  char key[]; /* one octet that is the kind, then the key: one name for the table of what waits */
} Change;

typedef struct
{
  ClrLetter letter;
  GMutex lock;
  GCond cond;
  gboolean done;
} Flush;

struct ClrState
{
  ClrMailbox *mailbox;
  GThread *thread;
  sqlite3 *db;
  atomic_int posted;
  gboolean stopping;
  gboolean failing;
  gboolean overflown;

  GHashTable *waiting; /* the changes by key, which they own */
  GPtrArray *flushes;
  int64_t oldest_us; /* when the first of them came, monotonic */
  int64_t next_sweep_us;
  int64_t rows[CLR_STATE_LAST];
  int wal_pages;

  sqlite3_stmt *update, *insert, *drop, *trim;
};

static const char schema[] = "CREATE TABLE state(kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, "
                             "expires INTEGER NOT NULL,"
                             " changed INTEGER NOT NULL, PRIMARY KEY(kind, key)) WITHOUT ROWID;"
                             "CREATE INDEX state_changed ON state(kind, changed);"
                             "CREATE INDEX state_expires ON state(expires) WHERE expires > 0;";

static const ClrDatabaseKind database_kind
    = { .application_id = CLR_FORMAT_STATE_ID, .version = CLR_FORMAT_STATE, .schema = schema };

static int
on_wal (void *data, sqlite3 *db, const char *name, int pages)
{
  ((ClrState *)data)->wal_pages = pages;
  return SQLITE_OK;
}

static void
change_free (void *data)
{
  Change *change = data;

  g_free (change->value);
  g_free (change);
}

/* Reads, besides the rows' number, whether the file can be read at all. */
static gboolean
count_rows (ClrState *state, GError **error)
{
  sqlite3_stmt *stmt = clr_database_prepare (state->db, "SELECT count(*) FROM state WHERE kind=?");
  gboolean ok = TRUE;

  for (unsigned i = 0; ok && i < G_N_ELEMENTS (kinds); i++)
    {
      clr_database_bind_text (stmt, 1, kinds[i].name);
      ok = sqlite3_step (stmt) == SQLITE_ROW || clr_database_fail (state->db, "counting facts", error);
      state->rows[i] = ok ? sqlite3_column_int64 (stmt, 0) : 0;
      sqlite3_reset (stmt);
    }
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
write_change (ClrState *state, const Change *change, int64_t now_us, GError **error)
{
  sqlite3_stmt *stmt = change->value ? state->update : state->drop;

  clr_database_bind_text (stmt, 1, kinds[change->kind].name);
  clr_database_bind_text (stmt, 2, change->key + 1);
  if (change->value == NULL)
    {
      if (!clr_database_run (stmt, "dropping a fact", error))
        return FALSE;
      state->rows[change->kind] -= sqlite3_changes (state->db);
      return TRUE;
    }
  for (int step = 0; step < 2; step++)
    {
      clr_database_bind_text (stmt, 1, kinds[change->kind].name);
      clr_database_bind_text (stmt, 2, change->key + 1);
      clr_database_bind_text (stmt, 3, change->value);
      sqlite3_bind_int64 (stmt, 4, change->expires_us);
      sqlite3_bind_int64 (stmt, 5, now_us);
      if (!clr_database_run (stmt, "keeping a fact", error))
        return FALSE;
      if (sqlite3_changes (state->db) > 0)
        {
          state->rows[change->kind] += step;
          return TRUE;
        }
      stmt = state->insert;
    }
  return TRUE;
}

/* What is too much of a kind goes, the longest unchanged first. */
static gboolean
trim (ClrState *state, GError **error)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (state->rows[i] <= kinds[i].most)
        continue;
      clr_database_bind_text (state->trim, 1, kinds[i].name);
      sqlite3_bind_int64 (state->trim, 2, state->rows[i] - kinds[i].most);
      if (!clr_database_run (state->trim, "trimming facts", error))
        return FALSE;
      state->rows[i] -= sqlite3_changes (state->db);
    }
  return TRUE;
}

static gboolean
write_all (ClrState *state, GError **error)
{
  GHashTableIter iter;
  void *value;
  int64_t now_us = clr_clock_wall ();

  if (!clr_database_exec (state->db, "BEGIN IMMEDIATE", error))
    return FALSE;
  g_hash_table_iter_init (&iter, state->waiting);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!write_change (state, value, now_us, error))
      return FALSE;
  return trim (state, error) && clr_database_exec (state->db, "COMMIT", error);
}

static void
answer_flushes (ClrState *state)
{
  for (unsigned i = 0; i < state->flushes->len; i++)
    {
      Flush *flush = g_ptr_array_index (state->flushes, i);

      g_mutex_lock (&flush->lock);
      flush->done = TRUE;
      g_cond_signal (&flush->cond);
      g_mutex_unlock (&flush->lock); /* it may be gone from here on */
    }
  g_ptr_array_set_size (state->flushes, 0);
}

/* Returns: FALSE when it has to be tried again. */
static gboolean
store (ClrState *state)
{
  g_autoptr (GError) error = NULL;

  if (g_hash_table_size (state->waiting) > 0 && !write_all (state, &error))
    {
      if (!sqlite3_get_autocommit (state->db))
        clr_database_exec (state->db, "ROLLBACK", NULL);
      count_rows (state, NULL);
      if (!state->failing)
        clr_log_event (CLR_EVENT_STATE_FAILED, error->message);
      state->failing = TRUE;
      answer_flushes (state);
      return FALSE;
    }
  state->failing = FALSE;
  state->overflown = FALSE;
  g_hash_table_remove_all (state->waiting);
  answer_flushes (state);
  if (state->wal_pages > CHECKPOINT_PAGES)
    sqlite3_wal_checkpoint_v2 (state->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  return TRUE;
}

/* A failure shows at the next batch. */
static void
sweep (ClrState *state)
{
  g_autofree char *sql
      = g_strdup_printf ("DELETE FROM state WHERE (kind, key) IN (SELECT kind, key FROM state WHERE expires "
                         "> 0 AND expires <= %" G_GINT64_FORMAT " LIMIT " SWEEP_ROWS ")",
                         clr_clock_wall ());

  if (clr_database_exec (state->db, sql, NULL) && sqlite3_changes (state->db) > 0)
    count_rows (state, NULL);
}

static void
open_change (ClrLetter *letter, void *owner)
{
  ClrState *state = owner;
  Change *change = (Change *)letter;

  atomic_fetch_sub_explicit (&state->posted, 1, memory_order_relaxed);
  if (g_hash_table_size (state->waiting) >= MOST_WAITING
      && !g_hash_table_contains (state->waiting, change->key))
    {
      if (!state->overflown)
        clr_log_event (CLR_EVENT_STATE_FAILED, "too many facts wait to be written; new ones are not kept");
      state->overflown = TRUE;
      change_free (change);
      return;
    }
  if (state->oldest_us == 0)
    state->oldest_us = clr_clock_monotonic ();
  g_hash_table_replace (state->waiting, change->key, change);
}

static void
open_flush (ClrLetter *letter, void *owner)
{
  g_ptr_array_add (((ClrState *)owner)->flushes, letter);
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  ((ClrState *)owner)->stopping = TRUE;
  g_free (letter);
}

static void *
run (void *data)
{
  ClrState *state = data;
  int64_t not_before_us = 0;

#ifdef __linux__
  /* A thread has a niceness of its own here. Not idle: those who flush wait. */
  setpriority (PRIO_PROCESS, (id_t)syscall (SYS_gettid), NICENESS);
#endif
  state->next_sweep_us = clr_clock_monotonic ();
  while (!state->stopping)
    {
      int64_t now = clr_clock_monotonic ();
      int64_t due = state->oldest_us ? MAX (state->oldest_us + GATHER_US, not_before_us) : INT64_MAX;

      clr_log_flush ();
      if (state->flushes->len == 0)
        clr_mailbox_wait (state->mailbox, MAX (MIN (due, state->next_sweep_us) - now, 0));
      clr_mailbox_open_all (state->mailbox);
      now = clr_clock_monotonic ();
      if (now >= due || state->flushes->len > 0)
        {
          if (store (state))
            state->oldest_us = 0;
          else
            not_before_us = now + RETRY_US;
        }
      if (now >= state->next_sweep_us)
        {
          sweep (state);
          state->next_sweep_us = now + SWEEP_US;
        }
    }
  store (state);
  clr_log_flush ();
  return NULL;
}

ClrState *
clr_state_open (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "state.db", NULL);
  sqlite3 *db = clr_database_open (path, &database_kind, error);

  if (db == NULL)
    return NULL;
  ClrState *state = g_new0 (ClrState, 1);
  state->db = db;
  if (!count_rows (state, error))
    {
      sqlite3_close (db);
      g_free (state);
      return NULL;
    }
  sqlite3_wal_hook (db, on_wal, state);
  state->update = clr_database_prepare (
      db, "UPDATE state SET value=?3, expires=?4, changed=?5 WHERE kind=?1 AND key=?2");
  state->insert = clr_database_prepare (
      db, "INSERT INTO state(kind, key, value, expires, changed) VALUES(?1, ?2, ?3, ?4, ?5)");
  state->drop = clr_database_prepare (db, "DELETE FROM state WHERE kind=? AND key=?");
  state->trim = clr_database_prepare (db, "DELETE FROM state WHERE kind=?1 AND key IN"
                                          " (SELECT key FROM state WHERE kind=?1 ORDER BY changed LIMIT ?2)");
  state->waiting = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, change_free);
  state->flushes = g_ptr_array_new ();
  state->mailbox = clr_mailbox_new (state);
  state->thread = g_thread_new ("state", run, state);
  return state;
}

void
clr_state_free (ClrState *state)
{
  ClrLetter *stop = g_new0 (ClrLetter, 1);

  stop->open = open_stop;
  clr_mailbox_post (state->mailbox, stop);
  g_thread_join (state->thread);
  clr_mailbox_free (state->mailbox);
  g_hash_table_unref (state->waiting);
  g_ptr_array_unref (state->flushes);
  sqlite3_finalize (state->update);
  sqlite3_finalize (state->insert);
  sqlite3_finalize (state->drop);
  sqlite3_finalize (state->trim);
  sqlite3_wal_checkpoint_v2 (state->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  sqlite3_close (state->db);
  g_free (state);
}

/* On a connection of its own: the thread's belongs to the thread. */
gboolean
clr_state_load (ClrState *state, ClrStateKind kind, ClrStateVisitor visitor, void *data, GError **error)
{
  sqlite3 *db = clr_database_open_reader (sqlite3_db_filename (state->db, "main"), error);
  sqlite3_stmt *stmt;
  gboolean ok;
  int code;

  if (db == NULL)
    return FALSE;
  stmt = clr_database_prepare (db, "SELECT key, value, expires FROM state WHERE kind=?1"
                                   " AND (expires=0 OR expires>?2) ORDER BY changed");
  clr_database_bind_text (stmt, 1, kinds[kind].name);
  sqlite3_bind_int64 (stmt, 2, clr_clock_wall ());
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    visitor ((const char *)sqlite3_column_text (stmt, 0), (const char *)sqlite3_column_text (stmt, 1),
             sqlite3_column_int64 (stmt, 2), data);
  ok = clr_database_ended (stmt, code, error);
  sqlite3_finalize (stmt);
  sqlite3_close (db);
  return ok;
}

static void
post (ClrState *state, ClrStateKind kind, const char *key, const char *value, int64_t expires_us)
{
  size_t size = strlen (key);
  Change *change;

  if (size > CLR_STATE_LONGEST_KEY || (value && strlen (value) > CLR_STATE_LONGEST_VALUE))
    return;
  /* Far more than a second brings: the thread has no turn, and what is kept here can be lost. */
  if (atomic_fetch_add_explicit (&state->posted, 1, memory_order_relaxed) >= MOST_POSTED)
    {
      atomic_fetch_sub_explicit (&state->posted, 1, memory_order_relaxed);
      return;
    }
  change = g_malloc0 (sizeof *change + 1 + size + 1);
  change->letter.open = open_change;
  change->kind = kind;
  change->key[0] = (char)(1 + kind);
  memcpy (change->key + 1, key, size);
  change->value = g_strdup (value);
  change->expires_us = expires_us;
  clr_mailbox_post (state->mailbox, &change->letter);
}

void
clr_state_put_post (ClrState *state, ClrStateKind kind, const char *key, const char *value,
                    int64_t expires_us)
{
  post (state, kind, key, value, expires_us);
}

void
clr_state_drop_post (ClrState *state, ClrStateKind kind, const char *key)
{
  post (state, kind, key, NULL, 0);
}

void
clr_state_flush (ClrState *state)
{
  Flush flush = { .letter.open = open_flush };

  g_mutex_init (&flush.lock);
  g_cond_init (&flush.cond);
  clr_mailbox_post (state->mailbox, &flush.letter);
  g_mutex_lock (&flush.lock);
  while (!flush.done)
    g_cond_wait (&flush.cond, &flush.lock);
  g_mutex_unlock (&flush.lock);
  g_mutex_clear (&flush.lock);
  g_cond_clear (&flush.cond);
}
