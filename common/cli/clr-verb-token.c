/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay token`: who may use the control API over TCP, and as what.
 */
#include "clr-verb.h"

#include "client/clr-pass.h"
#include "control/clr-api.h"
#include "control/clr-json.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  char *role;
  int days;
  char *out;
} Wanted;

static void
wanted_clear (Wanted *wanted)
{
  g_free (wanted->role);
  g_free (wanted->out);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, wanted_clear)

static char *
format_time (gint64 time_us)
{
  g_autoptr (GDateTime) time = time_us ? g_date_time_new_from_unix_local (time_us / G_USEC_PER_SEC) : NULL;

  return time ? g_date_time_format (time, "%Y-%m-%d %H:%M") : g_strdup ("-");
}

/* The token is shown here and never again. */
static int
tell (ClrVerbOptions *options, const Wanted *wanted, JsonNode *answer)
{
  JsonObject *object = json_node_get_object (answer);
  const char *url = clr_json_get_text (object, "url"), *token = clr_verb_get (object, "token");
  ClrPass pass = { (char *)url, (char *)token, (char *)clr_json_get_text (object, "fingerprint") };
  g_autoptr (GError) error = NULL;

  if (wanted->out)
    {
      if (!clr_pass_write (&pass, wanted->out, &error))
        return clr_verb_fail (error);
      printf (_ ("%s lets its bearer in: clrelay --socket %s status\n"), wanted->out, wanted->out);
      return CLR_EXIT_OK;
    }
  if (options->json)
    clr_verb_print_json (answer);
  else
    {
      printf ("%s\n", token);
      fprintf (stderr, "%s\n", url ? url : _ ("No address is set for it yet: [control] listen."));
      if (pass.fingerprint)
        fprintf (stderr, "%s\n", pass.fingerprint);
    }
  return CLR_EXIT_OK;
}

static int
add (ClrVerbOptions *options, const Wanted *wanted, const char *name)
{
  g_autoptr (JsonNode) order = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *object = json_object_new ();
  int code = CLR_EXIT_OK;

  if (wanted->out && !g_str_has_suffix (wanted->out, CLR_PASS_SUFFIX))
    return clr_verb_usage (_ ("token: the name of the --out file ends in .pass"));
  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "role", wanted->role ? wanted->role : "viewer");
  json_object_set_int_member (object, "days", wanted->days);
  json_node_take_object (order, object);
  g_autofree char *body = json_to_string (order, FALSE);
  answer = clr_verb_request (options, "POST", CLR_API_TOKENS, body, &code);
  return answer ? tell (options, wanted, answer) : code;
}

static int
list (ClrVerbOptions *options)
{
  int code = CLR_EXIT_OK;
  g_autoptr (JsonNode) answer = clr_verb_request (options, "GET", CLR_API_TOKENS, NULL, &code);
  JsonArray *tokens;

  if (answer == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (answer);
      return CLR_EXIT_OK;
    }
  tokens = json_object_get_array_member (json_node_get_object (answer), "tokens");
  for (unsigned i = 0; tokens && i < json_array_get_length (tokens); i++)
    {
      JsonObject *token = json_array_get_object_element (tokens, i);
      g_autofree char *created = format_time (json_object_get_int_member_with_default (token, "created", 0));
      g_autofree char *expires = format_time (json_object_get_int_member_with_default (token, "expires", 0));

      printf ("%-24s %-9s %-17s %s\n", clr_verb_get (token, "name"), clr_verb_get (token, "role"), created,
              expires);
    }
  return CLR_EXIT_OK;
}

static int
take_away (ClrVerbOptions *options, const char *name)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree char *path = g_strconcat (CLR_API_TOKEN, escaped, NULL);
  int code = CLR_EXIT_OK;
  g_autoptr (JsonNode) answer = clr_verb_request (options, "DELETE", path, NULL, &code);

  return answer ? CLR_EXIT_OK : code;
}

int
clr_verb_token (ClrVerbOptions *options, int argc, char **argv)
{
  g_auto (Wanted) wanted = { 0 };
  const GOptionEntry entries[] = {
    { "role", 'r', 0, G_OPTION_ARG_STRING, &wanted.role,
      N_ ("viewer (if not said), operator, auditor, admin"), "ROLE" },
    { "days", 'd', 0, G_OPTION_ARG_INT, &wanted.days, N_ ("How long it is good; for ever if not said"), "N" },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &wanted.out,
      N_ ("Write a pass file, which --socket takes, instead of printing the token"), "FILE.pass" },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  if (!clr_verb_parse (options, "add NAME | list | remove NAME",
                       _ ("Who may use the control API over TCP. A token is shown once, when it is made."),
                       entries, &argc, &argv, &code))
    return code;
  if (argc == 3 && g_str_equal (argv[1], "add"))
    return add (options, &wanted, argv[2]);
  if (argc == 2 && g_str_equal (argv[1], "list"))
    return list (options);
  if (argc == 3 && g_str_equal (argv[1], "remove"))
    return take_away (options, argv[2]);
  return clr_verb_usage (_ ("token: add NAME, list or remove NAME"));
}
