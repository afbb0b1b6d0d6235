/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-unix.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

int
clr_unix_flags (ClrFileOpening opening)
{
  static const int flags[] = {
    [CLR_FILE_READ] = O_RDONLY | O_NONBLOCK | O_NOCTTY,
    [CLR_FILE_NEW] = O_WRONLY | O_CREAT | O_EXCL | O_APPEND,
    [CLR_FILE_OVER] = O_WRONLY | O_CREAT | O_TRUNC,
    [CLR_FILE_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
    [CLR_FILE_LOCK] = O_RDWR | O_CREAT,
  };

  return flags[opening] | O_CLOEXEC;
}

void
clr_unix_read_facts (const struct stat *from, ClrFileFacts *facts)
{
  *facts = (ClrFileFacts){
    .kind = S_ISREG (from->st_mode)   ? CLR_FILE_REGULAR
            : S_ISDIR (from->st_mode) ? CLR_FILE_FOLDER
            : S_ISLNK (from->st_mode) ? CLR_FILE_LINK
                                      : CLR_FILE_OTHER,
    .size = from->st_size,
    .modified_us = (int64_t)from->st_mtim.tv_sec * G_USEC_PER_SEC + from->st_mtim.tv_nsec / 1000,
    .n_names = from->st_nlink,
    .place = from->st_ino,
    .owner = from->st_uid,
    .group = from->st_gid,
    .mode = from->st_mode & 07777,
  };
}

int
clr_file_open (const char *path, ClrFileOpening opening, int mode)
{
  return open (path, clr_unix_flags (opening), mode);
}

gboolean
clr_file_write_all (int fd, const void *bytes, size_t size)
{
  for (const char *p = bytes; size > 0;)
    {
      ssize_t n = write (fd, p, size);

      if (n < 0 && errno != EINTR)
        return FALSE;
      p += MAX (n, 0);
      size -= MAX (n, 0);
    }
  return TRUE;
}

ssize_t
clr_file_read_at (int fd, void *into, size_t size, uint64_t offset)
{
  ssize_t n;

  do
    n = pread (fd, into, size, offset);
  while (n < 0 && errno == EINTR);
  return n;
}

gboolean
clr_file_sync (int fd)
{
  return fdatasync (fd) == 0;
}

gboolean
clr_file_rename (const char *from, const char *to)
{
  return rename (from, to) == 0;
}

gboolean
clr_file_unlink (const char *path)
{
  return unlink (path) == 0;
}

gboolean
clr_file_get_facts (int fd, ClrFileFacts *facts)
{
  struct stat found;

  if (fstat (fd, &found) != 0)
    return FALSE;
  clr_unix_read_facts (&found, facts);
  return TRUE;
}

gboolean
clr_file_look (const char *path, ClrFileFacts *facts)
{
  struct stat found;

  if (stat (path, &found) != 0)
    return FALSE;
  clr_unix_read_facts (&found, facts);
  return TRUE;
}

void
clr_file_make_like (int fd, const ClrFileFacts *like)
{
  if (fchown (fd, like->owner, like->group) != 0 && fchown (fd, -1, like->group) != 0)
    g_debug ("the owner of a file stays: %s", g_strerror (errno));
  if (fchmod (fd, like->mode) != 0)
    g_debug ("the mode of a file stays: %s", g_strerror (errno));
}

char *
clr_file_dup_owner (int fd)
{
  struct stat found;
  struct passwd *entry;

  if (fstat (fd, &found) != 0)
    return NULL;
  entry = getpwuid (found.st_uid);
  return entry ? g_strdup_printf ("user %s", entry->pw_name)
               : g_strdup_printf ("user id %u", (unsigned)found.st_uid);
}

gboolean
clr_file_may_read (const char *path)
{
  return access (path, R_OK) == 0;
}

gboolean
clr_file_is_open_to_all (const char *path)
{
  struct stat found;

  return stat (path, &found) == 0 && (found.st_mode & 0007) != 0;
}

char *
clr_file_dup_closing_command (const char *path)
{
  g_autofree char *quoted = strpbrk (path, " '\"\\$&;()*?[]<>|`!#~") ? g_shell_quote (path) : g_strdup (path);
  struct stat found;
  struct group *group;

  if (stat (path, &found) == 0 && found.st_uid == geteuid ())
    return g_strdup_printf ("chmod 600 %s", quoted);
  group = getgrgid (getegid ());
  return group ? g_strdup_printf ("chgrp %s %s && chmod 640 %s", group->gr_name, quoted, quoted)
               : g_strdup_printf ("chgrp %u %s && chmod 640 %s", (unsigned)getegid (), quoted, quoted);
}

char *
clr_file_dup_real_path (const char *path)
{
  char *real = realpath (path, NULL), *copy = g_strdup (real);

  free (real);
  return copy;
}

gboolean
clr_file_try_lock (int fd)
{
  return flock (fd, LOCK_EX | LOCK_NB) == 0;
}

void
clr_file_take_place (int fd, int former)
{
  dup3 (fd, former, O_CLOEXEC);
  close (fd);
}

gboolean
clr_file_is_no_space (int problem)
{
  return problem == ENOSPC || problem == EDQUOT;
}

gboolean
clr_file_get_free_space (const char *path, uint64_t *octets)
{
  struct statvfs facts;

  if (statvfs (path, &facts) != 0)
    return FALSE;
  *octets = (uint64_t)facts.f_bavail * facts.f_frsize;
  return TRUE;
}
