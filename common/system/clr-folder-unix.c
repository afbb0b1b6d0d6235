/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-folder.h"
#include "system/clr-unix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Write and enter, no list; files get the group of the folder; nobody removes those of others. */
#define DROP_MODE 03733

struct ClrFolder
{
  int fd;
};

static ClrFolder *
open_with (const char *path, int flags)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
  ClrFolder *folder;

  if (fd < 0)
    return NULL;
  folder = g_new (ClrFolder, 1);
  folder->fd = fd;
  return folder;
}

ClrFolder *
clr_folder_open (const char *path)
{
  return open_with (path, 0);
}

ClrFolder *
clr_folder_open_real (const char *path)
{
  return open_with (path, O_NOFOLLOW);
}

void
clr_folder_close (ClrFolder *folder)
{
  int problem = errno;

  close (folder->fd);
  g_free (folder);
  errno = problem;
}

gboolean
clr_folder_make (const char *path, int mode)
{
  g_autofree char *above = g_path_get_dirname (path);
  gboolean is_there = g_file_test (path, G_FILE_TEST_IS_DIR);
  gboolean ok;

  if (!is_there && !clr_folder_make (above, mode))
    return FALSE;
  g_autoptr (ClrFolder) folder = clr_folder_open (above);
  /* A former run may have made it, and been killed before it could sync what is above it: that is done again,
   * where this process may. */
  ok = folder && (is_there || mkdir (path, mode) == 0 || errno == EEXIST) && clr_folder_sync (folder);
  return ok || is_there;
}

int
clr_folder_open_file (ClrFolder *folder, const char *name, ClrFileOpening opening, int mode)
{
  return openat (folder->fd, name, clr_unix_flags (opening) | O_NOFOLLOW, mode);
}

gboolean
clr_folder_unlink (ClrFolder *folder, const char *name)
{
  return unlinkat (folder->fd, name, 0) == 0;
}

gboolean
clr_folder_rename (ClrFolder *folder, const char *from, const char *to)
{
  return renameat (folder->fd, from, folder->fd, to) == 0;
}

gboolean
clr_folder_move (ClrFolder *folder, const char *name, ClrFolder *to, const char *new_name)
{
  return renameat (folder->fd, name, to->fd, new_name) == 0;
}

gboolean
clr_folder_look (ClrFolder *folder, const char *name, ClrFileFacts *facts)
{
  struct stat found;

  if (fstatat (folder->fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0)
    return FALSE;
  clr_unix_read_facts (&found, facts);
  return TRUE;
}

gboolean
clr_folder_has (ClrFolder *folder, const char *name)
{
  struct stat found;

  return fstatat (folder->fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

gboolean
clr_folder_get_facts (ClrFolder *folder, ClrFileFacts *facts)
{
  return clr_file_get_facts (folder->fd, facts);
}

gboolean
clr_folder_sync (ClrFolder *folder)
{
  return fsync (folder->fd) == 0;
}

gboolean
clr_folder_lock (ClrFolder *folder)
{
  return flock (folder->fd, LOCK_EX) == 0;
}

gboolean
clr_folder_may_write (ClrFolder *folder)
{
  return faccessat (folder->fd, ".", W_OK | X_OK, AT_EACCESS) == 0;
}

gboolean
clr_folder_let_all_put_in (ClrFolder *folder)
{
  struct stat found;

  return fstat (folder->fd, &found) == 0
         && ((found.st_mode & 07777) == DROP_MODE || fchmod (folder->fd, DROP_MODE) == 0);
}

void
clr_folder_make_like (ClrFolder *folder, const ClrFileFacts *like)
{
  if (fchown (folder->fd, like->owner, like->group) != 0)
    g_debug ("the owner of a folder stays: %s", g_strerror (errno));
}

gboolean
clr_folder_list (ClrFolder *folder, gboolean (*see) (const char *name, void *data), void *data)
{
  int fd = openat (folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (directory == NULL)
    {
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  while ((entry = readdir (directory)))
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0 && !see (entry->d_name, data))
      break;
  closedir (directory);
  return TRUE;
}
