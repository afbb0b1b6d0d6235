/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-drop.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct ClrDrop
{
  char *directory;
  char *temporary; /* path; NULL when it is renamed */
  char *final;
  int fd;
  int problem; /* the first errno */
};

static gboolean
fail (GError **error, int code, const char *text, const char *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s %s: %s", text, path, g_strerror (code));
  return FALSE;
}

/* A message that nobody takes would be lost without a word: the mark says that the service's settings name
 * the folder. Anybody could put a file of that name there, but not one of the folder's owner. */
static gboolean
is_open (const char *directory, GError **error)
{
  g_autofree char *mark = g_build_filename (directory, CLR_DROP_MARK, NULL);
  struct stat folder, facts;

  if (stat (directory, &folder) != 0)
    return fail (error, errno, "the folder for this machine's messages cannot be used,", directory);
  if (lstat (mark, &facts) == 0 && S_ISREG (facts.st_mode) && facts.st_uid == folder.st_uid)
    return TRUE;
  g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
      "the relay does not take messages from %s: no [pickup] of its settings with local-users = true "
      "names it, or it has never run",
      directory);
  return FALSE;
}

ClrDrop *
clr_drop_new (const char *directory, GError **error)
{
  guint8 random[16];
  GString *name;
  ClrDrop *drop;

  if (!is_open (directory, error))
    return NULL;
  if (getrandom (random, sizeof random, 0) != sizeof random)
    {
      fail (error, errno, "no random name for", directory);
      return NULL;
    }
  name = g_string_new (NULL);
  for (unsigned i = 0; i < sizeof random; i++)
    g_string_append_printf (name, "%02x", random[i]);

  drop = g_new0 (ClrDrop, 1);
  drop->directory = g_strdup (directory);
  drop->temporary = g_strdup_printf ("%s/.%s.tmp", directory, name->str);
  drop->final = g_strdup_printf ("%s/%s.eml", directory, name->str);
  g_string_free (name, TRUE);
  drop->fd = open (drop->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
  /* The umask may have taken the group's right, by which the service reads it. */
  if (drop->fd < 0 || fchmod (drop->fd, 0640) != 0)
    {
      fail (error, errno, "cannot write", drop->temporary);
      clr_drop_free (drop);
      return NULL;
    }
  return drop;
}

void
clr_drop_write (ClrDrop *drop, const char *bytes, gsize size)
{
  while (size > 0 && drop->problem == 0)
    {
      ssize_t n = write (drop->fd, bytes, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        drop->problem = n < 0 ? errno : EIO;
      else
        {
          bytes += n;
          size -= n;
        }
    }
}

gboolean
clr_drop_commit (ClrDrop *drop, GError **error)
{
  if (drop->problem == 0 && fsync (drop->fd) != 0)
    drop->problem = errno;
  if (drop->problem)
    return fail (error, drop->problem, "cannot write", drop->temporary);
  if (rename (drop->temporary, drop->final) != 0)
    return fail (error, errno, "cannot rename", drop->temporary);
  g_clear_pointer (&drop->temporary, g_free);
  /* The folder cannot be opened by the one who may only write to it, so its file system is synced as a whole:
   * the new name must be on disk too. */
  if (syncfs (drop->fd) != 0)
    return fail (error, errno, "cannot sync the folder of", drop->final);
  return TRUE;
}

void
clr_drop_free (ClrDrop *drop)
{
  if (drop->fd >= 0)
    {
      close (drop->fd);
      if (drop->temporary)
        unlink (drop->temporary);
    }
  g_free (drop->directory);
  g_free (drop->temporary);
  g_free (drop->final);
  g_free (drop);
}
