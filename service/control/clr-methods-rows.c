/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/queue/rows: any part of the list of what waits, by position, in an order, however long it is.
 */
#include "control/clr-methods-private.h"

#include "base/clr-id.h"
#include "control/clr-api.h"
#include "control/clr-views.h"
#include "queue/clr-history.h"

/* What has left queue and history since. (transfer full) */
static ClrMessageInfo *
view_gone (uint64_t id)
{
  char text[CLR_ID_TEXT];

  clr_id_to_text (id, text);
  return g_object_new (CLR_TYPE_MESSAGE_INFO, "id", text, "place", "gone", NULL);
}

/* In the reader's thread: only what is the call's own is touched. */
static char *
write_rows (const ClrRollCall *call)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, call->roll);
  JsonObject *answer = json_object_new ();
  JsonArray *rows = json_array_new ();

  for (unsigned i = 0; i < call->found->len; i++)
    {
      const ClrTraced *traced = g_ptr_array_index (call->found, i);
      g_autoptr (ClrMessageInfo) info = traced->queued || traced->finished
                                            ? clr_view_traced (traced)
                                            : view_gone (g_array_index (call->ids, uint64_t, i));

      json_array_add_element (rows, clr_json_from_object (G_OBJECT (info)));
    }
  json_object_set_string_member (answer, "roll", number);
  json_object_set_int_member (answer, "total", (gint64)call->total);
  json_object_set_boolean_member (answer, "complete", call->complete);
  json_object_set_int_member (answer, "offset", (gint64)call->from);
  json_object_set_array_member (answer, "messages", rows);
  json_node_take_object (node, answer);
  return clr_json_to_text (node, FALSE);
}

static void
on_rows (ClrLetter *letter, void *owner)
{
  ClrRollCall *call = (ClrRollCall *)letter;
  ClrPendingCall *pending = call->data;

  if (call->problem)
    clr_methods_answer_error (pending->message, SOUP_STATUS_SERVICE_UNAVAILABLE, call->problem);
  else if (call->is_lost)
    clr_methods_answer_error (pending->message, SOUP_STATUS_NOT_FOUND,
                              "roll: this list is not kept any more; ask without it");
  else
    clr_methods_answer_text (pending->message, g_steal_pointer (&call->text));
  clr_roll_call_free (call);
  clr_pending_call_go_on (pending);
}

typedef struct
{
  guint64 roll, offset, limit;
  ClrRollOrder order;
  gboolean descending;
} Wish;

/* Returns: NULL, or what is wrong. */
static const char *
read_wish (ClrCall *call, Wish *wish)
{
  const char *roll = clr_call_get_parameter (call, "roll"), *offset = clr_call_get_parameter (call, "offset"),
             *limit = clr_call_get_parameter (call, "limit"), *order = clr_call_get_parameter (call, "order"),
             *descending = clr_call_get_parameter (call, "descending");

  wish->limit = CLR_API_PAGE;
  wish->descending = descending && g_str_equal (descending, "true");
  if (roll && !g_ascii_string_to_unsigned (roll, 10, 1, G_MAXINT64, &wish->roll, NULL))
    return "roll: what an answer said";
  if (offset && !g_ascii_string_to_unsigned (offset, 10, 0, G_MAXINT64, &wish->offset, NULL))
    return "offset: a number from 0";
  if (limit && !g_ascii_string_to_unsigned (limit, 10, 0, CLR_API_PAGE_MOST, &wish->limit, NULL))
    return "limit: a number from 0 to 1000";
  if (order && !clr_roll_order_from_name (order, &wish->order))
    return "order: accepted, sender, recipient, subject, size, state, next or device";
  return NULL;
}

void
clr_method_list_rows (ClrCall *call)
{
  const char *words = clr_call_get_parameter (call, "filter"),
             *state = clr_call_get_parameter (call, "state");
  g_autofree char *all = g_strconcat (words ? words : "", state ? " state:" : "", state ? state : "", NULL);
  Wish wish = { 0 };
  const char *wrong = read_wish (call, &wish);
  ClrFilter *filter;
  ClrRollCall *question;

  if (wrong)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, wrong);
      return;
    }
  if (!clr_call_read_filter (call, words && *words ? words : NULL, state, &filter))
    return;
  question = clr_roll_call_new (all, filter);
  g_clear_pointer (&filter, clr_filter_unref);
  question->roll = wish.roll;
  question->from = wish.offset;
  question->n = (unsigned)wish.limit;
  question->order = wish.order;
  question->descending = wish.descending;
  question->reply_to = call->place->mailbox;
  question->open = on_rows;
  question->write = write_rows;
  question->data = clr_call_wait (call);
  clr_history_post_roll (clr_queue_get_history (call->place->host.queue), question);
}
