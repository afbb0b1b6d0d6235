/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A queue.db of the first format, opened by this version on a disk that fails at its k-th change, for every
 * k. Opened again it must be whole, hold the same mail, and have become of the present format.
 */
#include "clr-cut.h"
#include "queue/clr-store-sqlite.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 200

/* As version 0.1.0 made it. */
static const char format_1[]
    = "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; BEGIN;"
      "CREATE TABLE lane(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"
      "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL, sender "
      "TEXT NOT NULL, ret INTEGER NOT NULL, envid TEXT, eight_bit INTEGER NOT NULL, size INTEGER NOT NULL,"
      " spool INTEGER NOT NULL, recipients INTEGER NOT NULL, origin TEXT, client TEXT, device TEXT,"
      " stream TEXT, campaign TEXT, tag TEXT, priority INTEGER NOT NULL, requiretls INTEGER NOT NULL,"
      " attributes TEXT);"
      "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
      " notify INTEGER NOT NULL, orcpt TEXT, lane INTEGER NOT NULL, state INTEGER NOT NULL,"
      " due INTEGER NOT NULL, expires INTEGER NOT NULL, lease INTEGER NOT NULL DEFAULT 0,"
      " attempts INTEGER NOT NULL, code INTEGER NOT NULL, enhanced TEXT, text TEXT, host TEXT,"
      " tried INTEGER NOT NULL, PRIMARY KEY(message, number)) WITHOUT ROWID;"
      "CREATE INDEX recipient_due ON recipient(lane, due) WHERE state=0;"
      "CREATE INDEX recipient_expires ON recipient(expires) WHERE state=0;"
      "CREATE TABLE content(message INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
      "PRAGMA application_id=1129075281; PRAGMA user_version=1; COMMIT;"
      "INSERT INTO lane VALUES(1,'smarthost:a'),(2,'capture:b');";

/* The mail in a database of any format, as text; its integrity is checked first. */
static char *
dump (const char *path, int *version)
{
  static const char *const questions[] = {
    "PRAGMA integrity_check",
    "SELECT id||' '||sender||' '||size||' '||recipients FROM message ORDER BY id",
    "SELECT message||' '||number||' '||address||' '||lane||' '||state||' '||due FROM recipient ORDER BY 1",
    "SELECT message||' '||hex(bytes) FROM content ORDER BY message",
    "SELECT id||' '||key FROM lane ORDER BY id",
    "PRAGMA user_version",
  };
  GString *text = g_string_new (NULL);
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  for (unsigned i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      sqlite3_stmt *stmt = NULL;
      int code;

      g_assert_cmpint (sqlite3_prepare_v2 (db, questions[i], -1, &stmt, NULL), ==, SQLITE_OK);
      while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
        {
          const char *row = (const char *)sqlite3_column_text (stmt, 0);

          if (i == 0)
            g_assert_cmpstr (row, ==, "ok");
          else if (i + 1 == G_N_ELEMENTS (questions))
            *version = atoi (row);
          else
            g_string_append_printf (text, "%s\n", row);
        }
      g_assert_cmpint (code, ==, SQLITE_DONE);
      sqlite3_finalize (stmt);
    }
  sqlite3_close (db);
  return g_string_free (text, FALSE);
}

/* @log: leaves all mail in the log, which is not yet copied to the file. */
static void
make_old (const char *path, gboolean log)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, format_1, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_exec (db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
  for (int i = 1; i <= MESSAGES; i++)
    {
      g_autofree char *sql = g_strdup_printf (
          "INSERT INTO message VALUES(%d,0,%d,'s@internal.test',0,NULL,0,900,0,2,'smtp',NULL,NULL,NULL,NULL,"
          "NULL,0,0,'{}'); INSERT INTO content VALUES(%d,zeroblob(900));"
          "INSERT INTO recipient VALUES(%d,0,'a@example.net',0,NULL,1,%d,%d,9000,0,1,0,NULL,NULL,NULL,0),"
          "(%d,1,'b@example.net',0,NULL,2,%d,%d,9000,0,1,0,NULL,NULL,NULL,0);",
          i, i, i, i, i % 4, 100 + i, i, (i + 1) % 4, 200 + i);
      g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    }
  if (log)
    sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_close (db);
}

/* Returns: how many changes there were. */
static unsigned
run_once (ClrCutKind kind, unsigned at, gboolean log)
{
  g_autofree char *folder = clr_cut_make_folder (), *path = g_build_filename (folder, "queue.db", NULL);
  g_autoptr (GError) error = NULL;
  int version = 0, present = 0;

  clr_cut_note ("an upgrade cut by way %d at change %u; again: CLR_CRASH_SEED=%u", kind, at, at);
  make_old (path, log);
  g_autofree char *before = dump (path, &version);
  g_assert_cmpint (version, ==, 1);
  if (log)
    {
      clr_cut_remove_folder (folder); /* dump() has copied the log */
      g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
      make_old (path, log);
    }

  clr_cut_begin (folder, kind, at);
  ClrQueueStore *store = clr_store_sqlite_new (path, &error);
  if (store)
    store->klass->free (store);
  else if (!clr_cut_has_come ())
    g_assert_no_error (error);
  unsigned n = clr_cut_get_count ();
  clr_cut_end (at);

  g_clear_error (&error);
  store = clr_store_sqlite_new (path, &error);
  g_assert_no_error (error);
  store->klass->free (store);
  g_autofree char *after = dump (path, &present);
  g_assert_cmpstr (after, ==, before);

  /* A new file tells what the present format is. */
  g_autofree char *fresh = g_build_filename (folder, "fresh.db", NULL);
  store = clr_store_sqlite_new (fresh, &error);
  g_assert_no_error (error);
  store->klass->free (store);
  g_free (dump (fresh, &version));
  g_assert_cmpint (present, ==, version);
  clr_cut_remove_folder (folder);
  return n;
}

static void
test_upgrade (const void *data)
{
  ClrCutKind kind = GPOINTER_TO_INT (data);
  const char *seed = g_getenv ("CLR_CRASH_SEED");

  for (unsigned at = seed ? strtoul (seed, NULL, 10) : 1;; at++)
    {
      unsigned n = run_once (kind, at, at % 2 == 0);

      if (seed || n < at)
        return;
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/upgrade/error", GINT_TO_POINTER (CLR_CUT_ERROR), test_upgrade);
  g_test_add_data_func ("/upgrade/once", GINT_TO_POINTER (CLR_CUT_ONCE), test_upgrade);
  g_test_add_data_func ("/upgrade/full", GINT_TO_POINTER (CLR_CUT_FULL), test_upgrade);
  g_test_add_data_func ("/upgrade/power", GINT_TO_POINTER (CLR_CUT_POWER), test_upgrade);
  return g_test_run ();
}
