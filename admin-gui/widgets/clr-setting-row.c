/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-setting-row.h"

#include "settings/clr-section.h"

#include <glib/gi18n.h>

struct _ClrSettingRow
{
  AdwActionRow parent_instance;
  GParamSpec *pspec;
  char *former; /* NULL: not in the file */
  char *problem;
  char **choices; /* the first means "default" */
  GtkWidget *entry, *toggle, *drop, *reset;
  gboolean is_set; /* of a switch: a value that equals the default may still stand in the file */
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ClrSettingRow, clr_setting_row, ADW_TYPE_ACTION_ROW)

static void
clr_setting_row_finalize (GObject *object)
{
  ClrSettingRow *self = CLR_SETTING_ROW (object);

  g_free (self->former);
  g_free (self->problem);
  g_strfreev (self->choices);
  G_OBJECT_CLASS (clr_setting_row_parent_class)->finalize (object);
}

static void
clr_setting_row_class_init (ClrSettingRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clr_setting_row_finalize;
  signals[CHANGED] = g_signal_new ("changed", CLR_TYPE_SETTING_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
clr_setting_row_init (ClrSettingRow *self)
{
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self), FALSE);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (self), 0);
}

/* (transfer full) (nullable) */
static char *
get_default (GParamSpec *pspec)
{
  const GValue *value = g_param_spec_get_default_value (pspec);
  char *text = clr_value_to_text (pspec, value);

  if (text && *text == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

static void
show_problem (ClrSettingRow *self)
{
  const char *help = g_param_spec_get_blurb (self->pspec);

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), self->problem ? self->problem : help ? _ (help) : "");
  if (self->problem)
    gtk_widget_add_css_class (GTK_WIDGET (self), "problem");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "problem");
  if (self->entry && self->problem)
    gtk_widget_add_css_class (self->entry, "error");
  else if (self->entry)
    gtk_widget_remove_css_class (self->entry, "error");
}

static void
check (ClrSettingRow *self)
{
  g_autofree char *text = clr_setting_row_dup_text (self);
  g_auto (GValue) value = G_VALUE_INIT;

  g_clear_pointer (&self->problem, g_free);
  if (text == NULL && (self->pspec->flags & CLR_SETTING_REQUIRED))
    self->problem = g_strdup (_ ("This must be set"));
  else if (text)
    clr_value_parse (self->pspec, text, &value, &self->problem);
  show_problem (self);
  gtk_widget_set_visible (self->reset, clr_setting_row_is_changed (self));
}

static void
tell (ClrSettingRow *self)
{
  check (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_text (GtkEditable *entry, ClrSettingRow *self)
{
  tell (self);
}

static void
on_toggled (GObject *toggle, GParamSpec *pspec, ClrSettingRow *self)
{
  self->is_set = TRUE;
  tell (self);
}

static void
on_selected (GObject *drop, GParamSpec *pspec, ClrSettingRow *self)
{
  tell (self);
}

static void
on_reset (GtkButton *button, ClrSettingRow *self)
{
  clr_setting_row_set_text (self, self->former);
}

static void
make_toggle (ClrSettingRow *self)
{
  self->toggle = gtk_switch_new ();
  gtk_widget_set_valign (self->toggle, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (self), self->toggle);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (self), self->toggle);
}

static void
make_drop (ClrSettingRow *self)
{
  g_autofree char *initial = get_default (self->pspec);
  g_auto (GStrv) words = g_strsplit (clr_value_get_choices (self->pspec), "|", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *first = initial ? g_strdup_printf (_ ("Default (%s)"), initial) : g_strdup (_ ("Not set"));
  g_autoptr (GtkStringList) model = NULL;

  g_strv_builder_add (builder, first);
  g_strv_builder_addv (builder, (const char **)words);
  self->choices = g_strv_builder_end (builder);
  model = gtk_string_list_new ((const char *const *)self->choices);
  self->drop = gtk_drop_down_new (G_LIST_MODEL (g_steal_pointer (&model)), NULL);
  gtk_widget_set_valign (self->drop, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (self), self->drop);
}

static void
make_entry (ClrSettingRow *self)
{
  g_autofree char *initial = get_default (self->pspec);
  gboolean is_short = self->pspec->value_type == G_TYPE_INT64;

  self->entry = gtk_entry_new ();
  gtk_widget_set_valign (self->entry, GTK_ALIGN_CENTER);
  gtk_editable_set_width_chars (GTK_EDITABLE (self->entry), is_short ? 12 : 30);
  gtk_editable_set_max_width_chars (GTK_EDITABLE (self->entry), is_short ? 12 : 30);
  gtk_entry_set_placeholder_text (GTK_ENTRY (self->entry), initial ? initial : "");
  adw_action_row_add_suffix (ADW_ACTION_ROW (self), self->entry);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (self), self->entry);
}

GtkWidget *
clr_setting_row_new (GParamSpec *pspec, const char *text)
{
  ClrSettingRow *self = g_object_new (CLR_TYPE_SETTING_ROW, NULL);
  GtkWidget *field;

  self->pspec = pspec;
  self->former = g_strdup (text);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), clr_setting_row_get_label (self));
  self->reset = gtk_button_new_from_icon_name ("edit-undo-symbolic");
  gtk_widget_set_valign (self->reset, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (self->reset, _ ("As It Was"));
  gtk_widget_add_css_class (self->reset, "flat");
  g_signal_connect (self->reset, "clicked", G_CALLBACK (on_reset), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (self), self->reset);
  if (pspec->value_type == G_TYPE_BOOLEAN)
    make_toggle (self);
  else if (clr_value_get_choices (pspec))
    make_drop (self);
  else
    make_entry (self);
  field = self->toggle ? self->toggle : self->drop ? self->drop : self->entry;
  gtk_accessible_update_property (GTK_ACCESSIBLE (field), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  clr_setting_row_get_label (self), -1);
  clr_setting_row_set_text (self, text);
  if (self->toggle)
    g_signal_connect (self->toggle, "notify::active", G_CALLBACK (on_toggled), self);
  else if (self->drop)
    g_signal_connect (self->drop, "notify::selected", G_CALLBACK (on_selected), self);
  else
    g_signal_connect (self->entry, "changed", G_CALLBACK (on_text), self);
  return GTK_WIDGET (self);
}

const char *
clr_setting_row_get_key (ClrSettingRow *self)
{
  return self->pspec->name;
}

const char *
clr_setting_row_get_label (ClrSettingRow *self)
{
  return _ (g_param_spec_get_nick (self->pspec));
}

char *
clr_setting_row_dup_text (ClrSettingRow *self)
{
  g_autofree char *text = NULL;
  guint selected;

  if (self->toggle)
    return self->is_set ? g_strdup (gtk_switch_get_active (GTK_SWITCH (self->toggle)) ? "true" : "false")
                        : NULL;
  if (self->drop)
    {
      selected = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->drop));
      return selected > 0 && selected != GTK_INVALID_LIST_POSITION ? g_strdup (self->choices[selected])
                                                                   : NULL;
    }
  text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->entry))));
  return *text ? g_steal_pointer (&text) : NULL;
}

gboolean
clr_setting_row_is_changed (ClrSettingRow *self)
{
  g_autofree char *text = clr_setting_row_dup_text (self);

  return g_strcmp0 (text, self->former) != 0;
}

const char *
clr_setting_row_get_former (ClrSettingRow *self)
{
  return self->former;
}

const char *
clr_setting_row_get_problem (ClrSettingRow *self)
{
  return self->problem;
}

void
clr_setting_row_set_text (ClrSettingRow *self, const char *text)
{
  if (self->toggle)
    {
      const GValue *initial = g_param_spec_get_default_value (self->pspec);

      gtk_switch_set_active (GTK_SWITCH (self->toggle),
                             text ? g_str_equal (text, "true") : g_value_get_boolean (initial));
      self->is_set = text != NULL;
    }
  else if (self->drop)
    {
      guint selected = 0;

      for (guint i = 1; text && self->choices[i]; i++)
        if (g_str_equal (self->choices[i], text))
          selected = i;
      gtk_drop_down_set_selected (GTK_DROP_DOWN (self->drop), selected);
    }
  else
    gtk_editable_set_text (GTK_EDITABLE (self->entry), text ? text : "");
  tell (self);
}
