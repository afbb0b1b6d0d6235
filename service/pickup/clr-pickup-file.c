/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pickup/clr-pickup-file.h"

#include <errno.h>
#include <string.h>
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
clr_pickup_file_read (ClrFolder *folder, const char *name, uint64_t most, ClrPickupFile *file)
{
  int fd = clr_folder_open_file (folder, name, CLR_FILE_READ, 0);
  ClrPickupFileResult result;
  ClrFileFacts facts;

  *file = (ClrPickupFile){ 0 };
  if (fd < 0 && errno == ENOENT)
    return CLR_PICKUP_FILE_GONE;
  if (fd < 0)
    return say (file,
                errno == ELOOP || errno == ENXIO || errno == EACCES ? CLR_PICKUP_FILE_BAD
                                                                    : CLR_PICKUP_FILE_LATER,
                errno == ELOOP ? "it is a symbolic link" : g_strerror (errno));
  if (!clr_file_get_facts (fd, &facts))
    result = say (file, CLR_PICKUP_FILE_LATER, g_strerror (errno));
  else if (facts.kind != CLR_FILE_REGULAR)
    result = say (file, CLR_PICKUP_FILE_BAD, "it is not a file");
  else if (facts.n_names > 1)
    result = say (file, CLR_PICKUP_FILE_BAD, "it has a second name (hard link)");
  else if (facts.size > most)
    result = say (file, CLR_PICKUP_FILE_BAD, "it is larger than this relay accepts (max-message-size)");
  else
    {
      file->owner = clr_file_dup_owner (fd);
      file->content = g_byte_array_sized_new (facts.size + facts.size / 32 + 64);
      result = read_all (fd, most, file);
    }
  close (fd);
  return result;
}

/* For another file system. */
static gboolean
copy (ClrFolder *folder, const char *name, ClrFolder *bad, const char *new_name, uint64_t most)
{
  int from = clr_folder_open_file (folder, name, CLR_FILE_READ, 0);
  int to = from < 0 ? -1 : clr_folder_open_file (bad, new_name, CLR_FILE_NEW, 0640);
  g_autofree char *piece = g_malloc (PIECE);
  gboolean ok = to >= 0;
  uint64_t done = 0;
  ssize_t n = 0;

  while (ok && done < most && (n = read (from, piece, PIECE)) > 0)
    {
      ok = clr_file_write_all (to, piece, n);
      done += n;
    }
  ok = ok && n >= 0 && clr_file_sync (to);
  if (from >= 0)
    close (from);
  if (to >= 0)
    close (to);
  return ok;
}

static void
write_reason (ClrFolder *bad, const char *new_name, const char *reason)
{
  g_autofree char *name = g_strconcat (new_name, ".reason", NULL);
  g_autofree char *line = g_strconcat (reason, "\n", NULL);
  int fd = clr_folder_open_file (bad, name, CLR_FILE_NEW, 0640);

  if (fd < 0)
    return; /* the log has it too */
  if (!clr_file_write_all (fd, line, strlen (line)))
    g_debug ("%s: %s", name, g_strerror (errno));
  close (fd);
}

gboolean
clr_pickup_file_put_aside (ClrFolder *folder, const char *name, const char *bad, const char *prefix,
                           const char *reason, char **problem)
{
  g_autofree char *new_name
      = g_strdup_printf ("%s-%" G_GINT64_FORMAT "-%.200s", prefix, g_get_real_time (), name);
  g_autoptr (ClrFolder) aside = g_mkdir_with_parents (bad, 0750) == 0 ? clr_folder_open (bad) : NULL;
  gboolean ok = aside && clr_folder_move (folder, name, aside, new_name);

  /* What is no file is not copied, and goes. */
  if (!ok && aside && errno == EXDEV)
    {
      ClrFileFacts facts;

      ok = clr_folder_look (folder, name, &facts)
           && (facts.kind != CLR_FILE_REGULAR
               || (copy (folder, name, aside, new_name, facts.size) && clr_folder_sync (aside)))
           && clr_folder_unlink (folder, name);
    }
  if (!ok)
    *problem = g_strdup_printf ("it cannot be moved to %s: %s", bad, g_strerror (errno));
  else
    write_reason (aside, new_name, reason);
  return ok;
}
