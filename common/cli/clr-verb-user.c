/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay user`: who may log in. A running service changes its users file itself, and knows the change at
 * once; else the file is changed where the settings say it is.
 */
#include "clr-place.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "model/clr-model.h"
#include "settings/clr-settings.h"
#include "settings/clr-users.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  ClrVerbOptions *options;
  ClrPlace place;
  /* Without a service: */
  ClrSettings *settings;
  const char *directory;
  ClrUsers *users;
} Desk;

typedef struct
{
  gboolean create;
  gboolean generate;
  gboolean recoverable;
  const char *login;
  char password[CLR_PASSWORD_MOST + 2];
} Order;

/* -- without a service */

static gboolean
open_files (Desk *desk, GError **error)
{
  const char *text = desk->place.now->text;
  g_auto (GStrv) problems = NULL;

  desk->settings = clr_settings_new_from_text (text, strlen (text), desk->place.file, &problems);
  if (desk->settings == NULL)
    {
      g_autofree char *all = g_strjoinv ("\n", problems);

      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   _ ("the settings tell where users are kept, but are not valid: %s"), all);
      return FALSE;
    }
  desk->directory
      = clr_section_get_text (clr_settings_get_section (desk->settings, "server"), "state-directory");
  desk->users = clr_users_load (desk->directory, error);
  return desk->users != NULL;
}

static gboolean
put_here (Desk *desk, Order *order, GError **error)
{
  ClrSection *section = clr_settings_get_section (desk->settings, "users");
  gboolean exists = clr_users_find (desk->users, order->login) != NULL;
  ClrVerifier verifier;

  if (!clr_login_is_valid (order->login, error))
    return FALSE;
  if (exists == order->create)
    {
      g_set_error (error, G_IO_ERROR, exists ? G_IO_ERROR_EXISTS : G_IO_ERROR_NOT_FOUND,
                   exists ? _ ("this user is there already") : _ ("there is no such user"));
      return FALSE;
    }
  if (order->generate)
    {
      g_autofree char *password = clr_password_generate (clr_section_get_number (section, "password-length"));

      g_strlcpy (order->password, password, sizeof order->password);
      explicit_bzero (password, strlen (password));
    }
  if (!clr_verifier_make (&verifier, order->password, clr_section_get_number (section, "iterations"), error))
    return FALSE;
  g_autoptr (ClrUsers) changed = clr_users_with (
      desk->users, order->login, &verifier, order->recoverable ? order->password : NULL, g_get_real_time ());
  return clr_users_store (changed, desk->directory, error);
}

static gboolean
remove_here (Desk *desk, const char *login, GError **error)
{
  if (!clr_users_find (desk->users, login))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("there is no such user"));
      return FALSE;
    }
  g_autoptr (ClrUsers) changed = clr_users_without (desk->users, login);
  return clr_users_store (changed, desk->directory, error);
}

static JsonNode *
list_here (Desk *desk)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();
  g_autoptr (GPtrArray) list = clr_users_list (desk->users);

  for (unsigned i = 0; i < list->len; i++)
    {
      const ClrUser *user = list->pdata[i];
      JsonObject *row = json_object_new ();
      g_autofree char *changed = clr_time_to_text (user->changed_us);

      json_object_set_string_member (row, "login", user->login);
      json_object_set_string_member (row, "changed", changed);
      json_object_set_int_member (row, "iterations", user->verifier.iterations);
      json_object_set_int_member (row, "recoverable", user->password != NULL);
      json_array_add_object_element (array, row);
    }
  json_object_set_array_member (object, "users", array);
  json_node_take_object (node, object);
  return node;
}

/* -- with one */

static JsonNode *
ask (Desk *desk, const char *method, const char *login, JsonNode *body, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (login ? login : "", NULL, FALSE);
  g_autofree char *path = login ? g_strconcat (CLR_API_USERS "/", escaped, NULL) : g_strdup (CLR_API_USERS);

  return clr_place_request (&desk->place, method, path, body, error);
}

static gboolean
put_there (Desk *desk, Order *order, GError **error)
{
  g_autoptr (JsonNode) body = json_node_new (JSON_NODE_OBJECT), answer = NULL;
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "create", order->create);
  json_object_set_boolean_member (object, "recoverable", order->recoverable);
  if (order->generate)
    json_object_set_boolean_member (object, "generate", TRUE);
  else
    json_object_set_string_member (object, "password", order->password);
  json_node_take_object (body, object);
  answer = ask (desk, "PUT", order->login, body, error);
  if (answer && order->generate)
    g_strlcpy (order->password, clr_verb_get (json_node_get_object (answer), "password"),
               sizeof order->password);
  return answer != NULL;
}

static gboolean
remove_there (Desk *desk, const char *login, GError **error)
{
  g_autoptr (JsonNode) body = clr_json_parse ("{}", NULL);
  g_autoptr (JsonNode) answer = ask (desk, "DELETE", login, body, error);

  return answer != NULL;
}

/* -- both */

static int
set_password (Desk *desk, Order *order)
{
  g_autoptr (GError) error = NULL;

  if (!order->generate && !clr_verb_read_secret (_ ("Password: "), order->password, sizeof order->password))
    return clr_verb_usage (_ ("user: no password came on standard input; --generate makes one"));
  if (!(desk->place.client ? put_there (desk, order, &error) : put_here (desk, order, &error)))
    return clr_verb_fail (error);
  if (order->recoverable)
    fprintf (
        stderr, "%s",
        _ ("Warning: the password itself is kept, for CRAM-MD5: who reads the state directory has it.\n"));
  if (order->generate)
    printf ("%s\n", order->password);
  else
    printf (order->create ? _ ("The user %s is added.\n") : _ ("The user %s has a new password.\n"),
            order->login);
  return CLR_EXIT_OK;
}

static int
remove_user (Desk *desk, const char *login)
{
  g_autoptr (GError) error = NULL;

  if (!(desk->place.client ? remove_there (desk, login, &error) : remove_here (desk, login, &error)))
    return clr_verb_fail (error);
  printf (_ ("The user %s is removed.\n"), login);
  return CLR_EXIT_OK;
}

static int
list (Desk *desk)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = desk->place.client ? ask (desk, "GET", NULL, NULL, &error) : list_here (desk);

  if (root == NULL)
    return clr_verb_fail (error);
  JsonArray *users = json_object_get_array_member (json_node_get_object (root), "users");
  if (desk->options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
      json_node_set_array (node, users);
      clr_verb_print_json (node);
      return CLR_EXIT_OK;
    }
  for (guint i = 0; i < json_array_get_length (users); i++)
    {
      JsonObject *user = json_array_get_object_element (users, i);

      printf (_ ("%-30s password set %s%s\n"), clr_verb_get (user, "login"), clr_verb_get (user, "changed"),
              json_object_get_int_member (user, "recoverable") ? _ (", kept itself for CRAM-MD5") : "");
    }
  if (json_array_get_length (users) == 0)
    printf (_ ("There are no users.\n"));
  return CLR_EXIT_OK;
}

static int
run (Desk *desk, Order *order, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (!clr_place_open (&desk->place, desk->options, &error))
    return clr_verb_fail (error);
  if (desk->place.client == NULL && !open_files (desk, &error))
    return clr_verb_fail (error);
  if (g_str_equal (argv[1], "list"))
    return list (desk);
  if (g_str_equal (argv[1], "remove"))
    return remove_user (desk, argv[2]);
  order->login = argv[2];
  order->create = g_str_equal (argv[1], "add");
  return set_password (desk, order);
}

int
clr_verb_user (ClrVerbOptions *options, int argc, char **argv)
{
  Desk desk = { .options = options };
  Order order = { 0 };
  const GOptionEntry entries[] = {
    { "generate", 0, 0, G_OPTION_ARG_NONE, &order.generate,
      N_ ("Make a password that a printer's panel can take"), NULL },
    { "cram-md5", 0, 0, G_OPTION_ARG_NONE, &order.recoverable,
      N_ ("Keep the password itself, for a device that knows nothing but CRAM-MD5"), NULL },
    { NULL },
  };
  int code;

  if (!clr_verb_parse (options, "add|passwd|remove LOGIN, or list",
                       _ ("Who may log in. The password is read from standard input, or typed unseen."),
                       entries, &argc, &argv, &code))
    return code;
  static const char *const words[] = { "add", "passwd", "remove", NULL };
  if (!(argc == 3 && g_strv_contains (words, argv[1])) && !(argc == 2 && g_str_equal (argv[1], "list")))
    return clr_verb_usage (_ ("user: add LOGIN, passwd LOGIN, remove LOGIN, or list"));
  code = run (&desk, &order, argc, argv);
  explicit_bzero (order.password, sizeof order.password);
  clr_place_clear (&desk.place);
  g_clear_pointer (&desk.users, clr_users_unref);
  g_clear_object (&desk.settings);
  return code;
}
