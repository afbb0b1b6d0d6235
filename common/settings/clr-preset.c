/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-preset.h"

#include "system/clr-share.h"

#include <glib/gi18n-lib.h>
#include <string.h>

const char *
clr_preset_get_folder (void)
{
  const char *folder = g_getenv ("CLRELAY_PRESETS");
  static char *installed;

  if (g_once_init_enter (&installed))
    g_once_init_leave (&installed, clr_share_dup_folder (CLR_PRESET_FOLDER, "clrelay/presets"));
  return folder ? folder : installed;
}

static char *
list_presets (void)
{
  g_autoptr (GDir) folder = g_dir_open (clr_preset_get_folder (), 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (folder && (name = g_dir_read_name (folder)))
    if (g_str_has_suffix (name, ".conf"))
      g_ptr_array_add (names, g_strndup (name, strlen (name) - strlen (".conf")));
  g_ptr_array_sort (names, (GCompareFunc)(void *)g_strcmp0);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **)names->pdata);
}

static gboolean
is_name (const char *name)
{
  for (const char *p = name; *p; p++)
    if (!g_ascii_isalnum (*p) && *p != '-')
      return FALSE;
  return *name != 0;
}

static char *
set_from_file (ClrSection *section, const char *key, const char *text)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (section), key);
  GValue value = G_VALUE_INIT;
  g_autofree char *why = NULL;

  if (pspec == NULL || pspec->owner_type != G_OBJECT_TYPE (section))
    return g_strdup_printf (_ ("its file has %s, which is no setting"), key);
  if (clr_section_is_set (section, key))
    return NULL;
  if (!clr_value_parse (pspec, text, &value, &why))
    return g_strdup_printf (_ ("its file has a wrong %s: %s"), key, why);
  g_object_set_property (G_OBJECT (section), key, &value);
  g_value_unset (&value);
  return NULL;
}

char *
clr_preset_apply (ClrSection *section)
{
  const char *group = CLR_SECTION_GET_CLASS (section)->group;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *base = NULL, *path = NULL;
  g_auto (GStrv) keys = NULL;
  const char *name;

  if (!g_object_class_find_property (G_OBJECT_GET_CLASS (section), "preset")
      || (name = clr_section_get_text (section, "preset")) == NULL)
    return NULL;
  base = g_strconcat (name, ".conf", NULL);
  path = g_build_filename (clr_preset_get_folder (), base, NULL);
  if (!is_name (name) || !g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL)
      || !g_key_file_has_group (file, group))
    {
      g_autofree char *names = list_presets ();

      return g_strdup_printf (_ ("there is no preset \"%s\" for this group in %s; there are %s"), name,
                              clr_preset_get_folder (), names);
    }
  keys = g_key_file_get_keys (file, group, NULL, NULL);
  for (char **key = keys; *key; key++)
    {
      g_autofree char *text = g_key_file_get_value (file, group, *key, NULL);
      char *problem = set_from_file (section, *key, text);

      if (problem)
        return problem;
    }
  return NULL;
}
