/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-plain-file.h"

#include "system/clr-file.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

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
      ssize_t n = clr_file_read_at (fd, piece, sizeof piece, bytes->len);

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
  ClrFileFacts facts;
  char *text = NULL;
  int fd = -1;

  /* Looked at before and after: whoever opens some devices has already set them in motion. */
  if (!clr_file_look (path, &facts))
    return fail (path, errno, error);
  if (facts.kind == CLR_FILE_REGULAR && (fd = clr_file_open (path, CLR_FILE_READ, 0)) < 0)
    return fail (path, errno, error);
  if (fd >= 0 && clr_file_get_facts (fd, &facts) && facts.kind == CLR_FILE_REGULAR)
    text = read_all (fd, path, most, size, error);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, _ ("%s: this is no regular file"), path);
  if (fd >= 0)
    close (fd);
  return text;
}
