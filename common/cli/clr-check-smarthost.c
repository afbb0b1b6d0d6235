/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay check smarthost`: asks the running service, whose worker does what a delivery would do.
 */
#include "clr-verb.h"

#include "control/clr-api.h"

#include <glib/gi18n.h>
#include <stdio.h>

static void
print_step (JsonArray *array, guint index, JsonNode *node, void *data)
{
  JsonObject *step = json_node_get_object (node);
  gboolean ok = json_object_get_boolean_member_with_default (step, "ok", FALSE);
  const char *text = clr_verb_get (step, "text"), *advice = clr_verb_get (step, "advice");

  printf ("  %-6s %-9s %s%s%s\n", ok ? _ ("ok") : _ ("FAILED"), clr_verb_get (step, "step"),
          clr_verb_get (step, "host"), *text ? ": " : "", text);
  if (*advice)
    printf ("         %s\n", advice);
}

int
clr_check_smarthost (ClrVerbOptions *options, int argc, char **argv)
{
  g_autofree char *from = NULL, *to = NULL;
  const GOptionEntry entries[] = {
    { "from", 0, 0, G_OPTION_ARG_STRING, &from, N_ ("Sender to ask about"), "ADDRESS" },
    { "to", 0, 0, G_OPTION_ARG_STRING, &to, N_ ("Recipient to ask about; no message is sent"), "ADDRESS" },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  if (!clr_verb_parse (
          options, "smarthost NAME",
          _ ("Looks at a smarthost step by step, as the running service would deliver to it: DNS, connect, "
             "EHLO, TLS, AUTH, and with --to MAIL and RCPT, taken back."),
          entries, &argc, &argv, &code))
    return code;
  if (argc != 3)
    return clr_verb_usage (_ ("check smarthost: the name of a [smarthost]"));
  g_autoptr (JsonNode) order = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "smarthost", argv[2]);
  if (from)
    json_object_set_string_member (object, "from", from);
  if (to)
    json_object_set_string_member (object, "to", to);
  json_node_take_object (order, object);
  g_autofree char *body = json_to_string (order, FALSE);
  g_autoptr (JsonNode) root = clr_verb_request (options, "POST", CLR_API_CHECK_SMARTHOST, body, &code);
  if (root == NULL)
    return code;
  JsonObject *answer = json_node_get_object (root);
  const char *result = clr_verb_get (answer, "result");
  if (options->json)
    clr_verb_print_json (root);
  else
    {
      json_array_foreach_element (json_object_get_array_member (answer, "steps"), print_step, NULL);
      printf ("%s: %s\n", result, clr_verb_get (answer, "reason"));
    }
  return g_str_equal (result, "ok")      ? CLR_EXIT_OK
         : g_str_equal (result, "error") ? CLR_EXIT_NOT_FOUND
                                         : CLR_EXIT_INVALID;
}
