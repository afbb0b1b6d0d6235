/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "control/clr-api.h"

#include <glib/gi18n.h>
#include <stdio.h>

static void
print_lane (JsonArray *array, guint index, JsonNode *node, void *data)
{
  JsonObject *lane = json_node_get_object (node);

  printf ("  %-30s ", clr_verb_get (lane, "key"));
  if (json_object_has_member (lane, "resting-until"))
    printf (_ ("resting until %s: %s\n"), clr_verb_get (lane, "resting-until"),
            clr_verb_get (lane, "reason"));
  else if (json_object_has_member (lane, "next-due"))
    printf (_ ("%d in delivery, next waiting message due %s\n"),
            (int)json_object_get_int_member (lane, "in-memory"), clr_verb_get (lane, "next-due"));
  else
    printf (_ ("%d in delivery\n"), (int)json_object_get_int_member (lane, "in-memory"));
}

int
clr_verb_status (ClrVerbOptions *options, int argc, char **argv)
{
  int code;

  if (!clr_verb_parse (options, "", _ ("Shows what the relay does now."), NULL, &argc, &argv, &code))
    return code;
  if (argc > 1)
    return clr_verb_usage (_ ("status takes no argument"));
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", CLR_API_STATUS, NULL, &code);
  if (root == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }

  JsonObject *status = json_node_get_object (root);
#define NUMBER(name) ((long long)json_object_get_int_member_with_default (status, name, 0))
  printf (_ ("Cl Mail Relay %s on %s, running since %s\n"), clr_verb_get (status, "version"),
          clr_verb_get (status, "hostname"), clr_verb_get (status, "started"));
  printf (_ ("Settings:   %s\n"), clr_verb_get (status, "settings-file"));
  if (json_object_has_member (status, "listeners"))
    {
      JsonArray *listeners = json_object_get_array_member (status, "listeners");
      for (guint i = 0; i < json_array_get_length (listeners); i++)
        printf (_ ("Listener:   %s\n"), json_array_get_string_element (listeners, i));
    }
  printf (
      _ ("Queue:      %lld messages; recipients: %lld waiting, %lld in delivery, %lld held, %lld failed\n"),
      NUMBER ("messages"), NUMBER ("waiting"), NUMBER ("active"), NUMBER ("held"), NUMBER ("failed"));
  printf (_ ("Since start: %lld messages accepted, %lld recipients delivered, %lld attempts deferred, %lld "
             "refused\n"),
          NUMBER ("accepted"), NUMBER ("delivered"), NUMBER ("deferred"), NUMBER ("refused"));
  printf (_ ("Connections: %lld in, %lld out\n"), NUMBER ("connections-in"), NUMBER ("connections-out"));
  if (NUMBER ("store-failures") > 0)
    printf (_ ("Warning:    the store refused %lld times since the start, see the log\n"),
            NUMBER ("store-failures"));
  if (json_object_has_member (status, "warnings"))
    {
      JsonArray *warnings = json_object_get_array_member (status, "warnings");
      for (guint i = 0; i < json_array_get_length (warnings); i++)
        printf (_ ("Warning:    %s\n"), json_array_get_string_element (warnings, i));
    }
#undef NUMBER
  if (json_object_has_member (status, "lanes")
      && json_array_get_length (json_object_get_array_member (status, "lanes")) > 0)
    {
      printf (_ ("Ways out:\n"));
      json_array_foreach_element (json_object_get_array_member (status, "lanes"), print_lane, NULL);
    }
  return CLR_EXIT_OK;
}
