/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Recent events, for those who follow the log. A follower asks for what is behind the last number he has
 * seen, and is kept waiting a while when there is nothing; nobody on the mail path waits for, or wakes, a
 * follower, and one who is too slow is told how much he has missed.
 */
#include "control/clr-methods-private.h"

#include "base/clr-ring.h"
#include "control/clr-api.h"

#include <string.h>

#define LOOK_MS   100u
#define WAIT_MOST 20u    /* seconds */
#define SEEN_MOST 20000u /* events looked at for one answer */
#define FOLLOWERS 16u

static const char *const level_names[] = { "error", "warning", "info", "debug" };

typedef struct
{
  ClrMethodPlace *place;
  SoupServerMessage *message;
  guint source;
  int64_t deadline_us;
  uint64_t after;
  unsigned limit;
  int level; /* the least important that is told */
  char *event, *id, *text;

  JsonArray *events;
  unsigned n_seen;
} Follower;

static void
follower_free (Follower *follower)
{
  if (follower->source)
    g_source_remove (follower->source);
  g_object_unref (follower->message);
  g_free (follower->event);
  g_free (follower->id);
  g_free (follower->text);
  g_free (follower);
}

/* "recipient." is all of them. */
static gboolean
wants (const Follower *follower, const ClrEventInfo *info, const char *const *values)
{
  size_t size = follower->event ? strlen (follower->event) : 0;

  if ((int)info->level > follower->level)
    return FALSE;
  if (follower->event
      && (strncmp (info->name, follower->event, size) != 0
          || (info->name[size] != 0 && (size == 0 || follower->event[size - 1] != '.'))))
    return FALSE;
  /* Where there is an id, it is the first field. */
  return follower->id == NULL
         || (g_str_has_prefix (info->fields, "id") && g_strcmp0 (values[0], follower->id) == 0);
}

static gboolean
on_event (uint64_t number, int64_t time_us, ClrEventId id, const char *const *values, void *data)
{
  Follower *follower = data;
  const ClrEventInfo *info = clr_event_get_info (id);
  g_autoptr (GString) sentence = NULL;
  g_autoptr (GString) members = NULL;

  if (++follower->n_seen >= SEEN_MOST)
    return FALSE;
  if (!wants (follower, info, values))
    return TRUE;
  sentence = g_string_new (NULL);
  clr_event_to_sentence (id, values, sentence);
  if (follower->text)
    {
      g_autofree char *folded = g_utf8_casefold (sentence->str, -1);
      if (strstr (folded, follower->text) == NULL)
        return TRUE;
    }
  g_autofree char *time = clr_time_to_text (time_us);
  members = g_string_new ("{\"fields\":{\"event\":\"\"");
  clr_event_to_json (id, values, members);
  g_string_append (members, "}}");
  g_autoptr (JsonNode) root = json_from_string (members->str, NULL);
  JsonObject *event = root ? json_object_ref (json_node_get_object (root)) : json_object_new ();
  if (json_object_has_member (event, "fields"))
    json_object_remove_member (json_object_get_object_member (event, "fields"), "event");
  json_object_set_int_member (event, "number", number);
  json_object_set_string_member (event, "time", time);
  json_object_set_string_member (event, "level", level_names[info->level]);
  json_object_set_string_member (event, "event", info->name);
  json_object_set_string_member (event, "text", sentence->str);
  json_array_add_object_element (follower->events, event);
  return json_array_get_length (follower->events) < follower->limit;
}

/* Returns: whether it was answered. */
static gboolean
look (Follower *follower, gboolean last)
{
  uint64_t missed = 0;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object;

  if (!last && clr_ring_get_newest () <= follower->after)
    return FALSE;
  follower->events = json_array_new ();
  follower->n_seen = 0;
  follower->after = clr_ring_visit (follower->after, on_event, follower, &missed);
  if (!last && missed == 0 && json_array_get_length (follower->events) == 0)
    {
      json_array_unref (follower->events);
      return FALSE;
    }
  node = json_node_new (JSON_NODE_OBJECT);
  object = json_object_new ();
  json_object_set_array_member (object, "events", follower->events);
  json_object_set_int_member (object, "next", follower->after);
  json_object_set_int_member (object, "missed", missed);
  json_node_take_object (node, object);
  clr_methods_answer_json (follower->message, node);
  return TRUE;
}

static void
finish (Follower *follower)
{
  follower->place->followers = g_slist_remove (follower->place->followers, follower);
  soup_server_message_unpause (follower->message);
  follower_free (follower);
}

/* A request that waits is not read from, so that nobody else sees its end. */
static gboolean
has_gone (const Follower *follower)
{
  GSocketAddress *address = soup_server_message_get_remote_address (follower->message);
  GSocket *socket = address ? g_object_get_data (G_OBJECT (address), CLR_METHODS_SOCKET) : NULL;

  return socket && g_socket_condition_check (socket, G_IO_HUP | G_IO_ERR);
}

static gboolean
on_look (void *data)
{
  Follower *follower = data;

  if (!has_gone (follower) && !look (follower, g_get_monotonic_time () >= follower->deadline_us))
    return G_SOURCE_CONTINUE;
  follower->source = 0;
  finish (follower);
  return G_SOURCE_REMOVE;
}

void
clr_methods_log_stop (ClrMethodPlace *place)
{
  while (place->followers)
    {
      look (place->followers->data, TRUE);
      finish (place->followers->data);
    }
}

static gboolean
read_number (ClrCall *call, const char *name, guint64 most, guint64 *number)
{
  const char *text = clr_call_get_parameter (call, name);

  if (text == NULL || g_ascii_string_to_unsigned (text, 10, 0, most, number, NULL))
    return TRUE;
  g_autofree char *problem = g_strdup_printf ("%s: a number from 0 to %" G_GUINT64_FORMAT, name, most);
  clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, problem);
  return FALSE;
}

void
clr_method_get_log (ClrCall *call)
{
  const char *level = clr_call_get_parameter (call, "level"), *text = clr_call_get_parameter (call, "text");
  guint64 after = 0, wait = 0, limit = CLR_API_PAGE;
  Follower *follower;
  int least = G_N_ELEMENTS (level_names) - 1;

  if (!read_number (call, "after", G_MAXINT64, &after) || !read_number (call, "wait", WAIT_MOST, &wait)
      || !read_number (call, "limit", CLR_API_PAGE_MOST, &limit))
    return;
  for (least = level ? 0 : least; level && least < (int)G_N_ELEMENTS (level_names); least++)
    if (g_str_equal (level, level_names[least]))
      break;
  if (least == G_N_ELEMENTS (level_names))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "level: error, warning, info or debug");
      return;
    }
  if (wait > 0 && g_slist_length (call->place->followers) >= FOLLOWERS)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_SERVICE_UNAVAILABLE,
                                "too many follow the log already");
      return;
    }
  follower = g_new0 (Follower, 1);
  follower->place = call->place;
  follower->message = g_object_ref (call->message);
  /* A number from before a restart: all that is there is new. */
  follower->after = after > clr_ring_get_newest () ? 0 : after;
  follower->limit = MAX (limit, 1);
  follower->level = least;
  follower->event = g_strdup (clr_call_get_parameter (call, "event"));
  follower->id = g_strdup (clr_call_get_parameter (call, "id"));
  follower->text = text ? g_utf8_casefold (text, -1) : NULL;
  follower->deadline_us = g_get_monotonic_time () + wait * G_USEC_PER_SEC;
  if (look (follower, wait == 0))
    {
      follower_free (follower);
      return;
    }
  soup_server_message_pause (call->message);
  call->place->followers = g_slist_prepend (call->place->followers, follower);
  follower->source = g_timeout_add (LOOK_MS, on_look, follower);
}
