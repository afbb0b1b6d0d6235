/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Showing and changing settings: through the service when it runs and has this file, so that a change counts
 * at once; else on the file, by the same code.
 */
#include "clr-place.h"

#include "check/clr-check.h"
#include "control/clr-api.h"
#include "settings/clr-diff.h"
#include "settings/clr-settings-change.h"
#include "settings/clr-settings.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

static void
print_diff (ClrVerbOptions *options, ClrPlace *place, const char *diff, JsonArray *restart)
{
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "file", place->file);
      json_object_set_boolean_member (object, "applied", place->client != NULL);
      json_object_set_string_member (object, "diff", diff);
      if (restart)
        json_object_set_array_member (object, "restart", json_array_ref (restart));
      json_node_take_object (node, object);
      clr_verb_print_json (node);
      return;
    }
  printf ("%s", diff);
  for (guint i = 0; restart && place->client && i < json_array_get_length (restart); i++)
    printf (_ ("Note: %s takes effect at the next start of the service.\n"),
            json_array_get_string_element (restart, i));
}

static void
tell_change (ClrVerbOptions *options, ClrPlace *place, const char *diff, JsonArray *restart, gboolean undone)
{
  print_diff (options, place, diff, restart);
  if (options->json)
    return;
  if (*diff == 0)
    printf (_ ("Nothing has changed.\n"));
  else if (place->client)
    printf (_ ("Changed, and in force.\n"));
  else
    printf (_ ("Changed in %s; no service runs with this file.\n"), place->file);
  if (*diff == 0)
    return;
  if (undone)
    printf (_ ("What stood there is kept in %s.versions/undone.\n"), place->file);
  else
    printf (_ ("\"clrelay config undo\" takes it back.\n"));
}

/* What came of a change that the service made. */
static int
tell_answer (ClrVerbOptions *options, ClrPlace *place, JsonNode *root, gboolean undone)
{
  JsonObject *object = json_node_get_object (root);

  tell_change (options, place, clr_verb_get (object, "diff"),
               json_object_has_member (object, "restart") ? json_object_get_array_member (object, "restart")
                                                          : NULL,
               undone);
  return CLR_EXIT_OK;
}

static int
tell_local (ClrVerbOptions *options, ClrPlace *place, gboolean undone)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettingsFile) after = clr_settings_file_read (place->file, &error);

  if (after == NULL)
    return clr_verb_fail (error);
  g_autofree char *diff = clr_diff (place->now->text, after->text);
  tell_change (options, place, diff, NULL, undone);
  return CLR_EXIT_OK;
}

/* Problems of the settings are not failures of the machine. */
static int
fail_change (const GError *error)
{
  clr_verb_fail (error);
  fprintf (stderr, _ ("clrelay: nothing was changed.\n"));
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT) ? CLR_EXIT_INVALID
                                                                          : clr_verb_get_code (error);
}

/* Without a service the file is judged here, as the service would. Returns: (transfer full) (nullable): the
 * text that may be written */
static char *
accept_opening (ClrVerbOptions *options, char *text, GError **error)
{
  g_autofree char *former = text;
  g_autoptr (JsonObject) in = json_object_new ();
  ClrSettingChange accept = { (char *)"server", NULL, (char *)"accept-open-relay", (char *)"true", NULL };

  json_object_set_string_member (in, "settings", text);
  g_autoptr (JsonNode) node = clr_check_relay (in, NULL);
  JsonObject *answer = json_node_get_object (node);
  if (!g_str_equal (clr_verb_get (answer, "result"), "open")
      || json_object_get_boolean_member (json_object_get_object_member (answer, "details"), "accepted"))
    return g_steal_pointer (&former);
  if (options->force)
    return clr_settings_text_change (former, &accept, error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, CLR_API_OPEN_RELAY,
               clr_verb_get (answer, "reason"));
  return NULL;
}

int
clr_config_change (ClrVerbOptions *options, GPtrArray *changes)
{
  ClrPlace place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  int code;

  if (!clr_place_open (&place, options, &error))
    return clr_verb_fail (error);
  if (place.client)
    {
      g_autoptr (JsonNode) body = clr_settings_change_write (changes, place.now->etag);
      if (options->force)
        json_object_set_boolean_member (json_node_get_object (body), "force", TRUE);
      g_autoptr (JsonNode) root = clr_place_request (&place, "PATCH", CLR_API_SETTINGS, body, &error);

      code = root ? tell_answer (options, &place, root, FALSE) : fail_change (error);
    }
  else
    {
      text = clr_settings_change_apply (place.now->text, changes, &error);
      if (text)
        text = accept_opening (options, text, &error);
      code = text && clr_settings_file_replace (place.file, text, place.now->etag, &error)
                 ? tell_local (options, &place, FALSE)
                 : fail_change (error);
    }
  clr_place_clear (&place);
  return code;
}

static gboolean
add_change (GPtrArray *changes, const char *place, size_t size, const char *value, GError **error)
{
  g_autofree char *text = g_strstrip (g_strndup (place, size));
  ClrSettingChange *one = clr_setting_change_new_from_place (text, error);

  if (one == NULL)
    return FALSE;
  one->value = g_strdup (value);
  g_ptr_array_add (changes, one);
  if (value == NULL || one->key)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("\"%s\": which setting of this group?"),
               text);
  return FALSE;
}

/* "NAME=VALUE ..." or "NAME VALUE". */
static int
set (ClrVerbOptions *options, int argc, char **argv)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_setting_change_free);
  g_autoptr (GError) error = NULL;
  gboolean pair = argc == 3 && !strchr (argv[1], '=');

  if (argc < 2)
    return clr_verb_usage (_ ("config set: NAME=VALUE, such as server.hostname=relay.example.com"));
  for (int i = 1; i < (pair ? 2 : argc); i++)
    {
      const char *equals = strchr (argv[i], '=');

      if (!pair && equals == NULL)
        return clr_verb_usage (_ ("config set: NAME=VALUE, such as server.hostname=relay.example.com"));
      g_autofree char *value = g_strstrip (g_strdup (pair ? argv[2] : equals + 1));
      if (!add_change (changes, argv[i], pair ? strlen (argv[i]) : (size_t)(equals - argv[i]), value, &error))
        return clr_verb_usage (error->message);
    }
  return clr_config_change (options, changes);
}

static int
unset (ClrVerbOptions *options, int argc, char **argv)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_setting_change_free);
  g_autoptr (GError) error = NULL;

  if (argc < 2)
    return clr_verb_usage (
        _ ("config unset: NAME, such as listener:office.tls, or a group, such as device:old"));
  for (int i = 1; i < argc; i++)
    if (!add_change (changes, argv[i], strlen (argv[i]), NULL, &error))
      return clr_verb_usage (error->message);
  return clr_config_change (options, changes);
}

static int
undo (ClrVerbOptions *options, int argc, char **argv)
{
  ClrPlace place = { 0 };
  g_autoptr (GError) error = NULL;
  int code;

  if (argc > 1)
    return clr_verb_usage (_ ("config undo takes no argument"));
  if (!clr_place_open (&place, options, &error))
    return clr_verb_fail (error);
  if (place.client)
    {
      g_autoptr (JsonNode) root = clr_place_request (&place, "POST", CLR_API_SETTINGS_UNDO, NULL, &error);
      code = root ? tell_answer (options, &place, root, TRUE) : fail_change (error);
    }
  else
    code = clr_settings_file_undo (place.file, &error) ? tell_local (options, &place, TRUE)
                                                       : fail_change (error);
  clr_place_clear (&place);
  return code;
}

static int
diff (ClrVerbOptions *options, int argc, char **argv)
{
  ClrPlace place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  guint64 version = 0;
  int code = CLR_EXIT_OK;

  if (argc > 2 || (argc == 2 && !g_ascii_string_to_unsigned (argv[1], 10, 1, G_MAXINT64, &version, NULL)))
    return clr_verb_usage (_ ("config diff [N]: the number of a version, see \"clrelay config history\""));
  if (!clr_place_open (&place, options, &error))
    return clr_verb_fail (error);
  if (place.client)
    {
      g_autofree char *path
          = version ? g_strdup_printf ("%s?version=%" G_GUINT64_FORMAT, CLR_API_SETTINGS_DIFF, version)
                    : g_strdup (CLR_API_SETTINGS_DIFF);
      g_autoptr (JsonNode) root = clr_place_request (&place, "GET", path, NULL, &error);

      text = root ? g_strdup (clr_verb_get (json_node_get_object (root), "diff")) : NULL;
    }
  else
    {
      g_autofree char *former = clr_settings_file_read_version (place.file, version, NULL, &error);
      text = former ? clr_diff (former, place.now->text) : NULL;
    }
  if (text)
    print_diff (options, &place, text, NULL);
  else
    code = clr_verb_fail (error);
  clr_place_clear (&place);
  return code;
}

static int
history (ClrVerbOptions *options, int argc, char **argv)
{
  ClrPlace place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (JsonArray) versions = NULL;

  if (argc > 1)
    return clr_verb_usage (_ ("config history takes no argument"));
  if (!clr_place_open (&place, options, &error))
    return clr_verb_fail (error);
  if (place.client)
    {
      root = clr_place_request (&place, "GET", CLR_API_SETTINGS_HISTORY, NULL, &error);
      if (root)
        versions = json_array_ref (json_object_get_array_member (json_node_get_object (root), "versions"));
    }
  else
    versions = clr_settings_change_list_versions (place.file);
  clr_place_clear (&place);
  if (versions == NULL)
    return clr_verb_fail (error);
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
      json_node_set_array (node, versions);
      clr_verb_print_json (node);
      return CLR_EXIT_OK;
    }
  for (guint i = 0; i < json_array_get_length (versions); i++)
    {
      JsonObject *version = json_array_get_object_element (versions, i);
      printf (_ ("%4d  in force until %s\n"), (int)json_object_get_int_member (version, "version"),
              clr_verb_get (version, "time"));
    }
  if (json_array_get_length (versions) == 0)
    printf (_ ("There is no former version.\n"));
  return CLR_EXIT_OK;
}

/* -- get */

static GParamSpec *
find_pspec (ClrSettings *settings, const ClrSettingChange *place, ClrSection **section)
{
  unsigned n;
  const GType *types = clr_sections_get_types (&n);

  *section = NULL;
  for (unsigned i = 0; i < n; i++)
    {
      ClrSectionClass *klass = g_type_class_ref (types[i]);
      GParamSpec *pspec;

      if (!g_str_equal (klass->group, place->group) || klass->is_named != (place->name != NULL))
        continue;
      *section = klass->is_named ? clr_settings_find (settings, place->group, place->name)
                                 : clr_settings_get_section (settings, place->group);
      pspec = place->key ? g_object_class_find_property (G_OBJECT_CLASS (klass), place->key) : NULL;
      return pspec && pspec->owner_type == types[i] ? pspec : NULL;
    }
  return NULL;
}

static int
get_one (ClrVerbOptions *options, ClrSettings *settings, const ClrSettingChange *place, const char *name)
{
  g_auto (GValue) value = G_VALUE_INIT;
  ClrSection *section;
  GParamSpec *pspec = find_pspec (settings, place, &section);

  if (section == NULL || pspec == NULL)
    {
      fprintf (stderr, _ ("clrelay: %s: there is no such setting; \"clrelay config describe\" lists them\n"),
               name);
      return CLR_EXIT_NOT_FOUND;
    }
  g_value_init (&value, pspec->value_type);
  g_object_get_property (G_OBJECT (section), pspec->name, &value);
  g_autofree char *text = clr_value_to_text (pspec, &value);
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "name", name);
      json_object_set_string_member (object, "value", text);
      json_object_set_boolean_member (object, "default", !clr_section_is_set (section, pspec->name));
      json_node_take_object (node, object);
      clr_verb_print_json (node);
    }
  else
    printf ("%s\n", text);
  return CLR_EXIT_OK;
}

/* All that is set, or all of one group. */
static int
get_all (ClrVerbOptions *options, const char *text, const ClrSettingChange *place, const char *name)
{
  g_autoptr (JsonArray) all = clr_settings_change_list (text), chosen = json_array_new ();

  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      JsonObject *group = json_array_get_object_element (all, i);

      if (place
          && (!g_str_equal (clr_verb_get (group, "group"), place->group)
              || (place->name && !g_str_equal (clr_verb_get (group, "name"), place->name))))
        continue;
      json_array_add_object_element (chosen, json_object_ref (group));
      if (options->json)
        continue;
      JsonObject *values = json_object_get_object_member (group, "settings");
      JsonObjectIter iter;
      const char *key;
      JsonNode *value;
      json_object_iter_init_ordered (&iter, values);
      while (json_object_iter_next_ordered (&iter, &key, &value))
        printf ("%s%s%s.%s=%s\n", clr_verb_get (group, "group"), *clr_verb_get (group, "name") ? ":" : "",
                clr_verb_get (group, "name"), key, json_node_get_string (value));
    }
  if (place && json_array_get_length (chosen) == 0)
    {
      fprintf (stderr, _ ("clrelay: %s: there is no such group in the settings\n"), name);
      return CLR_EXIT_NOT_FOUND;
    }
  if (options->json)
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
      json_node_set_array (node, chosen);
      clr_verb_print_json (node);
    }
  return CLR_EXIT_OK;
}

static int
get (ClrVerbOptions *options, int argc, char **argv)
{
  ClrPlace place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettingChange) setting = NULL;
  g_autoptr (ClrSettings) settings = NULL;
  g_auto (GStrv) problems = NULL;
  int code;

  if (argc > 2)
    return clr_verb_usage (_ ("config get [NAME]: a setting such as server.hostname, or a group"));
  if (argc == 2 && !(setting = clr_setting_change_new_from_place (argv[1], &error)))
    return clr_verb_usage (error->message);
  if (!clr_place_open (&place, options, &error))
    return clr_verb_fail (error);
  settings = clr_settings_new_from_text (place.now->text, strlen (place.now->text), place.file, &problems);
  if (settings == NULL)
    {
      g_autofree char *all = g_strjoinv ("\n", problems);
      fprintf (stderr, "%s\n", all);
      code = CLR_EXIT_INVALID;
    }
  else
    code = setting && setting->key ? get_one (options, settings, setting, argv[1])
                                   : get_all (options, place.now->text, setting, argc == 2 ? argv[1] : NULL);
  clr_place_clear (&place);
  return code;
}

int
clr_config_edit (ClrVerbOptions *options, int argc, char **argv)
{
  static const struct
  {
    const char *word, *usage, *help;
    int (*run) (ClrVerbOptions *options, int argc, char **argv);
    gboolean changes;
  } words[] = {
    { "get", "[NAME]", N_ ("Shows a setting (its default when it is not set), a group, or all that is set."),
      get },
    { "set", "NAME=VALUE...", N_ ("Changes settings, all of them or none. Comments and order stay."), set,
      TRUE },
    { "unset", "NAME...", N_ ("Takes a setting out, so that its default counts, or a whole group."), unset,
      TRUE },
    { "diff", "[N]", N_ ("Shows what has changed since the last version, or since version N."), diff },
    { "history", "", N_ ("Lists the former versions."), history },
    { "undo", "", N_ ("Puts the last version back."), undo },
  };
  GOptionEntry entries[] = {
    { "force", 0, 0, G_OPTION_ARG_NONE, &options->force,
      N_ ("Even when strangers can relay then; sets server.accept-open-relay, too"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (argv[0], words[i].word))
      {
        g_autofree char *usage = g_strdup_printf ("%s %s", words[i].word, words[i].usage);

        if (!clr_verb_parse (options, usage, _ (words[i].help), words[i].changes ? entries : NULL, &argc,
                             &argv, &code))
          return code;
        return words[i].run (options, argc, argv);
      }
  return -1;
}
