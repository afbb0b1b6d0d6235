/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A restore on a disk that fails at its k-th change, from then on or once, for every k: as a kill at that
 * moment would leave it. Finished by the next start or not, the relay is the old one or the new one, whole,
 * and nothing of the old one is lost.
 */
#include "backup/clr-backup-writer.h"
#include "backup/clr-restore-swap.h"
#include "backup/clr-restore.h"
#include "clr-cut.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSPHRASE "correct horse"
#define OLD        "[server]\nhostname = old.example.org\n"
#define NEW        "[server]\nhostname = new.example.org\npostmaster = p@example.org\n"

static gboolean
collect (const void *bytes, size_t size, void *data, GError **error)
{
  g_byte_array_append (data, bytes, size);
  return TRUE;
}

static void
add (ClrBackupWriter *writer, const char *name, const char *text)
{
  g_assert_true (clr_backup_writer_add (writer, name, text, strlen (text), NULL));
}

/* A database that says whose it is, and nothing else. */
static void
add_database (ClrBackupWriter *writer, const char *name, unsigned id)
{
  g_autofree char *sql
      = g_strdup_printf ("PRAGMA application_id=%u; PRAGMA user_version=1; CREATE TABLE t(x)", id);
  g_autofree char *bytes = NULL, *path = NULL;
  gsize size;
  sqlite3 *db;

  close (g_file_open_tmp ("clrelay-XXXXXX", &path, NULL));
  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  g_unlink (path);
  g_assert_true (clr_backup_writer_add (writer, name, bytes, size, NULL));
}

/* (transfer full) its path */
static char *
make_backup (void)
{
  g_autoptr (ClrBackupManifest) manifest = clr_backup_manifest_new ();
  g_autoptr (ClrBackupEnd) end = clr_backup_end_new ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *text = NULL;
  char *path = NULL;
  ClrBackupWriter *writer;
  ClrBackupHead head;

  manifest->program = g_strdup ("0");
  manifest->time = g_strdup ("2026-11-24T12:00:00.000Z");
  manifest->hostname = g_strdup ("new.example.org");
  manifest->settings_file = g_strdup ("/etc/clrelay/clrelay.conf");
  manifest->state_directory = g_strdup ("/var/lib/clrelay");
  text = clr_backup_manifest_to_text (manifest);
  g_assert_true (clr_backup_head_make (&head, PASSPHRASE, CLR_BACKUP_ITERATIONS_LEAST, NULL));
  writer = clr_backup_writer_new (clr_backup_sealer_new (&head, collect, bytes, NULL), NULL);
  add (writer, "manifest.json", text);
  add (writer, "settings.conf", NEW);
  add (writer, "versions/1", "former new\n");
  add (writer, "secrets/one", "new secret");
  add (writer, "users", "new users");
  add (writer, "keys/a.pem", "new key");
  add (writer, "spool/0000000000001.msg", "new content");
  add_database (writer, "queue.db", 0x434c5251);
  add_database (writer, "state.db", 0x434c5253);
  g_assert_true (clr_backup_writer_finish (writer, end, NULL));
  clr_backup_writer_free (writer);
  close (g_file_open_tmp ("clrelay-XXXXXX", &path, NULL));
  g_assert_true (g_file_set_contents (path, (char *)bytes->data, bytes->len, NULL));
  return path;
}

typedef struct
{
  char *folder, *conf, *state;
} Place;

static void
put (const Place *place, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (place->state, name, NULL), *above = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (above, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static const char *const old_names[]
    = { "queue.db", "queue.db-wal", "secrets/one", "spool/0000000000009.msg" };
static const char *const new_names[]
    = { "queue.db",     "state.db", "secrets/one", "keys/a.pem", "users/list", "spool/0000000000001.msg",
        "restored.json" };

static Place
make_old (void)
{
  Place place = { .folder = clr_cut_make_folder () };

  place.conf = g_build_filename (place.folder, "clrelay.conf", NULL);
  place.state = g_build_filename (place.folder, "state", NULL);
  g_assert_true (g_file_set_contents (place.conf, OLD, -1, NULL));
  for (unsigned i = 0; i < G_N_ELEMENTS (old_names); i++)
    put (&place, old_names[i], "old");
  return place;
}

static gboolean
has (const Place *place, const char *folder, const char *name, gboolean is_old)
{
  g_autofree char *path = g_build_filename (place->state, folder, name, NULL), *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) && g_str_equal (text, "old") == is_old;
}

/* The folder with the former state. */
static char *
find_former (const Place *place)
{
  g_autoptr (GDir) dir = g_dir_open (place->state, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    if (g_str_has_prefix (name, "before-restore-"))
      return g_strdup (name);
  return NULL;
}

static void
expect_whole (const Place *place, gboolean told_done)
{
  g_autofree char *text = NULL, *former = find_former (place);
  gboolean is_new;

  g_assert_true (g_file_get_contents (place->conf, &text, NULL, NULL));
  is_new = strstr (text, "hostname = new.example.org") != NULL;
  if (!is_new)
    g_assert_cmpstr (text, ==, OLD);
  g_assert_true (is_new || !told_done);
  for (unsigned i = 0; i < G_N_ELEMENTS (new_names); i++)
    g_assert_true (!is_new || has (place, "", new_names[i], FALSE));
  for (unsigned i = 0; i < G_N_ELEMENTS (old_names); i++)
    g_assert_true (has (place, is_new ? former : "", old_names[i], TRUE));
}

/* Returns: how many changes there were. */
static unsigned
run_once (const char *backup, ClrCutKind kind, unsigned at)
{
  Place place = make_old ();
  const ClrRestoreOptions options = { .file = backup,
                                      .passphrase = PASSPHRASE,
                                      .settings_file = place.conf,
                                      .state_directory = place.state,
                                      .may_replace = TRUE };
  g_autoptr (GError) error = NULL;
  ClrRestoreReport *report;
  unsigned n;
  gboolean done;

  clr_cut_note ("a restore cut by way %d at change %u; again: CLR_CRASH_SEED=%u", kind, at, at);
  clr_cut_begin (place.folder, kind, at);
  report = clr_restore (&options, &error);
  done = report != NULL;
  g_assert_true (done == (error == NULL));
  n = clr_cut_get_count ();
  clr_cut_end (at);
  g_clear_pointer (&report, clr_restore_report_free);

  g_clear_error (&error);
  g_assert_true (clr_restore_swap_finish (place.state, place.conf, &error));
  g_assert_no_error (error);
  g_assert_false (clr_restore_swap_is_pending (place.state));
  expect_whole (&place, done);
  /* And once more, whatever was left behind. */
  report = clr_restore (&options, &error);
  g_assert_no_error (error);
  clr_restore_report_free (report);
  g_free (place.conf);
  g_free (place.state);
  clr_cut_remove_folder (place.folder);
  return n;
}

static void
test_restore (const void *data)
{
  const char *seed = g_getenv ("CLR_CRASH_SEED");
  char *backup = make_backup ();

  for (unsigned at = seed ? strtoul (seed, NULL, 10) : 1;; at++)
    {
      unsigned n = run_once (backup, GPOINTER_TO_INT (data), at);

      if (seed || n < at)
        {
          g_test_message ("%u changes", n);
          break;
        }
    }
  g_unlink (backup);
  g_free (backup);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/restore/error", GINT_TO_POINTER (CLR_CUT_ERROR), test_restore);
  g_test_add_data_func ("/restore/once", GINT_TO_POINTER (CLR_CUT_ONCE), test_restore);
  g_test_add_data_func ("/restore/full", GINT_TO_POINTER (CLR_CUT_FULL), test_restore);
  return g_test_run ();
}
