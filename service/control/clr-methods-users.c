/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-methods-private.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "control/clr-api.h"
#include "model/clr-model.h"
#include "settings/clr-users.h"

#include <gio/gio.h>
#include <string.h>

static const char *
get_directory (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;

  return clr_section_get_text (clr_settings_get_section (host->get_settings (host->data), "server"),
                               "state-directory");
}

/* {"NAME": [...]}, of objects that are freed. */
static void
answer_list (ClrCall *call, const char *name, GPtrArray *objects)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();

  for (unsigned i = 0; i < objects->len; i++)
    json_array_add_element (array, clr_json_from_object (objects->pdata[i]));
  json_object_set_array_member (object, name, array);
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}

void
clr_method_list_users (ClrCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrUsers) users = clr_users_load (get_directory (call), &error);
  g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (g_object_unref), list = NULL;

  if (users == NULL)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_INTERNAL_SERVER_ERROR, error->message);
      return;
    }
  list = clr_users_list (users);
  for (unsigned i = 0; i < list->len; i++)
    {
      const ClrUser *user = list->pdata[i];
      g_autofree char *changed = clr_time_to_text (user->changed_us);

      g_ptr_array_add (objects, g_object_new (CLR_TYPE_USER_INFO, "login", user->login, "changed", changed,
                                              "iterations", (gint64)user->verifier.iterations, "recoverable",
                                              (gint64)(user->password != NULL), NULL));
    }
  answer_list (call, "users", objects);
}

/* Stores it, and workers know it at once. */
static gboolean
put_users (ClrCall *call, ClrUsers *users, const char *what, GError **error)
{
  ClrControlHost *host = &call->place->host;

  if (!clr_users_store (users, get_directory (call), error) || !host->apply_users (host->data, error))
    return FALSE;
  clr_methods_note (call->place, call->who, what, NULL);
  return TRUE;
}

/* {"password": "..."} or {"generate": true}; "create": true for a user who is not there yet, "recoverable":
 * true for CRAM-MD5. Answers the password only where it was generated. */
static void
put_user (ClrCall *call, ClrUsers *users, JsonObject *order)
{
  ClrControlHost *host = &call->place->host;
  ClrSection *section = clr_settings_get_section (host->get_settings (host->data), "users");
  gboolean create = clr_json_is_true (order, "create"), generate = clr_json_is_true (order, "generate");
  const char *said = clr_json_get_text (order, "password");
  g_autofree char *password
      = generate ? clr_password_generate (clr_section_get_number (section, "password-length"))
                 : g_strdup (said ? said : "");
  g_autofree char *what = g_strdup_printf ("user %s %s", call->rest, create ? "added" : "has a new password");
  g_autoptr (GError) error = NULL;
  ClrVerifier verifier;

  if (!clr_login_is_valid (call->rest, &error)
      || !clr_verifier_make (&verifier, password, clr_section_get_number (section, "iterations"), &error))
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, error->message);
  else if (create && clr_users_find (users, call->rest))
    clr_methods_answer_error (call->message, SOUP_STATUS_CONFLICT, "this user is there already");
  else if (!create && !clr_users_find (users, call->rest))
    clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND, "there is no such user");
  else
    {
      g_autoptr (ClrUsers) changed
          = clr_users_with (users, call->rest, &verifier,
                            clr_json_is_true (order, "recoverable") ? password : NULL, clr_clock_wall ());
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "login", call->rest);
      if (generate)
        json_object_set_string_member (object, "password", password);
      json_node_take_object (node, object);
      if (put_users (call, changed, what, &error))
        clr_methods_answer_json (call->message, node);
      else
        clr_methods_answer_error (call->message, SOUP_STATUS_INTERNAL_SERVER_ERROR, error->message);
    }
  explicit_bzero (password, strlen (password));
}

void
clr_method_put_user (ClrCall *call)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrUsers) users = root ? clr_users_load (get_directory (call), &error) : NULL;

  if (root == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              "say {\"password\": \"...\"} or {\"generate\": true}");
  else if (users == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_INTERNAL_SERVER_ERROR, error->message);
  else
    put_user (call, users, json_node_get_object (root));
}

void
clr_method_delete_user (ClrCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrUsers) users = clr_users_load (get_directory (call), &error);
  g_autofree char *what = g_strdup_printf ("user %s removed", call->rest);

  if (users && !clr_users_find (users, call->rest))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND, "there is no such user");
      return;
    }
  g_autoptr (ClrUsers) changed = users ? clr_users_without (users, call->rest) : NULL;
  if (changed && put_users (call, changed, what, &error))
    clr_methods_answer_number (call->message, "removed", 1);
  else
    clr_methods_answer_error (call->message, SOUP_STATUS_INTERNAL_SERVER_ERROR, error->message);
}

void
clr_method_list_bans (ClrCall *call)
{
  g_autoptr (GPtrArray) list = clr_guard_list (call->place->host.guard);
  g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (g_object_unref);

  for (unsigned i = 0; i < list->len; i++)
    {
      const ClrGuess *guess = list->pdata[i];
      g_autofree char *until = clr_time_to_text (guess->until_us), *last = clr_time_to_text (guess->last_us);

      g_ptr_array_add (objects, g_object_new (CLR_TYPE_BAN_INFO, "subject", guess->subject, "until", until,
                                              "last-failure", last, "bans", (gint64)guess->bans, NULL));
    }
  answer_list (call, "bans", objects);
}

void
clr_method_lift_ban (ClrCall *call)
{
  unsigned n = clr_guard_lift (call->place->host.guard, call->rest, call->who);

  if (n > 0)
    {
      g_autofree char *what = g_strdup_printf ("ban of %s lifted", call->rest);

      clr_audit_note (call->place->audit, call->who, what, NULL); /* the guard has told the log */
      clr_methods_answer_number (call->message, "lifted", n);
    }
  else
    clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND,
                              "nothing like this is banned; clrelay ban list");
}
