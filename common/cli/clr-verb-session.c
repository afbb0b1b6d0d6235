/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay session`: the sessions of now, in and out, and records of what the next ones say.
 */
#include "clr-verb.h"

#include "control/clr-api.h"
#include "control/clr-json.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  gboolean in, out;
  gboolean content;
  char *client, *device, *next_hop, *text;
  int sessions, seconds;
} Wanted;

static void
wanted_clear (Wanted *wanted)
{
  g_free (wanted->client);
  g_free (wanted->device);
  g_free (wanted->next_hop);
  g_free (wanted->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, wanted_clear)

static int
get_number (JsonObject *object, const char *name)
{
  return (int)json_object_get_int_member_with_default (object, name, 0);
}

static void
print_session (JsonObject *session)
{
  gboolean is_out = g_str_equal (clr_verb_get (session, "direction"), "out");
  const char *tls = clr_verb_get (session, "tls"), *device = clr_verb_get (session, "device"),
             *login = clr_verb_get (session, "login"), *name = clr_verb_get (session, "name");

  printf ("%-8s %s %s", clr_verb_get (session, "id"), is_out ? "->" : "<-", clr_verb_get (session, "peer"));
  if (!is_out)
    printf (_ (" as %s, device %s, listener %s"), *name ? name : "-", *device ? device : "-",
            clr_verb_get (session, "place"));
  else
    printf (_ (" by %s"), clr_verb_get (session, "place"));
  if (*login)
    printf (_ (", login %s"), login);
  printf (_ ("\n    %s; %s; for %d s, %d messages, %d octets in, %d out%s\n"),
          clr_verb_get (session, "state"), *tls ? tls : _ ("in clear"), get_number (session, "age"),
          get_number (session, "messages"), get_number (session, "octets-in"),
          get_number (session, "octets-out"), get_number (session, "recorded") ? _ ("; recorded") : "");
}

static int
list (ClrVerbOptions *options, const Wanted *wanted)
{
  g_autoptr (GString) path = g_string_new (CLR_API_SESSIONS "?limit=1000");
  g_autoptr (JsonNode) root = NULL;
  JsonArray *sessions;
  int code;

  if (wanted->in != wanted->out)
    g_string_append_printf (path, "&direction=%s", wanted->in ? "in" : "out");
  if (wanted->text)
    {
      g_autofree char *escaped = g_uri_escape_string (wanted->text, NULL, FALSE);
      g_string_append_printf (path, "&text=%s", escaped);
    }
  root = clr_verb_request (options, "GET", path->str, NULL, &code);
  if (root == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  clr_verb_make_printable (root);
  sessions = json_object_get_array_member (json_node_get_object (root), "sessions");
  for (guint i = 0; i < json_array_get_length (sessions); i++)
    print_session (json_array_get_object_element (sessions, i));
  printf (g_dngettext (GETTEXT_PACKAGE, "%d session in all.\n", "%d sessions in all.\n",
                       get_number (json_node_get_object (root), "all")),
          get_number (json_node_get_object (root), "all"));
  return CLR_EXIT_OK;
}

static void
print_record (JsonObject *record)
{
  printf (_ ("%-5s %s %s: %s, %d of %d sessions recorded, until %s, by %s\n"),
          clr_verb_get (record, "record"), clr_verb_get (record, "what"), clr_verb_get (record, "name"),
          clr_verb_get (record, "state"), get_number (record, "recorded"), get_number (record, "wanted"),
          clr_verb_get (record, "until"), clr_verb_get (record, "who"));
}

static int
list_records (ClrVerbOptions *options)
{
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", CLR_API_RECORDS, NULL, &code);
  JsonArray *records;

  if (root == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  records = json_object_get_array_member (json_node_get_object (root), "records");
  for (guint i = 0; i < json_array_get_length (records); i++)
    print_record (json_array_get_object_element (records, i));
  if (json_array_get_length (records) == 0)
    printf (_ ("Nothing was recorded since the service started.\n"));
  return CLR_EXIT_OK;
}

static int
record (ClrVerbOptions *options, const Wanted *wanted)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT), answer = NULL;
  JsonObject *object = json_object_new ();
  int code;

  if (wanted->client)
    json_object_set_string_member (object, "client", wanted->client);
  if (wanted->device)
    json_object_set_string_member (object, "device", wanted->device);
  if (wanted->next_hop)
    json_object_set_string_member (object, "next-hop", wanted->next_hop);
  if (wanted->sessions)
    json_object_set_int_member (object, "sessions", wanted->sessions);
  if (wanted->seconds)
    json_object_set_int_member (object, "seconds", wanted->seconds);
  if (wanted->content)
    json_object_set_boolean_member (object, "content", TRUE);
  json_node_take_object (node, object);
  g_autofree char *body = clr_json_to_text (node, FALSE);
  answer = clr_verb_request (options, "POST", CLR_API_RECORDS, body, &code);
  if (answer == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (answer);
      return CLR_EXIT_OK;
    }
  print_record (json_node_get_object (answer));
  printf (_ ("\"clrelay session show %s\" shows it.\n"),
          clr_verb_get (json_node_get_object (answer), "record"));
  return CLR_EXIT_OK;
}

/* One line of a dialogue: when, who, what. */
static void
print_line (JsonObject *line)
{
  const char *from = clr_verb_get (line, "from");
  const char *mark = g_str_equal (from, "client")    ? "C:"
                     : g_str_equal (from, "server")  ? "S:"
                     : g_str_equal (from, "content") ? "  |"
                                                     : "--";

  printf ("%s %s %s\n", clr_verb_get (line, "time"), mark, clr_verb_get (line, "text"));
}

static void
print_recorded (JsonObject *session)
{
  JsonArray *lines = json_object_get_array_member (session, "lines");

  printf (g_str_equal (clr_verb_get (session, "direction"), "out") ? _ ("\nSession %s, out to %s\n")
                                                                   : _ ("\nSession %s, in from %s\n"),
          clr_verb_get (session, "id"), clr_verb_get (session, "peer"));
  for (guint i = 0; i < json_array_get_length (lines); i++)
    print_line (json_array_get_object_element (lines, i));
  if (json_object_get_boolean_member_with_default (session, "cut", FALSE))
    printf (_ ("The record is full here.\n"));
  else if (!json_object_get_boolean_member_with_default (session, "ended", FALSE))
    printf (_ ("The session goes on.\n"));
}

/* GET or DELETE of one record. */
static JsonNode *
ask_record (ClrVerbOptions *options, const char *method, const char *name, int *code)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree char *path = g_strconcat (CLR_API_RECORD, escaped, NULL);

  return clr_verb_request (options, method, path, NULL, code);
}

static int
show (ClrVerbOptions *options, const char *name)
{
  int code;
  g_autoptr (JsonNode) root = ask_record (options, "GET", name, &code);
  JsonArray *sessions;

  if (root == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  clr_verb_make_printable (root);
  print_record (json_node_get_object (root));
  sessions = json_object_get_array_member (json_node_get_object (root), "sessions");
  for (guint i = 0; i < json_array_get_length (sessions); i++)
    print_recorded (json_array_get_object_element (sessions, i));
  return CLR_EXIT_OK;
}

static int
drop (ClrVerbOptions *options, const char *name)
{
  int code;
  g_autoptr (JsonNode) root = ask_record (options, "DELETE", name, &code);

  if (root == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (root);
  else
    printf (_ ("%s is ended and forgotten.\n"), name);
  return CLR_EXIT_OK;
}

int
clr_verb_session (ClrVerbOptions *options, int argc, char **argv)
{
  g_auto (Wanted) wanted = { 0 };
  const GOptionEntry entries[] = {
    { "in", 'i', 0, G_OPTION_ARG_NONE, &wanted.in, N_ ("list: only of clients"), NULL },
    { "out", 'o', 0, G_OPTION_ARG_NONE, &wanted.out, N_ ("list: only with next hops"), NULL },
    { "text", 't', 0, G_OPTION_ARG_STRING, &wanted.text, N_ ("list: only those with this text somewhere"),
      "TEXT" },
    { "client", 'c', 0, G_OPTION_ARG_STRING, &wanted.client, N_ ("record: sessions of this client address"),
      "ADDRESS" },
    { "device", 'd', 0, G_OPTION_ARG_STRING, &wanted.device, N_ ("record: sessions of this [device]"),
      "NAME" },
    { "next-hop", 'x', 0, G_OPTION_ARG_STRING, &wanted.next_hop,
      N_ ("record: sessions with this host, or by this [smarthost] or [route]"), "NAME" },
    { "sessions", 'n', 0, G_OPTION_ARG_INT, &wanted.sessions, N_ ("record: so many sessions (1)"), "N" },
    { "seconds", 's', 0, G_OPTION_ARG_INT, &wanted.seconds,
      N_ ("record: those that begin within this time (600)"), "N" },
    { "content", 0, 0, G_OPTION_ARG_NONE, &wanted.content,
      N_ ("record: the content of messages too; only for who may read mail, and audited"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  if (!clr_verb_parse (options, "list | record … | records | show RECORD | drop RECORD",
                       _ ("Lists the sessions of now, and records what the next sessions of a client, of a "
                          "device or with a next hop say. Passwords and tokens are never recorded."),
                       entries, &argc, &argv, &code))
    return code;
  if (argc == 1 || (argc == 2 && g_str_equal (argv[1], "list")))
    return list (options, &wanted);
  if (argc == 2 && g_str_equal (argv[1], "records"))
    return list_records (options);
  if (argc == 2 && g_str_equal (argv[1], "record"))
    {
      if ((wanted.client != NULL) + (wanted.device != NULL) + (wanted.next_hop != NULL) != 1)
        return clr_verb_usage (_ ("session: record takes one of --client, --device and --next-hop"));
      return record (options, &wanted);
    }
  if (argc == 3 && g_str_equal (argv[1], "show"))
    return show (options, argv[2]);
  if (argc == 3 && g_str_equal (argv[1], "drop"))
    return drop (options, argv[2]);
  return clr_verb_usage (_ ("session: list, record, records, show RECORD, or drop RECORD"));
}
