/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pickup/clr-pickup-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (64u * 1024)

/* CRLF, LF and CR end a line; all become CRLF. @after_cr: across pieces. */
static void
append_lines (GByteArray *into, const char *bytes, size_t size, gboolean *after_cr, unsigned *lone)
{
  const char *end = bytes + size;

  while (bytes < end)
    {
      const char *line = bytes;

      if (*bytes == '\n')
        {
          if (!*after_cr)
            g_byte_array_append (into, (const guint8 *)"\r\n", 2);
          *after_cr = FALSE;
          bytes++;
          continue;
        }
      *lone += *after_cr;
      *after_cr = FALSE;
      while (bytes < end && *bytes != '\n' && *bytes != '\r')
        bytes++;
      g_byte_array_append (into, (const guint8 *)line, bytes - line);
      if (bytes < end && *bytes == '\r')
        {
          g_byte_array_append (into, (const guint8 *)"\r\n", 2);
          *after_cr = TRUE;
          bytes++;
        }
    }
}

static ClrPickupFileResult
say (ClrPickupFile *file, ClrPickupFileResult result, const char *problem)
{
  g_clear_pointer (&file->content, g_byte_array_unref);
  file->problem = g_strdup (problem);
  return result;
}

static ClrPickupFileResult
read_all (int fd, uint64_t most, ClrPickupFile *file)
{
  g_autofree char *piece = g_malloc (PIECE);
  gboolean after_cr = FALSE;
  ssize_t n;

  while ((n = read (fd, piece, PIECE)) != 0)
    {
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return say (file, CLR_PICKUP_FILE_LATER, g_strerror (errno));
      if (memchr (piece, 0, n))
        return say (file, CLR_PICKUP_FILE_BAD, "it holds a NUL, which no message may (RFC 5322 section 4)");
      append_lines (file->content, piece, n, &after_cr, &file->normalized);
      if (file->content->len > most)
        return say (file, CLR_PICKUP_FILE_BAD, "it is larger than this relay accepts (max-message-size)");
    }
  file->normalized += after_cr;
  if (file->content->len == 0)
    return say (file, CLR_PICKUP_FILE_BAD, "it is empty");
  return CLR_PICKUP_FILE_READ;
}

ClrPickupFileResult
clr_pickup_file_read (int folder, const char *name, uint64_t most, ClrPickupFile *file)
{
  /* Not blocking: a named pipe would wait for its other end. */
  int fd = openat (folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  ClrPickupFileResult result;
  struct stat facts;

  *file = (ClrPickupFile){ 0 };
  if (fd < 0 && errno == ENOENT)
    return CLR_PICKUP_FILE_GONE;
  if (fd < 0)
    return say (file,
                errno == ELOOP || errno == ENXIO || errno == EACCES ? CLR_PICKUP_FILE_BAD
                                                                    : CLR_PICKUP_FILE_LATER,
                errno == ELOOP ? "it is a symbolic link" : g_strerror (errno));
  if (fstat (fd, &facts) != 0)
    result = say (file, CLR_PICKUP_FILE_LATER, g_strerror (errno));
  else if (!S_ISREG (facts.st_mode))
    result = say (file, CLR_PICKUP_FILE_BAD, "it is not a file");
  else if (facts.st_nlink > 1)
    result = say (file, CLR_PICKUP_FILE_BAD, "it has a second name (hard link)");
  else if ((uint64_t)facts.st_size > most)
    result = say (file, CLR_PICKUP_FILE_BAD, "it is larger than this relay accepts (max-message-size)");
  else
    {
      file->owner = facts.st_uid;
      file->content = g_byte_array_sized_new (facts.st_size + facts.st_size / 32 + 64);
      result = read_all (fd, most, file);
    }
  close (fd);
  return result;
}

/* For another file system. */
static gboolean
copy (int folder, const char *name, int bad, const char *new_name, uint64_t most)
{
  int from = openat (folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  int to = from < 0 ? -1 : openat (bad, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  g_autofree char *piece = g_malloc (PIECE);
  gboolean ok = to >= 0;
  uint64_t done = 0;
  ssize_t n = 0;

  while (ok && done < most && (n = read (from, piece, PIECE)) > 0)
    {
      ok = write (to, piece, n) == n;
      done += n;
    }
  ok = ok && n >= 0 && fsync (to) == 0;
  if (from >= 0)
    close (from);
  if (to >= 0)
    close (to);
  return ok;
}

static void
write_reason (int bad, const char *new_name, const char *reason)
{
  g_autofree char *name = g_strconcat (new_name, ".reason", NULL);
  int fd = openat (bad, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

  if (fd < 0)
    return; /* the log has it too */
  if (dprintf (fd, "%s\n", reason) < 0 || close (fd) != 0)
    g_debug ("%s: %s", name, g_strerror (errno));
}

gboolean
clr_pickup_file_put_aside (int folder, const char *name, const char *bad, const char *prefix,
                           const char *reason, char **problem)
{
  g_autofree char *new_name
      = g_strdup_printf ("%s-%" G_GINT64_FORMAT "-%.200s", prefix, g_get_real_time (), name);
  gboolean ok;
  int fd = -1;

  if (g_mkdir_with_parents (bad, 0750) == 0)
    fd = open (bad, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ok = fd >= 0 && renameat (folder, name, fd, new_name) == 0;
  /* What is no file is not copied, and goes. */
  if (!ok && fd >= 0 && errno == EXDEV)
    {
      struct stat facts;

      ok = fstatat (folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0
           && (!S_ISREG (facts.st_mode)
               || (copy (folder, name, fd, new_name, facts.st_size) && fsync (fd) == 0))
           && unlinkat (folder, name, 0) == 0;
    }
  if (!ok)
    *problem = g_strdup_printf ("it cannot be moved to %s: %s", bad, g_strerror (errno));
  else
    write_reason (fd, new_name, reason);
  if (fd >= 0)
    close (fd);
  return ok;
}
