/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-place.h"

#include "control/clr-api.h"
#include "settings/clr-secret.h"
#include "settings/clr-settings.h"
#include "system/clr-terminal.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

gboolean
clr_verb_read_secret (const char *prompt, char *into, size_t size)
{
  gboolean typed, ok;

  if (clr_terminal_is (stdin))
    fprintf (stderr, "%s", prompt);
  typed = clr_terminal_hide ();
  ok = fgets (into, size, stdin) != NULL;
  if (typed)
    {
      clr_terminal_show ();
      fputc ('\n', stderr);
    }
  if (ok)
    into[strcspn (into, "\r\n")] = 0;
  return ok && *into;
}

gboolean
clr_verb_is_typed (void)
{
  return clr_terminal_is (stdin);
}

/* No service runs with these settings: they tell where secrets are kept. */
static int
store_here (const ClrPlace *place, const char *name, const char *secret)
{
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings
      = clr_settings_new_from_text (place->now->text, strlen (place->now->text), place->file, &problems);
  g_autoptr (GError) error = NULL;

  if (settings == NULL)
    {
      g_autofree char *all = g_strjoinv ("\n", problems);

      clr_verb_complain (_ ("the settings tell where secrets are kept, but are not valid:"));
      clr_verb_complain (all);
      return CLR_EXIT_INVALID;
    }
  const char *directory
      = clr_section_get_text (clr_settings_get_section (settings, "server"), "state-directory");
  if (!clr_secret_store (directory, name, secret, strlen (secret), &error))
    return clr_verb_fail (error);
  printf (_ ("The secret %s is set in %s/secrets; no service runs with %s.\n"), name, directory, place->file);
  return CLR_EXIT_OK;
}

/* The service keeps it, and uses it at once. */
static int
store_there (ClrVerbOptions *options, const char *name, const char *secret)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree char *path = g_strconcat (CLR_API_SECRETS, escaped, NULL);
  g_autoptr (JsonNode) order = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  int code;

  json_object_set_string_member (object, "secret", secret);
  json_node_take_object (order, object);
  g_autofree char *body = json_to_string (order, FALSE);
  g_autoptr (JsonNode) answer = clr_verb_request (options, "PUT", path, body, &code);
  explicit_bzero (body, strlen (body));
  if (answer == NULL)
    return code;
  printf (_ ("The secret %s is set and in use.\n"), name);
  return CLR_EXIT_OK;
}

int
clr_verb_secret (ClrVerbOptions *options, int argc, char **argv)
{
  char secret[CLR_SECRET_MAX + 2];
  ClrPlace place = { 0 };
  g_autoptr (GError) error = NULL;
  int code;

  if (!clr_verb_parse (options, "set NAME",
                       _ ("Keeps a secret, read from standard input, for settings that name it."), NULL,
                       &argc, &argv, &code))
    return code;
  if (argc != 3 || !g_str_equal (argv[1], "set"))
    return clr_verb_usage (_ ("secret: set NAME"));
  if (!clr_verb_read_secret (_ ("Secret: "), secret, sizeof secret))
    return clr_verb_usage (_ ("secret: nothing came on standard input"));
  if (!clr_place_open (&place, options, &error))
    code = clr_verb_fail (error);
  else
    code = place.client ? store_there (options, argv[2], secret) : store_here (&place, argv[2], secret);
  clr_place_clear (&place);
  explicit_bzero (secret, sizeof secret);
  return code;
}
