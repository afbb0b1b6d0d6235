/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay import`: another relay's configuration becomes settings. Without --apply it only tells; with it
 * the settings go through the service when it runs, else into the file, and through the same check as all.
 */
#include "clr-place.h"

#include "control/clr-api.h"
#include "import/clr-import.h"
#include "settings/clr-diff.h"
#include "settings/clr-plain-file.h"
#include "settings/clr-secret.h"
#include "settings/clr-settings-change.h"
#include "settings/clr-settings.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

/* A table that a configuration names. */
static char *
load_file (const char *path, void *data)
{
  gsize size;

  return clr_plain_file_read (path, 1024 * 1024, &size, NULL);
}

static const char *const words[] = { "taken", "look", "not done" };

static void
tell_notes (ClrImport *import)
{
  const char *shown[] = { _ ("taken   "), _ ("look    "), _ ("not done") };

  for (unsigned i = 0; i < import->notes->len; i++)
    {
      ClrImportNote *note = g_ptr_array_index (import->notes, i);
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
      g_autofree char *line = g_strdup_printf ("%s: %s", note->what, note->text);

      json_node_set_string (node, line);
      clr_verb_make_printable (node);
      printf ("%s  %s\n", shown[note->result], json_node_get_string (node));
    }
}

static void
tell_json (ClrImport *import, const char *file, const char *diff, gboolean applied)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *notes = json_array_new ();

  for (unsigned i = 0; i < import->notes->len; i++)
    {
      ClrImportNote *note = g_ptr_array_index (import->notes, i);
      JsonObject *one = json_object_new ();

      json_object_set_string_member (one, "result", words[note->result]);
      json_object_set_string_member (one, "what", note->what);
      json_object_set_string_member (one, "text", note->text);
      json_array_add_object_element (notes, one);
    }
  json_object_set_array_member (object, "report", notes);
  json_object_set_string_member (object, "file", file);
  json_object_set_string_member (object, "diff", diff);
  json_object_set_int_member (object, "secrets", import->secrets->len);
  json_object_set_boolean_member (object, "applied", applied);
  json_node_take_object (node, object);
  clr_verb_print_json (node);
}

static gboolean
store_secrets (ClrImport *import, ClrPlace *place, ClrSettings *settings, GError **error)
{
  const char *state = clr_section_get_text (clr_settings_get_section (settings, "server"), "state-directory");
  gboolean ok = TRUE;

  for (unsigned i = 0; ok && i < import->secrets->len; i++)
    {
      ClrImportSecret *secret = g_ptr_array_index (import->secrets, i);

      if (place->client == NULL)
        {
          ok = clr_secret_store (state, secret->name, secret->secret, strlen (secret->secret), error);
          continue;
        }
      g_autoptr (JsonNode) body = json_node_new (JSON_NODE_OBJECT);
      JsonObject *object = json_object_new ();
      g_autofree char *path = g_strconcat (CLR_API_SECRETS, secret->name, NULL);

      json_object_set_string_member (object, "secret", secret->secret);
      json_node_take_object (body, object);
      g_autoptr (JsonNode) answer = clr_place_request (place, "PUT", path, body, error);
      ok = answer != NULL;
    }
  return ok;
}

/* The settings are checked already: what fails here is the machine, or a port that another has. */
static gboolean
apply (ClrImport *import, ClrPlace *place, const char *text, ClrSettings *settings, GError **error)
{
  if (!store_secrets (import, place, settings, error))
    return FALSE;
  if (place->client == NULL)
    return clr_settings_file_replace (place->file, text, place->now->etag, error);
  g_autoptr (JsonNode) body = clr_settings_change_write (import->changes, place->now->etag);
  g_autoptr (JsonNode) answer = clr_place_request (place, "PATCH", CLR_API_SETTINGS, body, error);
  return answer != NULL;
}

static int
finish (ClrVerbOptions *options, ClrImport *import, ClrPlace *place, gboolean wanted)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_settings_change_apply (place->now->text, import->changes, &error);
  g_autofree char *diff = text ? clr_diff (place->now->text, text) : NULL;
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings
      = text ? clr_settings_new_from_text (text, strlen (text), place->file, &problems) : NULL;

  if (text == NULL)
    return clr_verb_fail (error);
  if (!options->json)
    {
      tell_notes (import);
      printf ("\n%s", diff);
    }
  if (settings == NULL)
    {
      g_autofree char *all = g_strjoinv ("\n", problems);

      if (options->json)
        tell_json (import, place->file, diff, FALSE);
      clr_verb_complain (_ ("with this the settings would not be valid; nothing was changed:"));
      clr_verb_complain (all);
      return CLR_EXIT_INVALID;
    }
  if (wanted && !apply (import, place, text, settings, &error))
    {
      clr_verb_fail (error);
      fprintf (stderr, _ ("clrelay: the settings were not changed.\n"));
      return clr_verb_get_code (error);
    }
  if (options->json)
    tell_json (import, place->file, diff, wanted);
  else if (!wanted)
    printf (_ ("\nNothing has been changed. With --apply this is put into %s.\n"), place->file);
  else
    printf (_ ("\nChanged%s; %u secrets kept. \"clrelay config undo\" takes the settings back.\n"),
            place->client ? _ (", and in force") : "", import->secrets->len);
  return CLR_EXIT_OK;
}

int
clr_verb_import (ClrVerbOptions *options, int argc, char **argv)
{
  gboolean wanted = FALSE;
  GOptionEntry entries[] = {
    { "apply", 0, 0, G_OPTION_ARG_NONE, &wanted, N_ ("Change the settings; without it only told"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (ClrImport) import = clr_import_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  ClrPlace place = { 0 };
  gsize size;
  int code;

  if (!clr_verb_parse (options,
                       "iis METABASE.XML | postfix MAIN.CF | emailrelay CONF | hmailserver BACKUP.XML",
                       _ ("Takes over another relay's configuration: tells what it becomes and what is not "
                          "possible, and with --apply changes the settings."),
                       entries, &argc, &argv, &code))
    return code;
  if (argc != 3)
    return clr_verb_usage (
        _ ("import: PRODUCT FILE; the products are iis, postfix, emailrelay, hmailserver"));
  import->load = load_file;
  text = clr_plain_file_read (argv[2], CLR_IMPORT_SIZE_MOST, &size, &error);
  if (text == NULL || !clr_import_read (import, argv[1], text, size, &error))
    {
      g_prefix_error (&error, "%s: ", argv[2]);
      return clr_verb_fail (error);
    }
  if (import->changes->len > CLR_SETTINGS_CHANGES_MOST)
    {
      tell_notes (import);
      g_autofree char *words_of_it
          = g_strdup_printf (_ ("%u settings are more than one change may have (%d); take them over by hand"),
                             import->changes->len, CLR_SETTINGS_CHANGES_MOST);
      clr_verb_complain (words_of_it);
      return CLR_EXIT_FAILED;
    }
  code = clr_place_open (&place, options, &error) ? finish (options, import, &place, wanted)
                                                  : clr_verb_fail (error);
  clr_place_clear (&place);
  return code;
}
