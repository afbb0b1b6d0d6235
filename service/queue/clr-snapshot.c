/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-snapshot.h"

#include "base/clr-error.h"
#include "queue/clr-database.h"
#include "queue/clr-message.h"
#include "queue/clr-store-schema.h"

#define STEPS 20000 /* of SQLite's machine between two looks: some milliseconds */

/* What clr-store-schema.c keeps with every transaction. */
#define COUNT_AGAIN                                                                                          \
  "UPDATE tally SET messages=(SELECT count(*) FROM message),"                                                \
  " waiting=(SELECT count(*) FROM recipient WHERE state=0),"                                                 \
  " active=(SELECT count(*) FROM recipient WHERE state=1),"                                                  \
  " failed=(SELECT count(*) FROM recipient WHERE state=3),"                                                  \
  " held=(SELECT count(*) FROM recipient WHERE state=4),"                                                    \
  " bouncing=(SELECT count(*) FROM recipient WHERE state=5)"

typedef struct
{
  ClrSnapshotStop stop;
  void *data;
} Watch;

static int
on_steps (void *data)
{
  Watch *watch = data;

  return watch->stop && watch->stop (watch->data);
}

gboolean
clr_snapshot_make (const char *from, const char *to, ClrSnapshotStop stop, void *data, GError **error)
{
  sqlite3 *db = clr_database_open_reader (from, error);
  Watch watch = { stop, data };
  sqlite3_stmt *stmt;
  gboolean ok;

  if (db == NULL)
    return FALSE;
  sqlite3_progress_handler (db, STEPS, on_steps, &watch);
  stmt = clr_database_prepare (db, "VACUUM INTO ?1");
  clr_database_bind_text (stmt, 1, to);
  ok = clr_database_run (stmt, "copying the database", error);
  sqlite3_finalize (stmt);
  sqlite3_close (db);
  return ok;
}

GArray *
clr_snapshot_list_spooled (const char *path, GError **error)
{
  sqlite3 *db = clr_database_open_reader (path, error);
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (ClrSpooled));
  sqlite3_stmt *stmt;
  gboolean ok;
  int code;

  if (db == NULL)
    return NULL;
  stmt = clr_database_prepare (db, "SELECT id, spool FROM message WHERE spool>0 ORDER BY id");
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      ClrSpooled one = { sqlite3_column_int64 (stmt, 0), sqlite3_column_int64 (stmt, 1) };
      g_array_append_val (list, one);
    }
  ok = clr_database_ended (stmt, code, error);
  sqlite3_finalize (stmt);
  sqlite3_close (db);
  return ok ? g_steal_pointer (&list) : NULL;
}

gboolean
clr_snapshot_count (const char *path, uint64_t *n_messages, uint64_t *n_recipients, GError **error)
{
  sqlite3 *db = clr_database_open_reader (path, error);
  sqlite3_stmt *stmt;
  gboolean ok;

  if (db == NULL)
    return FALSE;
  stmt = clr_database_prepare (db, "SELECT messages, waiting+active+failed+held+bouncing FROM tally");
  ok = sqlite3_step (stmt) == SQLITE_ROW || clr_database_fail (db, "counting messages", error);
  if (ok)
    {
      *n_messages = sqlite3_column_int64 (stmt, 0);
      *n_recipients = sqlite3_column_int64 (stmt, 1);
    }
  sqlite3_finalize (stmt);
  sqlite3_close (db);
  return ok;
}

static gboolean
drop_one (sqlite3 *db, uint64_t id, GError **error)
{
  static const char *const sql[]
      = { "DELETE FROM recipient WHERE message=?1", "DELETE FROM content WHERE message=?1",
          "DELETE FROM message WHERE id=?1" };
  gboolean ok = TRUE;

  for (unsigned i = 0; ok && i < G_N_ELEMENTS (sql); i++)
    {
      sqlite3_stmt *stmt = clr_database_prepare (db, sql[i]);

      sqlite3_bind_int64 (stmt, 1, id);
      ok = clr_database_run (stmt, "taking a message out of the copy", error);
      sqlite3_finalize (stmt);
    }
  return ok;
}

gboolean
clr_snapshot_drop (const char *path, const GArray *ids, GError **error)
{
  sqlite3 *db;
  gboolean ok;

  if (ids->len == 0)
    return TRUE;
  db = clr_database_open_reader (path, error);
  if (db == NULL)
    return FALSE;
  ok = clr_database_exec (db, "PRAGMA synchronous=OFF; BEGIN", error);
  for (unsigned i = 0; ok && i < ids->len; i++)
    ok = drop_one (db, g_array_index (ids, uint64_t, i), error);
  ok = ok && clr_database_exec (db, COUNT_AGAIN "; COMMIT", error);
  sqlite3_close (db);
  return ok;
}

static gboolean
hold (sqlite3 *db, const char *why, uint64_t *n, GError **error)
{
  /* Bouncing ones too: the old relay may have told the sender. Released, they are tried once more. */
  sqlite3_stmt *stmt = clr_database_prepare (
      db, "UPDATE recipient SET state=4, lease=0, report=0, code=0, enhanced=NULL, text=?1, host=NULL"
          " WHERE state IN (0,1,5)");
  gboolean ok;

  G_STATIC_ASSERT (CLR_RECIPIENT_WAITING == 0 && CLR_RECIPIENT_ACTIVE == 1 && CLR_RECIPIENT_HELD == 4
                   && CLR_RECIPIENT_BOUNCING == 5);
  clr_database_bind_text (stmt, 1, why);
  ok = clr_database_run (stmt, "holding what was restored", error);
  *n = sqlite3_changes (db);
  sqlite3_finalize (stmt);
  return ok && clr_database_exec (db, "UPDATE lane SET look=NULL; " COUNT_AGAIN "; COMMIT", error);
}

gboolean
clr_snapshot_hold (const char *path, const char *why, uint64_t *n, GError **error)
{
  sqlite3 *db = clr_database_open (path, &clr_store_schema, error);
  gboolean ok;

  if (db == NULL)
    return FALSE;
  ok = clr_database_exec (db, "BEGIN IMMEDIATE", error) && hold (db, why, n, error);
  sqlite3_close (db);
  return ok;
}
