/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store of small facts: kept over a restart, bounded, the last post counts, what has expired is gone.
 */
#include "base/clr-clock.h"
#include "clr-test.h"
#include "queue/clr-database.h"
#include "queue/clr-state.h"

#define HOUR (3600 * (int64_t)G_USEC_PER_SEC)

typedef struct
{
  char *folder;
  ClrState *state;
} Rig;

static void
open_state (Rig *rig)
{
  g_autoptr (GError) error = NULL;

  rig->state = clr_state_open (rig->folder, &error);
  g_assert_no_error (error);
}

static void
set_up (Rig *rig, const void *data)
{
  rig->folder = clr_test_make_folder ();
  open_state (rig);
}

static void
tear_down (Rig *rig, const void *data)
{
  if (rig->state)
    clr_state_free (rig->state);
  clr_test_remove_folder (rig->folder);
}

static void
reopen (Rig *rig)
{
  clr_state_free (rig->state);
  open_state (rig);
}

static void
collect (const char *key, const char *value, int64_t expires_us, void *data)
{
  g_string_append_printf (data, "%s=%s%s ", key, value, expires_us ? "!" : "");
}

static char *
load (Rig *rig, ClrStateKind kind)
{
  g_autoptr (GError) error = NULL;
  GString *text = g_string_new (NULL);

  g_assert_true (clr_state_load (rig->state, kind, collect, text, &error));
  g_assert_no_error (error);
  return g_string_free (text, FALSE);
}

static void
assert_rows (Rig *rig, ClrStateKind kind, const char *expected)
{
  g_autofree char *found = load (rig, kind);

  g_assert_cmpstr (found, ==, expected);
}

static void
count (const char *key, const char *value, int64_t expires_us, void *data)
{
  ++*(unsigned *)data;
}

static void
test_restart (Rig *rig, const void *data)
{
  clr_state_put_post (rig->state, CLR_STATE_INVENTORY, "192.0.2.1", "{\"helo\":\"a\"}", 0);
  clr_state_put_post (rig->state, CLR_STATE_BAN, "192.0.2.1", "{}", clr_clock_wall () + HOUR);
  reopen (rig);
  assert_rows (rig, CLR_STATE_INVENTORY, "192.0.2.1={\"helo\":\"a\"} ");
  assert_rows (rig, CLR_STATE_BAN, "192.0.2.1={}! ");
  assert_rows (rig, CLR_STATE_TOKEN, "");
}

static void
test_last_counts (Rig *rig, const void *data)
{
  for (int i = 0; i < 100; i++)
    {
      g_autofree char *value = g_strdup_printf ("%d", i);
      clr_state_put_post (rig->state, CLR_STATE_RATE, "a", value, 0);
    }
  clr_state_put_post (rig->state, CLR_STATE_RATE, "b", "1", 0);
  clr_state_drop_post (rig->state, CLR_STATE_RATE, "b");
  clr_state_flush (rig->state);
  assert_rows (rig, CLR_STATE_RATE, "a=99 ");
  clr_state_drop_post (rig->state, CLR_STATE_RATE, "a");
  clr_state_drop_post (rig->state, CLR_STATE_RATE, "never there");
  clr_state_flush (rig->state);
  assert_rows (rig, CLR_STATE_RATE, "");
}

static void
test_expiry (Rig *rig, const void *data)
{
  g_autofree char *file = g_build_filename (rig->folder, "state.db", NULL);
  g_autoptr (GError) error = NULL;
  sqlite3_stmt *stmt;
  sqlite3 *db;

  clr_state_put_post (rig->state, CLR_STATE_STS, "old", "1", clr_clock_wall () - 1);
  clr_state_put_post (rig->state, CLR_STATE_STS, "new", "2", clr_clock_wall () + HOUR);
  clr_state_flush (rig->state);
  assert_rows (rig, CLR_STATE_STS, "new=2! ");
  reopen (rig); /* a start sweeps; the store at its end is behind the sweep */
  clr_state_flush (rig->state);
  clr_state_free (g_steal_pointer (&rig->state));
  db = clr_database_open_reader (file, &error);
  g_assert_no_error (error);
  stmt = clr_database_prepare (db, "SELECT count(*) FROM state");
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  g_assert_cmpint (sqlite3_column_int (stmt, 0), ==, 1);
  sqlite3_finalize (stmt);
  sqlite3_close (db);
}

/* 1,000 rows of tokens are the bound: the oldest fall out. */
static void
test_bound (Rig *rig, const void *data)
{
  unsigned n = 0;

  clr_state_put_post (rig->state, CLR_STATE_TOKEN, "first", "1", 0);
  clr_state_put_post (rig->state, CLR_STATE_BAN, "another kind", "1", 0);
  clr_state_flush (rig->state);
  for (int i = 0; i < 1000; i++)
    {
      g_autofree char *key = g_strdup_printf ("token %d", i);
      clr_state_put_post (rig->state, CLR_STATE_TOKEN, key, "1", 0);
    }
  clr_state_flush (rig->state);
  g_assert_true (clr_state_load (rig->state, CLR_STATE_TOKEN, count, &n, NULL));
  g_assert_cmpuint (n, ==, 1000);
  g_autofree char *all = load (rig, CLR_STATE_TOKEN);
  g_assert_null (strstr (all, "first"));
  assert_rows (rig, CLR_STATE_BAN, "another kind=1 ");
}

static void
test_too_long (Rig *rig, const void *data)
{
  g_autofree char *key = g_strnfill (CLR_STATE_LONGEST_KEY + 1, 'k');
  g_autofree char *value = g_strnfill (CLR_STATE_LONGEST_VALUE + 1, 'v');

  clr_state_put_post (rig->state, CLR_STATE_BAN, key, "1", 0);
  clr_state_put_post (rig->state, CLR_STATE_BAN, "a", value, 0);
  clr_state_put_post (rig->state, CLR_STATE_BAN, "b", "1", 0);
  clr_state_flush (rig->state);
  assert_rows (rig, CLR_STATE_BAN, "b=1 ");
}

static void *
post_many (void *data)
{
  for (int i = 0; i < 500; i++)
    {
      g_autofree char *key = g_strdup_printf ("%p %d", g_thread_self (), i);
      clr_state_put_post (data, CLR_STATE_VOLUME, key, "1", 0);
    }
  return NULL;
}

static void
test_threads (Rig *rig, const void *data)
{
  GThread *threads[4];
  unsigned n = 0;

  for (unsigned i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("poster", post_many, rig->state);
  for (unsigned i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  clr_state_flush (rig->state);
  g_assert_true (clr_state_load (rig->state, CLR_STATE_VOLUME, count, &n, NULL));
  g_assert_cmpuint (n, ==, 2000);
}

static void
test_foreign_file (Rig *rig, const void *data)
{
  g_autofree char *file = g_build_filename (rig->folder, "state.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  clr_state_free (g_steal_pointer (&rig->state));
  g_autofree char *log = g_strconcat (file, "-wal", NULL);
  g_remove (log);
  g_assert_true (g_file_set_contents (file, "this is no database", -1, NULL));
  g_assert_null (clr_state_open (rig->folder, &error));
  g_assert_nonnull (strstr (error->message, "state.db"));
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "this is no database");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add ("/state/" name, Rig, NULL, set_up, test, tear_down)
  ADD ("restart", test_restart);
  ADD ("last-counts", test_last_counts);
  ADD ("expiry", test_expiry);
  ADD ("bound", test_bound);
  ADD ("too-long", test_too_long);
  ADD ("threads", test_threads);
  ADD ("foreign-file", test_foreign_file);
  return g_test_run ();
}
