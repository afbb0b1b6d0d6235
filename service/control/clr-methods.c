/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-methods.h"

#include "base/clr-counter.h"
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "clr-version.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "control/clr-views.h"
#include "settings/clr-secret.h"

#include <string.h>

/* One request on its way. */
typedef struct
{
  ClrMethodPlace *place;
  SoupServerMessage *message;
  const char *rest; /* the path behind the row's */
  GHashTable *query;
  const char *who;
} Call;

/* What a request leaves behind when it has to wait for another thread. */
typedef struct
{
  ClrMethodPlace *place;
  SoupServerMessage *message;
} Pending;

static void
answer_json (SoupServerMessage *message, JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);

  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, text, strlen (text));
}

static void
answer_object (SoupServerMessage *message, GObject *object)
{
  g_autoptr (JsonNode) node = clr_json_from_object (object);

  answer_json (message, node);
}

void
clr_methods_answer_error (SoupServerMessage *message, unsigned status, const char *text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "error", text);
  json_node_take_object (node, object);
  answer_json (message, node);
  soup_server_message_set_status (message, status, NULL);
}

static void
answer_number (SoupServerMessage *message, const char *name, gint64 number)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, name, number);
  json_node_take_object (node, object);
  answer_json (message, node);
}

static Pending *
wait_for_thread (Call *call)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->place = call->place;
  pending->message = g_object_ref (call->message);
  soup_server_message_pause (call->message);
  return pending;
}

static void
go_on (Pending *pending)
{
  soup_server_message_unpause (pending->message);
  g_object_unref (pending->message);
  g_free (pending);
}

static ClrQueueRequest *
request_new (Call *call, ClrRequestKind kind, void (*open) (ClrLetter *letter, void *owner))
{
  ClrQueueRequest *request = g_new0 (ClrQueueRequest, 1);

  request->kind = kind;
  request->state = -1;
  request->who = g_strdup (call->who);
  request->reply_to = call->place->mailbox;
  request->open = open;
  request->data = wait_for_thread (call);
  return request;
}

static void
on_status (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  Pending *pending = request->data;
  ClrControlHost *host = &pending->place->host;
  ClrSettings *settings = host->get_settings (host->data);
  g_auto (GStrv) listeners = host->list_listeners (host->data);
  g_autofree char *started = clr_time_to_text (host->start_us);
  g_autoptr (GListStore) lanes = g_list_store_new (CLR_TYPE_LANE_INFO);

  for (unsigned i = 0; request->lanes && i < request->lanes->len; i++)
    {
      g_autoptr (ClrLaneInfo) lane = clr_view_lane (&g_array_index (request->lanes, ClrLaneFacts, i));
      g_list_store_append (lanes, lane);
    }
  g_autoptr (ClrStatusInfo) status = g_object_new (
      CLR_TYPE_STATUS_INFO, "version", CLR_VERSION, "hostname",
      clr_section_get_text (clr_settings_get_section (settings, "server"), "hostname"), "started", started,
      "settings-file", clr_settings_get_file (settings), "listeners", listeners, "messages",
      (gint64)request->n_messages, "waiting", (gint64)request->n_by_state[CLR_RECIPIENT_WAITING], "active",
      (gint64)request->n_by_state[CLR_RECIPIENT_ACTIVE], "failed",
      (gint64)request->n_by_state[CLR_RECIPIENT_FAILED], "connections-in",
      clr_counter_get (CLR_COUNTER_CONNECTIONS_IN), "connections-out",
      clr_counter_get (CLR_COUNTER_CONNECTIONS_OUT), "accepted",
      clr_counter_get (CLR_COUNTER_MESSAGES_ACCEPTED_TOTAL), "delivered",
      clr_counter_get (CLR_COUNTER_RECIPIENTS_DELIVERED_TOTAL), "deferred",
      clr_counter_get (CLR_COUNTER_RECIPIENTS_DEFERRED_TOTAL), "refused",
      clr_counter_get (CLR_COUNTER_RECIPIENTS_REFUSED_TOTAL), "store-failures",
      clr_counter_get (CLR_COUNTER_STORE_FAILURES_TOTAL), "lanes", lanes, NULL);
  answer_object (pending->message, G_OBJECT (status));
  clr_queue_request_free (request);
  go_on (pending);
}

static void
get_status (Call *call)
{
  clr_queue_post_request (call->place->host.queue, request_new (call, CLR_REQUEST_STATUS, on_status));
}

static void
on_list (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  Pending *pending = request->data;

  if (request->problem)
    clr_methods_answer_error (pending->message, SOUP_STATUS_SERVICE_UNAVAILABLE, request->problem);
  else
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
      JsonObject *object = json_object_new ();
      JsonArray *array = json_array_new ();

      for (unsigned i = 0; i < request->messages->len; i++)
        {
          g_autoptr (ClrMessageInfo) info
              = clr_view_message (g_ptr_array_index (request->messages, i), "queue", NULL);
          json_array_add_element (array, clr_json_from_object (G_OBJECT (info)));
        }
      json_object_set_array_member (object, "messages", array);
      /* A full page may have a successor. */
      if (request->messages->len == request->n)
        {
          char id[CLR_ID_TEXT];

          clr_id_to_text (((ClrMessage *)g_ptr_array_index (request->messages, request->n - 1))->id, id);
          json_object_set_string_member (object, "next", id);
        }
      json_node_take_object (node, object);
      answer_json (pending->message, node);
    }
  clr_queue_request_free (request);
  go_on (pending);
}

static const char *
get_parameter (Call *call, const char *name)
{
  return call->query ? g_hash_table_lookup (call->query, name) : NULL;
}

static void
get_queue (Call *call)
{
  const char *after = get_parameter (call, "after"), *limit = get_parameter (call, "limit");
  const char *state = get_parameter (call, "state");
  uint64_t cursor = 0;
  guint64 n = CLR_API_PAGE;
  int wanted = -1;

  if (after && !clr_id_from_text (after, &cursor))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "after: not a queue id");
      return;
    }
  if (limit && !g_ascii_string_to_unsigned (limit, 10, 1, CLR_API_PAGE_MOST, &n, NULL))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "limit: a number from 1 to 1000");
      return;
    }
  for (int i = 0; state && i <= CLR_RECIPIENT_BOUNCING; i++)
    if (g_str_equal (state, clr_recipient_state_get_name (i)))
      wanted = i;
  if (state && wanted < 0)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "state: waiting, active, failed or held");
      return;
    }
  ClrQueueRequest *request = request_new (call, CLR_REQUEST_LIST, on_list);
  request->after = cursor;
  request->n = n;
  request->state = wanted;
  clr_queue_post_request (call->place->host.queue, request);
}

/* A message is in the queue, in the history, or in both for a moment; its attempts are in the history. */
typedef struct
{
  Pending *pending;
  ClrMessage *queued;
} Show;

static void
on_history (ClrLetter *letter, void *owner)
{
  ClrHistoryAnswer *answer = (ClrHistoryAnswer *)letter;
  Show *show = answer->data;
  const ClrMessage *message = show->queued ? show->queued : answer->message;

  if (message)
    {
      g_autoptr (ClrMessageInfo) info
          = clr_view_message (message, show->queued ? "queue" : "history", answer->attempts);
      answer_object (show->pending->message, G_OBJECT (info));
    }
  else
    clr_methods_answer_error (show->pending->message, SOUP_STATUS_NOT_FOUND,
                              "no message with this id, neither in the queue nor in the history");
  if (show->queued)
    clr_message_unref (show->queued);
  go_on (show->pending);
  g_free (show);
  clr_history_answer_free (answer);
}

static void
on_show (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  Pending *pending = request->data;
  Show *show = g_new0 (Show, 1);

  show->pending = pending;
  if (request->messages->len > 0)
    show->queued = clr_message_ref (g_ptr_array_index (request->messages, 0));
  clr_history_post_find (clr_queue_get_history (pending->place->host.queue), request->id,
                         pending->place->mailbox, on_history, show);
  clr_queue_request_free (request);
}

static gboolean
read_id (Call *call, uint64_t *id)
{
  if (clr_id_from_text (call->rest, id))
    return TRUE;
  clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                            "not a queue id: it has 13 letters and digits");
  return FALSE;
}

static void
get_message (Call *call)
{
  uint64_t id;

  if (!read_id (call, &id))
    return;
  ClrQueueRequest *request = request_new (call, CLR_REQUEST_SHOW, on_show);
  request->id = id;
  clr_queue_post_request (call->place->host.queue, request);
}

static void
on_changed (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  Pending *pending = request->data;

  if (request->problem)
    clr_methods_answer_error (pending->message, SOUP_STATUS_SERVICE_UNAVAILABLE, request->problem);
  else if (request->n_changed == 0 && request->id != 0)
    clr_methods_answer_error (
        pending->message, SOUP_STATUS_NOT_FOUND,
        "nothing to change: no such message in the queue, or all of it is being delivered now");
  else
    {
      g_autofree char *what = g_strdup_printf (
          "%s: %u recipients", request->kind == CLR_REQUEST_RETRY ? "retry" : "delete", request->n_changed);

      clr_log_event (CLR_EVENT_API_CHANGED, request->who, what);
      clr_log_flush ();
      answer_number (pending->message, "recipients", request->n_changed);
    }
  clr_queue_request_free (request);
  go_on (pending);
}

static void
change (Call *call, ClrRequestKind kind, uint64_t id)
{
  ClrQueueRequest *request = request_new (call, kind, on_changed);

  request->id = id;
  clr_queue_post_request (call->place->host.queue, request);
}

/* {"id": "..."} or {"all": true}: nothing is ever changed by leaving something out. */
static void
change_chosen (Call *call, ClrRequestKind kind)
{
  SoupMessageBody *body = soup_server_message_get_request_body (call->message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_strndup (data ? data : "", size);
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  const char *chosen = object ? json_object_get_string_member_with_default (object, "id", NULL) : NULL;
  uint64_t id = 0;

  if (chosen ? !clr_id_from_text (chosen, &id)
             : object == NULL || !json_object_get_boolean_member_with_default (object, "all", FALSE))
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              "say {\"id\": \"QUEUE-ID\"} or {\"all\": true}");
  else
    change (call, kind, id);
}

static void
retry_queue (Call *call)
{
  change_chosen (call, CLR_REQUEST_RETRY);
}

static void
delete_queue (Call *call)
{
  change_chosen (call, CLR_REQUEST_DELETE);
}

static void
put_secret (Call *call)
{
  SoupMessageBody *body = soup_server_message_get_request_body (call->message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  ClrControlHost *host = &call->place->host;
  ClrSection *server = clr_settings_get_section (host->get_settings (host->data), "server");
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_strndup (data ? data : "", size);
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  const char *secret
      = root && JSON_NODE_HOLDS_OBJECT (root)
            ? json_object_get_string_member_with_default (json_node_get_object (root), "secret", NULL)
            : NULL;
  g_autoptr (GError) error = NULL;

  explicit_bzero (text, size);
  if (secret == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "say {\"secret\": \"...\"}");
  else if (!clr_secret_store (clr_section_get_text (server, "state-directory"), call->rest, secret,
                              strlen (secret), &error)
           || !host->reload (host->data, &error))
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, error->message);
  else
    {
      g_autofree char *what = g_strdup_printf ("secret %s set", call->rest);

      clr_log_event (CLR_EVENT_API_CHANGED, call->who, what);
      answer_number (call->message, "secrets", 1);
    }
}

static void
reload (Call *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (GError) error = NULL;

  if (host->reload (host->data, &error))
    answer_number (call->message, "applied", 1);
  else
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              error ? error->message : "the relay is stopping");
}

static const struct
{
  const char *method;
  const char *path; /* with a final slash: something must follow */
  ClrRole role;
  void (*handle) (Call *call);
} table[] = {
  { "GET", CLR_API_STATUS, CLR_ROLE_VIEWER, get_status },
  { "GET", CLR_API_QUEUE, CLR_ROLE_VIEWER, get_queue },
  { "POST", CLR_API_QUEUE_RETRY, CLR_ROLE_OPERATOR, retry_queue },
  { "POST", CLR_API_QUEUE_DELETE, CLR_ROLE_OPERATOR, delete_queue },
  { "GET", CLR_API_MESSAGES, CLR_ROLE_VIEWER, get_message },
  { "PUT", CLR_API_SECRETS, CLR_ROLE_ADMIN, put_secret },
  { "POST", CLR_API_RELOAD, CLR_ROLE_ADMIN, reload },
};

void
clr_methods_handle (ClrMethodPlace *place, SoupServerMessage *message, const char *path, GHashTable *query,
                    ClrRole role, const char *who)
{
  gboolean known = FALSE;

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      gboolean prefix = g_str_has_suffix (table[i].path, "/");
      Call call = { place, message, path + strlen (table[i].path), query, who };

      if (prefix ? !g_str_has_prefix (path, table[i].path) : !g_str_equal (path, table[i].path))
        continue;
      known = TRUE;
      if (!g_str_equal (soup_server_message_get_method (message), table[i].method))
        continue;
      if (role < table[i].role)
        clr_methods_answer_error (message, SOUP_STATUS_FORBIDDEN, "your groups do not allow this");
      else
        table[i].handle (&call);
      return;
    }
  clr_methods_answer_error (message, known ? SOUP_STATUS_METHOD_NOT_ALLOWED : SOUP_STATUS_NOT_FOUND,
                            known ? "this path does not know this HTTP method" : "there is no such path");
}
