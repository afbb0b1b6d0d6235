/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-restore.h"

#include "backup/clr-backup-reader.h"
#include "backup/clr-formats.h"
#include "backup/clr-restore-settings.h"
#include "backup/clr-restore-swap.h"
#include "control/clr-json.h"
#include "settings/clr-plain-file.h"
#include "settings/clr-secret.h"
#include "settings/clr-settings.h"
#include "system/clr-folder.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE (64 * 1024)

/* One restore, until it counts. */
typedef struct
{
  const ClrRestoreOptions *options;
  ClrBackupReader *reader;
  ClrRestoreReport *report;
  int lock_fd;
  char *part;     /* STATE/restoring.part */
  char *incoming; /* what goes into the state directory */
  char *settings_folder;
  char *text; /* the backup's settings */
  ClrFileFacts owner;
} Restore;

static gboolean
fail (const char *what, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", what, g_strerror (errno));
  return FALSE;
}

/* -- reports */

static ClrRestoreReport *
report_new (void)
{
  ClrRestoreReport *report = g_new0 (ClrRestoreReport, 1);

  report->notes = g_ptr_array_new_with_free_func (g_free);
  return report;
}

void
clr_restore_report_free (ClrRestoreReport *report)
{
  g_clear_pointer (&report->manifest, clr_backup_manifest_free);
  g_clear_pointer (&report->end, clr_backup_end_free);
  g_free (report->state_directory);
  g_free (report->former);
  g_ptr_array_unref (report->notes);
  g_free (report);
}

/* Copies, by way of the text: a report outlives the reader. */
static void
take_facts (ClrRestoreReport *report, ClrBackupReader *reader)
{
  const ClrBackupEnd *end = clr_backup_reader_get_end (reader);
  g_autofree char *manifest = clr_backup_manifest_to_text (clr_backup_reader_get_manifest (reader));

  g_clear_pointer (&report->manifest, clr_backup_manifest_free);
  report->manifest = clr_backup_manifest_from_text (manifest, NULL);
  if (end)
    {
      g_autofree char *text = clr_backup_end_to_text (end);

      report->end = clr_backup_end_from_text (text, NULL);
      for (unsigned i = 0; i < report->end->notes->len; i++)
        g_ptr_array_add (report->notes, g_strdup (g_ptr_array_index (report->end->notes, i)));
    }
}

static gboolean
check_format (const char *what, unsigned format, unsigned newest, GError **error)
{
  if (format <= newest)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               _ ("the backup was made by a newer version of Cl Mail Relay (%s has format %u, this version "
                  "knows %u); install that version, then restore"),
               what, format, newest);
  return FALSE;
}

static gboolean
check_formats (const ClrBackupManifest *manifest, GError **error)
{
  return check_format ("queue.db", manifest->queue_format, CLR_FORMAT_QUEUE, error)
         && check_format ("history.db", manifest->history_format, CLR_FORMAT_HISTORY, error)
         && check_format ("state.db", manifest->state_format, CLR_FORMAT_STATE, error);
}

ClrRestoreReport *
clr_restore_check (const char *file, const char *passphrase, GError **error)
{
  g_autoptr (ClrBackupReader) reader = clr_backup_reader_open (file, passphrase, error);
  g_autoptr (ClrRestoreReport) report = report_new ();
  uint8_t piece[PIECE];
  ClrBackupEntry entry;

  if (reader == NULL || !check_formats (clr_backup_reader_get_manifest (reader), error))
    return NULL;
  do
    {
      gssize n = 1;

      if (!clr_backup_reader_next (reader, &entry, error))
        return NULL;
      while (entry.name && n > 0)
        if ((n = clr_backup_reader_read (reader, piece, sizeof piece, error)) < 0)
          return NULL;
    }
  while (entry.name);
  explicit_bzero (piece, sizeof piece);
  take_facts (report, reader);
  return g_steal_pointer (&report);
}

/* -- what is put ready */

/* Below the folder that is being filled; its owner is the state directory's. */
static ClrFolder *
make_folder (Restore *restore, const char *path, GError **error)
{
  ClrFolder *folder = clr_folder_make (path, 0700) ? clr_folder_open_real (path) : NULL;

  if (folder)
    clr_folder_make_like (folder, &restore->owner);
  else
    fail (path, error);
  return folder;
}

static gboolean
write_content (Restore *restore, int fd, const char *path, GError **error)
{
  uint8_t piece[PIECE];
  gssize n;

  while ((n = clr_backup_reader_read (restore->reader, piece, sizeof piece, error)) > 0)
    if (!clr_file_write_all (fd, piece, n))
      return fail (path, error);
  explicit_bzero (piece, sizeof piece);
  return n == 0 && (clr_file_sync (fd) || fail (path, error));
}

/* The entry at hand becomes a file of @folder_path. */
static gboolean
put_file (Restore *restore, const char *folder_path, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (folder_path, name, NULL);
  g_autoptr (ClrFolder) folder = make_folder (restore, folder_path, error);
  ClrFileFacts facts = restore->owner;
  gboolean ok;
  int fd;

  if (folder == NULL)
    return FALSE;
  fd = clr_folder_open_file (folder, name, CLR_FILE_NEW, 0600);
  if (fd < 0)
    return fail (path, error);
  facts.mode = facts.mode ? 0600 : 0;
  clr_file_make_like (fd, &facts);
  ok = write_content (restore, fd, path, error);
  if (close (fd) != 0 && ok)
    ok = fail (path, error);
  return ok && (clr_folder_sync (folder) || fail (folder_path, error));
}

/* SQLite's head: the user version stands at octet 60, the application id at 68 (its file format, section
 * 1.3). What was proven on the way is as it was; this is about what it was. */
static gboolean
check_database (const char *path, uint32_t id, unsigned newest, GError **error)
{
  uint8_t head[72];
  int fd = clr_file_open (path, CLR_FILE_READ, 0);
  gboolean ok = fd >= 0 && clr_file_read_at (fd, head, sizeof head, 0) == sizeof head;
  uint32_t version = 0, application = 0;

  for (int i = 0; ok && i < 4; i++)
    {
      version = version << 8 | head[60 + i];
      application = application << 8 | head[68 + i];
    }
  if (fd >= 0)
    close (fd);
  if (!ok || memcmp (head, "SQLite format 3", 16) != 0 || application != id || version == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("%s in the backup is no such database"),
                   path);
      return FALSE;
    }
  g_autofree char *name = g_path_get_basename (path);
  return check_format (name, version, newest, error);
}

static gboolean
put_database (Restore *restore, const char *name, uint32_t id, unsigned newest, GError **error)
{
  g_autofree char *path = g_build_filename (restore->incoming, name, NULL);

  return put_file (restore, restore->incoming, name, error) && check_database (path, id, newest, error);
}

static gboolean
put_secret (Restore *restore, const char *name, GError **error)
{
  gsize size;
  char *secret = clr_backup_reader_read_all (restore->reader, &size, error);
  gboolean ok = secret && clr_secret_store (restore->incoming, name, secret, size, error);

  if (secret)
    explicit_bzero (secret, size);
  g_free (secret);
  return ok;
}

static gboolean
put_users (Restore *restore, GError **error)
{
  gsize size;
  char *text = clr_backup_reader_read_all (restore->reader, &size, error);
  gboolean ok = text && clr_secret_store_users (restore->incoming, text, error);

  if (text)
    explicit_bzero (text, size);
  g_free (text);
  return ok;
}

static gboolean
put_entry (Restore *restore, const ClrBackupEntry *entry, GError **error)
{
  g_autofree char *folder = NULL;

  if (restore->options->only_settings && entry->kind >= CLR_BACKUP_SPOOL)
    return TRUE;
  switch (entry->kind)
    {
    case CLR_BACKUP_SETTINGS:
      restore->text = clr_backup_reader_read_all (restore->reader, NULL, error);
      return restore->text != NULL;
    case CLR_BACKUP_VERSION:
      folder = g_build_filename (restore->settings_folder, "versions", NULL);
      return put_file (restore, folder, entry->rest, error);
    case CLR_BACKUP_SECRET:
      return put_secret (restore, entry->rest, error);
    case CLR_BACKUP_USERS:
      return put_users (restore, error);
    case CLR_BACKUP_KEY:
      folder = g_build_filename (restore->incoming, "keys", NULL);
      return put_file (restore, folder, entry->rest, error);
    case CLR_BACKUP_TLS:
      folder = g_build_filename (restore->incoming, "tls", NULL);
      return put_file (restore, folder, entry->rest, error);
    case CLR_BACKUP_FILE:
      folder = g_build_filename (restore->incoming, "files", NULL);
      return put_file (restore, folder, entry->rest, error);
    case CLR_BACKUP_SPOOL:
      folder = g_build_filename (restore->incoming, "spool", NULL);
      return put_file (restore, folder, entry->rest, error);
    case CLR_BACKUP_QUEUE:
      return put_database (restore, "queue.db", CLR_FORMAT_QUEUE_ID, CLR_FORMAT_QUEUE, error);
    case CLR_BACKUP_STATE:
      return put_database (restore, "state.db", CLR_FORMAT_STATE_ID, CLR_FORMAT_STATE, error);
    case CLR_BACKUP_HISTORY:
      return put_database (restore, "history.db", CLR_FORMAT_HISTORY_ID, CLR_FORMAT_HISTORY, error);
    case CLR_BACKUP_MANIFEST:
    case CLR_BACKUP_END:
    case CLR_BACKUP_KINDS:
      break;
    }
  g_return_val_if_reached (FALSE);
}

static gboolean
put_text (Restore *restore, const char *folder_path, const char *name, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder_path, name, NULL);
  g_autoptr (ClrFolder) folder = make_folder (restore, folder_path, error);
  ClrFileFacts facts = restore->owner;
  gboolean ok;
  int fd;

  if (folder == NULL)
    return FALSE;
  fd = clr_folder_open_file (folder, name, CLR_FILE_NEW, 0600);
  if (fd < 0)
    return fail (path, error);
  facts.mode = facts.mode ? 0600 : 0;
  clr_file_make_like (fd, &facts);
  ok = clr_file_write_all (fd, text, strlen (text)) && clr_file_sync (fd);
  ok = close (fd) == 0 && ok && clr_folder_sync (folder);
  return ok || fail (path, error);
}

static gboolean
put_settings (Restore *restore, GError **error)
{
  const ClrRestoreOptions *options = restore->options;
  ClrBackupPlace to = {
#ifdef _WIN32
    .is_windows = TRUE,
#endif
    .settings_file = options->settings_file,
    .state_directory = restore->report->state_directory,
  };
  g_autofree char *files = g_build_filename (restore->incoming, "files", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings = NULL;

  if (restore->text == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("the backup holds no settings"));
      return FALSE;
    }
  text = clr_restore_settings_translate (restore->text, clr_backup_reader_get_manifest (restore->reader), &to,
                                         files, restore->report->notes, error);
  if (text == NULL)
    return FALSE;
  settings = clr_settings_new_from_text (text, strlen (text), options->settings_file, &problems);
  if (settings == NULL)
    {
      g_autofree char *all = g_strjoinv ("\n", problems);

      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   _ ("the settings in the backup are not valid here; nothing was changed:\n%s"), all);
      return FALSE;
    }
  return put_text (restore, restore->settings_folder, CLR_RESTORE_CONF, text, error);
}

/* What the relay does at its first start. */
static gboolean
put_word (Restore *restore, GError **error)
{
  const ClrBackupManifest *manifest = clr_backup_reader_get_manifest (restore->reader);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  if (restore->options->only_settings)
    return TRUE;
  json_object_set_string_member (object, "time", manifest->time);
  json_object_set_string_member (object, "hostname", manifest->hostname);
  json_object_set_boolean_member (object, "hold", !restore->options->has_moved);
  json_node_take_object (node, object);
  g_autofree char *text = clr_json_to_text (node, TRUE);
  return put_text (restore, restore->incoming, CLR_RESTORED_FILE, text, error);
}

static gboolean
put_all (Restore *restore, GError **error)
{
  g_autoptr (ClrFolder) part = make_folder (restore, restore->part, error);
  g_autoptr (ClrFolder) incoming = part ? make_folder (restore, restore->incoming, error) : NULL;
  ClrBackupEntry entry;

  if (incoming == NULL)
    return FALSE;
  do
    {
      if (!clr_backup_reader_next (restore->reader, &entry, error)
          || (entry.name && !put_entry (restore, &entry, error)))
        return FALSE;
    }
  while (entry.name);
  return put_settings (restore, error) && put_word (restore, error)
         && ((clr_folder_sync (incoming) && clr_folder_sync (part)) || fail (restore->part, error));
}

/* -- where */

static char *
dup_set_state (const char *settings_file)
{
  gsize size;
  g_autofree char *text = clr_plain_file_read (settings_file, CLR_SETTINGS_MAX_SIZE, &size, NULL);
  g_autoptr (GPtrArray) settings = text ? clr_backup_path_list (text) : NULL;

  for (unsigned i = 0; settings && i < settings->len; i++)
    {
      const ClrPathSetting *setting = g_ptr_array_index (settings, i);

      if (setting->role == CLR_PATH_STATE && g_path_is_absolute (setting->value))
        return g_strdup (setting->value);
    }
  return NULL;
}

/* (transfer full) */
static char *
choose_state (const ClrRestoreOptions *options, const ClrBackupManifest *manifest)
{
  g_autoptr (GObject) section = NULL;
  char *found;
  gboolean is_windows = FALSE;

#ifdef _WIN32
  is_windows = TRUE;
#endif
  if (options->state_directory)
    return g_canonicalize_filename (options->state_directory, NULL);
  found = dup_set_state (options->settings_file);
  if (found == NULL && manifest && manifest->is_windows == is_windows)
    found = g_strdup (manifest->state_directory);
  if (found)
    return found;
  section = g_object_new (clr_server_section_get_type (), NULL);
  return g_strdup (clr_section_get_text (CLR_SECTION (section), "state-directory"));
}

/* The relay does not run, and does not start meanwhile. */
static int
lock_state (const char *directory, GError **error)
{
  g_autofree char *path = g_build_filename (directory, CLR_RESTORE_LOCK, NULL);
  ClrFileFacts facts, own;
  int fd;

  if (!clr_folder_make (directory, 0750) || !clr_file_look (directory, &facts)
      || (fd = clr_file_open (path, CLR_FILE_LOCK, 0640)) < 0)
    {
      fail (directory, error);
      return -1;
    }
  if (!clr_file_try_lock (fd))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                   _ ("a relay works in %s; stop it first (systemctl stop clrelay, or the services of "
                      "Windows), then restore"),
                   directory);
      close (fd);
      return -1;
    }
  /* Root may have made it just now: whoever owns the state owns it. */
  if (clr_file_get_facts (fd, &own) && own.owner != facts.owner)
    {
      facts.mode = own.mode;
      clr_file_make_like (fd, &facts);
    }
  return fd;
}

static gboolean
check_empty (Restore *restore, GError **error)
{
  const char *directory = restore->report->state_directory;
  g_autoptr (ClrFolder) state = clr_folder_open (directory);

  for (const char *const *name = clr_restore_swap_list_names (restore->options->only_settings);
       state && *name; name++)
    if (clr_folder_has (state, *name))
      {
        if (restore->options->may_replace)
          return TRUE;
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                     _ ("there is a relay's state in %s already (%s); with --replace it is moved aside, into "
                        "a folder beside it, and kept"),
                     directory, *name);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_settings_place (const char *settings_file, GError **error)
{
  g_autofree char *above = g_path_get_dirname (settings_file);
  g_autoptr (ClrFolder) folder = NULL;

  /* A machine on which nothing is installed yet. */
  if (clr_folder_make (above, 0755) && (folder = clr_folder_open (above)) && clr_folder_may_write (folder))
    return TRUE;
  if (folder)
    errno = EACCES;
  return fail (above, error);
}

static void
restore_clear (Restore *restore)
{
  g_clear_pointer (&restore->reader, clr_backup_reader_free);
  g_clear_pointer (&restore->report, clr_restore_report_free);
  if (restore->lock_fd >= 0)
    close (restore->lock_fd);
  if (restore->text)
    explicit_bzero (restore->text, strlen (restore->text));
  g_free (restore->text);
  g_free (restore->part);
  g_free (restore->incoming);
  g_free (restore->settings_folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Restore, restore_clear)

static gboolean
begin (Restore *restore, GError **error)
{
  const ClrRestoreOptions *options = restore->options;
  const char *directory;

  restore->reader = clr_backup_reader_open (options->file, options->passphrase, error);
  if (restore->reader == NULL || !check_formats (clr_backup_reader_get_manifest (restore->reader), error)
      || !check_settings_place (options->settings_file, error))
    return FALSE;
  restore->report = report_new ();
  directory = restore->report->state_directory
      = choose_state (options, clr_backup_reader_get_manifest (restore->reader));
  restore->lock_fd = lock_state (directory, error);
  if (restore->lock_fd < 0 || !clr_restore_swap_finish (directory, options->settings_file, error)
      || !check_empty (restore, error))
    return FALSE;
  if (!clr_file_look (directory, &restore->owner))
    return fail (directory, error);
  clr_restore_swap_clean (directory);
  restore->part = g_build_filename (directory, CLR_RESTORE_PART, NULL);
  restore->incoming = g_build_filename (restore->part, CLR_RESTORE_INCOMING, NULL);
  restore->settings_folder = g_build_filename (restore->part, CLR_RESTORE_SETTINGS, NULL);
  return TRUE;
}

static gboolean
has_former (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_IS_DIR);
}

/* A name that nothing has which was moved aside before: two restores within a second must not meet there.
 * (transfer full) */
static char *
make_stamp (const char *directory, const char *settings_file)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y%m%dT%H%M%SZ");

  for (unsigned i = 1;; i++)
    {
      g_autofree char *stamp = i == 1 ? g_strdup (time) : g_strdup_printf ("%s-%u", time, i);
      g_autofree char *former = clr_restore_swap_dup_former (stamp);
      g_autofree char *state = g_build_filename (directory, former, NULL);
      g_autofree char *settings = g_strconcat (settings_file, ".", former, NULL);
      g_autofree char *versions = g_strconcat (settings_file, ".versions.", former, NULL);
      ClrFileFacts facts;

      if (!clr_file_look (state, &facts) && !clr_file_look (settings, &facts)
          && !clr_file_look (versions, &facts))
        return g_steal_pointer (&stamp);
    }
}

ClrRestoreReport *
clr_restore (const ClrRestoreOptions *options, GError **error)
{
  g_auto (Restore) restore = { .options = options, .lock_fd = -1 };
  g_autofree char *settings_file = g_canonicalize_filename (options->settings_file, NULL), *stamp = NULL;
  ClrRestorePlan plan = { NULL, settings_file, options->only_settings };
  const char *directory;

  if (!begin (&restore, error))
    return NULL;
  directory = restore.report->state_directory;
  plan.stamp = stamp = make_stamp (directory, settings_file);
  if (!put_all (&restore, error) || !clr_restore_plan_write (&plan, directory, error)
      || !clr_restore_swap_commit (directory, error))
    {
      /* A commit whose sync has failed counts: then the folder has its other name, and stays. */
      if (!clr_restore_swap_is_pending (directory))
        clr_restore_swap_clean (directory);
      return NULL;
    }
  if (!clr_restore_swap_finish (directory, options->settings_file, error))
    {
      g_prefix_error (error,
                      _ ("everything is ready in %s, and the restore counts, but could not be "
                         "finished; \"clrelay restore --finish\", or the next start, does it: "),
                      directory);
      return NULL;
    }
  restore.report->former = clr_restore_swap_dup_former (stamp);
  if (!has_former (directory, restore.report->former))
    g_clear_pointer (&restore.report->former, g_free);
  take_facts (restore.report, restore.reader);
  return g_steal_pointer (&restore.report);
}

gboolean
clr_restore_finish (const ClrRestoreOptions *options, GError **error)
{
  g_autofree char *directory = choose_state (options, NULL);
  gboolean ok;
  int lock_fd;

  if (!clr_restore_swap_is_pending (directory))
    return FALSE;
  lock_fd = lock_state (directory, error);
  if (lock_fd < 0)
    return FALSE;
  ok = clr_restore_swap_finish (directory, options->settings_file, error);
  close (lock_fd);
  return ok;
}

/* -- the first start */

gboolean
clr_restored_read (const char *state_directory, ClrRestored *restored, GError **error)
{
  g_autofree char *path = g_build_filename (state_directory, CLR_RESTORED_FILE, NULL);
  g_autoptr (GError) problem = NULL;
  gsize size;
  g_autofree char *text = clr_plain_file_read (path, 64 * 1024, &size, &problem);
  g_autoptr (JsonNode) root = text ? clr_json_parse (text, NULL) : NULL;

  if (text == NULL)
    {
      if (!g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      /* Who cannot say that mail may go lets it be held. */
      restored->hold = TRUE;
      return TRUE;
    }
  restored->time = g_strdup (clr_json_get_text (json_node_get_object (root), "time"));
  restored->hostname = g_strdup (clr_json_get_text (json_node_get_object (root), "hostname"));
  restored->hold = json_object_get_boolean_member_with_default (json_node_get_object (root), "hold", TRUE);
  return TRUE;
}

gboolean
clr_restored_forget (const char *state_directory, GError **error)
{
  g_autoptr (ClrFolder) folder = clr_folder_open (state_directory);

  return (folder && clr_folder_unlink (folder, CLR_RESTORED_FILE) && clr_folder_sync (folder))
         || fail (CLR_RESTORED_FILE, error);
}

void
clr_restored_clear (ClrRestored *restored)
{
  g_free (restored->time);
  g_free (restored->hostname);
}
