/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mail through the API: as a message over SMTP it goes through a worker's intake, and is answered when it is
 * stored.
 */
#include "control/clr-methods-private.h"

#include "base/clr-log.h"
#include "control/clr-api.h"

#include <string.h>

static void
on_done (const char *reply, const char *id, void *data)
{
  ClrPendingCall *pending = data;
  SoupServerMessage *message = pending->message;

  if (*id)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "id", id);
      json_object_set_string_member (object, "reply", reply);
      json_node_take_object (node, object);
      clr_methods_answer_json (message, node);
    }
  else
    clr_methods_answer_error (
        message, *reply == '4' ? SOUP_STATUS_SERVICE_UNAVAILABLE : SOUP_STATUS_BAD_REQUEST, reply);
  clr_pending_call_go_on (pending);
}

/* (transfer full) (nullable) */
static char **
read_recipients (JsonObject *envelope)
{
  JsonNode *node = json_object_get_member (envelope, "to");
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  for (unsigned i = 0; array && i < json_array_get_length (array); i++)
    {
      JsonNode *word = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (word) || json_node_get_value_type (word) != G_TYPE_STRING)
        return NULL;
      g_ptr_array_add (words, json_node_dup_string (word));
    }
  if (words->len == 0)
    return NULL;
  g_ptr_array_add (words, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&words), FALSE);
}

void
clr_method_submit (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  const char *header = soup_message_headers_get_one (soup_server_message_get_request_headers (call->message),
                                                     CLR_API_ENVELOPE);
  g_autoptr (JsonNode) root = header ? clr_json_parse (header, NULL) : NULL;
  JsonObject *envelope = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *from = envelope ? json_object_get_member (envelope, "from") : NULL;
  g_auto (GStrv) recipients = envelope ? read_recipients (envelope) : NULL;
  g_autoptr (GBytes) content
      = soup_message_body_flatten (soup_server_message_get_request_body (call->message));
  ClrControlSubmission order = { .who = call->who, .recipients = recipients, .content = content };

  if (from == NULL || !JSON_NODE_HOLDS_VALUE (from) || json_node_get_value_type (from) != G_TYPE_STRING
      || recipients == NULL)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                CLR_API_ENVELOPE ": say {\"from\": \"...\", \"to\": [\"...\"]}");
      return;
    }
  order.sender = json_node_get_string (from);
  order.reply_to = call->place->mailbox;
  order.done = on_done;
  order.data = clr_call_wait (call);
  if (!host->submit (&order, host->data))
    on_done ("421 4.3.2 the relay is stopping", "", order.data);
}
