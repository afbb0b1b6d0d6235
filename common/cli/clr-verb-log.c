/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "control/clr-api.h"
#include "control/clr-json.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define WAIT 20 /* seconds the service keeps a question */

static void
print_event (ClrVerbOptions *options, JsonNode *node)
{
  JsonObject *event = json_node_get_object (node);

  if (options->json)
    {
      g_autofree char *text = clr_json_to_text (node, FALSE);
      printf ("%s\n", text);
    }
  else
    printf ("%s %-7s %s\n", clr_verb_get (event, "time"), clr_verb_get (event, "level"),
            clr_verb_get (event, "text"));
}

static void
print_gap (ClrVerbOptions *options, gint64 missed)
{
  if (options->json)
    printf ("{\"gap\":%" G_GINT64_FORMAT "}\n", missed);
  else
    printf (_ ("... %lld events are gone: there were more than the service keeps ...\n"), (long long)missed);
}

static void
append_parameter (GString *query, const char *name, const char *value)
{
  g_autofree char *escaped = value ? g_uri_escape_string (value, NULL, FALSE) : NULL;

  if (escaped)
    g_string_append_printf (query, "&%s=%s", name, escaped);
}

int
clr_verb_log (ClrVerbOptions *options, int argc, char **argv)
{
  g_autofree char *id = NULL, *level = NULL, *event = NULL, *text = NULL;
  gboolean follow = FALSE;
  int lines = 20, code;
  GOptionEntry entries[] = {
    { "follow", 'f', 0, G_OPTION_ARG_NONE, &follow, N_ ("Go on with what happens from now on"), NULL },
    { "lines", 'n', 0, G_OPTION_ARG_INT, &lines, N_ ("How many of the past are shown first (20)"), "N" },
    { "id", 0, 0, G_OPTION_ARG_STRING, &id, N_ ("Only of this message"), "QUEUE-ID" },
    { "level", 0, 0, G_OPTION_ARG_STRING, &level, N_ ("At least as important: error, warning, info, debug"),
      "LEVEL" },
    { "event", 0, 0, G_OPTION_ARG_STRING, &event,
      N_ ("Only of this kind: recipient.failed, or recipient. for all"), "NAME" },
    { "text", 0, 0, G_OPTION_ARG_STRING, &text, N_ ("Only lines with this text"), "TEXT" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GString) query = g_string_new (NULL);
  g_autoptr (GQueue) past = g_queue_new ();
  gint64 after = 0, missed = 0;
  gboolean caught_up = FALSE;

  if (!clr_verb_parse (
          options, "",
          _ ("Shows recent events of the running service, as far as its level in [log] lets them "
             "through. What is older stands in the log itself."),
          entries, &argc, &argv, &code))
    return code;
  if (argc > 1)
    return clr_verb_usage (_ ("log takes options only"));
  if (lines < 0)
    return clr_verb_usage (_ ("log: --lines takes a number from 0 on"));
  append_parameter (query, "id", id);
  append_parameter (query, "level", level);
  append_parameter (query, "event", event);
  append_parameter (query, "text", text);
  for (;;)
    {
      g_autofree char *path
          = g_strdup_printf ("%s?after=%" G_GINT64_FORMAT "&limit=%d&wait=%d%s", CLR_API_LOG, after,
                             CLR_API_PAGE_MOST, caught_up ? WAIT : 0, query->str);
      g_autoptr (JsonNode) root = clr_verb_request (options, "GET", path, NULL, &code);

      if (root == NULL)
        {
          g_queue_clear_full (past, (GDestroyNotify)json_node_unref);
          return code;
        }
      JsonObject *answer = json_node_get_object (root);
      JsonArray *events = json_object_get_array_member (answer, "events");
      gint64 next = json_object_get_int_member (answer, "next");
      missed = json_object_get_int_member (answer, "missed");
      if (caught_up && missed > 0)
        print_gap (options, missed);
      for (guint i = 0; i < json_array_get_length (events); i++)
        if (caught_up)
          print_event (options, json_array_get_element (events, i));
        else
          {
            g_queue_push_tail (past, json_node_copy (json_array_get_element (events, i)));
            if (g_queue_get_length (past) > (guint)lines)
              json_node_unref (g_queue_pop_head (past));
          }
      /* Nothing new: the past is complete. */
      if (!caught_up && next == after)
        {
          caught_up = TRUE;
          for (JsonNode *node; (node = g_queue_pop_head (past)); json_node_unref (node))
            print_event (options, node);
          if (!follow)
            return CLR_EXIT_OK;
        }
      after = next;
      fflush (stdout);
      if (ferror (stdout))
        return CLR_EXIT_FAILED;
    }
}
