/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-methods-private.h"

#include "base/clr-counter.h"
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "clr-version.h"
#include "control/clr-api.h"
#include "control/clr-views.h"

static ClrQueueRequest *
request_new (ClrCall *call, ClrRequestKind kind, void (*open) (ClrLetter *letter, void *owner))
{
  ClrQueueRequest *request = g_new0 (ClrQueueRequest, 1);

  request->kind = kind;
  request->state = -1;
  request->who = g_strdup (call->who);
  request->reply_to = call->place->mailbox;
  request->open = open;
  request->data = clr_call_wait (call);
  return request;
}

static void
on_status (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  ClrPendingCall *pending = request->data;
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
  clr_methods_answer_object (pending->message, G_OBJECT (status));
  clr_queue_request_free (request);
  clr_pending_call_go_on (pending);
}

void
clr_method_get_status (ClrCall *call)
{
  clr_queue_post_request (call->place->host.queue, request_new (call, CLR_REQUEST_STATUS, on_status));
}

static void
on_list (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  ClrPendingCall *pending = request->data;

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
      clr_methods_answer_json (pending->message, node);
    }
  clr_queue_request_free (request);
  clr_pending_call_go_on (pending);
}

void
clr_method_get_queue (ClrCall *call)
{
  const char *after = clr_call_get_parameter (call, "after"), *limit = clr_call_get_parameter (call, "limit");
  const char *state = clr_call_get_parameter (call, "state");
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
  ClrPendingCall *pending;
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
      clr_methods_answer_object (show->pending->message, G_OBJECT (info));
    }
  else
    clr_methods_answer_error (show->pending->message, SOUP_STATUS_NOT_FOUND,
                              "no message with this id, neither in the queue nor in the history");
  if (show->queued)
    clr_message_unref (show->queued);
  clr_pending_call_go_on (show->pending);
  g_free (show);
  clr_history_answer_free (answer);
}

static void
on_show (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  ClrPendingCall *pending = request->data;
  Show *show = g_new0 (Show, 1);

  show->pending = pending;
  if (request->messages->len > 0)
    show->queued = clr_message_ref (g_ptr_array_index (request->messages, 0));
  clr_history_post_find (clr_queue_get_history (pending->place->host.queue), request->id,
                         pending->place->mailbox, on_history, show);
  clr_queue_request_free (request);
}

static gboolean
read_id (ClrCall *call, uint64_t *id)
{
  if (clr_id_from_text (call->rest, id))
    return TRUE;
  clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                            "not a queue id: it has 13 letters and digits");
  return FALSE;
}

void
clr_method_get_message (ClrCall *call)
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
  ClrPendingCall *pending = request->data;

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
      clr_methods_answer_number (pending->message, "recipients", request->n_changed);
    }
  clr_queue_request_free (request);
  clr_pending_call_go_on (pending);
}

static void
change (ClrCall *call, ClrRequestKind kind, uint64_t id)
{
  ClrQueueRequest *request = request_new (call, kind, on_changed);

  request->id = id;
  clr_queue_post_request (call->place->host.queue, request);
}

/* {"id": "..."} or {"all": true}: nothing is ever changed by leaving something out. */
static void
change_chosen (ClrCall *call, ClrRequestKind kind)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *chosen = object ? clr_json_get_text (object, "id") : NULL;
  uint64_t id = 0;

  if (chosen ? !clr_id_from_text (chosen, &id) : object == NULL || !clr_json_is_true (object, "all"))
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              "say {\"id\": \"QUEUE-ID\"} or {\"all\": true}");
  else
    change (call, kind, id);
}

void
clr_method_retry_queue (ClrCall *call)
{
  change_chosen (call, CLR_REQUEST_RETRY);
}

void
clr_method_delete_queue (ClrCall *call)
{
  change_chosen (call, CLR_REQUEST_DELETE);
}
