/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-settings-change.h"

#include "control/clr-json.h"
#include "settings/clr-settings.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static ClrSettingChange *
read_one (JsonNode *node)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  ClrSettingChange *change;
  const char *group = object ? clr_json_get_text (object, "group") : NULL;
  const char *before = object ? clr_json_get_text (object, "before") : NULL;
  JsonNode *value = object ? json_object_get_member (object, "value") : NULL;

  /* Nothing is ever taken out by leaving something out. */
  if (group == NULL || (before == NULL && value == NULL)
      || (value && !JSON_NODE_HOLDS_NULL (value) && clr_json_get_text (object, "value") == NULL))
    return NULL;
  change = g_new0 (ClrSettingChange, 1);
  change->group = g_strdup (group);
  change->name = g_strdup (clr_json_get_text (object, "name"));
  change->key = g_strdup (clr_json_get_text (object, "key"));
  change->value = g_strdup (clr_json_get_text (object, "value"));
  change->before = g_strdup (before);
  return change;
}

/* What is written into the file must read as what it is. */
static gboolean
is_sound (const ClrSettingChange *change)
{
  /* A name may hold dots, so that a place is told apart only with a key at its end. */
  ClrSettingChange whole
      = { .group = change->group, .name = change->name, .key = change->key ? change->key : (char *)"x" };
  g_autofree char *place = clr_setting_change_to_place (&whole);
  g_autoptr (ClrSettingChange) again = clr_setting_change_new_from_place (place, NULL);

  return again && g_str_equal (again->group, whole.group) && g_strcmp0 (again->name, whole.name) == 0
         && g_strcmp0 (again->key, whole.key) == 0 && (change->key || !change->value)
         && (change->before == NULL || (change->name && change->key == NULL));
}

GPtrArray *
clr_settings_change_read (JsonObject *object, GError **error)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_setting_change_free);
  JsonNode *set = json_object_get_member (object, "set");
  JsonArray *array = set && JSON_NODE_HOLDS_ARRAY (set) ? json_node_get_array (set) : NULL;
  unsigned n = array ? json_array_get_length (array) : 0;

  for (unsigned i = 0; i < MIN (n, CLR_SETTINGS_CHANGES_MOST); i++)
    {
      ClrSettingChange *change = read_one (json_array_get_element (array, i));

      if (change)
        g_ptr_array_add (changes, change);
      if (change == NULL || !is_sound (change))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                       _ ("change %u: an object with group, key and value (text, or null to take it out) is "
                          "needed, and name for a group that has one"),
                       i + 1);
          return NULL;
        }
    }
  if (n == 0 || n > CLR_SETTINGS_CHANGES_MOST)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("set: a list of 1 to %d changes is needed"), CLR_SETTINGS_CHANGES_MOST);
      return NULL;
    }
  return g_steal_pointer (&changes);
}

JsonNode *
clr_settings_change_write (GPtrArray *changes, const char *etag)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  if (etag)
    {
      json_builder_set_member_name (builder, "etag");
      json_builder_add_string_value (builder, etag);
    }
  json_builder_set_member_name (builder, "set");
  json_builder_begin_array (builder);
  for (unsigned i = 0; i < changes->len; i++)
    {
      const ClrSettingChange *change = g_ptr_array_index (changes, i);

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "group");
      json_builder_add_string_value (builder, change->group);
      if (change->name)
        {
          json_builder_set_member_name (builder, "name");
          json_builder_add_string_value (builder, change->name);
        }
      if (change->key)
        {
          json_builder_set_member_name (builder, "key");
          json_builder_add_string_value (builder, change->key);
        }
      json_builder_set_member_name (builder, "value");
      if (change->value)
        json_builder_add_string_value (builder, change->value);
      else
        json_builder_add_null_value (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

char *
clr_settings_change_apply (const char *text, GPtrArray *changes, GError **error)
{
  char *now = g_strdup (text);

  for (unsigned i = 0; now && i < changes->len; i++)
    {
      g_autofree char *former = now;
      now = clr_settings_text_change (former, g_ptr_array_index (changes, i), error);
    }
  return now;
}

char *
clr_settings_change_to_text (GPtrArray *changes, const char *before)
{
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < changes->len; i++)
    {
      const ClrSettingChange *change = g_ptr_array_index (changes, i);
      g_autofree char *place = clr_setting_change_to_place (change);
      g_autofree char *former = clr_settings_text_get (before, change);

      if (change->before)
        {
          g_string_append_printf (text, "%s%s: before %s", i ? "; " : "", place, change->before);
          continue;
        }
      g_string_append_printf (text, "%s%s: %s -> %s", i ? "; " : "", place, former ? former : "-",
                              change->value ? change->value : "-");
    }
  return g_string_free (text, FALSE);
}

/* -- lists */

typedef void (*Visitor) (ClrSection *section, GParamSpec *pspec, void *data);

/* Every setting that is set; @pspec NULL at the beginning of a section. */
static void
visit (ClrSettings *settings, Visitor visitor, void *data)
{
  unsigned n_types;
  const GType *types = clr_sections_get_types (&n_types);

  for (unsigned t = 0; t < n_types; t++)
    {
      ClrSectionClass *klass = g_type_class_ref (types[t]);
      GPtrArray *sections = clr_settings_get_sections (settings, klass->group);
      unsigned n;
      g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);

      for (unsigned i = 0; i < sections->len; i++)
        {
          ClrSection *section = g_ptr_array_index (sections, i);

          visitor (section, NULL, data);
          for (unsigned k = 0; k < n; k++)
            if (pspecs[k]->owner_type == types[t] && clr_section_is_set (section, pspecs[k]->name))
              visitor (section, pspecs[k], data);
        }
    }
}

static char *
get_text (ClrSection *section, GParamSpec *pspec)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, pspec->value_type);
  g_object_get_property (G_OBJECT (section), pspec->name, &value);
  return clr_value_to_text (pspec, &value);
}

static void
list_one (ClrSection *section, GParamSpec *pspec, void *data)
{
  JsonArray *array = data;
  JsonObject *object;

  if (pspec == NULL)
    {
      object = json_object_new ();
      json_object_set_string_member (object, "group", CLR_SECTION_GET_CLASS (section)->group);
      if (clr_section_get_name (section))
        json_object_set_string_member (object, "name", clr_section_get_name (section));
      json_object_set_object_member (object, "settings", json_object_new ());
      json_array_add_object_element (array, object);
      return;
    }
  g_autofree char *text = get_text (section, pspec);
  object = json_array_get_object_element (array, json_array_get_length (array) - 1);
  json_object_set_string_member (json_object_get_object_member (object, "settings"), pspec->name, text);
}

JsonArray *
clr_settings_change_list (const char *text)
{
  g_autoptr (ClrSettings) settings = clr_settings_new_from_text (text, strlen (text), "settings", NULL);
  JsonArray *array = json_array_new ();

  if (settings)
    visit (settings, list_one, array);
  return array;
}

static void
collect_restart (ClrSection *section, GParamSpec *pspec, void *data)
{
  if (pspec && (pspec->flags & CLR_SETTING_RESTART))
    {
      const char *name = clr_section_get_name (section);

      g_hash_table_insert (data,
                           g_strdup_printf ("%s%s%s.%s", CLR_SECTION_GET_CLASS (section)->group,
                                            name ? ":" : "", name ? name : "", pspec->name),
                           get_text (section, pspec));
    }
}

static GHashTable *
list_restart (const char *text)
{
  g_autoptr (ClrSettings) settings = clr_settings_new_from_text (text, strlen (text), "settings", NULL);
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (settings)
    visit (settings, collect_restart, table);
  return table;
}

JsonArray *
clr_settings_change_list_restart (const char *before, const char *after)
{
  g_autoptr (GHashTable) a = list_restart (before), b = list_restart (after);
  JsonArray *array = json_array_new ();
  GHashTableIter iter;
  void *place, *value;

  g_hash_table_iter_init (&iter, b);
  while (g_hash_table_iter_next (&iter, &place, &value))
    if (g_strcmp0 (g_hash_table_lookup (a, place), value) != 0)
      json_array_add_string_element (array, place);
  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &place, &value))
    if (!g_hash_table_contains (b, place))
      json_array_add_string_element (array, place);
  return array;
}

JsonArray *
clr_settings_change_list_versions (const char *path)
{
  g_autoptr (GArray) numbers = clr_settings_file_list_versions (path);
  JsonArray *array = json_array_new ();

  for (unsigned i = 0; i < numbers->len; i++)
    {
      uint64_t number = g_array_index (numbers, uint64_t, i);
      int64_t time_us = 0;
      g_autofree char *text = clr_settings_file_read_version (path, number, &time_us, NULL);
      g_autofree char *time = clr_time_to_text (time_us);
      JsonObject *object;

      if (text == NULL)
        continue;
      object = json_object_new ();
      json_object_set_int_member (object, "version", number);
      if (time)
        json_object_set_string_member (object, "time", time);
      json_array_add_object_element (array, object);
    }
  return array;
}
