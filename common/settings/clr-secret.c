/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-secret.h"

#include "system/clr-folder.h"
#include "system/clr-seal.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* (transfer full) */
static char *
load (const char *path, GError **error)
{
  g_autofree char *sealed = NULL;
  gsize sealed_size, size;
  char *secret;

  if (!g_file_get_contents (path, &sealed, &sealed_size, error))
    return NULL;
  secret = clr_seal_open (sealed, sealed_size, &size, error);
  explicit_bzero (sealed, sealed_size);
  if (secret == NULL)
    g_prefix_error (error, "%s: ", path);
  return secret;
}

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

  return path ? load (path, error) : NULL;
}

/* The folder of the secrets, made when it is not there. Root may set a secret while the folder is another
 * user's, who could lead root elsewhere by a link: so all that follows happens below this descriptor.
 * Returns: NULL with errno. */
static ClrFolder *
open_folder (const char *state_directory, const char *path)
{
  ClrFolder *folder;
  ClrFileFacts facts;

  if (g_mkdir_with_parents (path, 0700) != 0)
    return NULL;
  folder = clr_folder_open_real (path);
  /* Whoever owns the state owns the secret. */
  if (folder && clr_file_look (state_directory, &facts))
    clr_folder_make_like (folder, &facts);
  return folder;
}

/* Whole or not at all, and on disk. Returns: FALSE with errno. */
static gboolean
write_secret (ClrFolder *folder, const char *name, const char *secret, gsize size)
{
  /* No secret's name begins with a dot. */
  g_autofree char *temporary = g_strdup_printf (".%s.new", name);
  ClrFileFacts facts;
  gboolean ok;
  int fd, problem;

  clr_folder_unlink (folder, temporary); /* left from a crash */
  fd = clr_folder_open_file (folder, temporary, CLR_FILE_NEW, 0600);
  if (fd < 0)
    return FALSE;
  if (clr_folder_get_facts (folder, &facts))
    {
      facts.mode = 0600;
      clr_file_make_like (fd, &facts);
    }
  ok = clr_file_write_all (fd, secret, size) && clr_file_sync (fd);
  ok = close (fd) == 0 && ok && clr_folder_rename (folder, temporary, name) && clr_folder_sync (folder);
  problem = errno;
  if (!ok)
    clr_folder_unlink (folder, temporary);
  errno = problem;
  return ok;
}

/* Into a folder of the state directory. */
static gboolean
store (const char *state_directory, const char *folder_name, const char *name, const char *text, gsize size,
       GError **error)
{
  g_autofree char *directory = g_build_filename (state_directory, folder_name, NULL);
  g_autoptr (ClrFolder) folder = NULL;
  gsize sealed_size;
  g_autofree char *sealed = clr_seal_close (text, size, &sealed_size, error);
  gboolean ok;

  if (sealed == NULL)
    {
      g_prefix_error (error, "%s/%s: ", directory, name);
      return FALSE;
    }
  folder = open_folder (state_directory, directory);
  ok = folder && write_secret (folder, name, sealed, sealed_size);
  explicit_bzero (sealed, sealed_size);
  if (!ok)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s/%s: %s", directory, name,
                 g_strerror (errno));
  return ok;
}

gboolean
clr_secret_store (const char *state_directory, const char *name, const char *secret, gsize size,
                  GError **error)
{
  g_autofree char *path = path_of (state_directory, name, error);

  if (path == NULL)
    return FALSE;
  if (size == 0 || size > CLR_SECRET_MAX || memchr (secret, 0, size))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("a secret has 1 to %d octets, none of them zero"), CLR_SECRET_MAX);
      return FALSE;
    }
  return store (state_directory, "secrets", name, secret, size, error);
}

char *
clr_secret_load_users (const char *state_directory, GError **error)
{
  g_autofree char *path = g_build_filename (state_directory, "users", "list", NULL);

  return load (path, error);
}

gboolean
clr_secret_store_users (const char *state_directory, const char *text, GError **error)
{
  return store (state_directory, "users", "list", text, strlen (text), error);
}
