/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-methods-private.h"

#include "base/clr-log.h"
#include "control/clr-api.h"
#include "settings/clr-diff.h"
#include "settings/clr-settings-change.h"

#include <string.h>

static const char *
get_file (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;

  return clr_settings_get_file (host->get_settings (host->data));
}

/* What went wrong, with the status that fits: the machine's failure is not the asker's. */
static void
answer_problem (SoupServerMessage *message, const GError *error)
{
  static const struct
  {
    GIOErrorEnum error;
    unsigned status;
  } statuses[] = {
    { G_IO_ERROR_WRONG_ETAG, SOUP_STATUS_PRECONDITION_FAILED },
    { G_IO_ERROR_NOT_FOUND, SOUP_STATUS_NOT_FOUND },
    { G_IO_ERROR_INVALID_ARGUMENT, SOUP_STATUS_BAD_REQUEST },
    { G_IO_ERROR_INVALID_DATA, SOUP_STATUS_BAD_REQUEST },
  };
  unsigned status = error->domain == G_IO_ERROR ? SOUP_STATUS_INTERNAL_SERVER_ERROR : SOUP_STATUS_BAD_REQUEST;

  for (unsigned i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (g_error_matches (error, G_IO_ERROR, statuses[i].error))
      status = statuses[i].status;
  clr_methods_answer_error (message, status, error->message);
}

static void
answer_with_etag (SoupServerMessage *message, JsonObject *object, const char *etag)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", etag);

  json_object_set_string_member (object, "etag", etag);
  json_node_take_object (node, object);
  clr_methods_answer_json (message, node);
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "ETag", quoted);
}

void
clr_method_get_settings (ClrCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettingsFile) file = clr_settings_file_read (get_file (call), &error);
  JsonObject *object;

  if (file == NULL)
    {
      answer_problem (call->message, error);
      return;
    }
  object = json_object_new ();
  json_object_set_string_member (object, "file", get_file (call));
  json_object_set_string_member (object, "text", file->text);
  json_object_set_array_member (object, "groups", clr_settings_change_list (file->text));
  answer_with_etag (call->message, object, file->etag);
}

/* Valid by itself, and yet not to be had: a port that is taken, a key that cannot be read. Then the file is
 * as it was. */
static void
take_back (ClrCall *call, const ClrSettingsFile *former, gboolean was_undo, GError **error)
{
  g_autoptr (ClrSettingsFile) now = clr_settings_file_read (get_file (call), NULL);
  g_autoptr (GError) again = NULL;

  if (now && g_str_equal (now->text, former->text))
    return;
  if (!(was_undo ? clr_settings_file_replace (get_file (call), former->text, NULL, &again)
                 : clr_settings_file_undo (get_file (call), &again)))
    g_prefix_error (error, "the former text could not be put back (%s); ", again->message);
}

/* The file has changed: it counts at once. */
static void
finish_change (ClrCall *call, const ClrSettingsFile *former, gboolean was_undo, const char *what)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettingsFile) now = NULL;
  g_autofree char *diff = NULL, *line = NULL;
  JsonObject *object;

  if (!host->reload (host->data, &error))
    {
      if (error == NULL)
        g_set_error (&error, G_IO_ERROR, G_IO_ERROR_FAILED, "the relay is stopping");
      take_back (call, former, was_undo, &error);
      answer_problem (call->message, error);
      return;
    }
  line = g_strdup_printf ("settings: %s", what);
  now = clr_settings_file_read (get_file (call), &error);
  if (now == NULL)
    {
      clr_methods_note (call->place, call->who, line, NULL);
      answer_problem (call->message, error);
      return;
    }
  diff = clr_diff (former->text, now->text);
  clr_methods_note (call->place, call->who, line, diff);
  object = json_object_new ();
  json_object_set_string_member (object, "diff", diff);
  json_object_set_array_member (object, "restart",
                                clr_settings_change_list_restart (former->text, now->text));
  answer_with_etag (call->message, object, now->etag);
}

/* RFC 9110 section 13.1.1. (transfer full) */
static char *
get_wanted_etag (ClrCall *call, JsonObject *object)
{
  const char *header
      = soup_message_headers_get_one (soup_server_message_get_request_headers (call->message), "If-Match");
  const char *member = clr_json_get_text (object, "etag");

  if (header == NULL || g_str_equal (header, "*"))
    return g_strdup (member);
  char *etag = g_strdup (header + (*header == '"'));
  etag[strcspn (etag, "\"")] = 0;
  return etag;
}

/* Closed by default: what would let strangers relay is refused, or, where that is wanted, accepted in so many
 * words: the setting that says so is set along with it, so that it outlives a restart and is seen. */
static char *
accept_opening (ClrCall *call, char *text, gboolean force, GError **error)
{
  ClrControlHost *host = &call->place->host;
  g_autofree char *former = text, *rule = host->find_opening (text, host->data);
  ClrSettingChange accept = { (char *)"server", NULL, (char *)"accept-open-relay", (char *)"true", NULL };

  if (rule == NULL)
    return g_steal_pointer (&former);
  if (force)
    return clr_settings_text_change (former, &accept, error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, CLR_API_OPEN_RELAY, rule);
  return NULL;
}

/* {"set": [{"group": "listener", "name": "office", "key": "address", "value": "..."}], "etag": "..."}: all of
 * it or nothing. A value of null takes the setting out; without a key, the group; {"group", "name", "before":
 * NAME} moves it, where the order counts. "force": true: even when strangers can relay then. */
void
clr_method_patch_settings (ClrCall *call)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) changes
      = root ? clr_settings_change_read (json_node_get_object (root), &error) : NULL;
  g_autoptr (ClrSettingsFile) former = changes ? clr_settings_file_read (get_file (call), &error) : NULL;
  g_autofree char *text = former ? clr_settings_change_apply (former->text, changes, &error) : NULL;
  g_autofree char *etag = NULL, *what = NULL;

  if (root == NULL)
    {
      clr_methods_answer_error (
          call->message, SOUP_STATUS_BAD_REQUEST,
          "say {\"set\": [{\"group\": ..., \"name\": ..., \"key\": ..., \"value\": ...}]}");
      return;
    }
  if (text)
    text = accept_opening (call, text, clr_json_is_true (json_node_get_object (root), "force"), &error);
  etag = get_wanted_etag (call, json_node_get_object (root));
  if (text == NULL || !clr_settings_file_replace (get_file (call), text, etag ? etag : former->etag, &error))
    {
      answer_problem (call->message, error);
      return;
    }
  what = clr_settings_change_to_text (changes, former->text);
  finish_change (call, former, FALSE, what);
}

void
clr_method_undo_settings (ClrCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettingsFile) former = clr_settings_file_read (get_file (call), &error);

  if (former == NULL || !clr_settings_file_undo (get_file (call), &error))
    answer_problem (call->message, error);
  else
    finish_change (call, former, TRUE, "the last change is undone");
}

static gboolean
read_version (ClrCall *call, guint64 *version)
{
  const char *text = clr_call_get_parameter (call, "version");

  *version = 0;
  if (text == NULL || g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT64, version, NULL))
    return TRUE;
  clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "version: a number");
  return FALSE;
}

/* From that version (the last one) to what stands there now. */
void
clr_method_diff_settings (ClrCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettingsFile) now = NULL;
  g_autofree char *former = NULL, *diff = NULL;
  guint64 version;
  JsonObject *object;

  if (!read_version (call, &version))
    return;
  now = clr_settings_file_read (get_file (call), &error);
  former = now ? clr_settings_file_read_version (get_file (call), version, NULL, &error) : NULL;
  if (former == NULL)
    {
      answer_problem (call->message, error);
      return;
    }
  diff = clr_diff (former, now->text);
  object = json_object_new ();
  json_object_set_string_member (object, "diff", diff);
  answer_with_etag (call->message, object, now->etag);
}

void
clr_method_list_settings_history (ClrCall *call)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_array_member (object, "versions", clr_settings_change_list_versions (get_file (call)));
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}
