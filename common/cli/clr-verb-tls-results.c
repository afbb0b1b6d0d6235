/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "control/clr-api.h"

#include <glib/gi18n.h>
#include <stdio.h>

static void
print_failure (JsonArray *array, guint index, JsonNode *node, void *data)
{
  JsonObject *failure = json_node_get_object (node);

  printf (_ ("    %lld times %s at %s %s: %s\n"),
          (long long)json_object_get_int_member_with_default (failure, "failed-session-count", 0),
          clr_verb_get (failure, "result-type"), clr_verb_get (failure, "receiving-mx-hostname"),
          clr_verb_get (failure, "receiving-ip"), clr_verb_get (failure, "additional-information"));
}

static void
print_policy (JsonArray *array, guint index, JsonNode *node, void *data)
{
  JsonObject *one = json_node_get_object (node), *summary = json_object_get_object_member (one, "summary");

  printf (_ ("  %s: %lld good, %lld failed\n"),
          clr_verb_get (json_object_get_object_member (one, "policy"), "policy-type"),
          (long long)json_object_get_int_member_with_default (summary, "total-successful-session-count", 0),
          (long long)json_object_get_int_member_with_default (summary, "total-failure-session-count", 0));
  if (json_object_has_member (one, "failure-details"))
    json_array_foreach_element (json_object_get_array_member (one, "failure-details"), print_failure, NULL);
}

int
clr_verb_tls_results (ClrVerbOptions *options, int argc, char **argv)
{
  int code;
  gboolean send = FALSE;
  GOptionEntry entries[] = {
    { "send", 0, 0, G_OPTION_ARG_NONE, &send,
      N_ ("Send what has not been reported to the domains that ask for it, now"), NULL },
    { NULL },
  };

  if (!clr_verb_parse (
          options, "[DOMAIN]",
          _ ("Shows what came of TLS with the mail exchangers of other domains, by day (UTC), as RFC "
             "8460 counts it."),
          entries, &argc, &argv, &code))
    return code;
  if (argc > 2)
    return clr_verb_usage (_ ("tls-results: one domain at the most"));
  if (send)
    {
      g_autoptr (JsonNode) sent = clr_verb_request (options, "POST", CLR_API_TLS_RESULTS, "{}", &code);

      if (sent)
        printf (
            _ ("%lld domains are asked whether and where they want reports; the log tells of each\n"),
            (long long)json_object_get_int_member_with_default (json_node_get_object (sent), "domains", 0));
      return sent ? CLR_EXIT_OK : code;
    }
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", CLR_API_TLS_RESULTS, NULL, &code);
  if (root == NULL)
    return code;
  JsonArray *days = json_object_get_array_member (json_node_get_object (root), "days");
  for (guint i = json_array_get_length (days); argc == 2 && i-- > 0;)
    if (g_ascii_strcasecmp (clr_verb_get (json_array_get_object_element (days, i), "domain"), argv[1]) != 0)
      json_array_remove_element (days, i);
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  clr_verb_make_printable (root);
  days = json_object_get_array_member (json_node_get_object (root), "days");
  for (guint i = 0; i < json_array_get_length (days); i++)
    {
      JsonObject *day = json_array_get_object_element (days, i);

      printf ("%s %s\n", clr_verb_get (day, "date"), clr_verb_get (day, "domain"));
      json_array_foreach_element (json_object_get_array_member (day, "policies"), print_policy, NULL);
    }
  return CLR_EXIT_OK;
}
