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
  ClrRecipientInfo *info
      = g_object_new (CLR_TYPE_RECIPIENT_INFO, "address", recipient->address, "state",
                      clr_recipient_state_get_name (recipient->state), "via", recipient->lane, "attempts",
                      (gint64)recipient->attempts, "host", recipient->host, "code", (gint64)recipient->code,
                      "enhanced", recipient->enhanced, "reply", recipient->text, NULL);

  if (recipient->state == CLR_RECIPIENT_WAITING)
    {
      set_time (info, "next-attempt", recipient->due_us);
      set_time (info, "expires", recipient->expires_us);
    }
  set_time (info, "last-attempt", recipient->tried_us);
  return info;
}

static ClrAttemptInfo *
view_attempt (const ClrMessage *message, const ClrAttempt *attempt)
{
  const char *address = NULL;

  for (unsigned i = 0; i < message->n_recipients; i++)
    if (message->recipients[i].number == attempt->recipient)
      address = message->recipients[i].address;
  ClrAttemptInfo *info
      = g_object_new (CLR_TYPE_ATTEMPT_INFO, "recipient", address, "outcome", attempt->outcome, "phase",
                      attempt->phase, "host", attempt->host, "tls", attempt->tls, "code",
                      (gint64)attempt->code, "enhanced", attempt->enhanced, "reply", attempt->text, NULL);
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
  set_words (info, "signatures", attributes);
}

ClrMessageInfo *
clr_view_message (const ClrMessage *message, const char *place, const GArray *attempts)
{
  char id[CLR_ID_TEXT];
  g_autoptr (GListStore) recipients = g_list_store_new (CLR_TYPE_RECIPIENT_INFO);
  g_autoptr (GListStore) list = NULL;

  clr_id_to_text (message->id, id);
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      g_autoptr (ClrRecipientInfo) recipient = view_recipient (&message->recipients[i]);
      g_list_store_append (recipients, recipient);
    }
  if (attempts)
    {
      list = g_list_store_new (CLR_TYPE_ATTEMPT_INFO);
      for (unsigned i = 0; i < attempts->len; i++)
        {
          g_autoptr (ClrAttemptInfo) attempt
              = view_attempt (message, &g_array_index (attempts, ClrAttempt, i));
          g_list_store_append (list, attempt);
        }
    }
  ClrMessageInfo *info = g_object_new (CLR_TYPE_MESSAGE_INFO, "id", id, "sender", message->sender, "origin",
                                       message->origin, "client", message->client, "device", message->device,
                                       "size", (gint64)message->size, "envid", message->envid, "place", place,
                                       "recipients", recipients, "attempts", list, NULL);
  set_time (info, "received", message->created_us);
  set_attributes (info, message->attributes);
  return info;
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
