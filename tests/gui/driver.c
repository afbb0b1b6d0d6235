/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The app, driven line by line from standard input as a person would drive it by hand: each line is a
 * command, each is answered by one line, "ok TEXT" or "no WHY". Widgets are named by their ids in the
 * templates. A warning or a critical of GTK ends it. Usage: driver SOCKET light|dark
 */
#include "clr-application.h"
#include "clr-export.h"
#include "clr-window.h"
#include "finder.h"
#include "pages/clr-incident-page.h"
#include "pages/clr-trace-page.h"
#include "widgets/clr-import-dialog.h"
#include "widgets/clr-setting-row.h"

#include <gio/gunixinputstream.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  ClrApplication *application;
  GtkWidget *window;
  const char *socket, *style;
  GDataInputStream *input;
} Driver;

static void read_next (Driver *driver);

static void answer (gboolean good, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
answer (gboolean good, const char *format, ...)
{
  va_list list;
  g_autofree char *text = NULL, *line = NULL;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  line = g_strescape (text, NULL);
  printf ("%s %s\n", good ? "ok" : "no", line);
  fflush (stdout);
}

static gboolean
save (Driver *driver, const char *file)
{
  AdwMessageDialog *dialog = finder_find_dialog ();
  GtkWindow *modal = finder_find_modal ();
  GtkWidget *window = dialog ? GTK_WIDGET (dialog) : modal ? GTK_WIDGET (modal) : driver->window;
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (window);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (window), gtk_widget_get_height (window));
  node = gtk_snapshot_free_to_node (snapshot);
  if (node == NULL)
    return FALSE;
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node, NULL);
  return gdk_texture_save_to_png (texture, file);
}

static void
do_read (GtkWidget *widget)
{
  if (GTK_IS_LABEL (widget))
    answer (TRUE, "%s", gtk_label_get_label (GTK_LABEL (widget)));
  else if (GTK_IS_EDITABLE (widget))
    answer (TRUE, "%s", gtk_editable_get_text (GTK_EDITABLE (widget)));
  else if (ADW_IS_ACTION_ROW (widget))
    answer (TRUE, "%s", adw_action_row_get_subtitle (ADW_ACTION_ROW (widget)));
  else if (ADW_IS_PREFERENCES_GROUP (widget))
    answer (TRUE, "%s", adw_preferences_group_get_title (ADW_PREFERENCES_GROUP (widget)));
  else if (GTK_IS_STACK (widget))
    answer (TRUE, "%s", gtk_stack_get_visible_child_name (GTK_STACK (widget)));
  else if (GTK_IS_REVEALER (widget))
    answer (TRUE, "%s", gtk_revealer_get_reveal_child (GTK_REVEALER (widget)) ? "shown" : "hidden");
  else
    answer (FALSE, "a %s cannot be read", G_OBJECT_TYPE_NAME (widget));
}

static void
do_set (GtkWidget *widget, const char *text)
{
  if (GTK_IS_EDITABLE (widget))
    gtk_editable_set_text (GTK_EDITABLE (widget), text);
  else if (GTK_IS_DROP_DOWN (widget))
    gtk_drop_down_set_selected (GTK_DROP_DOWN (widget), (guint)g_ascii_strtoull (text, NULL, 10));
  else if (ADW_IS_COMBO_ROW (widget))
    adw_combo_row_set_selected (ADW_COMBO_ROW (widget), (guint)g_ascii_strtoull (text, NULL, 10));
  else if (GTK_IS_SWITCH (widget))
    gtk_switch_set_active (GTK_SWITCH (widget), g_str_equal (text, "on"));
  else if (GTK_IS_CHECK_BUTTON (widget))
    gtk_check_button_set_active (GTK_CHECK_BUTTON (widget), g_str_equal (text, "on"));
  else if (GTK_IS_TOGGLE_BUTTON (widget))
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (widget), g_str_equal (text, "on"));
  else
    {
      answer (FALSE, "a %s cannot be set", G_OBJECT_TYPE_NAME (widget));
      return;
    }
  answer (TRUE, "set");
}

/* Actions of a page are its own; those of the window and the app are reached from there. */
static void
do_action (Driver *driver, const char *name, const char *target)
{
  GtkWidget *page = clr_window_get_page (CLR_WINDOW (driver->window));
  gboolean done = target ? gtk_widget_activate_action (page, name, "s", target)
                         : gtk_widget_activate_action (page, name, NULL);

  answer (done, done ? "done" : "there is no action %s that can be done now", name);
}

static void
do_table (Driver *driver, const char *word)
{
  GtkWidget *table = finder_find_here (driver->window, finder_is_table, NULL);
  GtkSelectionModel *model = table ? gtk_column_view_get_model (GTK_COLUMN_VIEW (table)) : NULL;

  if (model == NULL)
    answer (FALSE, "no table is in sight");
  else if (g_str_equal (word, "count"))
    answer (TRUE, "%u", g_list_model_get_n_items (G_LIST_MODEL (model)));
  else if (g_str_equal (word, "all"))
    answer (gtk_selection_model_select_all (model), "chosen");
  else if (g_str_equal (word, "none"))
    answer (gtk_selection_model_unselect_all (model), "chosen");
  else if (g_str_has_prefix (word, "choose "))
    answer (gtk_selection_model_select_item (model, (guint)g_ascii_strtoull (word + 7, NULL, 10), TRUE),
            "chosen");
  else if (g_str_has_prefix (word, "id "))
    {
      g_autoptr (GObject) item
          = g_list_model_get_item (G_LIST_MODEL (model), (guint)g_ascii_strtoull (word + 3, NULL, 10));
      g_autofree char *id = NULL;

      if (item)
        g_object_get (item, "id", &id, NULL);
      answer (id != NULL, "%s", id ? id : "this row has not come");
    }
  else if (g_str_has_prefix (word, "scroll "))
    {
      GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (table));

      gtk_adjustment_set_value (adjustment, g_ascii_strtod (word + 7, NULL)
                                                * (gtk_adjustment_get_upper (adjustment)
                                                   - gtk_adjustment_get_page_size (adjustment)));
      answer (TRUE, "scrolled");
    }
  else if (g_str_has_prefix (word, "sort "))
    {
      guint number = (guint)g_ascii_strtoull (word + 5, NULL, 10);
      g_autoptr (GtkColumnViewColumn) column
          = g_list_model_get_item (gtk_column_view_get_columns (GTK_COLUMN_VIEW (table)), number);

      gtk_column_view_sort_by_column (GTK_COLUMN_VIEW (table), column,
                                      strstr (word, "down") ? GTK_SORT_DESCENDING : GTK_SORT_ASCENDING);
      answer (TRUE, "sorted");
    }
  else
    {
      guint position = (guint)g_ascii_strtoull (word, NULL, 10);

      g_signal_emit_by_name (table, "activate", position);
      answer (TRUE, "opened");
    }
}

static void
do_respond (const char *response)
{
  AdwMessageDialog *dialog = finder_find_dialog ();

  if (dialog == NULL)
    {
      answer (FALSE, "no dialog is open");
      return;
    }
  GtkWidget *extra = adw_message_dialog_get_extra_child (dialog);
  g_autofree char *body
      = g_strdup_printf ("%s%s", adw_message_dialog_get_body (dialog),
                         GTK_IS_LABEL (extra) ? gtk_label_get_label (GTK_LABEL (extra)) : "");
  adw_message_dialog_response (dialog, response);
  gtk_window_destroy (GTK_WINDOW (dialog));
  answer (TRUE, "%s", body);
}

static void
do_dialog_text (const char *text)
{
  AdwMessageDialog *dialog = finder_find_dialog ();
  GtkWidget *extra = dialog ? adw_message_dialog_get_extra_child (dialog) : NULL;

  if (extra && !GTK_IS_EDITABLE (extra))
    extra = finder_find (extra, finder_is_editable, NULL);
  if (!GTK_IS_EDITABLE (extra))
    {
      answer (FALSE, "no dialog with a field is open");
      return;
    }
  gtk_editable_set_text (GTK_EDITABLE (extra), text);
  answer (TRUE, "set");
}

/* What is chosen there, by its text. */
static void
do_dialog_choose (const char *text)
{
  AdwMessageDialog *dialog = finder_find_dialog ();
  GtkWidget *extra = dialog ? adw_message_dialog_get_extra_child (dialog) : NULL,
            *row = extra ? finder_find (extra, finder_is_combo, NULL) : NULL;
  GListModel *model = row ? adw_combo_row_get_model (ADW_COMBO_ROW (row)) : NULL;

  for (guint i = 0; model && i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (GtkStringObject) item = g_list_model_get_item (model, i);

      if (g_str_has_prefix (gtk_string_object_get_string (item), text))
        {
          adw_combo_row_set_selected (ADW_COMBO_ROW (row), i);
          answer (TRUE, "chosen");
          return;
        }
    }
  answer (FALSE, "no dialog with such a choice is open");
}

static void
do_section (Driver *driver, const char *title)
{
  GtkWidget *row = finder_find_here (driver->window, finder_has_title, title);

  if (row)
    gtk_list_box_select_row (GTK_LIST_BOX (gtk_widget_get_parent (row)), GTK_LIST_BOX_ROW (row));
  answer (row != NULL, row ? "shown" : "no section %s is in sight", title);
}

static void
do_row (Driver *driver, const char *key, const char *text)
{
  GtkWidget *row = finder_find_here (driver->window, finder_is_row_of, key);

  if (row == NULL)
    answer (FALSE, "no setting %s is in sight", key);
  else
    {
      const char *problem;

      clr_setting_row_set_text (CLR_SETTING_ROW (row), text);
      problem = clr_setting_row_get_problem (CLR_SETTING_ROW (row));
      answer (TRUE, "%s", problem ? problem : "");
    }
}

/* "BUTTON TITLE": the button of that name in the row with that title. */
static void
do_press (Driver *driver, const char *name, const char *title)
{
  GtkWidget *row = title ? finder_find_here (driver->window, finder_is_titled_row, title) : NULL;
  GtkWidget *button = row ? finder_find (row, finder_has_name, name) : NULL;
  gboolean good = GTK_IS_BUTTON (button) && gtk_widget_is_sensitive (button);

  if (good)
    g_signal_emit_by_name (button, "clicked");
  answer (good, good ? "pressed" : row ? "no such button can be pressed" : "no such row is in sight");
}

/* What a row says below its title. */
static void
do_row_text (Driver *driver, const char *title)
{
  GtkWidget *row = finder_find_here (driver->window, finder_is_titled_row, title);

  if (ADW_IS_ACTION_ROW (row))
    answer (TRUE, "%s", adw_action_row_get_subtitle (ADW_ACTION_ROW (row)));
  else
    answer (row != NULL, row ? "" : "no such row is in sight");
}

static void
do_click (Driver *driver, const char *word)
{
  GtkWidget *button = finder_find_here (driver->window, finder_has_id, word);
  gboolean good;

  if (button == NULL)
    button = finder_find_here (driver->window, finder_has_label, word);
  good = GTK_IS_BUTTON (button); /* it may be gone with its window once it is clicked */
  if (good && gtk_widget_is_sensitive (button))
    g_signal_emit_by_name (button, "clicked");
  answer (good, good ? "clicked" : "no button %s is in sight", word);
}

/* Every text that can be seen, one after the other. */
static void
collect_texts (GtkWidget *root, GString *into)
{
  if (!gtk_widget_get_child_visible (root) || !gtk_widget_get_visible (root))
    return;
  if (GTK_IS_LABEL (root))
    g_string_append_printf (into, "%s\x1f", gtk_label_get_text (GTK_LABEL (root)));
  for (GtkWidget *child = gtk_widget_get_first_child (root); child;
       child = gtk_widget_get_next_sibling (child))
    collect_texts (child, into);
}

static void
do_texts (Driver *driver)
{
  g_autoptr (GString) texts = g_string_new (NULL);

  if (finder_find_modal ())
    collect_texts (GTK_WIDGET (finder_find_modal ()), texts);
  collect_texts (driver->window, texts);
  answer (TRUE, "%s", texts->str);
}

static void
do_text_view (Driver *driver, const char *word)
{
  GtkWidget *view = finder_find_here (driver->window, finder_has_id, word);
  g_autofree char *text = NULL;

  if (GTK_IS_TEXT_VIEW (view))
    g_object_get (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), "text", &text, NULL);
  answer (text != NULL, "%s", text ? text : "no such text is in sight");
}

/* What the page in sight has found, into a file, as after its file chooser. */
static void
do_export (Driver *driver, const char *path)
{
  GtkWidget *page = clr_window_get_page (CLR_WINDOW (driver->window));
  const char *filter = CLR_IS_TRACE_PAGE (page)      ? clr_trace_page_get_filter (CLR_TRACE_PAGE (page))
                       : CLR_IS_INCIDENT_PAGE (page) ? clr_incident_page_get_filter (CLR_INCIDENT_PAGE (page))
                                                     : NULL;
  g_autoptr (GFile) file = g_file_new_for_path (path);

  if (filter)
    clr_export_start (CLR_PAGE (page), filter, file);
  answer (filter != NULL, filter ? "started" : "this page has nothing to export");
}

/* A configuration of another relay, as after its file chooser. */
static void
do_import (const char *path)
{
  GtkWindow *modal = finder_find_modal ();
  g_autoptr (GFile) file = g_file_new_for_path (path);

  if (CLR_IS_IMPORT_DIALOG (modal))
    clr_import_dialog_read (CLR_IMPORT_DIALOG (modal), file);
  answer (CLR_IS_IMPORT_DIALOG (modal), CLR_IS_IMPORT_DIALOG (modal) ? "read" : "no such window is open");
}

/* Returns: FALSE at the end. */
static gboolean
carry_out (Driver *driver, char *line)
{
  char *rest = strchr (line, ' '), *more;
  GtkWidget *widget;

  if (rest)
    *rest++ = '\0';
  more = rest ? strchr (rest, ' ') : NULL;
  if (g_str_equal (line, "quit"))
    return FALSE;
  if (rest == NULL)
    answer (FALSE, "%s: of what?", line);
  else if (g_str_equal (line, "page"))
    answer (clr_window_show_page (CLR_WINDOW (driver->window), rest), "%s", rest);
  else if (g_str_equal (line, "message"))
    {
      clr_window_show_message (CLR_WINDOW (driver->window), rest);
      answer (TRUE, "shown");
    }
  else if (g_str_equal (line, "shot"))
    {
      gboolean good = save (driver, rest);
      answer (good, good ? "saved" : "nothing has been drawn yet");
    }
  else if (g_str_equal (line, "read"))
    {
      if ((widget = finder_find_here (driver->window, finder_has_id, rest))
          || (widget = finder_find_here (driver->window, finder_has_name, rest)))
        do_read (widget);
      else
        answer (FALSE, "no %s is in sight", rest);
    }
  else if (g_str_equal (line, "width"))
    answer (TRUE, "%d", gtk_widget_get_width (driver->window));
  else if (g_str_equal (line, "texts"))
    do_texts (driver);
  else if (g_str_equal (line, "table"))
    do_table (driver, rest);
  else if (g_str_equal (line, "respond"))
    do_respond (rest);
  else if (g_str_equal (line, "dialog-text"))
    do_dialog_text (rest);
  else if (g_str_equal (line, "dialog-choose"))
    do_dialog_choose (rest);
  else if (g_str_equal (line, "section"))
    do_section (driver, rest);
  else if (g_str_equal (line, "click"))
    do_click (driver, rest);
  else if (g_str_equal (line, "text"))
    do_row_text (driver, rest);
  else if (g_str_equal (line, "text-view"))
    do_text_view (driver, rest);
  else if (g_str_equal (line, "import"))
    do_import (rest);
  else if (g_str_equal (line, "export"))
    do_export (driver, rest);
  else
    {
      if (more)
        *more++ = '\0';
      if (g_str_equal (line, "action"))
        do_action (driver, rest, more);
      else if (g_str_equal (line, "row"))
        do_row (driver, rest, more);
      else if (g_str_equal (line, "press"))
        do_press (driver, rest, more);
      else if (g_str_equal (line, "name")
               && (widget = finder_find_here (driver->window, finder_has_name, rest)))
        do_set (widget, more ? more : "");
      else if (g_str_equal (line, "set") && (widget = finder_find_here (driver->window, finder_has_id, rest)))
        do_set (widget, more ? more : "");
      else
        answer (FALSE, "%s %s: not known, or not in sight", line, rest);
    }
  return TRUE;
}

static void
on_line (GObject *source, GAsyncResult *result, void *data)
{
  Driver *driver = data;
  g_autofree char *line = g_data_input_stream_read_line_finish (driver->input, result, NULL, NULL);

  if (line && carry_out (driver, line))
    read_next (driver);
  else
    gtk_window_destroy (GTK_WINDOW (driver->window));
}

static void
read_next (Driver *driver)
{
  g_data_input_stream_read_line_async (driver->input, G_PRIORITY_LOW, NULL, on_line, driver);
}

static void
on_activate (GtkApplication *application, Driver *driver)
{
  const char *scale = g_getenv ("CLR_TEST_TEXT_SCALE");

  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  /* As the desktop's "large text" does it: in 1/1024 of dots an inch. */
  if (scale)
    g_object_set (gtk_settings_get_default (), "gtk-xft-dpi", (int)(96 * 1024 * g_ascii_strtod (scale, NULL)),
                  NULL);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), g_str_equal (driver->style, "dark")
                                                                            ? ADW_COLOR_SCHEME_FORCE_DARK
                                                                            : ADW_COLOR_SCHEME_FORCE_LIGHT);
  driver->window = clr_window_new (application, driver->socket);
  gtk_window_present (GTK_WINDOW (driver->window));
  g_autofree char *names = g_strjoinv (" ", (char **)clr_window_list_pages ());
  answer (TRUE, "%s", names);
  read_next (driver);
}

int
main (int argc, char **argv)
{
  g_autoptr (ClrApplication) application = NULL;
  g_autoptr (GInputStream) input = NULL;
  Driver driver = { NULL };

  if (argc != 3)
    {
      fprintf (stderr, "Usage: driver SOCKET light|dark\n");
      return 2;
    }
  setlocale (LC_ALL, "");
  bindtextdomain ("clrelay", CLR_TEST_LOCALE_DIR);
  bind_textdomain_codeset ("clrelay", "UTF-8");
  textdomain ("clrelay");
  driver.socket = argv[1];
  driver.style = argv[2];
  application = clr_application_new ();
  driver.application = application;
  input = g_unix_input_stream_new (0, FALSE);
  driver.input = g_data_input_stream_new (input);
  g_signal_connect (application, "activate", G_CALLBACK (on_activate), &driver);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  g_application_run (G_APPLICATION (application), 1, argv);
  g_object_unref (driver.input);
  return 0;
}
