/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/sessions: the sessions of now, in and out. /v1/sessions/record: the next sessions of one client, device
 * or next hop, as they speak; without what logs somebody in, and without content but for those who may read
 * mail.
 */
#include "control/clr-methods-private.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
#include "control/clr-api.h"
#include "model/clr-model.h"
#include "sessions/clr-sessions.h"

#include <gio/gio.h>
#include <string.h>

/* -- the list */

/* What a list was asked for. */
typedef struct
{
  ClrPendingCall *pending;
  char *text;    /* casefolded; NULL: all */
  int direction; /* 0: both, 1: in, 2: out */
  unsigned limit;
} Question;

static ClrSessionInfo *
view_session (const ClrSessionFacts *facts)
{
  g_autofree char *id = clr_session_facts_dup_id (facts);

  return g_object_new (CLR_TYPE_SESSION_INFO, "id", id, "direction", facts->is_outgoing ? "out" : "in",
                       "peer", facts->peer, "name", facts->name, "place", facts->place, "device",
                       facts->device, "login", facts->login, "tls", facts->tls, "state", facts->state, "age",
                       (gint64)(facts->age_us / G_USEC_PER_SEC), "octets-in", (gint64)facts->octets_in,
                       "octets-out", (gint64)facts->octets_out, "messages", (gint64)facts->messages,
                       "recorded", (gint64)facts->is_recorded, NULL);
}

static gboolean
has_text (const char *value, const char *text)
{
  g_autofree char *folded = value ? g_utf8_casefold (value, -1) : NULL;

  return folded && strstr (folded, text);
}

static gboolean
is_wanted (const Question *question, const ClrSessionFacts *facts)
{
  const char *const values[]
      = { facts->peer, facts->name, facts->place, facts->device, facts->login, facts->state };

  if (question->direction && (question->direction == 2) != facts->is_outgoing)
    return FALSE;
  for (unsigned i = 0; question->text && i < G_N_ELEMENTS (values); i++)
    if (has_text (values[i], question->text))
      return TRUE;
  return question->text == NULL;
}

static int
compare_ages (const void *a, const void *b)
{
  const ClrSessionFacts *left = a, *right = b;

  return (left->age_us > right->age_us) - (left->age_us < right->age_us);
}

static void
on_roll (ClrLetter *letter, void *owner)
{
  ClrCensus *roll = (ClrCensus *)letter;
  Question *question = roll->data;
  g_autoptr (GListStore) list = g_list_store_new (CLR_TYPE_SESSION_INFO);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  g_array_sort (roll->sessions, compare_ages);
  for (unsigned i = 0;
       i < roll->sessions->len && g_list_model_get_n_items (G_LIST_MODEL (list)) < question->limit; i++)
    {
      const ClrSessionFacts *facts = &g_array_index (roll->sessions, ClrSessionFacts, i);

      if (is_wanted (question, facts))
        {
          g_autoptr (ClrSessionInfo) info = view_session (facts);
          g_list_store_append (list, info);
        }
    }
  json_object_set_member (object, "sessions", clr_json_from_list (G_LIST_MODEL (list)));
  json_object_set_int_member (object, "all", roll->n_all);
  json_node_take_object (node, object);
  clr_methods_answer_json (question->pending->message, node);
  clr_pending_call_go_on (question->pending);
  g_free (question->text);
  g_free (question);
  clr_census_free (roll);
}

void
clr_method_list_sessions (ClrCall *call)
{
  const char *direction = clr_call_get_parameter (call, "direction"),
             *text = clr_call_get_parameter (call, "text"), *limit = clr_call_get_parameter (call, "limit");
  guint64 most = CLR_API_PAGE;
  int which = 0;

  if (direction)
    which = g_str_equal (direction, "in") ? 1 : g_str_equal (direction, "out") ? 2 : -1;
  if (which < 0 || (limit && !g_ascii_string_to_unsigned (limit, 10, 1, CLR_CENSUS_MOST, &most, NULL)))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                which < 0 ? "direction: in or out" : "limit: a number from 1 to 5000");
      return;
    }
  Question *question = g_new0 (Question, 1);
  question->text = text ? g_utf8_casefold (text, -1) : NULL;
  question->direction = which;
  question->limit = (unsigned)most;
  question->pending = clr_call_wait (call);
  clr_sessions_post_census (call->place->host.sessions,
                            clr_census_new (CLR_CENSUS_MOST, call->place->mailbox, on_roll, question));
}

/* -- records */

#define ID "r%" G_GUINT64_FORMAT

static const char *
describe_state (const ClrRecord *record)
{
  return clr_record_is_over (record) ? "done" : record->sessions->len > 0 ? "recording" : "waiting";
}

static JsonObject *
view_record (const ClrRecord *record)
{
  static const char *const kinds[] = {
    [CLR_RECORD_CLIENT] = "client", [CLR_RECORD_DEVICE] = "device", [CLR_RECORD_NEXT_HOP] = "next-hop"
  };
  JsonObject *object = json_object_new ();
  g_autofree char *id = g_strdup_printf (ID, record->number), *begun = clr_time_to_text (record->begun_us),
                  *until = clr_time_to_text (record->until_us);

  json_object_set_string_member (object, "record", id);
  json_object_set_string_member (object, "what", kinds[record->order->kind]);
  json_object_set_string_member (object, "name", record->order->name);
  json_object_set_string_member (object, "who", record->who);
  json_object_set_string_member (object, "begun", begun);
  json_object_set_string_member (object, "until", until);
  json_object_set_string_member (object, "state", describe_state (record));
  json_object_set_int_member (object, "wanted", record->wanted);
  json_object_set_int_member (object, "recorded", record->sessions->len);
  json_object_set_boolean_member (object, "content", record->order->with_content);
  return object;
}

static JsonObject *
view_line (const ClrRecordLine *line)
{
  JsonObject *object = json_object_new ();
  g_autofree char *time = clr_time_to_text (line->time_us);

  json_object_set_string_member (object, "time", time);
  json_object_set_string_member (object, "from", clr_speaker_get_name (line->speaker));
  json_object_set_string_member (object, "text", line->text);
  return object;
}

static JsonArray *
view_recorded (const ClrRecord *record)
{
  JsonArray *array = json_array_new ();

  for (unsigned i = 0; i < record->sessions->len; i++)
    {
      const ClrRecordedSession *session = g_ptr_array_index (record->sessions, i);
      JsonObject *object = json_object_new ();
      JsonArray *lines = json_array_new ();

      json_object_set_string_member (object, "id", session->id);
      json_object_set_string_member (object, "direction", session->is_outgoing ? "out" : "in");
      if (session->peer)
        json_object_set_string_member (object, "peer", session->peer);
      json_object_set_boolean_member (object, "ended", session->has_ended);
      json_object_set_boolean_member (object, "cut", session->is_cut);
      for (unsigned k = 0; k < session->lines->len; k++)
        json_array_add_object_element (lines, view_line (&g_array_index (session->lines, ClrRecordLine, k)));
      json_object_set_array_member (object, "lines", lines);
      json_array_add_object_element (array, object);
    }
  return array;
}

static void
answer_object (ClrCall *call, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}

/* A member that is a whole number from 1 to @most. Returns: FALSE when it is something else. */
static gboolean
read_number (JsonObject *object, const char *name, gint64 most, gint64 *number)
{
  JsonNode *member = json_object_get_member (object, name);

  if (member == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (member) || json_node_get_value_type (member) != G_TYPE_INT64)
    return FALSE;
  *number = json_node_get_int (member);
  return *number >= 1 && *number <= most;
}

/* Which of the three is named; exactly one must be. */
static gboolean
read_wish (JsonObject *object, ClrRecordWish *wish)
{
  static const char *const members[] = {
    [CLR_RECORD_CLIENT] = "client", [CLR_RECORD_DEVICE] = "device", [CLR_RECORD_NEXT_HOP] = "next-hop"
  };
  gint64 sessions = 1, seconds = CLR_RECORD_SECONDS, size = CLR_RECORD_SIZE;
  unsigned n = 0;

  for (unsigned i = 0; i < G_N_ELEMENTS (members); i++)
    if (json_object_has_member (object, members[i]))
      {
        wish->kind = i;
        wish->name = clr_json_get_text (object, members[i]);
        n++;
      }
  if (n != 1 || wish->name == NULL || *wish->name == 0
      || !read_number (object, "sessions", CLR_RECORD_SESSIONS, &sessions)
      || !read_number (object, "seconds", CLR_RECORD_SECONDS_MOST, &seconds)
      || !read_number (object, "size", CLR_RECORD_SIZE_MOST, &size))
    return FALSE;
  wish->sessions = (unsigned)sessions;
  wish->seconds = (unsigned)seconds;
  wish->size = (size_t)size;
  wish->with_content = clr_json_is_true (object, "content");
  return TRUE;
}

/* An order that every worker has by now. */
typedef struct
{
  ClrPendingCall *pending;
  uint64_t number;
} Ordered;

static void
on_ordered (ClrLetter *letter, void *owner)
{
  ClrCensus *roll = (ClrCensus *)letter;
  Ordered *ordered = roll->data;
  const ClrRecord *record
      = clr_sessions_find_record (ordered->pending->place->host.sessions, ordered->number);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  if (record)
    {
      json_node_take_object (node, view_record (record));
      clr_methods_answer_json (ordered->pending->message, node);
    }
  else
    clr_methods_answer_error (ordered->pending->message, SOUP_STATUS_NOT_FOUND,
                              "the record has been dropped meanwhile");
  clr_pending_call_go_on (ordered->pending);
  g_free (ordered);
  clr_census_free (roll);
}

/* Whoever is answered can rely on it that the next session is recorded: a roll that has been round comes
 * behind the order. */
static void
answer_when_ordered (ClrCall *call, uint64_t number)
{
  Ordered *ordered = g_new0 (Ordered, 1);

  ordered->number = number;
  ordered->pending = clr_call_wait (call);
  clr_sessions_post_census (call->place->host.sessions,
                            clr_census_new (0, call->place->mailbox, on_ordered, ordered));
}

void
clr_method_record_sessions (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  ClrRecordWish wish = { .who = call->who };
  const ClrRecord *record;

  if (root == NULL || !read_wish (json_node_get_object (root), &wish))
    {
      clr_methods_answer_error (
          call->message, SOUP_STATUS_BAD_REQUEST,
          "say {\"client\": \"192.0.2.7\"}, {\"device\": \"NAME\"} or {\"next-hop\": "
          "\"NAME\"}; sessions (1 to 20), seconds (1 to 86400), size (octets a session, up "
          "to 2097152) and content (true or false) may follow");
      return;
    }
  if (wish.with_content && !(call->role & (CLR_ROLE_READER | CLR_ROLE_ADMIN)))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_FORBIDDEN,
                                "only the roles reader and admin may record the content of messages");
      return;
    }
  if (wish.kind == CLR_RECORD_DEVICE
      && !clr_settings_find (host->get_settings (host->data), "device", wish.name))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND,
                                "there is no such [device] in the settings; clrelay device list");
      return;
    }
  record = clr_sessions_record (host->sessions, &wish);
  if (record == NULL)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "client: an IP address is needed, such as 192.0.2.7");
      return;
    }
  g_autofree char *what = g_strdup_printf ("record " ID " of sessions of %s%s ordered", record->number,
                                           wish.name, wish.with_content ? ", with content," : "");
  clr_methods_note (call->place, call->who, what, NULL);
  answer_when_ordered (call, record->number);
}

void
clr_method_list_records (ClrCall *call)
{
  const GPtrArray *records = clr_sessions_list_records (call->place->host.sessions);
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();

  for (unsigned i = records->len; i-- > 0;)
    json_array_add_object_element (array, view_record (g_ptr_array_index (records, i)));
  json_object_set_array_member (object, "records", array);
  answer_object (call, object);
}

static gboolean
read_record_id (ClrCall *call, guint64 *number)
{
  if (*call->rest == 'r' && g_ascii_string_to_unsigned (call->rest + 1, 10, 1, G_MAXUINT64, number, NULL))
    return TRUE;
  clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND,
                            "there is no such record; " CLR_API_RECORDS " lists them");
  return FALSE;
}

/* As a person reads it: who spoke, and what. (transfer full) */
static GString *
write_text (const ClrRecord *record)
{
  static const char *const marks[] = { [CLR_SPEAKER_CLIENT] = "C: ",
                                       [CLR_SPEAKER_SERVER] = "S: ",
                                       [CLR_SPEAKER_CONTENT] = "   | ",
                                       [CLR_SPEAKER_NOTE] = "-- " };
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < record->sessions->len; i++)
    {
      const ClrRecordedSession *session = g_ptr_array_index (record->sessions, i);

      g_string_append_printf (text, "%s# session %s, %s %s\n", i ? "\n" : "", session->id,
                              session->is_outgoing ? "out to" : "in from",
                              session->peer ? session->peer : "?");
      for (unsigned k = 0; k < session->lines->len; k++)
        {
          const ClrRecordLine *line = &g_array_index (session->lines, ClrRecordLine, k);
          g_autofree char *time = clr_time_to_text (line->time_us);

          g_string_append_printf (text, "%s %s%s\n", time, marks[line->speaker], line->text);
        }
      g_string_append_printf (text, "# %s\n",
                              session->is_cut      ? "the record is full here"
                              : session->has_ended ? "the session is over"
                                                   : "the session goes on");
    }
  return text;
}

void
clr_method_get_record (ClrCall *call)
{
  const char *format = clr_call_get_parameter (call, "format");
  const ClrRecord *record;
  guint64 number;

  if (!read_record_id (call, &number))
    return;
  record = clr_sessions_find_record (call->place->host.sessions, number);
  if (record == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND,
                              "there is no such record; " CLR_API_RECORDS " lists them");
  else if (record->order->with_content && !(call->role & (CLR_ROLE_READER | CLR_ROLE_ADMIN)))
    clr_methods_answer_error (
        call->message, SOUP_STATUS_FORBIDDEN,
        "this record has the content of messages; only the roles reader and admin may see it");
  else if (format && !g_str_equal (format, "text") && !g_str_equal (format, "json"))
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "format: json or text");
  else
    {
      g_autofree char *what = g_strdup_printf ("record " ID " with content read", number);

      if (record->order->with_content)
        clr_methods_note (call->place, call->who, what, NULL);
      if (g_strcmp0 (format, "text") == 0)
        {
          GString *text = write_text (record);
          gsize size = text->len;

          soup_server_message_set_status (call->message, SOUP_STATUS_OK, NULL);
          soup_server_message_set_response (call->message, "text/plain; charset=utf-8", SOUP_MEMORY_TAKE,
                                            g_string_free (text, FALSE), size);
          return;
        }
      JsonObject *object = view_record (record);
      json_object_set_array_member (object, "sessions", view_recorded (record));
      answer_object (call, object);
    }
}

void
clr_method_drop_record (ClrCall *call)
{
  guint64 number;

  if (!read_record_id (call, &number))
    return;
  if (!clr_sessions_drop_record (call->place->host.sessions, number))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND,
                                "there is no such record; " CLR_API_RECORDS " lists them");
      return;
    }
  g_autofree char *what = g_strdup_printf ("record " ID " dropped", number);
  clr_methods_note (call->place, call->who, what, NULL);
  clr_methods_answer_number (call->message, "records", 1);
}
