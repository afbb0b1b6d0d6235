/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-plain-file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef O_NONBLOCK /* Windows: there a pipe has no name in a folder */
#define O_NONBLOCK 0
#endif
#ifndef O_CLOEXEC
#define O_CLOEXEC 0
#endif
#ifndef O_BINARY
#define O_BINARY 0
#endif

static char *
fail (const char *path, int code, GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", path, g_strerror (code));
  return NULL;
}

static char *
read_all (int fd, const char *path, gsize most, gsize *size, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 piece[16 * 1024];

  for (;;)
    {
      gssize n = read (fd, piece, sizeof piece);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail (path, errno, error);
      if (n == 0)
        break;
      g_byte_array_append (bytes, piece, n);
      if (bytes->len > most)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                       _ ("%s: the file is larger than %" G_GSIZE_FORMAT " octets"), path, most);
          return NULL;
        }
    }
  *size = bytes->len;
  g_byte_array_append (bytes, (const guint8 *)"", 1);
  return (char *)g_byte_array_free (g_steal_pointer (&bytes), FALSE);
}

char *
clr_plain_file_read (const char *path, gsize most, gsize *size, GError **error)
{
  GStatBuf facts;
  char *text;
  int fd;

  /* Looked at before and after: whoever opens some devices has already set them in motion. */
  if (g_stat (path, &facts) != 0)
    return fail (path, errno, error);
  fd = S_ISREG (facts.st_mode) ? g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_BINARY, 0) : -1;
  if (S_ISREG (facts.st_mode) && fd < 0)
    return fail (path, errno, error);
  if (fd < 0 || fstat (fd, (struct stat *)&facts) != 0 || !S_ISREG (facts.st_mode))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, _ ("%s: this is no regular file"), path);
      text = NULL;
    }
  else
    text = read_all (fd, path, most, size, error);
  if (fd >= 0)
    close (fd);
  return text;
}
