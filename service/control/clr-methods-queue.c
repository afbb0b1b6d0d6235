/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-methods-private.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-id.h"
#include "base/clr-log.h"
#include "clr-version.h"
#include "control/clr-api.h"
#include "control/clr-views.h"

#include <string.h>

#define REASON_MOST 200 /* octets */

static void
on_status (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  ClrPendingCall *pending = request->data;
  ClrControlHost *host = &pending->place->host;
  ClrSettings *settings = host->get_settings (host->data);
  g_auto (GStrv) listeners = host->list_listeners (host->data);
  g_auto (GStrv) warnings = host->list_warnings (host->data);
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
      "settings-file", clr_settings_get_file (settings), "listeners", listeners, "warnings", warnings,
      "messages", (gint64)request->n_messages, "waiting", (gint64)request->n_by_state[CLR_RECIPIENT_WAITING],
      "active", (gint64)request->n_by_state[CLR_RECIPIENT_ACTIVE], "failed",
      (gint64)request->n_by_state[CLR_RECIPIENT_FAILED], "held",
      (gint64)request->n_by_state[CLR_RECIPIENT_HELD], "bouncing",
      (gint64)request->n_by_state[CLR_RECIPIENT_BOUNCING], "connections-in",
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
  clr_queue_post_request (call->place->host.queue, clr_call_ask_queue (call, CLR_REQUEST_STATUS, on_status));
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
          g_autoptr (ClrMessageInfo) info = clr_view_message (g_ptr_array_index (request->messages, i));
          json_array_add_element (array, clr_json_from_object (G_OBJECT (info)));
        }
      json_object_set_array_member (object, "messages", array);
      if (request->more)
        {
          char id[CLR_ID_TEXT];

          clr_id_to_text (request->after, id);
          json_object_set_string_member (object, "next", id);
        }
      json_node_take_object (node, object);
      clr_methods_answer_json (pending->message, node);
    }
  clr_queue_request_free (request);
  clr_pending_call_go_on (pending);
}

gboolean
clr_call_read_filter (ClrCall *call, const char *text, const char *state, ClrFilter **filter)
{
  g_autofree char *all
      = g_strdup_printf ("%s%s%s", text ? text : "", state ? " state:" : "", state ? state : "");
  g_autoptr (GError) error = NULL;

  *filter = NULL;
  if (text == NULL && state == NULL)
    return TRUE;
  *filter = clr_filter_new (all, clr_clock_wall (), &error);
  if (error)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, error->message);
  return error == NULL;
}

gboolean
clr_call_read_page (ClrCall *call, uint64_t *after, unsigned *n)
{
  const char *cursor = clr_call_get_parameter (call, "after"),
             *limit = clr_call_get_parameter (call, "limit");
  guint64 number = CLR_API_PAGE;

  if (cursor && !clr_id_from_text (cursor, after))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "after: not a queue id");
      return FALSE;
    }
  if (limit && !g_ascii_string_to_unsigned (limit, 10, 1, CLR_API_PAGE_MOST, &number, NULL))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "limit: a number from 1 to 1000");
      return FALSE;
    }
  *n = number;
  return TRUE;
}

void
clr_method_get_queue (ClrCall *call)
{
  uint64_t after = 0;
  unsigned n;
  ClrFilter *filter;

  if (!clr_call_read_page (call, &after, &n)
      || !clr_call_read_filter (call, clr_call_get_parameter (call, "filter"),
                                clr_call_get_parameter (call, "state"), &filter))
    return;
  ClrQueueRequest *request = clr_call_ask_queue (call, CLR_REQUEST_LIST, on_list);
  request->after = after;
  request->n = n;
  request->filter = filter;
  clr_queue_post_request (call->place->host.queue, request);
}

static void
on_count (ClrLetter *letter, void *owner)
{
  ClrQueueRequest *request = (ClrQueueRequest *)letter;
  ClrPendingCall *pending = request->data;

  if (request->problem)
    clr_methods_answer_error (pending->message, SOUP_STATUS_SERVICE_UNAVAILABLE, request->problem);
  else
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "messages", request->n_messages);
      json_object_set_int_member (object, "recipients", request->n_recipients);
      json_node_take_object (node, object);
      clr_methods_answer_json (pending->message, node);
    }
  clr_queue_request_free (request);
  clr_pending_call_go_on (pending);
}

void
clr_method_count_queue (ClrCall *call)
{
  ClrFilter *filter;

  if (!clr_call_read_filter (call, clr_call_get_parameter (call, "filter"),
                             clr_call_get_parameter (call, "state"), &filter))
    return;
  ClrQueueRequest *request = clr_call_ask_queue (call, CLR_REQUEST_COUNT, on_count);
  request->filter = filter;
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

  answer->traced->queued = g_steal_pointer (&show->queued);
  if (answer->traced->queued || answer->traced->finished)
    {
      g_autoptr (ClrMessageInfo) info = clr_view_traced (answer->traced);
      clr_methods_answer_object (show->pending->message, G_OBJECT (info));
    }
  else if (answer->problem)
    clr_methods_answer_error (show->pending->message, SOUP_STATUS_SERVICE_UNAVAILABLE, answer->problem);
  else
    clr_methods_answer_error (show->pending->message, SOUP_STATUS_NOT_FOUND,
                              "no message with this id, neither in the queue nor in the history");
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

void
clr_method_get_message (ClrCall *call)
{
  uint64_t id;

  if (!clr_call_read_id (call, &id))
    return;
  ClrQueueRequest *request = clr_call_ask_queue (call, CLR_REQUEST_SHOW, on_show);
  request->id = id;
  clr_queue_post_request (call->place->host.queue, request);
}

static const char *const act_names[] = {
  [CLR_ACT_RETRY] = "retry",     [CLR_ACT_DELETE] = "delete",
  [CLR_ACT_EXPIRE] = "expire",   [CLR_ACT_HOLD] = "hold",
  [CLR_ACT_RELEASE] = "release", [CLR_ACT_PRIORITY] = "priority",
  [CLR_ACT_MOVE] = "moved",      [CLR_ACT_REFUSE] = "delete with a report",
};

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
        "nothing to change: no such message or recipient in the queue, no way leads there, or all of it is "
        "being delivered now");
  else
    {
      g_autofree char *what = g_strdup_printf ("%s: %" G_GUINT64_FORMAT " recipients",
                                               act_names[request->act], request->n_changed);

      clr_methods_note (pending->place, request->who, what, pending->chosen);
      clr_methods_answer_number (pending->message, "recipients", request->n_changed);
    }
  clr_queue_request_free (request);
  clr_pending_call_go_on (pending);
}

/* An order has no secrets. (transfer full) */
static char *
dup_order (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (node, object);
  return clr_json_to_text (node, FALSE);
}

/* {"id": "..."}, {"filter": "..."} or {"all": true}: nothing is ever changed by leaving something out. */
static void
change_chosen (ClrCall *call, JsonObject *object, ClrActKind act, ClrMove *move)
{
  const char *chosen = object ? clr_json_get_text (object, "id") : NULL;
  const char *words = object ? clr_json_get_text (object, "filter") : NULL;
  gboolean all = object && clr_json_is_true (object, "all");
  JsonNode *number = object ? json_object_get_member (object, "priority") : NULL;
  gint64 priority
      = number && json_node_get_value_type (number) == G_TYPE_INT64 ? json_node_get_int (number) : G_MININT64;
  ClrFilter *filter = NULL;
  uint64_t id = 0;
  g_autoptr (ClrMove) taken = move;

  if ((chosen != NULL) + (words != NULL) + all != 1 || (chosen && !clr_id_from_text (chosen, &id)))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "say {\"id\": \"QUEUE-ID\"}, {\"filter\": \"WORDS\"} or {\"all\": true}");
      return;
    }
  if (act == CLR_ACT_PRIORITY && (priority < -9 || priority > 9))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "priority: a number from -9 (last) to 9 (first)");
      return;
    }
  /* An empty filter is more likely a mistake than a wish. */
  if (words && words[strspn (words, " \t")] == '\0')
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "filter: it has no words; say {\"all\": true} if all is meant");
      return;
    }
  if (!clr_call_read_filter (call, words, NULL, &filter))
    return;
  ClrQueueRequest *request = clr_call_ask_queue (call, CLR_REQUEST_ACT, on_changed);
  request->act = act;
  request->id = id;
  request->filter = filter;
  request->priority = priority;
  request->move = g_steal_pointer (&taken);
  request->reason = act == CLR_ACT_REFUSE ? g_strdup (clr_json_get_text (object, "reason")) : NULL;
  ((ClrPendingCall *)request->data)->chosen = dup_order (object);
  clr_queue_post_request (call->place->host.queue, request);
}

void
clr_call_release (ClrCall *call, const char *words)
{
  ClrFilter *filter = NULL;

  if (!clr_call_read_filter (call, words, NULL, &filter))
    return;
  ClrQueueRequest *request = clr_call_ask_queue (call, CLR_REQUEST_ACT, on_changed);
  request->act = CLR_ACT_RELEASE;
  request->filter = filter;
  ((ClrPendingCall *)request->data)->chosen = g_strconcat ("filter ", words, NULL);
  clr_queue_post_request (call->place->host.queue, request);
}

#define METHOD(name, act)                                                                                    \
  void clr_method_##name##_queue (ClrCall *call)                                                             \
  {                                                                                                          \
    g_autoptr (JsonNode) root = clr_call_read_object (call);                                                 \
                                                                                                             \
    change_chosen (call, root ? json_node_get_object (root) : NULL, act, NULL);                              \
  }
METHOD (hold, CLR_ACT_HOLD)
METHOD (release, CLR_ACT_RELEASE)
METHOD (retry, CLR_ACT_RETRY)
METHOD (expire, CLR_ACT_EXPIRE)
METHOD (priority, CLR_ACT_PRIORITY)

/* A reason goes into a report: one line of ASCII. */
static gboolean
is_reason (const char *text)
{
  if (strlen (text) > REASON_MOST)
    return FALSE;
  for (; *text; text++)
    if (*text < ' ' || *text > '~')
      return FALSE;
  return TRUE;
}

/* "report": true: the sender is told, with "reason". */
void
clr_method_delete_queue (ClrCall *call)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  gboolean reports = object && clr_json_is_true (object, "report");
  const char *reason = object ? clr_json_get_text (object, "reason") : NULL;

  if (reason && (!reports || !is_reason (reason)))
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              "reason: up to 200 characters of ASCII, with \"report\": true");
  else
    change_chosen (call, object, reports ? CLR_ACT_REFUSE : CLR_ACT_DELETE, NULL);
}

/* The policy that was in force when the order came, and the route that is wanted. */
typedef struct
{
  ClrPolicy *policy;
  char *route; /* NULL: the one that takes it */
} Way;

static void
way_free (void *data)
{
  Way *way = data;

  clr_policy_unref (way->policy);
  g_free (way->route);
  g_free (way);
}

/* Queue thread. */
static char *
find_lane (const ClrMessage *message, const char *address, void *data)
{
  const Way *way = data;
  ClrRouteCase what
      = { .sender = message->sender, .device = message->device, .recipient = address, .route = way->route };

  return clr_policy_find_lane (way->policy, &what);
}

static ClrMove *
move_new (ClrCall *call, const char *route)
{
  ClrControlHost *host = &call->place->host;
  ClrMove *move = g_new0 (ClrMove, 1);
  Way *way = g_new0 (Way, 1);

  way->policy = clr_policy_ref ((ClrPolicy *)host->get_policy (host->data));
  way->route = g_strdup (route);
  move->find_lane = find_lane;
  move->data = way;
  move->free = way_free;
  return move;
}

/* {"id" | "filter" | "all", "route": "..."} */
void
clr_method_reroute_queue (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *route = object ? clr_json_get_text (object, "route") : NULL;

  if (route == NULL || clr_settings_find (host->get_settings (host->data), "route", route) == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              "route: the name of a [route] of the settings is needed");
  else
    change_chosen (call, object, CLR_ACT_MOVE, move_new (call, route));
}

/* What is wrong with an address as one that mail is sent to; NULL: nothing. (transfer full) */
static char *
find_wrong_recipient (ClrControlHost *host, const char *address)
{
  JsonObject *question = json_object_new ();
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *told;

  json_object_set_string_member (question, "to", address);
  answer = host->check_route (question, host->data);
  json_object_unref (question);
  told = json_node_get_object (answer);
  return g_strcmp0 (clr_json_get_text (told, "result"), "ok") == 0
             ? NULL
             : g_strdup (clr_json_get_text (told, "reason"));
}

/* {"id": "...", "from": "the address as it is", "to": "what it should be"} */
void
clr_method_change_recipient (ClrCall *call)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *id = object ? clr_json_get_text (object, "id") : NULL;
  const char *from = object ? clr_json_get_text (object, "from") : NULL;
  const char *to = object ? clr_json_get_text (object, "to") : NULL;
  g_autofree char *wrong = id && from && to ? find_wrong_recipient (&call->place->host, to) : NULL;

  if (id == NULL || from == NULL || to == NULL || wrong)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              wrong ? wrong
                                    : "say {\"id\": \"QUEUE-ID\", \"from\": \"a@example.com\", \"to\": "
                                      "\"b@example.com\"}");
  else
    {
      ClrMove *move = move_new (call, NULL);

      move->from = g_strdup (from);
      move->to = g_strdup (to);
      change_chosen (call, object, CLR_ACT_MOVE, move);
    }
}
