/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-settings-file.h"

#include "settings/clr-plain-file.h"
#include "settings/clr-settings.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
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

/* Where it really is: a symbolic link stays. (transfer full) */
static char *
resolve (const char *path, GError **error)
{
  char *real = realpath (path, NULL), *copy;

  if (real == NULL)
    {
      set_errno (error, path);
      return NULL;
    }
  copy = g_strdup (real);
  free (real);
  return copy;
}

static char *
versions_of (const char *path)
{
  return g_strconcat (path, ".versions", NULL);
}

static void
set_errno_of_folder (GError **error, const char *path, const char *folder)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               _ ("%s: %s. To change %s here, its folder must be writable for the user who changes it"),
               folder, g_strerror (errno), path);
}

/* The folder of versions is the lock among our own editors. Returns: its descriptor, or -1. */
static int
lock_versions (const char *path, GError **error)
{
  g_autofree char *folder = versions_of (path);
  gboolean made = g_mkdir (folder, 0750) == 0;
  int fd = made || errno == EEXIST ? open (folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  struct stat facts;

  if (fd < 0 || flock (fd, LOCK_EX) != 0)
    {
      set_errno_of_folder (error, path, folder);
      if (fd >= 0)
        close (fd);
      return -1;
    }
  /* Made by root while the file is another user's: whoever owns the file owns its past. By the descriptor:
   * that user could have put a link in the folder's place. */
  if (made && stat (path, &facts) == 0 && geteuid () == 0 && fchown (fd, facts.st_uid, facts.st_gid) != 0)
    g_debug ("%s: %s", folder, g_strerror (errno));
  return fd;
}

/* -- writing */

static gboolean
write_all (int fd, const char *text)
{
  for (size_t size = strlen (text), done = 0; done < size;)
    {
      ssize_t n = write (fd, text + done, size - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      done += n;
    }
  return TRUE;
}

static gboolean
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

/* Whole or not at all, with owner and mode of @like. @at: the folder in which @path stands, AT_FDCWD for the
 * settings themselves. Whoever owns the folder of versions could put a link in its place at any time: what
 * stands in it is reached by its descriptor. */
static gboolean
write_file (int at, const char *path, const char *text, const struct stat *like, GError **error)
{
  g_autofree char *temporary = g_strdup_printf ("%s.new", path);
  gboolean ok;
  int fd;

  /* What is there is left from a crash, or somebody's trap: a link, a pipe, a file he holds open. */
  unlinkat (at, temporary, 0);
  fd = openat (at, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  ok = fd >= 0;

  if (ok && fchown (fd, like->st_uid, like->st_gid) != 0 && fchown (fd, -1, like->st_gid) != 0)
    g_debug ("%s: %s", temporary, g_strerror (errno));
  ok = ok && fchmod (fd, like->st_mode & 07777) == 0 && write_all (fd, text) && fsync (fd) == 0;
  if (fd >= 0)
    ok = close (fd) == 0 && ok;
  ok = ok && renameat (at, temporary, at, path) == 0;
  if (!ok)
    {
      g_autofree char *folder = at == AT_FDCWD ? g_path_get_dirname (path) : g_strdup (".versions");

      set_errno_of_folder (error, path, folder);
      if (fd >= 0)
        unlinkat (at, temporary, 0);
      return FALSE;
    }
  if (at == AT_FDCWD)
    sync_folder (path);
  else
    fsync (at);
  return TRUE;
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

static GArray *
list_versions (const char *path)
{
  g_autofree char *folder = versions_of (path);
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      guint64 number;

      if (g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT64, &number, NULL))
        g_array_append_val (numbers, number);
    }
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
  struct stat facts;

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
  if (!g_file_test (kept, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _ ("%s: there is no version %" G_GUINT64_FORMAT "; \"clrelay config history\" lists them"),
                   path, version);
      return NULL;
    }
  file = clr_settings_file_read (kept, error);
  if (time_us)
    *time_us = stat (kept, &facts) == 0 ? facts.st_mtime * G_USEC_PER_SEC : 0;
  return file ? g_steal_pointer (&file->text) : NULL;
}

static gboolean
keep_version (int lock, const char *path, const char *text, const struct stat *like, GError **error)
{
  g_autoptr (GArray) numbers = list_versions (path);
  uint64_t newest = numbers->len ? g_array_index (numbers, uint64_t, 0) : 0;
  g_autofree char *kept = name_of_version (newest + 1);

  if (!write_file (lock, kept, text, like, error))
    return FALSE;
  for (unsigned i = CLR_SETTINGS_VERSIONS_MOST - 1; i < numbers->len; i++)
    {
      g_autofree char *old = name_of_version (g_array_index (numbers, uint64_t, i));
      unlinkat (lock, old, 0);
    }
  return TRUE;
}

/* -- the two ways to change it */

static gboolean
replace_locked (int lock, const char *path, const char *text, const char *etag, GError **error)
{
  g_autoptr (ClrSettingsFile) now = clr_settings_file_read (path, error);
  struct stat facts;

  if (now == NULL)
    return FALSE;
  if (etag && !g_str_equal (etag, now->etag))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_WRONG_ETAG,
                   _ ("%s: somebody else has changed the file meanwhile; look at it and try again"), path);
      return FALSE;
    }
  if (stat (path, &facts) != 0)
    {
      set_errno (error, path);
      return FALSE;
    }
  return is_valid (path, text, error)
         && (g_str_equal (text, now->text)
             || (keep_version (lock, path, now->text, &facts, error)
                 && write_file (AT_FDCWD, path, text, &facts, error)));
}

gboolean
clr_settings_file_replace (const char *path, const char *text, const char *etag, GError **error)
{
  g_autofree char *real = resolve (path, error);
  int lock = real ? lock_versions (real, error) : -1;
  gboolean ok;

  if (lock < 0)
    return FALSE;
  ok = replace_locked (lock, real, text, etag, error);
  close (lock);
  return ok;
}

static gboolean
undo_locked (int lock, const char *path, GError **error)
{
  g_autoptr (ClrSettingsFile) now = clr_settings_file_read (path, error);
  g_autofree char *text = now ? clr_settings_file_read_version (path, 0, NULL, error) : NULL;
  g_autofree char *newest = NULL;
  g_autoptr (GArray) numbers = NULL;
  struct stat facts;

  if (text == NULL || !is_valid (path, text, error))
    return FALSE;
  if (stat (path, &facts) != 0)
    {
      set_errno (error, path);
      return FALSE;
    }
  if (!write_file (lock, "undone", now->text, &facts, error)
      || !write_file (AT_FDCWD, path, text, &facts, error))
    return FALSE;
  numbers = list_versions (path);
  newest = name_of_version (g_array_index (numbers, uint64_t, 0));
  unlinkat (lock, newest, 0);
  return TRUE;
}

gboolean
clr_settings_file_undo (const char *path, GError **error)
{
  g_autofree char *real = resolve (path, error);
  int lock = real ? lock_versions (real, error) : -1;
  gboolean ok;

  if (lock < 0)
    return FALSE;
  ok = undo_locked (lock, real, error);
  close (lock);
  return ok;
}
