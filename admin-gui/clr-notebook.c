/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-notebook.h"

#include "client/clr-pass.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#define SEARCHES "searches"
#define RELAYS   "relays"
#define MOST     200 /* entries of a group */

static char *
get_folder (void)
{
  return g_build_filename (g_get_user_config_dir (), "clrelay-admin", NULL);
}

/* An unreadable file is an empty one: a person's searches are no reason to show him nothing. */
static GKeyFile *
load (void)
{
  g_autofree char *folder = get_folder (), *path = g_build_filename (folder, "notebook", NULL);
  GKeyFile *file = g_key_file_new ();

  g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  return file;
}

static gboolean
store (GKeyFile *file, GError **error)
{
  g_autofree char *folder = get_folder (), *path = g_build_filename (folder, "notebook", NULL),
                  *text = g_key_file_to_data (file, NULL, NULL);

  g_mkdir_with_parents (folder, 0700);
  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

/* What a person calls something may hold what a key may not: it is written as a URI would be. */
static char *
to_key (const char *name)
{
  return g_uri_escape_string (name, NULL, FALSE);
}

static int
compare (const void *a, const void *b)
{
  return g_utf8_collate (*(const char *const *)a, *(const char *const *)b);
}

static GStrv
list (const char *group)
{
  g_autoptr (GKeyFile) file = load ();
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; keys && keys[i] && i < MOST; i++)
    {
      char *name = g_uri_unescape_string (keys[i], NULL);

      if (name)
        g_ptr_array_add (names, name);
    }
  g_ptr_array_sort (names, compare);
  g_ptr_array_add (names, NULL);
  return (GStrv)g_ptr_array_free (names, FALSE);
}

static char *
get (const char *group, const char *name)
{
  g_autoptr (GKeyFile) file = load ();
  g_autofree char *key = to_key (name);

  return g_key_file_get_string (file, group, key, NULL);
}

static gboolean
set (const char *group, const char *name, const char *value, GError **error)
{
  g_autoptr (GKeyFile) file = load ();
  g_autofree char *key = to_key (name);

  if (value)
    g_key_file_set_string (file, group, key, value);
  else
    g_key_file_remove_key (file, group, key, NULL);
  return store (file, error);
}

GStrv
clr_notebook_list_searches (void)
{
  return list (SEARCHES);
}

char *
clr_notebook_get_search (const char *name)
{
  return get (SEARCHES, name);
}

gboolean
clr_notebook_set_search (const char *name, const char *filter, GError **error)
{
  return set (SEARCHES, name, filter, error);
}

GStrv
clr_notebook_list_relays (void)
{
  return list (RELAYS);
}

char *
clr_notebook_get_relay (const char *name)
{
  return get (RELAYS, name);
}

static char *
make_pass_path (const char *name)
{
  g_autofree char *folder = get_folder (), *key = to_key (name),
                  *file = g_strconcat (key, CLR_PASS_SUFFIX, NULL);

  return g_build_filename (folder, file, NULL);
}

gboolean
clr_notebook_add_relay (const char *name, const char *url, const char *token, const char *fingerprint,
                        GError **error)
{
  g_autofree char *folder = get_folder (), *path = make_pass_path (name);
  ClrPass pass = { .url = (char *)url, .token = (char *)token, .fingerprint = (char *)fingerprint };

  if (!clr_pass_check_url (url, error))
    return FALSE;
  g_mkdir_with_parents (folder, 0700);
  return clr_pass_write (&pass, path, error) && set (RELAYS, name, path, error);
}

gboolean
clr_notebook_add_socket (const char *name, const char *socket, GError **error)
{
  return set (RELAYS, name, socket, error);
}

gboolean
clr_notebook_forget_relay (const char *name, GError **error)
{
  g_autofree char *path = make_pass_path (name);

  g_unlink (path); /* of a socket there is none */
  return set (RELAYS, name, NULL, error);
}
