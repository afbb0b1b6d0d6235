/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "control/clr-api.h"

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
  for (const char *p = clr_verb_get (object, "reply"); *p; p++)
    putchar (*p == '\n' ? ' ' : *p);
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

static int
list (ClrVerbOptions *options, const char *state)
{
  g_autofree char *after = NULL;
  g_autoptr (JsonArray) all = json_array_new ();
  gboolean any = FALSE;
  int code;

  for (;;)
    {
      g_autofree char *path
          = g_strdup_printf ("%s?limit=%d%s%s%s%s", CLR_API_QUEUE, CLR_API_PAGE_MOST, state ? "&state=" : "",
                             state ? state : "", after ? "&after=" : "", after ? after : "");
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
change (ClrVerbOptions *options, const char *path, gboolean all, const char *id)
{
  g_autoptr (JsonNode) order = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  int code;

  if (all)
    json_object_set_boolean_member (object, "all", TRUE);
  else
    json_object_set_string_member (object, "id", id);
  json_node_take_object (order, object);
  g_autofree char *body = json_to_string (order, FALSE);
  g_autoptr (JsonNode) root = clr_verb_request (options, "POST", path, body, &code);
  if (root == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (root);
  else
    {
      int n = json_object_get_int_member (json_node_get_object (root), "recipients");
      printf (g_str_equal (path, CLR_API_QUEUE_RETRY)
                  ? ngettext ("%d recipient is tried now.\n", "%d recipients are tried now.\n", n)
                  : ngettext ("%d recipient deleted.\n", "%d recipients deleted.\n", n),
              n);
    }
  return CLR_EXIT_OK;
}

int
clr_verb_queue (ClrVerbOptions *options, int argc, char **argv)
{
  gboolean all = FALSE;
  g_autofree char *state = NULL;
  GOptionEntry entries[] = {
    { "all", 'a', 0, G_OPTION_ARG_NONE, &all, N_ ("With retry or delete: the whole queue"), NULL },
    { "state", 0, 0, G_OPTION_ARG_STRING, &state, N_ ("With list: only waiting, active or failed"), "STATE" },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  if (!clr_verb_parse (options, "list | show ID | retry ID|--all | delete ID|--all",
                       _ ("Shows and changes what waits in the queue."), entries, &argc, &argv, &code))
    return code;
  const char *what = argc > 1 ? argv[1] : "list", *id = argc > 2 ? argv[2] : NULL;
  if (argc > 3)
    return clr_verb_usage (_ ("queue: too many arguments"));
  if (g_str_equal (what, "list") && id == NULL)
    return list (options, state);
  if (g_str_equal (what, "show") && id)
    return show (options, id);
  gboolean retry = g_str_equal (what, "retry");
  if (!retry && !g_str_equal (what, "delete"))
    return clr_verb_usage (_ ("queue: list, show ID, retry or delete"));
  if (all == (id != NULL))
    return clr_verb_usage (_ ("queue: retry and delete take either an id or --all"));
  return change (options, retry ? CLR_API_QUEUE_RETRY : CLR_API_QUEUE_DELETE, all, id);
}
