/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-verb.h"

#include "check/clr-check.h"
#include "settings/clr-describe.h"
#include "settings/clr-settings.h"
#include "system/clr-data.h"

#include <glib/gi18n.h>
#include <stdio.h>

/* What the file alone cannot tell: whether the keys it names can sign. */
static char **
check_keys (ClrSettings *settings)
{
  GPtrArray *sections = clr_settings_get_sections (settings, "key");
  GPtrArray *problems = g_ptr_array_new ();

  for (guint i = 0; i < sections->len; i++)
    {
      ClrSection *section = g_ptr_array_index (sections, i);
      g_autoptr (JsonObject) in = json_object_new ();

      json_object_set_string_member (in, "file", clr_section_get_text (section, "file"));
      json_object_set_string_member (in, "domain", clr_section_get_text (section, "domain"));
      json_object_set_string_member (in, "selector", clr_section_get_text (section, "selector"));
      g_autoptr (JsonNode) out = clr_check_dkim_key (in, NULL);
      JsonObject *answer = json_node_get_object (out);
      if (!g_str_equal (clr_verb_get (answer, "result"), "ok"))
        g_ptr_array_add (problems,
                         g_strdup_printf ("%s: [key %s] file: %s", clr_settings_get_file (settings),
                                          clr_section_get_name (section), clr_verb_get (answer, "reason")));
    }
  g_ptr_array_add (problems, NULL);
  return (char **)g_ptr_array_free (problems, FALSE);
}

/* What the service would refuse to work with. */
static char **
check_closed (const char *file)
{
  g_autoptr (JsonObject) in = json_object_new ();
  GPtrArray *problems = g_ptr_array_new ();

  json_object_set_string_member (in, "config", file);
  g_autoptr (JsonNode) out = clr_check_relay (in, NULL);
  JsonObject *answer = json_node_get_object (out);
  if (g_str_equal (clr_verb_get (answer, "result"), "open")
      && !json_object_get_boolean_member (json_object_get_object_member (answer, "details"), "accepted"))
    g_ptr_array_add (problems, g_strdup_printf ("%s: %s", file, clr_verb_get (answer, "reason")));
  g_ptr_array_add (problems, NULL);
  return (char **)g_ptr_array_free (problems, FALSE);
}

static int
check (ClrVerbOptions *options, const char *file)
{
  g_auto (GStrv) problems = NULL;
  g_autoptr (ClrSettings) settings = clr_settings_new_from_file (file, &problems);

  if (settings)
    problems = check_keys (settings);
  if (settings && *problems == NULL)
    {
      g_strfreev (problems);
      problems = check_closed (file);
    }
  if (options->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "file");
      json_builder_add_string_value (builder, file);
      json_builder_set_member_name (builder, "valid");
      json_builder_add_boolean_value (builder, *problems == NULL);
      json_builder_set_member_name (builder, "problems");
      json_builder_begin_array (builder);
      for (char **text = problems; *text; text++)
        json_builder_add_string_value (builder, *text);
      json_builder_end_array (builder);
      json_builder_end_object (builder);
      g_autoptr (JsonNode) root = json_builder_get_root (builder);
      clr_verb_print_json (root);
    }
  else
    for (char **text = problems; *text; text++)
      fprintf (stderr, "%s\n", *text);
  if (*problems)
    return CLR_EXIT_INVALID;
  if (!options->json)
    {
      printf (_ ("%s: the settings are valid.\n"), file);
      if (clr_settings_get_sections (settings, "device")->len == 0)
        printf (_ ("Note: there is no [device]: nobody may send mail through this relay.\n"));
      if (!clr_settings_find (settings, "route", "default"))
        printf (_ ("Note: there is no [route default]: mail that no other route takes is refused.\n"));
    }
  return CLR_EXIT_OK;
}

int
clr_verb_config (ClrVerbOptions *options, int argc, char **argv)
{
  gboolean sample = FALSE;
  GOptionEntry entries[] = {
    { "sample", 0, 0, G_OPTION_ARG_NONE, &sample, N_ ("With describe: as a settings file full of comments"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  if (argc > 1 && (code = clr_config_edit (options, argc - 1, argv + 1)) >= 0)
    return code;
  if (!clr_verb_parse (
          options,
          "check [FILE] | describe | get [NAME] | set NAME=VALUE... | unset NAME... | "
          "diff [N] | history | undo",
          _ ("Checks a settings file; tells what there is to set; shows and changes what is set."), entries,
          &argc, &argv, &code))
    return code;
  if (argc > 1 && (code = clr_config_edit (options, argc - 1, argv + 1)) >= 0)
    return code;
  const char *what = argc > 1 ? argv[1] : "";
  if (g_str_equal (what, "check") && argc <= 3)
    return check (options, argc > 2          ? argv[2]
                           : options->config ? options->config
                                             : clr_data_get_settings_file ());
  if (g_str_equal (what, "describe") && argc == 2)
    {
      g_autofree char *text = options->json ? clr_describe_to_json ()
                              : sample      ? clr_describe_to_sample ()
                                            : clr_describe_to_text ();
      printf ("%s%s", text, options->json ? "\n" : "");
      return CLR_EXIT_OK;
    }
  return clr_verb_usage (_ ("config: check [FILE], describe, get, set, unset, diff, history or undo"));
}
