/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay alert`: what is wrong, and that somebody knows of it.
 */
#include "clr-verb.h"

#include "control/clr-api.h"
#include "control/clr-json.h"

#include <glib/gi18n.h>
#include <stdio.h>

static void
print_alert (JsonObject *alert)
{
  const char *subject = clr_verb_get (alert, "subject"), *by = clr_verb_get (alert, "acknowledged-by");

  printf ("%-12s %s: %s\n", clr_verb_get (alert, "state"), clr_verb_get (alert, "name"),
          clr_verb_get (alert, "text"));
  printf (_ ("    since %s"), clr_verb_get (alert, "since"));
  if (*subject)
    printf (_ ("; subject %s"), subject);
  if (*by)
    printf (_ ("; acknowledged by %s"), by);
  if (json_object_has_member (alert, "cleared"))
    printf (_ ("; over at %s"), clr_verb_get (alert, "cleared"));
  printf ("\n");
}

static int
list (ClrVerbOptions *options)
{
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", CLR_API_ALERTS, NULL, &code);
  JsonArray *alerts;

  if (root == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  clr_verb_make_printable (root);
  alerts = json_object_get_array_member (json_node_get_object (root), "alerts");
  for (guint i = 0; i < json_array_get_length (alerts); i++)
    print_alert (json_array_get_object_element (alerts, i));
  if (json_array_get_length (alerts) == 0)
    printf (_ ("Nothing is wrong of what the [alert] sections of the settings look at.\n"));
  return CLR_EXIT_OK;
}

static int
order (ClrVerbOptions *options, const char *path, const char *name, const char *subject)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT), answer = NULL;
  JsonObject *object = json_object_new ();
  int code;

  json_object_set_string_member (object, "name", name);
  if (subject)
    json_object_set_string_member (object, "subject", subject);
  json_node_take_object (node, object);
  g_autofree char *body = clr_json_to_text (node, FALSE);
  answer = clr_verb_request (options, "POST", path, body, &code);
  if (answer == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (answer);
  else
    printf (g_str_equal (path, CLR_API_ALERTS_TEST) ? _ ("Those of alert %s are told that this is a test.\n")
                                                    : _ ("Alert %s is acknowledged.\n"),
            name);
  return CLR_EXIT_OK;
}

int
clr_verb_alert (ClrVerbOptions *options, int argc, char **argv)
{
  const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };
  int code;

  if (!clr_verb_parse (
          options, "list | acknowledge NAME [SUBJECT] | test NAME",
          _ ("Lists alerts that are active, and those that were; says that somebody knows of one; "
             "sends a test to those whom an [alert] tells."),
          entries, &argc, &argv, &code))
    return code;
  if (argc == 1 || (argc == 2 && g_str_equal (argv[1], "list")))
    return list (options);
  if ((argc == 3 || argc == 4) && g_str_equal (argv[1], "acknowledge"))
    return order (options, CLR_API_ALERTS_ACKNOWLEDGE, argv[2], argc == 4 ? argv[3] : NULL);
  if (argc == 3 && g_str_equal (argv[1], "test"))
    return order (options, CLR_API_ALERTS_TEST, argv[2], NULL);
  return clr_verb_usage (_ ("alert: list, acknowledge NAME [SUBJECT], or test NAME"));
}
