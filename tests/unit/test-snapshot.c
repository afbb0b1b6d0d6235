/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Databases of every format that was ever released, as SQL of our own: each is brought to the present format
 * with its mail, and one of a format to come is refused and left alone. What is done to copies of a queue.
 */
#include "backup/clr-formats.h"
#include "base/clr-error.h"
#include "clr-test.h"
#include "queue/clr-database.h"
#include "queue/clr-history-schema.h"
#include "queue/clr-snapshot.h"
#include "queue/clr-state.h"
#include "queue/clr-store-schema.h"

static const char queue_1[]
    = "CREATE TABLE lane(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"
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
      "INSERT INTO lane VALUES(1,'smarthost:a');"
      "INSERT INTO message VALUES(1,0,5,'s@example.com',0,NULL,0,7,0,3,'smtp',NULL,NULL,NULL,NULL,NULL,0,0,"
      "'{}'),(2,0,6,'s@example.com',0,NULL,0,9,900,1,'smtp',NULL,NULL,NULL,NULL,NULL,0,0,'{}');"
      "INSERT INTO content VALUES(1,'content'),(2,'head');"
      "INSERT INTO recipient VALUES(1,0,'r0@example.net',0,NULL,1,0,5,100,0,0,0,NULL,NULL,NULL,0),"
      "(1,1,'r1@example.net',0,NULL,1,1,7,100,0,0,0,NULL,NULL,NULL,0),"
      "(1,2,'r2@example.net',0,NULL,1,3,0,100,0,1,550,NULL,'no','mx',9),"
      "(2,0,'r3@example.net',0,NULL,1,0,5,100,0,0,0,NULL,NULL,NULL,0)";

static const char history_1[]
    = "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL,"
      " sender TEXT NOT NULL, size INTEGER NOT NULL, origin TEXT, client TEXT, device TEXT, attributes TEXT);"
      "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
      " lane TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, PRIMARY KEY(message, number))"
      " WITHOUT ROWID;"
      "CREATE TABLE attempt(message INTEGER NOT NULL, number INTEGER NOT NULL, started INTEGER NOT NULL,"
      " ended INTEGER NOT NULL, outcome INTEGER NOT NULL, phase TEXT, code INTEGER NOT NULL, enhanced TEXT,"
      " text TEXT, host TEXT, tls TEXT, PRIMARY KEY(message, number, started)) WITHOUT ROWID;"
      "CREATE INDEX message_sender ON message(sender, id);"
      "CREATE INDEX recipient_address ON recipient(address, message);"
      "INSERT INTO message VALUES(77,0,5,'s@example.com',9,'smtp','c','d','{}');"
      "INSERT INTO recipient VALUES(77,0,'R@example.net','mx',2,1)";

static const char history_2[]
    = "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL,"
      " sender TEXT NOT NULL, size INTEGER NOT NULL, origin TEXT, client TEXT, device TEXT, attributes TEXT,"
      " subject TEXT, message_id TEXT, envid TEXT);"
      "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
      " lane TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, code INTEGER NOT NULL DEFAULT "
      "0, enhanced TEXT, text TEXT, host TEXT, tried INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(message, "
      "number))"
      " WITHOUT ROWID;"
      "CREATE TABLE attempt(message INTEGER NOT NULL, number INTEGER NOT NULL, started INTEGER NOT NULL,"
      " ended INTEGER NOT NULL, outcome INTEGER NOT NULL, phase TEXT, code INTEGER NOT NULL, enhanced TEXT,"
      " text TEXT, host TEXT, tls TEXT, PRIMARY KEY(message, number, started)) WITHOUT ROWID;"
      "CREATE INDEX message_sender ON message(sender COLLATE NOCASE, id);"
      "CREATE INDEX message_name ON message(message_id COLLATE NOCASE, id) WHERE message_id IS NOT NULL;"
      "CREATE INDEX recipient_address ON recipient(address COLLATE NOCASE, message);"
      "INSERT INTO message VALUES(77,0,5,'s@example.com',9,'smtp','c','d','{}','Old',NULL,NULL);"
      "INSERT INTO recipient VALUES(77,0,'R@example.net','mx',2,1,250,NULL,'ok','mx',9)";

static gint64
ask (const char *path, const char *sql)
{
  sqlite3 *db = clr_database_open_reader (path, NULL);
  sqlite3_stmt *stmt = clr_database_prepare (db, sql);
  gint64 number;

  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  number = sqlite3_column_int64 (stmt, 0);
  sqlite3_finalize (stmt);
  sqlite3_close (db);
  return number;
}

static void
run_sql (const char *path, const char *sql)
{
  sqlite3 *db = clr_database_open_reader (path, NULL);

  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

/* A file of a former format. */
static void
make_former (const char *path, int id, int version, const char *sql)
{
  const ClrDatabaseKind kind = { .application_id = id, .version = version, .schema = sql };
  g_autoptr (GError) error = NULL;
  sqlite3 *db = clr_database_open (path, &kind, &error);

  g_assert_no_error (error);
  sqlite3_close (db);
}

static gboolean
open_file (const char *path, const ClrDatabaseKind *kind, GError **error)
{
  sqlite3 *db = clr_database_open (path, kind, error);

  sqlite3_close (db);
  return db != NULL;
}

static void
test_formats (void)
{
  static const struct
  {
    const ClrDatabaseKind *kind;
    int version;
    const char *sql, *question;
    gint64 answer;
  } formats[] = {
    { &clr_store_schema, 1, queue_1, "SELECT count(*) FROM recipient WHERE report=0 AND priority=0", 4 },
    { &clr_store_schema, 1, queue_1, "SELECT messages*100+waiting*10+active FROM tally", 221 },
    { &clr_store_schema, 1, queue_1, "SELECT look FROM lane", 5 },
    { &clr_history_schema, 1, history_1, "SELECT count(*) FROM recipient WHERE who IS NULL AND code=0", 1 },
    { &clr_history_schema, 2, history_2, "SELECT count(*) FROM recipient WHERE who IS NULL AND code=250", 1 },
  };
  char *folder = clr_test_make_folder ();

  /* Whoever makes a new format puts the one before it into the table. */
  g_assert_cmpint (CLR_FORMAT_QUEUE, ==, 2);
  g_assert_cmpint (CLR_FORMAT_HISTORY, ==, 3);
  g_assert_cmpint (CLR_FORMAT_STATE, ==, 1);
  for (unsigned i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.db", i);
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (GError) error = NULL;

      make_former (path, formats[i].kind->application_id, formats[i].version, formats[i].sql);
      for (int twice = 0; twice < 2; twice++)
        {
          g_assert_true (open_file (path, formats[i].kind, &error));
          g_assert_no_error (error);
          g_assert_cmpint (ask (path, "PRAGMA user_version"), ==, formats[i].kind->version);
          g_assert_cmpint (ask (path, formats[i].question), ==, formats[i].answer);
        }
    }
  clr_test_remove_folder (folder);
}

static void
test_newer (void)
{
  const ClrDatabaseKind *const kinds[] = { &clr_store_schema, &clr_history_schema };
  char *folder = clr_test_make_folder ();
  g_autofree char *state_path = g_build_filename (folder, "state.db", NULL);
  g_autoptr (GError) problem = NULL;

  for (unsigned i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.db", i);
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (GError) error = NULL;

      make_former (path, kinds[i]->application_id, kinds[i]->version + 1, "CREATE TABLE t(x)");
      g_assert_false (open_file (path, kinds[i], &error));
      g_assert_error (error, CLR_ERROR, CLR_ERROR_NEWER);
      g_assert_nonnull (strstr (error->message, "newer version"));
      g_assert_cmpint (ask (path, "PRAGMA user_version"), ==, kinds[i]->version + 1);
    }
  make_former (state_path, CLR_FORMAT_STATE_ID, CLR_FORMAT_STATE + 1, "CREATE TABLE t(x)");
  g_assert_null (clr_state_open (folder, &problem));
  g_assert_error (problem, CLR_ERROR, CLR_ERROR_NEWER);
  clr_test_remove_folder (folder);
}

/* A restored queue of the first format. */
static void
test_hold (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "queue.db", NULL);
  g_autoptr (GError) error = NULL;
  uint64_t n;

  make_former (path, CLR_FORMAT_QUEUE_ID, 1, queue_1);
  g_assert_true (clr_snapshot_hold (path, "why", &n, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpint (ask (path, "SELECT count(*) FROM recipient WHERE state=4 AND text='why'"), ==, 3);
  g_assert_cmpint (ask (path, "SELECT count(*) FROM recipient WHERE state=3 AND text='no'"), ==, 1);
  g_assert_cmpint (ask (path, "SELECT held*10+waiting+active FROM tally"), ==, 30);
  g_assert_cmpint (ask (path, "SELECT count(*) FROM lane WHERE look IS NOT NULL"), ==, 0);
  /* Again: nothing is left to be held, and no word is lost. */
  g_assert_true (clr_snapshot_hold (path, "again", &n, &error));
  g_assert_cmpuint (n, ==, 0);
  clr_test_remove_folder (folder);
}

static gboolean
stop_at_once (void *data)
{
  return TRUE;
}

static void
test_copy (void)
{
  char *folder = clr_test_make_folder ();
  g_autofree char *path = g_build_filename (folder, "queue.db", NULL);
  g_autofree char *copy = g_build_filename (folder, "copy.db", NULL);
  g_autofree char *other = g_build_filename (folder, "other.db", NULL);
  g_autoptr (GArray) spooled = NULL, gone = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  g_autoptr (GError) error = NULL;
  uint64_t n_messages, n_recipients, id = 2;

  make_former (path, CLR_FORMAT_QUEUE_ID, 1, queue_1);
  g_assert_true (open_file (path, &clr_store_schema, &error));
  g_assert_true (clr_snapshot_make (path, copy, NULL, NULL, &error));
  g_assert_no_error (error);
  run_sql (path, "DELETE FROM message"); /* the copy is as of before */
  spooled = clr_snapshot_list_spooled (copy, &error);
  g_assert_cmpuint (spooled->len, ==, 1);
  g_assert_cmpuint (g_array_index (spooled, ClrSpooled, 0).id, ==, 2);
  g_assert_cmpuint (g_array_index (spooled, ClrSpooled, 0).size, ==, 900);
  g_array_append_val (gone, id);
  g_assert_true (clr_snapshot_drop (copy, gone, &error));
  g_assert_true (clr_snapshot_count (copy, &n_messages, &n_recipients, &error));
  g_assert_cmpuint (n_messages, ==, 1);
  g_assert_cmpuint (n_recipients, ==, 3);
  g_assert_cmpint (ask (copy, "SELECT count(*) FROM content"), ==, 1);
  g_assert_cmpint (ask (copy, "PRAGMA application_id"), ==, CLR_FORMAT_QUEUE_ID);
  g_assert_cmpint (ask (copy, "PRAGMA user_version"), ==, CLR_FORMAT_QUEUE);
  g_assert_cmpint (ask (copy, "PRAGMA auto_vacuum"), ==, 2);
  /* It can be opened as a queue, and a copy over what is there is refused. */
  g_assert_true (open_file (copy, &clr_store_schema, &error));
  g_assert_false (clr_snapshot_make (path, copy, NULL, NULL, NULL));
  /* A long one ends when it is told to. */
  run_sql (path, "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i+1 FROM n WHERE i<40000)"
                 " INSERT INTO content SELECT i, zeroblob(10) FROM n");
  g_assert_false (clr_snapshot_make (path, other, stop_at_once, NULL, &error));
  g_assert_nonnull (error);
  clr_test_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/snapshot/formats", test_formats);
  g_test_add_func ("/snapshot/newer", test_newer);
  g_test_add_func ("/snapshot/hold", test_hold);
  g_test_add_func ("/snapshot/copy", test_copy);
  return g_test_run ();
}
