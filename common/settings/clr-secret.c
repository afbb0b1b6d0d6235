/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-secret.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
path_of (const char *state_directory, const char *name, GError **error)
{
  for (const char *p = name; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.", *p))
      name = "";
  if (*name == 0 || *name == '.' || strlen (name) > 100)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("a secret's name has letters, digits, -, _ and . and does not begin with a dot"));
      return NULL;
    }
  return g_build_filename (state_directory, "secrets", name, NULL);
}

char *
clr_secret_load (const char *state_directory, const char *name, GError **error)
{
  g_autofree char *path = path_of (state_directory, name, error);
  char *text = NULL;

  if (path == NULL || !g_file_get_contents (path, &text, NULL, error))
    return NULL;
  return text;
}

gboolean
clr_secret_store (const char *state_directory, const char *name, const char *secret, gsize size,
                  GError **error)
{
  g_autofree char *path = path_of (state_directory, name, error);
  g_autofree char *directory = g_build_filename (state_directory, "secrets", NULL);
  g_autofree char *temporary = NULL;
  struct stat facts;
  int fd;

  if (path == NULL)
    return FALSE;
  if (size == 0 || size > CLR_SECRET_MAX || memchr (secret, 0, size))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("a secret has 1 to %d octets, none of them zero"), CLR_SECRET_MAX);
      return FALSE;
    }
  temporary = g_strdup_printf ("%s.new", path);
  if (g_mkdir_with_parents (directory, 0700) != 0
      || (fd = open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
      return FALSE;
    }
  /* Set by root while the service is another user: whoever owns the state owns the secret. */
  if (stat (state_directory, &facts) == 0 && geteuid () == 0
      && (chown (directory, facts.st_uid, facts.st_gid) != 0 || fchown (fd, facts.st_uid, facts.st_gid) != 0))
    g_debug ("%s: %s", path, g_strerror (errno));

  gboolean ok = write (fd, secret, size) == (ssize_t)size && fsync (fd) == 0;
  ok = close (fd) == 0 && ok && g_rename (temporary, path) == 0;
  if (!ok)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
      unlink (temporary);
    }
  return ok;
}
