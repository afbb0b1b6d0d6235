/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What only the store in SQLite has: a file that stays, is upgraded, or refused.
 */
#include "clr-store-rig.h"

static void
test_sqlite_keeps (ClrStoreRig *rig, const void *kind)
{
  g_autoptr (GError) error = NULL;

  insert (rig, 1, 3);
  rig->store->klass->maintain (rig->store);
  update (rig, 1, 0, CLR_RECIPIENT_FAILED, 0);
  rig->store->klass->free (rig->store);
  rig->store = clr_store_sqlite_new (rig->path, &error);
  g_assert_no_error (error);
  expect_states (rig, 1, "300");
  expect_claim (rig, "smarthost:b", 99 * SECOND, 9, "1:1 next never");
}

/* A file of the first version, with mail in it. */
static void
test_sqlite_upgrades (ClrStoreRig *rig, const void *kind)
{
  static const char version_1[]
      = "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
        "CREATE TABLE lane(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"
        "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL,"
        " sender TEXT NOT NULL, ret INTEGER NOT NULL, envid TEXT, eight_bit INTEGER NOT NULL,"
        " size INTEGER NOT NULL, spool INTEGER NOT NULL, recipients INTEGER NOT NULL, origin TEXT, client "
        "TEXT,"
        " device TEXT, stream TEXT, campaign TEXT, tag TEXT, priority INTEGER NOT NULL,"
        " requiretls INTEGER NOT NULL, attributes TEXT);"
        "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
        " notify INTEGER NOT NULL, orcpt TEXT, lane INTEGER NOT NULL, state INTEGER NOT NULL,"
        " due INTEGER NOT NULL, expires INTEGER NOT NULL, lease INTEGER NOT NULL DEFAULT 0,"
        " attempts INTEGER NOT NULL, code INTEGER NOT NULL, enhanced TEXT, text TEXT, host TEXT,"
        " tried INTEGER NOT NULL, PRIMARY KEY(message, number)) WITHOUT ROWID;"
        "CREATE INDEX recipient_due ON recipient(lane, due) WHERE state=0;"
        "CREATE INDEX recipient_expires ON recipient(expires) WHERE state=0;"
        "CREATE TABLE content(message INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
        "INSERT INTO lane VALUES(1,'smarthost:a'),(2,'smarthost:b');"
        "INSERT INTO message "
        "VALUES(1,3,500,'s@example.com',0,NULL,0,7,0,3,'smtp',NULL,NULL,NULL,NULL,NULL,0,0,"
        "'{}');"
        "INSERT INTO content VALUES(1,'content');"
        "INSERT INTO recipient "
        "VALUES(1,0,'r0@example.net',0,NULL,1,0,5000000,100000000,0,0,0,NULL,NULL,NULL,0),"
        "(1,1,'r1@example.net',0,NULL,1,1,7000000,100000000,0,0,0,NULL,NULL,NULL,0),"
        "(1,2,'r2@example.net',0,NULL,2,3,0,100000000,0,1,550,NULL,'no','mx',9);"
        "PRAGMA application_id=1129075281; PRAGMA user_version=1;";
  g_autofree char *path = g_build_filename (rig->folder, "former.db", NULL);
  g_autoptr (GPtrArray) finished = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  ClrLaneCursor cursor = { 0, 0 };
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, version_1, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
  rig->store->klass->free (rig->store);
  /* Twice: the second time it is of this version. */
  for (unsigned i = 0; i < 2; i++)
    {
      rig->store = clr_store_sqlite_new (path, &error);
      g_assert_no_error (error);
      if (i == 0)
        {
          expect_count (rig, 1, 1, 1, 1);
          rig->store->klass->free (rig->store);
        }
    }
  g_assert_true (rig->store->klass->recover (rig->store, 3, finished, NULL));
  expect_states (rig, 1, "003");
  expect_lanes (rig, &cursor, 9, "smarthost:a - 5;");
  expect_claim (rig, "smarthost:a", 9 * SECOND, 9, "1:0 1:1 next never");
  expect_count (rig, 1, 0, 2, 1);
}

static void
on_refused (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data)
{
  g_assert_nonnull (error);
  ++*(unsigned *)data;
}

/* All or nothing: a batch whose second message cannot be stored leaves nothing of the first. */
static void
test_sqlite_rolls_back (ClrStoreRig *rig, const void *kind)
{
  ClrBatch *batch = clr_batch_new ();
  unsigned done = 0;

  insert (rig, 1, 1);
  for (int i = 0; i < 2; i++)
    {
      ClrMessage *message = clr_message_new (0);
      message->id = i ? 1 : 2; /* the second is there already */
      message->sender = g_strdup ("");
      g_ptr_array_add (batch->inserts, message);
    }
  rig->store->klass->apply (rig->store, batch, on_refused, &done);
  g_assert_cmpuint (done, ==, 1);
  clr_batch_free (batch);
  expect_states (rig, 2, "gone");
  insert (rig, 3, 2); /* and the store goes on */
  expect_count (rig, 2, 3, 0, 0);
}

/* Whatever is refused must be left as it was. */
static void
expect_refusal (const char *path, ClrErrorCode code)
{
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize size, size_after;

  g_assert_true (g_file_get_contents (path, &before, &size, NULL));
  g_assert_null (clr_store_sqlite_new (path, &error));
  g_assert_error (error, CLR_ERROR, (int)code);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_true (g_file_get_contents (path, &after, &size_after, NULL));
  g_assert_cmpmem (after, size_after, before, size);
}

static void
test_sqlite_refuses (ClrStoreRig *rig, const void *kind)
{
  g_autofree char *text = NULL;
  g_autofree char *foreign = g_build_filename (rig->folder, "foreign.db", NULL),
                  *bad = g_build_filename (rig->folder, "bad.db", NULL);
  gsize size;
  sqlite3 *db;

  /* Somebody else's database, and something that is none. */
  g_assert_cmpint (sqlite3_open (foreign, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "CREATE TABLE t(x)", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
  expect_refusal (foreign, CLR_ERROR_CORRUPT);
  g_assert_true (g_file_set_contents (bad, "Dear Sir or Madam", -1, NULL));
  expect_refusal (bad, CLR_ERROR_CORRUPT);

  for (int i = 1; i <= 40; i++)
    insert (rig, i, 5);
  rig->store->klass->free (rig->store);
  g_assert_cmpint (sqlite3_open (rig->path, &db), ==, SQLITE_OK);
  sqlite3_exec (db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
  sqlite3_close (db);
  g_assert_true (g_file_get_contents (rig->path, &text, &size, NULL));
  g_assert_cmpuint (size, >, 3 * 4096);

  /* Cut, at a page and inside one. */
  g_assert_true (g_file_set_contents (bad, text, size - 2 * 4096, NULL));
  expect_refusal (bad, CLR_ERROR_CORRUPT);
  g_assert_true (g_file_set_contents (bad, text, 50, NULL));
  expect_refusal (bad, CLR_ERROR_CORRUPT);
  /* A page in the middle overwritten. */
  g_autofree char *broken = g_memdup2 (text, size);
  memset (broken + size / 4096 / 2 * 4096, 0x5a, 4096);
  g_assert_true (g_file_set_contents (bad, broken, size, NULL));
  expect_refusal (bad, CLR_ERROR_CORRUPT);
  /* A version to come: user_version, big endian at 60. */
  g_autofree char *newer = g_memdup2 (text, size);
  newer[63]++;
  g_assert_true (g_file_set_contents (bad, newer, size, NULL));
  expect_refusal (bad, CLR_ERROR_NEWER);

  /* An empty file is what a start leaves that was cut: it is filled. */
  g_autoptr (GError) error = NULL;
  g_autofree char *log = g_strconcat (bad, "-wal", NULL);
  g_assert_true (g_file_set_contents (bad, "", 0, NULL));
  g_remove (log);
  ClrQueueStore *store = clr_store_sqlite_new (bad, &error);
  g_assert_no_error (error);
  store->klass->free (store);
  /* But not beside the log of a file that is gone: SQLite would read it as the new one's. */
  g_assert_true (g_file_set_contents (log, "mail", -1, NULL));
  g_remove (bad);
  g_assert_null (clr_store_sqlite_new (bad, &error));
  g_assert_error (error, CLR_ERROR, CLR_ERROR_CORRUPT);
  g_assert_false (g_file_test (bad, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  rig->store = clr_store_sqlite_new (rig->path, &error);
  g_assert_no_error (error);
  expect_count (rig, 40, 200, 0, 0);
}

int
main (int argc, char *argv[])
{
  static const ClrStoreCase cases[] = {
    { "keeps", test_sqlite_keeps },
    { "upgrades", test_sqlite_upgrades },
    { "rolls-back", test_sqlite_rolls_back },
    { "refuses", test_sqlite_refuses },
  };

  g_test_init (&argc, &argv, NULL);
  add_cases ("sqlite", cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
