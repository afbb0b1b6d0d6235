/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-methods-private.h"

#include "base/clr-id.h"
#include "base/clr-log.h"
#include "control/clr-api.h"
#include "settings/clr-secret.h"

#include <string.h>

void
clr_methods_answer_text (SoupServerMessage *message, char *text)
{
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_TAKE, text, strlen (text));
}

void
clr_methods_answer_json (SoupServerMessage *message, JsonNode *node)
{
  clr_methods_answer_text (message, clr_json_to_text (node, FALSE));
}

void
clr_methods_answer_object (SoupServerMessage *message, GObject *object)
{
  g_autoptr (JsonNode) node = clr_json_from_object (object);

  clr_methods_answer_json (message, node);
}

void
clr_methods_answer_error (SoupServerMessage *message, unsigned status, const char *text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "error", text);
  json_node_take_object (node, object);
  clr_methods_answer_json (message, node);
  soup_server_message_set_status (message, status, NULL);
}

void
clr_methods_answer_number (SoupServerMessage *message, const char *name, gint64 number)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, name, number);
  json_node_take_object (node, object);
  clr_methods_answer_json (message, node);
}

ClrPendingCall *
clr_call_wait (ClrCall *call)
{
  ClrPendingCall *pending = g_new0 (ClrPendingCall, 1);

  pending->place = call->place;
  pending->message = g_object_ref (call->message);
  soup_server_message_pause (call->message);
  call->place->n_waiting++;
  return pending;
}

void
clr_pending_call_go_on (ClrPendingCall *pending)
{
  soup_server_message_unpause (pending->message);
  pending->place->n_waiting--;
  g_object_unref (pending->message);
  g_free (pending->chosen);
  g_free (pending);
}

void
clr_methods_note (ClrMethodPlace *place, const char *who, const char *what, const char *detail)
{
  clr_log_event (CLR_EVENT_API_CHANGED, who, what);
  clr_log_flush ();
  clr_audit_note (place->audit, who, what, detail);
}

gboolean
clr_call_read_id (ClrCall *call, uint64_t *id)
{
  if (clr_id_from_text (call->rest, id))
    return TRUE;
  clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                            "not a queue id: it has 13 letters and digits");
  return FALSE;
}

ClrQueueRequest *
clr_call_ask_queue (ClrCall *call, ClrRequestKind kind, void (*open) (ClrLetter *letter, void *owner))
{
  ClrQueueRequest *request = g_new0 (ClrQueueRequest, 1);

  request->kind = kind;
  request->who = g_strdup (call->who);
  request->reply_to = call->place->mailbox;
  request->open = open;
  request->data = clr_call_wait (call);
  return request;
}

const char *
clr_call_get_parameter (ClrCall *call, const char *name)
{
  return call->query ? g_hash_table_lookup (call->query, name) : NULL;
}

JsonNode *
clr_call_read_object (ClrCall *call)
{
  SoupMessageBody *body = soup_server_message_get_request_body (call->message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_strndup (data ? data : "", size);
  JsonNode *root = clr_json_parse (text, NULL);

  explicit_bzero (text, size); /* it may hold a secret */
  if (root && !JSON_NODE_HOLDS_OBJECT (root))
    g_clear_pointer (&root, json_node_unref);
  return root;
}

static void
put_secret (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  ClrSection *server = clr_settings_get_section (host->get_settings (host->data), "server");
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  const char *secret = root ? clr_json_get_text (json_node_get_object (root), "secret") : NULL;
  g_autoptr (GError) error = NULL;

  if (secret == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "say {\"secret\": \"...\"}");
  else if (!clr_secret_store (clr_section_get_text (server, "state-directory"), call->rest, secret,
                              strlen (secret), &error)
           || !host->reload (host->data, &error))
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, error->message);
  else
    {
      g_autofree char *what = g_strdup_printf ("secret %s set", call->rest);

      clr_methods_note (call->place, call->who, what, NULL);
      clr_methods_answer_number (call->message, "secrets", 1);
    }
}

static void
reload (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (GError) error = NULL;

  if (host->reload (host->data, &error))
    {
      clr_methods_note (call->place, call->who, "the settings file read again", NULL);
      clr_methods_answer_number (call->message, "applied", 1);
    }
  else
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              error ? error->message : "the relay is stopping");
}

static void list_methods (ClrCall *call);

typedef struct
{
  const char *method;
  const char *path; /* with a final slash: something must follow */
  unsigned roles;   /* ClrRole: all that may call it */
  void (*handle) (ClrCall *call);
} Row;

/* Who that is, by what a method does. */
#define SETS   CLR_ROLE_ADMIN
#define ORDERS (CLR_ROLE_OPERATOR | SETS)
#define SEES   (CLR_ROLE_VIEWER | CLR_ROLE_READER | ORDERS)
#define AUDITS (CLR_ROLE_AUDITOR | SEES)
#define READS  (CLR_ROLE_READER | SETS)
#define PROVES (CLR_ROLE_AUDITOR | SETS)

static const Row table[] = {
  { "GET", CLR_API_STATUS, AUDITS, clr_method_get_status },
  { "GET", CLR_API_QUEUE, SEES, clr_method_get_queue },
  { "GET", CLR_API_QUEUE_COUNT, SEES, clr_method_count_queue },
  { "POST", CLR_API_QUEUE_HOLD, ORDERS, clr_method_hold_queue },
  { "POST", CLR_API_QUEUE_RELEASE, ORDERS, clr_method_release_queue },
  { "POST", CLR_API_QUEUE_RETRY, ORDERS, clr_method_retry_queue },
  { "POST", CLR_API_QUEUE_DELETE, ORDERS, clr_method_delete_queue },
  { "POST", CLR_API_QUEUE_EXPIRE, ORDERS, clr_method_expire_queue },
  { "POST", CLR_API_QUEUE_PRIORITY, ORDERS, clr_method_priority_queue },
  { "GET", CLR_API_MESSAGES, AUDITS, clr_method_get_message },
  { "GET", CLR_API_CONTENTS, READS, clr_method_get_content },
  { "GET", CLR_API_AUDIT, PROVES, clr_method_list_audit },
  { "GET", CLR_API_TRACE, AUDITS, clr_method_trace },
  { "PUT", CLR_API_SECRETS, SETS, put_secret },
  { "GET", CLR_API_USERS, SEES, clr_method_list_users },
  { "PUT", CLR_API_USERS "/", SETS, clr_method_put_user },
  { "DELETE", CLR_API_USERS "/", SETS, clr_method_delete_user },
  { "GET", CLR_API_BANS, SEES, clr_method_list_bans },
  { "DELETE", CLR_API_BANS "/", ORDERS, clr_method_lift_ban },
  { "GET", CLR_API_CLIENTS, SEES, clr_method_list_clients },
  { "GET", CLR_API_DEVICES, SEES, clr_method_list_devices },
  { "POST", CLR_API_DEVICES_FREEZE, ORDERS, clr_method_freeze_device },
  { "POST", CLR_API_DEVICES_THAW, ORDERS, clr_method_thaw_device },
  { "GET", CLR_API_DEVICES "/", SEES, clr_method_get_device },
  { "POST", CLR_API_RELOAD, SETS, reload },
  { "POST", CLR_API_SUBMISSIONS, ORDERS, clr_method_submit },
  { "GET", CLR_API_SETTINGS, SEES, clr_method_get_settings },
  { "PATCH", CLR_API_SETTINGS, SETS, clr_method_patch_settings },
  { "GET", CLR_API_SETTINGS_DIFF, AUDITS, clr_method_diff_settings },
  { "GET", CLR_API_SETTINGS_HISTORY, AUDITS, clr_method_list_settings_history },
  { "POST", CLR_API_SETTINGS_UNDO, SETS, clr_method_undo_settings },
  { "GET", CLR_API_LOG, AUDITS, clr_method_get_log },
  { "GET", CLR_API_TLS_RESULTS, SEES, clr_method_get_tls_results },
  { "POST", CLR_API_TLS_RESULTS, SETS, clr_method_send_tls_reports },
  { "POST", CLR_API_CHECK_SMARTHOST, ORDERS, clr_method_probe_smarthost },
  { "POST", CLR_API_CHECK_ROUTE, SEES, clr_method_check_route },
  { "GET", CLR_API_KEYS, SEES, clr_method_list_keys },
  { "POST", CLR_API_KEYS, SETS, clr_method_make_key },
  { "GET", CLR_API_OAUTH, SEES, clr_method_list_oauth },
  { "POST", CLR_API_OAUTH_RENEW, ORDERS, clr_method_renew_oauth },
  { "POST", CLR_API_OAUTH_LOGIN, SETS, clr_method_login_oauth },
  { "GET", CLR_API_OAUTH_LOGIN, SETS, clr_method_watch_oauth },
  { "POST", CLR_API_OAUTH_ANSWER, SETS, clr_method_paste_oauth },
  { "GET", CLR_API_METRICS, SEES, clr_method_get_metrics },
  { "GET", CLR_API_SERIES, SEES, clr_method_get_series },
  { "GET", CLR_API_METHODS, AUDITS, list_methods },
  { "GET", CLR_API_TOKENS, SETS, clr_method_list_tokens },
  { "POST", CLR_API_TOKENS, SETS, clr_method_add_token },
  { "DELETE", CLR_API_TOKEN, SETS, clr_method_remove_token },
};

/* The table itself: what may be asked, and by whom. */
static void
list_methods (ClrCall *call)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "methods");
  json_builder_begin_array (builder);
  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "method");
      json_builder_add_string_value (builder, table[i].method);
      json_builder_set_member_name (builder, "path");
      json_builder_add_string_value (builder, table[i].path);
      json_builder_set_member_name (builder, "roles");
      json_builder_begin_array (builder);
      for (unsigned role = CLR_ROLE_VIEWER; role <= CLR_ROLE_READER; role <<= 1)
        if (table[i].roles & role)
          json_builder_add_string_value (builder, clr_role_to_text (role));
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  g_autoptr (JsonNode) node = json_builder_get_root (builder);
  clr_methods_answer_json (call->message, node);
}

/* Returns: NULL, when a refusal has been answered. */
static const Row *
find_row (SoupServerMessage *message, const char *path, ClrRole role)
{
  gboolean known = FALSE;

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      gboolean prefix = g_str_has_suffix (table[i].path, "/");

      if (prefix ? !g_str_has_prefix (path, table[i].path) : !g_str_equal (path, table[i].path))
        continue;
      known = TRUE;
      if (!g_str_equal (soup_server_message_get_method (message), table[i].method))
        continue;
      if (role & table[i].roles)
        return &table[i];
      clr_methods_answer_error (message, SOUP_STATUS_FORBIDDEN, "your role does not allow this");
      return NULL;
    }
  clr_methods_answer_error (message, known ? SOUP_STATUS_METHOD_NOT_ALLOWED : SOUP_STATUS_NOT_FOUND,
                            known ? "this path does not know this HTTP method" : "there is no such path");
  return NULL;
}

gboolean
clr_methods_admit (SoupServerMessage *message, ClrRole role)
{
  return find_row (message, g_uri_get_path (soup_server_message_get_uri (message)), role) != NULL;
}

void
clr_methods_handle (ClrMethodPlace *place, SoupServerMessage *message, const char *path, GHashTable *query,
                    ClrRole role, const char *who)
{
  const Row *row = find_row (message, path, role);

  if (row)
    {
      ClrCall call = { place, message, path + strlen (row->path), query, who };

      row->handle (&call);
    }
}
