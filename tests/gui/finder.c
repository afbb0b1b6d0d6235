/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "finder.h"

#include "widgets/clr-setting-row.h"

gboolean
finder_has_id (GtkWidget *widget, const char *word)
{
  return g_strcmp0 (gtk_buildable_get_buildable_id (GTK_BUILDABLE (widget)), word) == 0;
}

gboolean
finder_is_table (GtkWidget *widget, const char *word)
{
  return GTK_IS_COLUMN_VIEW (widget);
}

gboolean
finder_is_row_of (GtkWidget *widget, const char *word)
{
  return CLR_IS_SETTING_ROW (widget)
         && g_str_equal (clr_setting_row_get_key (CLR_SETTING_ROW (widget)), word);
}

gboolean
finder_has_title (GtkWidget *widget, const char *word)
{
  GtkWidget *child
      = GTK_IS_LIST_BOX_ROW (widget) ? gtk_list_box_row_get_child (GTK_LIST_BOX_ROW (widget)) : NULL;

  return GTK_IS_LABEL (child) && g_str_equal (gtk_label_get_label (GTK_LABEL (child)), word);
}

gboolean
finder_has_label (GtkWidget *widget, const char *word)
{
  return GTK_IS_BUTTON (widget) && g_strcmp0 (gtk_button_get_label (GTK_BUTTON (widget)), word) == 0;
}

gboolean
finder_has_name (GtkWidget *widget, const char *word)
{
  return g_strcmp0 (gtk_widget_get_name (widget), word) == 0;
}

gboolean
finder_is_editable (GtkWidget *widget, const char *word)
{
  return GTK_IS_EDITABLE (widget);
}

gboolean
finder_is_combo (GtkWidget *widget, const char *word)
{
  return ADW_IS_COMBO_ROW (widget);
}

gboolean
finder_is_titled_row (GtkWidget *widget, const char *word)
{
  return ADW_IS_PREFERENCES_ROW (widget)
         && g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (widget)), word);
}

/* The first that fits, of what can be seen. */
GtkWidget *
finder_find (GtkWidget *root, FinderFits fits, const char *word)
{
  if (!gtk_widget_get_child_visible (root) || !gtk_widget_get_visible (root))
    return NULL;
  if (fits (root, word))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = finder_find (child, fits, word);

      if (found)
        return found;
    }
  return NULL;
}

/* A window before the main one, that is no question. */
GtkWindow *
finder_find_modal (void)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);

      if (GTK_IS_WINDOW (window) && gtk_window_get_modal (GTK_WINDOW (window))
          && !ADW_IS_MESSAGE_DIALOG (window) && gtk_widget_get_visible (window))
        return GTK_WINDOW (window);
    }
  return NULL;
}

/* A page's own id is not in its template: what is looked for lies in the page in sight, or else in the
 * window. */
GtkWidget *
finder_find_here (GtkWidget *window, FinderFits fits, const char *word)
{
  GtkWindow *modal = finder_find_modal ();
  GtkWidget *found = modal ? finder_find (GTK_WIDGET (modal), fits, word) : NULL;

  if (found)
    return found;
  found = finder_find (clr_window_get_page (CLR_WINDOW (window)), fits, word);

  return found ? found : finder_find (window, fits, word);
}

AdwMessageDialog *
finder_find_dialog (void)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);

      if (ADW_IS_MESSAGE_DIALOG (window) && gtk_widget_get_visible (window))
        return ADW_MESSAGE_DIALOG (window);
    }
  return NULL;
}
