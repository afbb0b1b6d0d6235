/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "control/clr-api.h"
#include "system/clr-terminal.h"

#include <glib/gi18n.h>
#include <stdio.h>

static void
print_reply (JsonObject *object)
{
  gint64 code = json_object_get_int_member_with_default (object, "code", 0);

  if (code)
    printf ("%d ", (int)code);
  if (*clr_verb_get (object, "enhanced"))
    printf ("%s ", clr_verb_get (object, "enhanced"));
  printf ("%s", clr_verb_get (object, "reply"));
}

static void
print_row (JsonObject *message)
{
  JsonArray *recipients = json_object_get_array_member (message, "recipients");

  printf ("%s  %s  %8lld  <%s>\n", clr_verb_get (message, "id"), clr_verb_get (message, "received"),
          (long long)json_object_get_int_member (message, "size"), clr_verb_get (message, "sender"));
  for (guint i = 0; i < json_array_get_length (recipients); i++)
    {
      JsonObject *recipient = json_array_get_object_element (recipients, i);

      printf ("    %-9s <%s>", clr_verb_get (recipient, "state"), clr_verb_get (recipient, "address"));
      if (*clr_verb_get (recipient, "next-attempt"))
        printf (_ (", next attempt %s"), clr_verb_get (recipient, "next-attempt"));
      if (*clr_verb_get (recipient, "reply"))
        {
          printf ("\n              %s: ",
                  *clr_verb_get (recipient, "host") ? clr_verb_get (recipient, "host") : _ ("here"));
          print_reply (recipient);
        }
      putchar ('\n');
    }
}

/* "&filter=..." for a query, or nothing. */
static char *
filter_query (const char *filter, const char *state)
{
  g_autofree char *words
      = g_strdup_printf ("%s%s%s", filter ? filter : "", state ? " state:" : "", state ? state : "");
  g_autofree char *escaped = g_uri_escape_string (words, NULL, FALSE);

  return *escaped ? g_strconcat ("&filter=", escaped, NULL) : g_strdup ("");
}

static int
list (ClrVerbOptions *options, const char *filter)
{
  g_autofree char *after = NULL;
  g_autoptr (JsonArray) all = json_array_new ();
  gboolean any = FALSE;
  int code;

  for (;;)
    {
      g_autofree char *path = g_strdup_printf ("%s?limit=%d%s%s%s", CLR_API_QUEUE, CLR_API_PAGE_MOST, filter,
                                               after ? "&after=" : "", after ? after : "");
      g_autoptr (JsonNode) root = clr_verb_request (options, "GET", path, NULL, &code);

      if (root == NULL)
        return code;
      JsonObject *page = json_node_get_object (root);
      JsonArray *messages = json_object_get_array_member (page, "messages");
      for (guint i = 0; i < json_array_get_length (messages); i++)
        {
          any = TRUE;
          if (options->json)
            json_array_add_element (all, json_node_copy (json_array_get_element (messages, i)));
          else
            print_row (json_array_get_object_element (messages, i));
        }
      g_free (after);
      after = g_strdup (json_object_get_string_member_with_default (page, "next", NULL));
      if (after == NULL)
        break;
    }
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
      json_node_set_array (node, all);
      clr_verb_print_json (node);
    }
  else if (!any)
    printf (_ ("The queue is empty.\n"));
  return CLR_EXIT_OK;
}

static void
print_words (JsonObject *message, const char *name, const char *label)
{
  JsonArray *words
      = json_object_has_member (message, name) ? json_object_get_array_member (message, name) : NULL;

  if (words == NULL || json_array_get_length (words) == 0)
    return;
  printf ("%s", label);
  for (guint i = 0; i < json_array_get_length (words); i++)
    printf ("%s%s", i ? ", " : "", json_array_get_string_element (words, i));
  putchar ('\n');
}

static int
show (ClrVerbOptions *options, const char *id)
{
  g_autofree char *escaped = g_uri_escape_string (id, NULL, FALSE);
  g_autofree char *path = g_strconcat (CLR_API_MESSAGES, escaped, NULL);
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", path, NULL, &code);

  if (root == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  JsonObject *message = json_node_get_object (root);
  print_row (message);
  printf (_ ("From:       %s (%s)\n"), clr_verb_get (message, "client"), clr_verb_get (message, "device"));
  if (*clr_verb_get (message, "subject"))
    printf (_ ("Subject:    %s\n"), clr_verb_get (message, "subject"));
  if (*clr_verb_get (message, "message-id"))
    printf (_ ("Message-ID: %s\n"), clr_verb_get (message, "message-id"));
  print_words (message, "repairs", _ ("Repaired:   "));
  print_words (message, "signatures", _ ("Signed:     "));
  print_words (message, "authentication", _ ("Checked:    "));
  if (json_object_has_member (message, "attempts"))
    {
      JsonArray *attempts = json_object_get_array_member (message, "attempts");
      for (guint i = 0; i < json_array_get_length (attempts); i++)
        {
          JsonObject *attempt = json_array_get_object_element (attempts, i);

          printf ("%s  %s <%s> %s%s%s: ", clr_verb_get (attempt, "ended"), clr_verb_get (attempt, "outcome"),
                  clr_verb_get (attempt, "recipient"), clr_verb_get (attempt, "host"),
                  *clr_verb_get (attempt, "tls") ? " " : "", clr_verb_get (attempt, "tls"));
          print_reply (attempt);
          putchar ('\n');
        }
    }
  return CLR_EXIT_OK;
}

static int
count (ClrVerbOptions *options, const char *filter)
{
  g_autofree char *path = g_strconcat (CLR_API_QUEUE_COUNT, "?", *filter ? filter + 1 : "", NULL);
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", path, NULL, &code);

  if (root == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (root);
  else
    printf (_ ("%lld recipients of %lld messages\n"),
            (long long)json_object_get_int_member (json_node_get_object (root), "recipients"),
            (long long)json_object_get_int_member (json_node_get_object (root), "messages"));
  return CLR_EXIT_OK;
}

/* Orders: what they are called, where they go, what is said of their result. */
static const struct
{
  const char *name, *path, *one, *many;
} orders[] = {
  { "hold", CLR_API_QUEUE_HOLD, N_ ("%d recipient is held.\n"), N_ ("%d recipients are held.\n") },
  { "release", CLR_API_QUEUE_RELEASE, N_ ("%d recipient released.\n"), N_ ("%d recipients released.\n") },
  { "retry", CLR_API_QUEUE_RETRY, N_ ("%d recipient is tried now.\n"),
    N_ ("%d recipients are tried now.\n") },
  { "delete", CLR_API_QUEUE_DELETE, N_ ("%d recipient deleted.\n"), N_ ("%d recipients deleted.\n") },
  { "expire", CLR_API_QUEUE_EXPIRE, N_ ("%d recipient given up.\n"), N_ ("%d recipients given up.\n") },
  { "priority", CLR_API_QUEUE_PRIORITY, N_ ("%d recipient has the new priority.\n"),
    N_ ("%d recipients have the new priority.\n") },
  { "reroute", CLR_API_QUEUE_REROUTE, N_ ("%d recipient goes another way.\n"),
    N_ ("%d recipients go another way.\n") },
  { "recipient", CLR_API_QUEUE_RECIPIENT, N_ ("%d recipient changed.\n"), N_ ("%d recipients changed.\n") },
};

static int
order (ClrVerbOptions *options, unsigned which, JsonObject *chosen)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  int code;

  json_node_set_object (node, chosen);
  g_autofree char *body = json_to_string (node, FALSE);
  g_autoptr (JsonNode) root = clr_verb_request (options, "POST", orders[which].path, body, &code);
  if (root == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (root);
  else
    {
      int n = json_object_get_int_member (json_node_get_object (root), "recipients");

      printf (g_dngettext (NULL, orders[which].one, orders[which].many, n), n);
    }
  return CLR_EXIT_OK;
}

static int
change_recipient (ClrVerbOptions *options, const char *id, const char *from, const char *to)
{
  g_autoptr (JsonObject) chosen = json_object_new ();

  json_object_set_string_member (chosen, "id", id);
  json_object_set_string_member (chosen, "from", from);
  json_object_set_string_member (chosen, "to", to);
  return order (options, G_N_ELEMENTS (orders) - 1, chosen);
}

/* A message's octets to standard output or a new file. */
static int
export_message (ClrVerbOptions *options, const char *id, const char *out)
{
  g_autofree char *escaped = g_uri_escape_string (id, NULL, FALSE);
  g_autofree char *path = g_strconcat (CLR_API_CONTENTS, escaped, NULL);
  g_autoptr (ClrClient) client = clr_verb_connect (options);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = clr_client_fetch_sync (client, path, NULL, &error);
  gsize size = 0;
  const void *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;

  if (bytes == NULL)
    return clr_verb_fail (error);
  if (out)
    return g_file_set_contents_full (out, data, size, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error)
               ? CLR_EXIT_OK
               : clr_verb_fail (error);
  clr_terminal_pass_octets (stdout);
  return fwrite (data, 1, size, stdout) == size && fflush (stdout) == 0 ? CLR_EXIT_OK : CLR_EXIT_FAILED;
}

int
clr_verb_queue (ClrVerbOptions *options, int argc, char **argv)
{
  gboolean all = FALSE, report = FALSE;
  g_autofree char *state = NULL, *words = NULL, *filter = NULL, *out = NULL, *reason = NULL;
  GOptionEntry entries[] = {
    { "all", 'a', 0, G_OPTION_ARG_NONE, &all, N_ ("The whole queue"), NULL },
    { "filter", 'f', 0, G_OPTION_ARG_STRING, &words, N_ ("Only mail that all the words fit (see below)"),
      N_ ("WORDS") },
    { "state", 0, 0, G_OPTION_ARG_STRING, &state, N_ ("With list or count: only in this state"),
      N_ ("STATE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_ ("With export: into this file"), N_ ("FILE") },
    { "report", 0, 0, G_OPTION_ARG_NONE, &report, N_ ("With delete: the sender gets a report"), NULL },
    { "reason", 0, 0, G_OPTION_ARG_STRING, &reason, N_ ("With delete: a report with this reason"),
      N_ ("TEXT") },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  if (!clr_verb_parse (
          options,
          "list | count | show ID | export ID | hold|release|retry|delete|expire ID|--all|--filter WORDS | "
          "priority N …",
          _ ("Shows and changes what waits in the queue. With expire, mail is given up and its sender told. "
             "A "
             "priority is a number from -9 (last) to 9 (first). With reroute, mail leaves by that [route], "
             "whatever "
             "its conditions; with recipient, it goes to the address NEW instead of OLD.\n\n"
             "Words of a filter: from: to: domain: device: route: state: reply: subject: message-id: "
             "older:4h "
             "newer:2d larger:1M smaller: id:, or a part of an address or subject; -word means all others; "
             "quotes keep blanks."),
          entries, &argc, &argv, &code))
    return code;
  const char *what = argc > 1 ? argv[1] : "list";
  gboolean is_priority = g_str_equal (what, "priority"), is_reroute = g_str_equal (what, "reroute");
  gboolean has_word = is_priority || is_reroute;
  const char *number = has_word && argc > 2 ? argv[2] : NULL;
  const char *id = argc > 2 + has_word ? argv[2 + has_word] : NULL;
  gint64 priority = 0;

  filter = filter_query (words, state);
  if (g_str_equal (what, "recipient") && argc == 5 && !all && !words && !state)
    return change_recipient (options, argv[2], argv[3], argv[4]);
  if (argc > 3 + has_word)
    return clr_verb_usage (_ ("queue: too many arguments"));
  if (g_str_equal (what, "list") && id == NULL)
    return list (options, filter);
  if (g_str_equal (what, "count") && id == NULL)
    return count (options, filter);
  if (g_str_equal (what, "show") && id)
    return show (options, id);
  if (g_str_equal (what, "export") && id)
    return export_message (options, id, out);
  if (is_priority && (number == NULL || !g_ascii_string_to_signed (number, 10, -9, 9, &priority, NULL)))
    return clr_verb_usage (_ ("queue: priority takes a number from -9 to 9, then an id, --all or --filter"));
  if (is_reroute && number == NULL)
    return clr_verb_usage (_ ("queue: reroute takes the name of a route, then an id, --all or --filter"));
  if (g_str_equal (what, "recipient"))
    return clr_verb_usage (_ ("queue: recipient takes an id, the address as it is, and the new one"));
  if ((report || reason) && !g_str_equal (what, "delete"))
    return clr_verb_usage (_ ("queue: only delete takes --report and --reason"));
  for (unsigned i = 0; i < G_N_ELEMENTS (orders); i++)
    if (g_str_equal (what, orders[i].name))
      {
        g_autoptr (JsonObject) chosen = json_object_new ();

        if (all + (id != NULL) + (words != NULL) != 1 || state)
          return clr_verb_usage (_ ("queue: say either an id, --all or --filter"));
        if (all)
          json_object_set_boolean_member (chosen, "all", TRUE);
        else
          json_object_set_string_member (chosen, id ? "id" : "filter", id ? id : words);
        if (is_priority)
          json_object_set_int_member (chosen, "priority", priority);
        if (is_reroute)
          json_object_set_string_member (chosen, "route", number);
        if (report || reason)
          json_object_set_boolean_member (chosen, "report", TRUE);
        if (reason)
          json_object_set_string_member (chosen, "reason", reason);
        return order (options, i, chosen);
      }
  return clr_verb_usage (_ ("queue: list, count, show, export, hold, release, retry, delete, expire, "
                            "priority, reroute or recipient"));
}
