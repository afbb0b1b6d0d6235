/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-methods-private.h"

#include "base/clr-id.h"
#include "control/clr-api.h"
#include "control/clr-views.h"
#include "queue/clr-history.h"
#include "queue/clr-queue.h"

static void
add_messages (JsonObject *answer, const ClrTrace *trace)
{
  JsonArray *messages = json_array_new ();

  for (unsigned i = 0; i < trace->found->len; i++)
    {
      g_autoptr (ClrMessageInfo) info = clr_view_traced (g_ptr_array_index (trace->found, i));

      json_array_add_element (messages, clr_json_from_object (G_OBJECT (info)));
    }
  json_object_set_array_member (answer, "messages", messages);
}

/* How far it got, for whoever waits: all mail that came in from then on has been looked at. */
static void
add_cursor (JsonObject *answer, const ClrTrace *trace)
{
  json_object_set_int_member (answer, "looked-at", trace->looked);
  if (trace->more)
    {
      g_autofree char *reached = clr_time_to_text (clr_id_get_time (trace->before));
      char id[CLR_ID_TEXT];

      clr_id_to_text (trace->before, id);
      json_object_set_string_member (answer, "next", id);
      json_object_set_string_member (answer, "reached", reached);
    }
}

/* In the reader's thread: only what is the trace's own is touched. */
static char *
write_answer (const ClrTrace *trace)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *answer = json_object_new ();

  add_messages (answer, trace);
  add_cursor (answer, trace);
  json_node_take_object (node, answer);
  return clr_json_to_text (node, FALSE);
}

static void
on_trace (ClrLetter *letter, void *owner)
{
  ClrTrace *trace = (ClrTrace *)letter;
  ClrPendingCall *pending = trace->data;

  if (trace->problem)
    clr_methods_answer_error (pending->message, SOUP_STATUS_SERVICE_UNAVAILABLE, trace->problem);
  else
    clr_methods_answer_text (pending->message, g_steal_pointer (&trace->text));
  clr_trace_free (trace);
  clr_pending_call_go_on (pending);
}

void
clr_method_trace (ClrCall *call)
{
  uint64_t before = 0;
  unsigned n;
  ClrFilter *filter;

  if (!clr_call_read_page (call, &before, &n)
      || !clr_call_read_filter (call, clr_call_get_parameter (call, "filter"),
                                clr_call_get_parameter (call, "state"), &filter))
    return;
  ClrTrace *trace = clr_trace_new (filter, before, n);
  g_clear_pointer (&filter, clr_filter_unref);
  trace->reply_to = call->place->mailbox;
  trace->open = on_trace;
  trace->write = write_answer;
  trace->data = clr_call_wait (call);
  clr_history_post_trace (clr_queue_get_history (call->place->host.queue), trace);
}
