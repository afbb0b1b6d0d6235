/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-views.h"

#include "base/clr-id.h"
#include "control/clr-json.h"

#include <gio/gio.h>

static void
set_time (void *object, const char *name, int64_t time_us)
{
  g_autofree char *text = clr_time_to_text (time_us);

  g_object_set (object, name, text, NULL);
}

static ClrRecipientInfo *
view_recipient (const ClrRecipient *recipient)
{
  ClrRecipientInfo *info = g_object_new (
      CLR_TYPE_RECIPIENT_INFO, "address", recipient->address, "state",
      clr_recipient_state_get_name (recipient->state), "via", recipient->lane, "attempts",
      (gint64)recipient->attempts, "host", recipient->host, "code", (gint64)recipient->code, "enhanced",
      recipient->enhanced, "reply", recipient->text, "deleted-by", recipient->who, NULL);

  if (recipient->state == CLR_RECIPIENT_WAITING)
    {
      set_time (info, "next-attempt", recipient->due_us);
      set_time (info, "expires", recipient->expires_us);
    }
  set_time (info, "last-attempt", recipient->tried_us);
  return info;
}

static const char *
find_address (const ClrMessage *message, unsigned number)
{
  for (unsigned i = 0; message && i < message->n_recipients; i++)
    if (message->recipients[i].number == number)
      return message->recipients[i].address;
  return NULL;
}

static ClrAttemptInfo *
view_attempt (const ClrTraced *traced, const ClrAttempt *attempt)
{
  const char *address = find_address (traced->queued, attempt->recipient);
  ClrAttemptInfo *info = g_object_new (
      CLR_TYPE_ATTEMPT_INFO, "recipient",
      address ? address : find_address (traced->finished, attempt->recipient), "outcome", attempt->outcome,
      "phase", attempt->phase, "host", attempt->host, "tls", attempt->tls, "code", (gint64)attempt->code,
      "enhanced", attempt->enhanced, "reply", attempt->text, NULL);

  set_time (info, "started", attempt->started_us);
  set_time (info, "ended", attempt->ended_us);
  return info;
}

static void
set_words (ClrMessageInfo *info, const char *name, JsonObject *attributes)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  JsonNode *node = json_object_get_member (attributes, name);

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return;
  for (unsigned i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
    g_ptr_array_add (words, (void *)json_array_get_string_element (json_node_get_array (node), i));
  g_ptr_array_add (words, NULL);
  g_object_set (info, name, words->pdata, NULL);
}

static void
set_attributes (ClrMessageInfo *info, const char *text)
{
  g_autoptr (JsonNode) root = text ? json_from_string (text, NULL) : NULL;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return;
  JsonObject *attributes = json_node_get_object (root);
  g_object_set (info, "subject", json_object_get_string_member_with_default (attributes, "subject", NULL),
                "message-id", json_object_get_string_member_with_default (attributes, "message-id", NULL),
                NULL);
  set_words (info, "repairs", attributes);
  set_words (info, "quirks", attributes);
  set_words (info, "signatures", attributes);
  set_words (info, "authentication", attributes);
}

static void
add_recipients (GListStore *list, const ClrMessage *message, const ClrMessage *without)
{
  for (unsigned i = 0; message && i < message->n_recipients; i++)
    if (find_address (without, message->recipients[i].number) == NULL)
      {
        g_autoptr (ClrRecipientInfo) recipient = view_recipient (&message->recipients[i]);
        g_list_store_append (list, recipient);
      }
}

/* @finished: has recipients that @message has not, or NULL. */
static ClrMessageInfo *
view (const ClrMessage *message, const ClrMessage *finished, const char *place, GListStore *attempts)
{
  char id[CLR_ID_TEXT];
  g_autoptr (GListStore) recipients = g_list_store_new (CLR_TYPE_RECIPIENT_INFO);

  clr_id_to_text (message->id, id);
  add_recipients (recipients, message, NULL);
  add_recipients (recipients, finished, message);
  ClrMessageInfo *info = g_object_new (CLR_TYPE_MESSAGE_INFO, "id", id, "sender", message->sender, "origin",
                                       message->origin, "client", message->client, "device", message->device,
                                       "size", (gint64)message->size, "envid", message->envid, "place", place,
                                       "recipients", recipients, "attempts", attempts, NULL);
  set_time (info, "received", message->created_us);
  set_attributes (info, message->attributes);
  return info;
}

ClrMessageInfo *
clr_view_message (const ClrMessage *message)
{
  return view (message, NULL, "queue", NULL);
}

ClrMessageInfo *
clr_view_traced (const ClrTraced *traced)
{
  g_autoptr (GListStore) attempts = g_list_store_new (CLR_TYPE_ATTEMPT_INFO);

  for (unsigned i = 0; i < traced->attempts->len; i++)
    {
      g_autoptr (ClrAttemptInfo) attempt
          = view_attempt (traced, &g_array_index (traced->attempts, ClrAttempt, i));
      g_list_store_append (attempts, attempt);
    }
  return view (traced->queued ? traced->queued : traced->finished, traced->queued ? traced->finished : NULL,
               traced->queued ? "queue" : "history", attempts);
}

ClrLaneInfo *
clr_view_lane (const ClrLaneFacts *facts)
{
  ClrLaneInfo *info
      = g_object_new (CLR_TYPE_LANE_INFO, "key", facts->key, "in-memory", (gint64)facts->n_memory, "site",
                      facts->site, "reason", facts->rest_reason, NULL);

  set_time (info, "next-due", facts->next_due_us);
  set_time (info, "resting-until", facts->rest_until_us);
  return info;
}
