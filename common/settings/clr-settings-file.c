/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-settings-file.h"

#include "settings/clr-plain-file.h"
#include "settings/clr-settings.h"
#include "system/clr-folder.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

void
clr_settings_file_free (ClrSettingsFile *file)
{
  g_free (file->text);
  g_free (file->etag);
  g_free (file);
}

static void
set_errno (GError **error, const char *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
}

ClrSettingsFile *
clr_settings_file_read (const char *path, GError **error)
{
  ClrSettingsFile *file;
  g_autofree char *text = NULL;
  gsize size;

  text = clr_plain_file_read (path, CLR_SETTINGS_MAX_SIZE, &size, error);
  if (text == NULL)
    return NULL;
  if (memchr (text, 0, size))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("%s: this is no settings file"), path);
      return NULL;
    }
  file = g_new0 (ClrSettingsFile, 1);
  file->etag = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, size);
  file->etag[32] = 0;
  file->text = g_steal_pointer (&text);
  return file;
}

/* -- one edit at a time */

/* One edit: the folder of the file, and that of its versions, which is the lock among our own editors. */
typedef struct
{
  char *path; /* where the file really is: a symbolic link stays */
  char *versions_path;
  ClrFolder *folder;
  ClrFolder *versions;
  ClrFileFacts facts; /* of the file */
} Edit;

/* Where it really is. (transfer full) */
static char *
resolve (const char *path, GError **error)
{
  char *real = clr_file_dup_real_path (path);

  if (real == NULL)
    set_errno (error, path);
  return real;
}

static char *
versions_of (const char *path)
{
  return g_strconcat (path, ".versions", NULL);
}

static gboolean
fail_in_folder (const char *path, const char *folder, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               _ ("%s: %s. To change %s here, its folder must be writable for the user who changes it"),
               folder, g_strerror (errno), path);
  return FALSE;
}

static gboolean
lock_versions (Edit *edit, GError **error)
{
  ClrFileFacts found;
  gboolean was_there = clr_file_look (edit->versions_path, &found);

  if (!was_there && !clr_folder_make (edit->versions_path, 0750))
    return fail_in_folder (edit->path, edit->versions_path, error);
  edit->versions = clr_folder_open_real (edit->versions_path);
  if (edit->versions == NULL || !clr_folder_lock (edit->versions))
    return fail_in_folder (edit->path, edit->versions_path, error);
  /* Made by root while the file is another user's: whoever owns the file owns its past. By what is open: that
   * user could have put a link in the folder's place. */
  if (!was_there)
    clr_folder_make_like (edit->versions, &edit->facts);
  return TRUE;
}

static void
edit_end (Edit *edit)
{
  g_clear_pointer (&edit->versions, clr_folder_close);
  g_clear_pointer (&edit->folder, clr_folder_close);
  g_free (edit->versions_path);
  g_free (edit->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edit, edit_end)

/* To be ended whatever is returned; @edit is all zero. */
static gboolean
edit_begin (Edit *edit, const char *path, GError **error)
{
  g_autofree char *above = NULL;

  edit->path = resolve (path, error);
  if (edit->path == NULL)
    return FALSE;
  above = g_path_get_dirname (edit->path);
  edit->versions_path = versions_of (edit->path);
  edit->folder = clr_folder_open (above);
  if (edit->folder == NULL || !clr_file_look (edit->path, &edit->facts))
    return fail_in_folder (edit->path, above, error);
  return lock_versions (edit, error);
}

/* -- writing */

/* Whole or not at all, with owner and mode of the settings. Whoever owns the folder of versions could put a
 * link in its place at any time: what stands in it is reached through what is open. */
static gboolean
write_file (Edit *edit, ClrFolder *folder, const char *name, const char *text, GError **error)
{
  g_autofree char *temporary = g_strconcat (name, ".new", NULL);
  /* For this user alone until it has its owner; a file without a mode of its own has what its folder gives.
   */
  int mode = edit->facts.mode ? 0600 : 0640;
  gboolean ok;
  int fd;

  /* What is there is left from a crash, or somebody's trap: a link, a pipe, a file he holds open. */
  clr_folder_unlink (folder, temporary);
  fd = clr_folder_open_file (folder, temporary, CLR_FILE_NEW, mode);
  ok = fd >= 0;
  if (ok)
    {
      clr_file_make_like (fd, &edit->facts);
      ok = clr_file_write_all (fd, text, strlen (text)) && clr_file_sync (fd);
      ok = close (fd) == 0 && ok;
    }
  ok = ok && clr_folder_rename (folder, temporary, name);
  if (!ok)
    {
      g_autofree char *above = g_path_get_dirname (edit->path);

      fail_in_folder (edit->path, folder == edit->folder ? above : edit->versions_path, error);
      if (fd >= 0)
        clr_folder_unlink (folder, temporary);
      return FALSE;
    }
  clr_folder_sync (folder);
  return TRUE;
}

static gboolean
write_settings (Edit *edit, const char *text, GError **error)
{
  g_autofree char *name = g_path_get_basename (edit->path);

  return write_file (edit, edit->folder, name, text, error);
}

static gboolean
is_valid (const char *path, const char *text, GError **error)
{
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings = clr_settings_new_from_text (text, strlen (text), path, &problems);

  if (settings == NULL)
    {
      g_autofree char *all = g_strjoinv ("\n", problems);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, all);
    }
  return settings != NULL;
}

/* -- versions */

static int
compare_newest_first (gconstpointer a, gconstpointer b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return x > y ? -1 : x < y;
}

static gboolean
note_version (const char *name, void *numbers)
{
  guint64 number;

  if (g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT64, &number, NULL))
    g_array_append_val ((GArray *)numbers, number);
  return TRUE;
}

static GArray *
list_versions (const char *path)
{
  g_autofree char *versions_path = versions_of (path);
  g_autoptr (ClrFolder) folder = clr_folder_open_real (versions_path);
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (uint64_t));

  if (folder)
    clr_folder_list (folder, note_version, numbers);
  g_array_sort (numbers, compare_newest_first);
  return numbers;
}

static char *
name_of_version (uint64_t number)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
}

static char *
path_of_version (const char *path, uint64_t number)
{
  return g_strdup_printf ("%s.versions/%" G_GUINT64_FORMAT, path, number);
}

GArray *
clr_settings_file_list_versions (const char *path)
{
  g_autofree char *real = resolve (path, NULL);

  return list_versions (real ? real : path);
}

char *
clr_settings_file_read_version (const char *path, uint64_t version, int64_t *time_us, GError **error)
{
  g_autofree char *real = resolve (path, error);
  g_autoptr (GArray) numbers = real ? list_versions (real) : NULL;
  g_autoptr (ClrSettingsFile) file = NULL;
  ClrFileFacts facts;

  if (real == NULL)
    return NULL;
  if (version == 0 && numbers->len > 0)
    version = g_array_index (numbers, uint64_t, 0);
  if (version == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("%s: there is no former version"), path);
      return NULL;
    }
  g_autofree char *kept = path_of_version (real, version);
  if (!clr_file_look (kept, &facts))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _ ("%s: there is no version %" G_GUINT64_FORMAT "; \"clrelay config history\" lists them"),
                   path, version);
      return NULL;
    }
  file = clr_settings_file_read (kept, error);
  if (time_us)
    *time_us = facts.modified_us;
  return file ? g_steal_pointer (&file->text) : NULL;
}

static gboolean
keep_version (Edit *edit, const char *text, GError **error)
{
  g_autoptr (GArray) numbers = list_versions (edit->path);
  uint64_t newest = numbers->len ? g_array_index (numbers, uint64_t, 0) : 0;
  g_autofree char *kept = name_of_version (newest + 1);

  if (!write_file (edit, edit->versions, kept, text, error))
    return FALSE;
  for (unsigned i = CLR_SETTINGS_VERSIONS_MOST - 1; i < numbers->len; i++)
    {
      g_autofree char *old = name_of_version (g_array_index (numbers, uint64_t, i));
      clr_folder_unlink (edit->versions, old);
    }
  return TRUE;
}

/* -- the two ways to change it */

gboolean
clr_settings_file_replace (const char *path, const char *text, const char *etag, GError **error)
{
  g_auto (Edit) edit = { 0 };
  g_autoptr (ClrSettingsFile) now = NULL;

  if (!edit_begin (&edit, path, error) || (now = clr_settings_file_read (edit.path, error)) == NULL)
    return FALSE;
  if (etag && !g_str_equal (etag, now->etag))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG,
                   _ ("%s: somebody else has changed the file meanwhile; look at it and try again"),
                   edit.path);
      return FALSE;
    }
  return is_valid (edit.path, text, error)
         && (g_str_equal (text, now->text)
             || (keep_version (&edit, now->text, error) && write_settings (&edit, text, error)));
}

gboolean
clr_settings_file_undo (const char *path, GError **error)
{
  g_auto (Edit) edit = { 0 };
  g_autoptr (ClrSettingsFile) now = NULL;
  g_autoptr (GArray) numbers = NULL;
  g_autofree char *text = NULL, *newest = NULL;

  if (!edit_begin (&edit, path, error) || (now = clr_settings_file_read (edit.path, error)) == NULL)
    return FALSE;
  text = clr_settings_file_read_version (edit.path, 0, NULL, error);
  if (text == NULL || !is_valid (edit.path, text, error)
      || !write_file (&edit, edit.versions, "undone", now->text, error)
      || !write_settings (&edit, text, error))
    return FALSE;
  numbers = list_versions (edit.path);
  newest = name_of_version (g_array_index (numbers, uint64_t, 0));
  clr_folder_unlink (edit.versions, newest);
  return TRUE;
}
