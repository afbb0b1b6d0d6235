/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-methods-private.h"

#include "base/clr-id.h"
#include "base/clr-log.h"
#include "control/clr-api.h"
#include "control/clr-openapi.h"
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
clr_methods_cut_off (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);
  GSocket *socket = address ? g_object_get_data (G_OBJECT (address), CLR_METHODS_SOCKET) : NULL;

  if (socket)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
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

static gboolean
knows_members (const ClrMethodRow *row, JsonObject *object)
{
  g_autoptr (GList) names = json_object_get_members (object);

  for (GList *item = names; item; item = item->next)
    if (!clr_openapi_has (row->body, item->data))
      return FALSE;
  return TRUE;
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
  if (root && !knows_members (call->row, json_node_get_object (root)))
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
static void get_openapi (ClrCall *call);

/* Who that is, by what a method does. */
#define SETS    CLR_ROLE_ADMIN
#define ORDERS  (CLR_ROLE_OPERATOR | SETS)
#define SEES    (CLR_ROLE_VIEWER | CLR_ROLE_READER | ORDERS)
#define AUDITS  (CLR_ROLE_AUDITOR | SEES)
#define READS   (CLR_ROLE_READER | SETS)
#define RECORDS (CLR_ROLE_READER | ORDERS)
#define PROVES  (CLR_ROLE_AUDITOR | SETS)

static const ClrMethodRow table[] = {
  { "GET", CLR_API_STATUS, AUDITS, clr_method_get_status, "What the relay does now", NULL, NULL, "=Status" },
  { "GET", CLR_API_QUEUE, SEES, clr_method_get_queue, "What is not finished, oldest first",
    "after? limit?:number filter? state?", NULL, "messages:Message[] next?" },
  { "GET", CLR_API_QUEUE_ROWS, SEES, clr_method_list_rows, "Any part of what is not finished, by position",
    "filter? state? order? descending?:boolean roll? offset?:number limit?:number", NULL,
    "roll total:number complete:boolean offset:number messages:Message[]" },
  { "GET", CLR_API_QUEUE_COUNT, SEES, clr_method_count_queue, "How much a filter chooses", "filter? state?",
    NULL, "messages:number recipients:number" },
  { "POST", CLR_API_QUEUE_HOLD, ORDERS, clr_method_hold_queue, "Not tried until it is released", NULL,
    "id? filter? all?:boolean", "recipients:number" },
  { "POST", CLR_API_QUEUE_RELEASE, ORDERS, clr_method_release_queue, "What is held is tried now", NULL,
    "id? filter? all?:boolean", "recipients:number" },
  { "POST", CLR_API_QUEUE_RETRY, ORDERS, clr_method_retry_queue, "Tried now", NULL,
    "id? filter? all?:boolean", "recipients:number" },
  { "POST", CLR_API_QUEUE_DELETE, ORDERS, clr_method_delete_queue,
    "Gone; nobody is told, or the sender, that it was refused", NULL,
    "id? filter? all?:boolean report?:boolean reason?", "recipients:number" },
  { "POST", CLR_API_QUEUE_EXPIRE, ORDERS, clr_method_expire_queue, "Given up now, and its sender told", NULL,
    "id? filter? all?:boolean", "recipients:number" },
  { "POST", CLR_API_QUEUE_PRIORITY, ORDERS, clr_method_priority_queue, "Sooner or later than others", NULL,
    "id? filter? all?:boolean priority:number", "recipients:number" },
  { "POST", CLR_API_QUEUE_REROUTE, ORDERS, clr_method_reroute_queue, "Sent by another route", NULL,
    "id? filter? all?:boolean route", "recipients:number" },
  { "POST", CLR_API_QUEUE_RECIPIENT, ORDERS, clr_method_change_recipient, "Sent to another address instead",
    NULL, "id from to", "recipients:number" },
  { "GET", CLR_API_MESSAGES, AUDITS, clr_method_get_message, "One message and every attempt", NULL, NULL,
    "=Message" },
  { "GET", CLR_API_CONTENTS, READS, clr_method_get_content, "The content of a message that waits; audited",
    NULL, NULL, "=message/rfc822" },
  { "POST", CLR_API_BACKUP, SETS, clr_method_backup, "The relay as one file under a passphrase; audited",
    NULL, "passphrase history?:boolean", "=application/octet-stream" },
  { "GET", CLR_API_AUDIT, PROVES, clr_method_list_audit, "Who changed what, and who read messages",
    "before? limit?:number who? text?", NULL, "entries:AuditEntry[] next?:number" },
  { "GET", CLR_API_ALERTS, SEES, clr_method_list_alerts,
    "What is wrong, and what was so last; the newest first", NULL, NULL, "alerts:Alert[]" },
  { "POST", CLR_API_ALERTS_ACKNOWLEDGE, ORDERS, clr_method_acknowledge_alert,
    "Somebody knows of an alert: it is told no more until it is over", NULL, "name subject?",
    "alerts:number" },
  { "POST", CLR_API_ALERTS_TEST, SETS, clr_method_test_alert, "Tells those of an [alert] that this is a test",
    NULL, "name", "alerts:number" },
  { "GET", CLR_API_TRACE, AUDITS, clr_method_trace, "What became of mail, newest first",
    "after? limit?:number filter? state?", NULL, "messages:Message[] next? *" },
  { "PUT", CLR_API_SECRETS, SETS, put_secret, "Sets a secret that settings name", NULL, "secret",
    "secrets:number" },
  { "GET", CLR_API_USERS, SEES, clr_method_list_users, "Who may log in", NULL, NULL, "users:User[]" },
  { "PUT", CLR_API_USERS "/", SETS, clr_method_put_user, "A new user, or a new password", NULL,
    "password? generate?:boolean create?:boolean recoverable?:boolean", "login password?" },
  { "DELETE", CLR_API_USERS "/", SETS, clr_method_delete_user, "A user may log in no longer", NULL, NULL,
    "removed:number" },
  { "GET", CLR_API_BANS, SEES, clr_method_list_bans, "Who is banned for failed logins", NULL, NULL,
    "bans:Ban[]" },
  { "DELETE", CLR_API_BANS "/", ORDERS, clr_method_lift_ban, "Ends a ban of an address or a login", NULL,
    NULL, "lifted:number" },
  { "GET", CLR_API_CLIENTS, SEES, clr_method_list_clients, "Every client address that tried",
    "unknown? limit?:number", NULL, "clients:Client[] more:boolean" },
  { "GET", CLR_API_DEVICES, SEES, clr_method_list_devices, "Devices of the settings", NULL, NULL,
    "devices:Device[]" },
  { "POST", CLR_API_DEVICES_FREEZE, ORDERS, clr_method_freeze_device,
    "Takes no more mail of a device, and holds what waits of it", NULL, "device", "frozen:number" },
  { "POST", CLR_API_DEVICES_THAW, ORDERS, clr_method_thaw_device, "Takes mail of a device again", NULL,
    "device release?:boolean", "recipients:number" },
  { "GET", CLR_API_DEVICES "/", SEES, clr_method_get_device, "One device and the addresses it came from",
    NULL, NULL, "=Device" },
  { "POST", CLR_API_RELOAD, SETS, reload, "Reads the settings file again", NULL, "", "applied:number" },
  { "POST", CLR_API_SUBMISSIONS, ORDERS, clr_method_submit, "A message to deliver", NULL, "=message/rfc822",
    "id reply" },
  { "GET", CLR_API_SETTINGS, SEES, clr_method_get_settings, "The settings file and what it sets", NULL, NULL,
    "file text groups:object[] etag" },
  { "PATCH", CLR_API_SETTINGS, SETS, clr_method_patch_settings, "Changes settings: all of it or nothing",
    NULL, "set:object[] etag? force?:boolean", "diff restart:any etag" },
  { "GET", CLR_API_SETTINGS_DIFF, AUDITS, clr_method_diff_settings, "From a former version to now",
    "version?:number", NULL, "diff etag" },
  { "GET", CLR_API_SETTINGS_HISTORY, AUDITS, clr_method_list_settings_history,
    "Former versions of the settings file", NULL, NULL, "versions:object[]" },
  { "POST", CLR_API_SETTINGS_UNDO, SETS, clr_method_undo_settings, "Takes the last change back", NULL, "",
    "diff restart:any etag" },
  { "GET", CLR_API_LOG, AUDITS, clr_method_get_log, "Recent events; waits for new ones",
    "after?:number wait?:number limit?:number level? event? id? text?", NULL,
    "events:Event[] next:number missed:number" },
  { "GET", CLR_API_SESSIONS, SEES, clr_method_list_sessions,
    "The sessions of now, in and out, the youngest first", "direction? text? limit?:number", NULL,
    "sessions:Session[] all:number" },
  { "POST", CLR_API_RECORDS, RECORDS, clr_method_record_sessions,
    "Records the next sessions of a client, of a device or with a next hop; without passwords and, unless it "
    "is "
    "asked for, without content",
    NULL, "client? device? next-hop? sessions?:number seconds?:number size?:number content?:boolean",
    "=Record" },
  { "GET", CLR_API_RECORDS, SEES, clr_method_list_records, "Records of sessions, the newest first", NULL,
    NULL, "records:Record[]" },
  { "GET", CLR_API_RECORD, SEES, clr_method_get_record,
    "A record with its sessions, line by line; with content only for those who may read mail, and audited",
    "format?", NULL, "=Record" },
  { "DELETE", CLR_API_RECORD, RECORDS, clr_method_drop_record, "Ends and forgets a record", NULL, NULL,
    "records:number" },
  { "GET", CLR_API_TLS_RESULTS, SEES, clr_method_get_tls_results, "What came of TLS, by domain and day", NULL,
    NULL, "days:object[] *" },
  { "POST", CLR_API_TLS_RESULTS, SETS, clr_method_send_tls_reports, "Sends reports on TLS now", NULL, "",
    "domains:number" },
  { "POST", CLR_API_CHECK_SMARTHOST, ORDERS, clr_method_probe_smarthost,
    "A smarthost looked at, step by step", NULL, "smarthost from? to?", "result reason? steps:object[]" },
  { "POST", CLR_API_CHECK_ROUTE, SEES, clr_method_check_route, "Which way mail would take; nothing is sent",
    NULL, "to from? device? client?", "result reason? details?:object" },
  { "POST", CLR_API_CHECK_RELAY, SEES, clr_method_check_relay,
    "What strangers are told at every listener, by the settings in force", NULL, "",
    "result reason? details?:object" },
  { "GET", CLR_API_CERTIFICATES, SEES, clr_method_list_certificates, "Certificates that listeners show", NULL,
    NULL, "certificates:Certificate[]" },
  { "GET", CLR_API_DOMAIN_DNS, SEES, clr_method_check_domain,
    "What mail of a domain needs in the DNS, what is found there, and the verdict; takes seconds", NULL, NULL,
    "domain result reason items:DnsItem[]" },
  { "GET", CLR_API_KEYS, SEES, clr_method_list_keys, "DKIM keys with the records to publish", NULL, NULL,
    "keys:object[]" },
  { "POST", CLR_API_KEYS, SETS, clr_method_make_key, "A new DKIM key", NULL, "domain selector kind?", "*" },
  { "GET", CLR_API_OAUTH, SEES, clr_method_list_oauth, "OAuth accounts and their tokens", NULL, NULL,
    "accounts:object[]" },
  { "POST", CLR_API_OAUTH_RENEW, ORDERS, clr_method_renew_oauth, "Asks for a new token", NULL, "account",
    "*" },
  { "POST", CLR_API_OAUTH_LOGIN, SETS, clr_method_login_oauth, "Begins a login", NULL, "account",
    "state? url? code? why? *" },
  { "GET", CLR_API_OAUTH_LOGIN, SETS, clr_method_watch_oauth, "How far a login is", "account?", NULL,
    "state? url? code? why? *" },
  { "POST", CLR_API_OAUTH_ANSWER, SETS, clr_method_paste_oauth, "The address to which a browser was led",
    NULL, "account url", "*" },
  { "GET", CLR_API_METRICS, SEES, clr_method_get_metrics, "Counters for Prometheus", NULL, NULL,
    "=text/plain" },
  { "GET", CLR_API_SERIES, SEES, clr_method_get_series, "Counters over time, for charts", "span?", NULL,
    "span step:number end *" },
  { "GET", CLR_API_METHODS, AUDITS, list_methods, "What may be asked, and by whom", NULL, NULL,
    "methods:Method[]" },
  { "GET", CLR_API_OPENAPI, AUDITS, get_openapi, "This document", NULL, NULL, "*" },
  { "GET", CLR_API_TOKENS, SETS, clr_method_list_tokens, "Tokens for the API over TCP", NULL, NULL,
    "tokens:Token[]" },
  { "POST", CLR_API_TOKENS, SETS, clr_method_add_token, "A new token, shown once", NULL,
    "name role days?:number", "name token url? fingerprint?" },
  { "DELETE", CLR_API_TOKEN, SETS, clr_method_remove_token, "A token is good no longer", NULL, NULL,
    "tokens:number" },
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

static void
get_openapi (ClrCall *call)
{
  g_autoptr (JsonNode) node = clr_openapi_describe (table, G_N_ELEMENTS (table));

  clr_methods_answer_json (call->message, node);
}

/* What the declaration does not name would be ignored, and do something else than what was meant. Returns:
 * FALSE when a refusal has been answered. */
static gboolean
check_query (SoupServerMessage *message, const ClrMethodRow *row, GHashTable *query)
{
  GHashTableIter iter;
  void *name;

  if (query == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, query);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!clr_openapi_has (row->query, name))
      {
        g_autofree char *text = g_strdup_printf (
            "%s: there is no such parameter here; " CLR_API_OPENAPI " tells which there are", (char *)name);
        clr_methods_answer_error (message, SOUP_STATUS_BAD_REQUEST, text);
        return FALSE;
      }
  return TRUE;
}

/* Whether @path is one of the row's. @rest: (out) (transfer full): what follows, or stands for {name}. */
static gboolean
fits (const ClrMethodRow *row, const char *path, char **rest)
{
  const char *place = strstr (row->path, CLR_METHODS_NAME);
  size_t before = place ? (size_t)(place - row->path) : strlen (row->path), size = strlen (path), after;

  if (place == NULL && !g_str_has_suffix (row->path, "/"))
    {
      *rest = g_str_equal (path, row->path) ? g_strdup ("") : NULL;
      return *rest != NULL;
    }
  after = place ? strlen (place) - strlen (CLR_METHODS_NAME) : 0;
  if (size < before + after || strncmp (path, row->path, before) != 0
      || (place
          && (size == before + after
              || strcmp (path + size - after, place + strlen (CLR_METHODS_NAME)) != 0)))
    return FALSE;
  *rest = g_strndup (path + before, size - before - after);
  if (place == NULL || strchr (*rest, '/') == NULL)
    return TRUE;
  g_clear_pointer (rest, g_free);
  return FALSE;
}

/* @rest: (out) (transfer full). Returns: NULL, when a refusal has been answered. */
static const ClrMethodRow *
find_row (SoupServerMessage *message, const char *path, ClrRole role, char **rest)
{
  gboolean known = FALSE;

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *found = NULL;

      if (!fits (&table[i], path, &found))
        continue;
      known = TRUE;
      if (!g_str_equal (soup_server_message_get_method (message), table[i].method))
        continue;
      if (role & table[i].roles)
        {
          *rest = g_steal_pointer (&found);
          return &table[i];
        }
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
  g_autofree char *rest = NULL;

  return find_row (message, g_uri_get_path (soup_server_message_get_uri (message)), role, &rest) != NULL;
}

void
clr_methods_handle (ClrMethodPlace *place, SoupServerMessage *message, const char *path, GHashTable *query,
                    ClrRole role, const char *who)
{
  g_autofree char *rest = NULL;
  const ClrMethodRow *row = find_row (message, path, role, &rest);

  if (row && check_query (message, row, query))
    {
      ClrCall call = { row, place, message, rest, query, role, who };

      row->handle (&call);
    }
}
