/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-rows.h"

void
clr_rows_init (ClrRows *self, AdwPreferencesGroup *group)
{
  self->group = group;
  self->rows = g_ptr_array_new ();
}

void
clr_rows_finish (ClrRows *self)
{
  g_clear_pointer (&self->rows, g_ptr_array_unref);
}

void
clr_rows_clear (ClrRows *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->group, g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
}

GtkWidget *
clr_rows_add (ClrRows *self, const char *title, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle ? subtitle : "");
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_preferences_group_add (self->group, row);
  g_ptr_array_add (self->rows, row);
  return row;
}

void
clr_rows_add_empty (ClrRows *self, const char *text)
{
  GtkWidget *row = clr_rows_add (self, text, NULL);

  gtk_widget_add_css_class (row, "empty");
}

GtkWidget *
clr_row_add_button (GtkWidget *row, const char *name, const char *icon, const char *word,
                    GCallback on_clicked, gpointer self, const char *data)
{
  GtkWidget *button = icon ? gtk_button_new_from_icon_name (icon) : gtk_button_new_with_mnemonic (word);

  gtk_widget_set_name (button, name);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  if (icon)
    {
      gtk_widget_set_tooltip_text (button, word);
      gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, word, -1);
      gtk_widget_add_css_class (button, "flat");
    }
  g_object_set_data_full (G_OBJECT (button), "clr-data", g_strdup (data), g_free);
  g_signal_connect (button, "clicked", on_clicked, self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return button;
}

const char *
clr_row_get_data (GtkButton *button)
{
  return g_object_get_data (G_OBJECT (button), "clr-data");
}

void
clr_row_add_icon (GtkWidget *row, const char *icon, const char *css_class)
{
  GtkWidget *image = gtk_image_new_from_icon_name (icon);

  if (css_class)
    gtk_widget_add_css_class (image, css_class);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), image);
}

void
clr_row_add_word (GtkWidget *row, const char *word, const char *css_class)
{
  GtkWidget *label = gtk_label_new (word);

  gtk_widget_add_css_class (label, css_class ? css_class : "dim-label");
  gtk_widget_set_valign (label, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
}
