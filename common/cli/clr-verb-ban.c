/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "control/clr-api.h"

#include <glib/gi18n.h>
#include <stdio.h>

static int
list (ClrVerbOptions *options)
{
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", CLR_API_BANS, NULL, &code);

  if (root == NULL)
    return code;
  JsonArray *bans = json_object_get_array_member (json_node_get_object (root), "bans");
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
      json_node_set_array (node, bans);
      clr_verb_print_json (node);
      return CLR_EXIT_OK;
    }
  clr_verb_make_printable (root);
  for (guint i = 0; i < json_array_get_length (bans); i++)
    {
      JsonObject *ban = json_array_get_object_element (bans, i);

      printf (_ ("%-40s until %s\n"), clr_verb_get (ban, "subject"), clr_verb_get (ban, "until"));
    }
  if (json_array_get_length (bans) == 0)
    printf (_ ("Nobody is banned.\n"));
  return CLR_EXIT_OK;
}

static int
lift (ClrVerbOptions *options, const char *subject)
{
  g_autofree char *escaped = g_uri_escape_string (subject, NULL, FALSE);
  g_autofree char *path = g_strconcat (CLR_API_BANS "/", escaped, NULL);
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "DELETE", path, "{}", &code);

  if (root == NULL)
    return code;
  printf (_ ("The ban of %s is lifted.\n"), subject);
  return CLR_EXIT_OK;
}

int
clr_verb_ban (ClrVerbOptions *options, int argc, char **argv)
{
  int code;

  if (!clr_verb_parse (options, "list|lift SUBJECT",
                       _ ("Lists who is banned for failed logins, or lifts a ban: of an address or a login."),
                       NULL, &argc, &argv, &code))
    return code;
  if (argc == 2 && g_str_equal (argv[1], "list"))
    return list (options);
  if (argc == 3 && g_str_equal (argv[1], "lift"))
    return lift (options, argv[2]);
  return clr_verb_usage (_ ("ban: list, or lift ADDRESS or LOGIN"));
}
