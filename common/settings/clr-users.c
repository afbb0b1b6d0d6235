/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-users.h"

#include "settings/clr-secret.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <stdatomic.h>
#include <string.h>

/* One user a line: LOGIN VERIFIER MICROSECONDS, and where CRAM-MD5 needs it the password in base64. */
#define HEAD "# Users of Cl Mail Relay. Change them with: clrelay user add|passwd|remove\n"

struct _ClrUsers
{
  atomic_int references;
  GHashTable *by_login; /* of ClrUser */
};

static void
user_free (void *data)
{
  ClrUser *user = data;

  if (user->password)
    explicit_bzero (user->password, strlen (user->password));
  g_free (user->password);
  g_free (user->login);
  explicit_bzero (user, sizeof *user);
  g_free (user);
}

ClrUsers *
clr_users_new (void)
{
  ClrUsers *users = g_new0 (ClrUsers, 1);

  atomic_init (&users->references, 1);
  users->by_login = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, user_free);
  return users;
}

ClrUsers *
clr_users_ref (ClrUsers *users)
{
  atomic_fetch_add_explicit (&users->references, 1, memory_order_relaxed);
  return users;
}

void
clr_users_unref (ClrUsers *users)
{
  if (atomic_fetch_sub_explicit (&users->references, 1, memory_order_acq_rel) != 1)
    return;
  g_hash_table_unref (users->by_login);
  g_free (users);
}

gboolean
clr_login_is_valid (const char *login, GError **error)
{
  size_t size = strlen (login), good = 0;

  while (g_ascii_isalnum (login[good]) || (login[good] && strchr ("-_.@+", login[good])))
    good++;
  if (size > 0 && size <= CLR_LOGIN_MOST && good == size)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               _ ("a login has 1 to %d letters, digits and - _ . @ +"), CLR_LOGIN_MOST);
  return FALSE;
}

static void
put (ClrUsers *users, const char *login, const ClrVerifier *verifier, const char *password, gint64 changed_us)
{
  ClrUser *user = g_new0 (ClrUser, 1);

  user->login = g_ascii_strdown (login, -1);
  user->verifier = *verifier;
  user->password = g_strdup (password);
  user->changed_us = changed_us;
  g_hash_table_replace (users->by_login, user->login, user);
}

static gboolean
read_line (ClrUsers *users, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 5);
  unsigned n = g_strv_length (words);
  ClrVerifier verifier;
  gint64 changed_us;
  g_autofree char *password = NULL;

  if ((n != 3 && n != 4) || !clr_login_is_valid (words[0], NULL)
      || !clr_verifier_from_text (&verifier, words[1])
      || !g_ascii_string_to_signed (words[2], 10, 0, G_MAXINT64, &changed_us, NULL))
    return FALSE;
  if (n == 4)
    {
      gsize size = 0;
      g_autofree guchar *octets = g_base64_decode (words[3], &size);

      password = g_strndup ((const char *)octets, size);
    }
  put (users, words[0], &verifier, password, changed_us);
  return TRUE;
}

ClrUsers *
clr_users_from_text (const char *text, GError **error)
{
  g_autoptr (ClrUsers) users = clr_users_new ();
  unsigned number = 0;

  for (const char *line = text; *line && g_hash_table_size (users->by_login) <= CLR_USERS_MOST;)
    {
      size_t size = strcspn (line, "\n");
      g_autofree char *copy = g_strchomp (g_strndup (line, size));

      number++;
      line += size + (line[size] == '\n');
      if (*copy && *copy != '#' && !read_line (users, copy))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                       _ ("line %u of the users file is not a user; take it out, and add the user again"),
                       number);
          return NULL;
        }
    }
  return g_steal_pointer (&users);
}

static int
compare_users (const void *a, const void *b)
{
  return strcmp ((*(const ClrUser *const *)a)->login, (*(const ClrUser *const *)b)->login);
}

GPtrArray *
clr_users_list (ClrUsers *users)
{
  GPtrArray *list = g_ptr_array_sized_new (clr_users_count (users));
  GHashTableIter iter;
  void *user;

  g_hash_table_iter_init (&iter, users->by_login);
  while (g_hash_table_iter_next (&iter, NULL, &user))
    g_ptr_array_add (list, user);
  g_ptr_array_sort (list, compare_users);
  return list;
}

char *
clr_users_to_text (ClrUsers *users)
{
  GString *text = g_string_new (HEAD);
  g_autoptr (GPtrArray) list = clr_users_list (users);

  for (unsigned i = 0; i < list->len; i++)
    {
      const ClrUser *user = list->pdata[i];
      g_autofree char *verifier = clr_verifier_to_text (&user->verifier);

      g_string_append_printf (text, "%s %s %" G_GINT64_FORMAT, user->login, verifier, user->changed_us);
      if (user->password)
        {
          g_autofree char *password
              = g_base64_encode ((const guchar *)user->password, strlen (user->password));

          g_string_append_printf (text, " %s", password);
        }
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

ClrUsers *
clr_users_load (const char *state_directory, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = clr_secret_load_users (state_directory, &problem);

  if (text)
    return clr_users_from_text (text, error);
  if (g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return clr_users_new ();
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

gboolean
clr_users_store (ClrUsers *users, const char *state_directory, GError **error)
{
  g_autofree char *text = clr_users_to_text (users);

  if (g_hash_table_size (users->by_login) <= CLR_USERS_MOST)
    return clr_secret_store_users (state_directory, text, error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, _ ("there may be %d users"), CLR_USERS_MOST);
  return FALSE;
}

const ClrUser *
clr_users_find (ClrUsers *users, const char *login)
{
  g_autofree char *lower = g_ascii_strdown (login, -1);

  return g_hash_table_lookup (users->by_login, lower);
}

unsigned
clr_users_count (ClrUsers *users)
{
  return g_hash_table_size (users->by_login);
}

static ClrUsers *
copy_but (ClrUsers *users, const char *login)
{
  ClrUsers *copy = clr_users_new ();
  GHashTableIter iter;
  ClrUser *user;

  g_hash_table_iter_init (&iter, users->by_login);
  while (g_hash_table_iter_next (&iter, NULL, (void **)&user))
    if (g_ascii_strcasecmp (user->login, login) != 0)
      put (copy, user->login, &user->verifier, user->password, user->changed_us);
  return copy;
}

ClrUsers *
clr_users_with (ClrUsers *users, const char *login, const ClrVerifier *verifier, const char *password,
                gint64 changed_us)
{
  ClrUsers *copy = copy_but (users, login);

  put (copy, login, verifier, password, changed_us);
  return copy;
}

ClrUsers *
clr_users_without (ClrUsers *users, const char *login)
{
  return copy_but (users, login);
}
