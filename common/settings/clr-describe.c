/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-describe.h"

#include "settings/clr-sections.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>

typedef void (*Visitor) (ClrSectionClass *section, GParamSpec *pspec, void *data);

/* @pspec is NULL at the beginning of a section. */
static void
visit (Visitor visitor, void *data)
{
  unsigned n_types;
  const GType *types = clr_sections_get_types (&n_types);

  for (unsigned i = 0; i < n_types; i++)
    {
      ClrSectionClass *section = g_type_class_ref (types[i]);
      unsigned n;
      g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_CLASS (section), &n);

      visitor (section, NULL, data);
      for (unsigned k = 0; k < n; k++)
        if (pspecs[k]->owner_type == types[i])
          visitor (section, pspecs[k], data);
    }
}

static char *
default_text (GParamSpec *pspec)
{
  return clr_value_to_text (pspec, g_param_spec_get_default_value (pspec));
}

static void
set_range (JsonBuilder *builder, GParamSpec *pspec)
{
  GValue value = G_VALUE_INIT;

  if (!G_IS_PARAM_SPEC_INT64 (pspec))
    return;
  g_value_init (&value, G_TYPE_INT64);
  g_value_set_int64 (&value, G_PARAM_SPEC_INT64 (pspec)->minimum);
  g_autofree char *least = clr_value_to_text (pspec, &value);
  g_value_set_int64 (&value, G_PARAM_SPEC_INT64 (pspec)->maximum);
  g_autofree char *most = clr_value_to_text (pspec, &value);
  json_builder_set_member_name (builder, "least");
  json_builder_add_string_value (builder, least);
  json_builder_set_member_name (builder, "most");
  json_builder_add_string_value (builder, most);
}

static void
to_json (ClrSectionClass *section, GParamSpec *pspec, void *data)
{
  JsonBuilder *builder = data;

  if (pspec == NULL)
    {
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "group");
      json_builder_add_string_value (builder, section->group);
      json_builder_set_member_name (builder, "named");
      json_builder_add_boolean_value (builder, section->is_named);
      json_builder_set_member_name (builder, "help");
      json_builder_add_string_value (builder, _ (section->help));
      json_builder_end_object (builder);
      return;
    }

  g_autofree char *initial = default_text (pspec);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "group");
  json_builder_add_string_value (builder, section->group);
  json_builder_set_member_name (builder, "key");
  json_builder_add_string_value (builder, pspec->name);
  json_builder_set_member_name (builder, "label");
  json_builder_add_string_value (builder, _ (g_param_spec_get_nick (pspec)));
  json_builder_set_member_name (builder, "help");
  json_builder_add_string_value (builder, _ (g_param_spec_get_blurb (pspec)));
  json_builder_set_member_name (builder, "kind");
  json_builder_add_string_value (builder, clr_value_kind_get_name (clr_value_get_kind (pspec)));
  json_builder_set_member_name (builder, "form");
  json_builder_add_string_value (builder, clr_value_kind_get_help (clr_value_get_kind (pspec)));
  if (clr_value_get_choices (pspec))
    {
      g_auto (GStrv) words = g_strsplit (clr_value_get_choices (pspec), "|", -1);

      json_builder_set_member_name (builder, "choices");
      json_builder_begin_array (builder);
      for (char **word = words; *word; word++)
        json_builder_add_string_value (builder, *word);
      json_builder_end_array (builder);
    }
  set_range (builder, pspec);
  if (*initial)
    {
      json_builder_set_member_name (builder, "default");
      json_builder_add_string_value (builder, initial);
    }
  json_builder_set_member_name (builder, "required");
  json_builder_add_boolean_value (builder, (pspec->flags & CLR_SETTING_REQUIRED) != 0);
  json_builder_set_member_name (builder, "restart");
  json_builder_add_boolean_value (builder, (pspec->flags & CLR_SETTING_RESTART) != 0);
  json_builder_end_object (builder);
}

char *
clr_describe_to_json (void)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  visit (to_json, builder);
  json_builder_end_array (builder);
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, TRUE);
}

static void
append_heading (ClrSectionClass *section, GString *text)
{
  g_string_append_printf (text, "%s[%s%s]\n", text->len ? "\n" : "", section->group,
                          section->is_named ? " NAME" : "");
}

static void
to_text (ClrSectionClass *section, GParamSpec *pspec, void *data)
{
  GString *text = data;

  if (pspec == NULL)
    {
      append_heading (section, text);
      g_string_append_printf (text, "  %s\n", _ (section->help));
      return;
    }

  g_autofree char *initial = default_text (pspec);
  g_string_append_printf (text, "\n  %s = %s\n      %s\n", pspec->name,
                          clr_value_get_choices (pspec)
                              ? clr_value_get_choices (pspec)
                              : clr_value_kind_get_help (clr_value_get_kind (pspec)),
                          _ (g_param_spec_get_blurb (pspec)));
  if (*initial)
    g_string_append_printf (text, _ ("      Default: %s\n"), initial);
  if (pspec->flags & CLR_SETTING_REQUIRED)
    g_string_append (text, _ ("      Required.\n"));
  if (pspec->flags & CLR_SETTING_RESTART)
    g_string_append (text, _ ("      Takes effect at the next start.\n"));
}

char *
clr_describe_to_text (void)
{
  GString *text = g_string_new (NULL);

  visit (to_text, text);
  return g_string_free (text, FALSE);
}

static void
to_sample (ClrSectionClass *section, GParamSpec *pspec, void *data)
{
  GString *text = data;

  if (pspec == NULL)
    {
      g_string_append_printf (text, "%s# %s\n#[%s%s]\n", text->len ? "\n" : "", _ (section->help),
                              section->group, section->is_named ? " NAME" : "");
      return;
    }

  g_autofree char *initial = default_text (pspec);
  g_string_append_printf (text, "\n# %s\n#%s =%s%s\n", _ (g_param_spec_get_blurb (pspec)), pspec->name,
                          *initial ? " " : "", initial);
}

char *
clr_describe_to_sample (void)
{
  GString *text = g_string_new (NULL);

  visit (to_sample, text);
  return g_string_free (text, FALSE);
}
