/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens over the API: made, listed, removed. A token itself leaves once, in the answer that makes it.
 */
#include "control/clr-methods-private.h"

#include "base/clr-clock.h"
#include "base/clr-error.h"
#include "base/clr-log.h"
#include "control/clr-api.h"

#define DAYS_MOST 3650

static void
on_token (const char *name, ClrRole role, int64_t created_us, int64_t expires_us, void *data)
{
  JsonBuilder *builder = data;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "name");
  json_builder_add_string_value (builder, name);
  json_builder_set_member_name (builder, "role");
  json_builder_add_string_value (builder, clr_role_to_text (role));
  json_builder_set_member_name (builder, "created");
  json_builder_add_int_value (builder, created_us);
  json_builder_set_member_name (builder, "expires");
  json_builder_add_int_value (builder, expires_us);
  json_builder_end_object (builder);
}

void
clr_method_list_tokens (ClrCall *call)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "tokens");
  json_builder_begin_array (builder);
  clr_keyring_visit (call->place->keyring, on_token, builder);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) node = json_builder_get_root (builder);
  clr_methods_answer_json (call->message, node);
}

static void
answer_token (ClrCall *call, const char *name, const char *token)
{
  ClrDoor *door = call->place->door;
  g_autofree char *url = door ? clr_door_dup_url (door) : NULL;
  const char *fingerprint = door ? clr_door_get_fingerprint (door) : NULL;
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "token", token);
  if (url)
    json_object_set_string_member (object, "url", url);
  if (fingerprint && g_str_has_prefix (url, "https:"))
    json_object_set_string_member (object, "fingerprint", fingerprint);
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}

void
clr_method_add_token (ClrCall *call)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *name = object ? clr_json_get_text (object, "name") : NULL;
  ClrRole role = object ? clr_role_from_text (clr_json_get_text (object, "role")) : CLR_ROLE_NONE;
  gint64 days = object ? json_object_get_int_member_with_default (object, "days", 0) : 0;
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;

  if (name == NULL || role == CLR_ROLE_NONE || days < 0 || days > DAYS_MOST)
    {
      clr_methods_answer_error (
          call->message, SOUP_STATUS_BAD_REQUEST,
          "say {\"name\": \"...\", \"role\": \"viewer, reader, operator, auditor or admin\", "
          "\"days\": how long it is good, 1 to 3650, 0 for ever}");
      return;
    }
  token = clr_keyring_add (call->place->keyring, name, role,
                           days ? clr_clock_wall () + days * 24 * 3600 * G_USEC_PER_SEC : 0, &error);
  if (token == NULL)
    {
      clr_methods_answer_error (call->message,
                                g_error_matches (error, CLR_ERROR, CLR_ERROR_IN_USE)
                                    ? SOUP_STATUS_CONFLICT
                                    : SOUP_STATUS_BAD_REQUEST,
                                error->message);
      return;
    }
  g_autofree char *what = g_strdup_printf ("token %s made, %s", name, clr_role_to_text (role));
  clr_methods_note (call->place, call->who, what, NULL);
  answer_token (call, name, token);
}

void
clr_method_remove_token (ClrCall *call)
{
  g_autofree char *what = g_strdup_printf ("token %s removed", call->rest);

  if (!clr_keyring_remove (call->place->keyring, call->rest))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND, "there is no such token");
      return;
    }
  clr_methods_note (call->place, call->who, what, NULL);
  clr_methods_answer_number (call->message, "tokens", 1);
}
