/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-column.h"

typedef struct
{
  ClrCellText get_text;
  char *css_class, *signal;
} Column;

static void
column_free (void *data, GClosure *closure)
{
  Column *column = data;

  g_free (column->css_class);
  g_free (column->signal);
  g_free (column);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *cell, Column *column)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_single_line_mode (GTK_LABEL (label), TRUE);
  if (column->css_class)
    gtk_widget_add_css_class (label, column->css_class);
  gtk_list_item_set_child (cell, label);
}

static void
show (GtkListItem *cell, Column *column)
{
  GtkWidget *label = gtk_list_item_get_child (cell);
  g_autofree char *text = column->get_text (gtk_list_item_get_item (cell));

  gtk_label_set_label (GTK_LABEL (label), text ? text : "");
  gtk_widget_set_tooltip_text (label, text && g_utf8_strlen (text, -1) > 30 ? text : NULL);
}

static void
on_notify (GObject *item, GParamSpec *pspec, GtkListItem *cell)
{
  show (cell, g_object_get_data (G_OBJECT (cell), "clr-column"));
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *cell, Column *column)
{
  g_object_set_data (G_OBJECT (cell), "clr-column", column);
  g_signal_connect (gtk_list_item_get_item (cell), column->signal, G_CALLBACK (on_notify), cell);
  show (cell, column);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *cell, Column *column)
{
  g_signal_handlers_disconnect_by_func (gtk_list_item_get_item (cell), on_notify, cell);
}

GtkColumnViewColumn *
clr_column_new (const char *title, ClrCellText get_text, const char *watched, const char *css_class,
                int width)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  Column *column = g_new0 (Column, 1);
  GtkColumnViewColumn *made;

  column->get_text = get_text;
  column->css_class = g_strdup (css_class);
  column->signal = watched ? g_strconcat ("notify::", watched, NULL) : g_strdup ("notify");
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), column);
  g_signal_connect_data (factory, "bind", G_CALLBACK (on_bind), column, column_free, 0);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), column);
  made = gtk_column_view_column_new (title, factory);
  gtk_column_view_column_set_resizable (made, TRUE);
  gtk_column_view_column_set_expand (made, width == 0);
  if (width > 0)
    gtk_column_view_column_set_fixed_width (made, width);
  return made;
}
