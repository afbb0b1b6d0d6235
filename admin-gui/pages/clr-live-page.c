/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-live-page.h"

#include "clr-window.h"
#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-column.h"

#include <glib/gi18n.h>

#define LINES_MOST  5000u
#define LINES_FIRST 200u
#define WAIT_S      15u /* that the service may take to have something to tell */
#define AGAIN_MS    2000u

struct _ClrLivePage
{
  ClrPage parent_instance;
  GListStore *lines; /* ClrLogLineInfo */
  gint64 after, missed;
  guint generation; /* answers to former questions are dropped */
  gboolean is_asking;
  guint source;

  GtkEditable *text_entry;
  GtkDropDown *level_drop;
  GtkToggleButton *pause_button;
  GtkStack *stack;
  GtkScrolledWindow *scroll;
  GtkColumnView *view;
  GtkLabel *foot_label;
};

G_DEFINE_FINAL_TYPE (ClrLivePage, clr_live_page, CLR_TYPE_PAGE)

static const struct
{
  const char *wire, *title;
} levels[] = {
  { "debug", N_ ("Everything") },
  { "info", N_ ("What happens") },
  { "warning", N_ ("Warnings and errors") },
  { "error", N_ ("Errors") },
};

static void ask (ClrLivePage *self);

static gboolean
on_time (void *data)
{
  ClrLivePage *self = data;

  self->source = 0;
  ask (self);
  return G_SOURCE_REMOVE;
}

/* New lines come at the end; the end is followed while it is in sight. */
static gboolean
is_at_end (ClrLivePage *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroll);

  return gtk_adjustment_get_value (adjustment) + gtk_adjustment_get_page_size (adjustment)
         >= gtk_adjustment_get_upper (adjustment) - 40;
}

static gboolean
go_to_end (void *data)
{
  g_autoptr (ClrLivePage) self = data;
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroll);

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment));
  return G_SOURCE_REMOVE;
}

static void
show_foot (ClrLivePage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->lines));
  g_autofree char *text = g_strdup_printf (ngettext ("%u line", "%u lines", n), n);
  g_autofree char *missed
      = self->missed > 0
            ? g_strdup_printf (_ (" · %d lines came faster than they could be shown"), (int)self->missed)
            : g_strdup ("");
  g_autofree char *all = g_strconcat (
      text, missed, gtk_toggle_button_get_active (self->pause_button) ? _ (" · paused") : "", NULL);

  gtk_label_set_label (self->foot_label, all);
  gtk_stack_set_visible_child_name (self->stack, n > 0 ? "list" : "none");
}

static void
add_lines (ClrLivePage *self, JsonArray *events)
{
  g_autoptr (GPtrArray) fresh = g_ptr_array_new_with_free_func (g_object_unref);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->lines)), over;
  gboolean at_end = is_at_end (self);

  for (guint i = 0; i < json_array_get_length (events); i++)
    {
      JsonNode *node = json_array_get_element (events, i);
      ClrLogLineInfo *line = g_object_new (CLR_TYPE_LOG_LINE_INFO, NULL);

      if (JSON_NODE_HOLDS_OBJECT (node))
        {
          JsonObject *event = json_node_get_object (node);
          JsonNode *fields = json_object_get_member (event, "fields");

          clr_json_fill_object (event, G_OBJECT (line));
          if (fields && JSON_NODE_HOLDS_OBJECT (fields))
            g_object_set (line, "id", clr_json_get_text (json_node_get_object (fields), "id"), NULL);
        }
      g_ptr_array_add (fresh, line);
    }
  g_list_store_splice (self->lines, n, 0, fresh->pdata, fresh->len);
  n += fresh->len;
  over = n > LINES_MOST ? n - LINES_MOST : 0;
  if (over > 0)
    g_list_store_splice (self->lines, 0, over, NULL, 0);
  if (at_end && fresh->len > 0)
    g_idle_add (go_to_end, g_object_ref (self));
}

static void
on_events (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrLivePage *self = CLR_LIVE_PAGE (page);
  JsonNode *events = answer ? json_object_get_member (answer, "events") : NULL;

  if (GPOINTER_TO_UINT (data) != self->generation)
    return;
  self->is_asking = FALSE;
  if (events && JSON_NODE_HOLDS_ARRAY (events))
    {
      self->after = json_object_get_int_member_with_default (answer, "next", 0);
      self->missed += json_object_get_int_member_with_default (answer, "missed", 0);
      add_lines (self, json_node_get_array (events));
      show_foot (self);
      ask (self);
    }
  else if (clr_page_is_in_sight (page) && self->source == 0)
    self->source = g_timeout_add (AGAIN_MS, on_time, self);
}

/* The service answers when it has something to tell. */
static void
ask (ClrLivePage *self)
{
  guint level = gtk_drop_down_get_selected (self->level_drop);
  const char *text = gtk_editable_get_text (self->text_entry);
  g_autoptr (GString) path = g_string_new (CLR_API_LOG);

  if (self->is_asking || !clr_page_is_in_sight (CLR_PAGE (self))
      || gtk_toggle_button_get_active (self->pause_button))
    return;
  g_string_append_printf (path, "?after=%" G_GINT64_FORMAT "&wait=%u&limit=%u&level=%s", self->after, WAIT_S,
                          LINES_FIRST, levels[level < G_N_ELEMENTS (levels) ? level : 0].wire);
  if (*text)
    {
      g_string_append (path, "&text=");
      g_string_append_uri_escaped (path, text, NULL, FALSE);
    }
  self->is_asking = TRUE;
  clr_page_ask (CLR_PAGE (self), "GET", path->str, NULL, on_events, GUINT_TO_POINTER (self->generation));
}

/* From the oldest line that the service remembers. */
static void
start_anew (ClrLivePage *self)
{
  self->generation++;
  self->is_asking = FALSE;
  self->after = 0;
  self->missed = 0;
  g_list_store_remove_all (self->lines);
  show_foot (self);
  if (clr_page_get_relay (CLR_PAGE (self)))
    ask (self);
}

static void
on_text (GtkSearchEntry *entry, ClrLivePage *self)
{
  start_anew (self);
}

static void
on_level (GObject *drop, GParamSpec *pspec, ClrLivePage *self)
{
  start_anew (self);
}

static void
on_pause (GtkToggleButton *button, ClrLivePage *self)
{
  gtk_button_set_icon_name (GTK_BUTTON (button), gtk_toggle_button_get_active (button)
                                                     ? "media-playback-start-symbolic"
                                                     : "media-playback-pause-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (button),
                               gtk_toggle_button_get_active (button) ? _ ("Go On") : _ ("Pause"));
  self->generation++;
  self->is_asking = FALSE;
  show_foot (self);
  ask (self);
}

static void
on_clear (GtkButton *button, ClrLivePage *self)
{
  g_list_store_remove_all (self->lines);
  self->missed = 0;
  show_foot (self);
}

static void
on_activate (GtkColumnView *view, guint position, ClrLivePage *self)
{
  g_autoptr (GObject) line = g_list_model_get_item (G_LIST_MODEL (self->lines), position);
  g_autofree char *id = NULL;

  if (line)
    g_object_get (line, "id", &id, NULL);
  if (id && *id)
    clr_window_show_message (CLR_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), id);
}

static char *
get_time (GObject *line)
{
  g_autofree char *wire = NULL;

  g_object_get (line, "time", &wire, NULL);
  return clr_words_time (wire, FALSE);
}

static char *
get_level (GObject *line)
{
  g_autofree char *level = NULL;

  g_object_get (line, "level", &level, NULL);
  if (g_strcmp0 (level, "error") == 0)
    return g_strdup (_ ("Error"));
  if (g_strcmp0 (level, "warning") == 0)
    return g_strdup (_ ("Warning"));
  return NULL;
}

static char *
get_event_text (GObject *line)
{
  char *text = NULL;

  g_object_get (line, "text", &text, NULL);
  return text;
}

static char *
get_event (GObject *line)
{
  char *event = NULL;

  g_object_get (line, "event", &event, NULL);
  return event;
}

static void
clr_live_page_set_visible (ClrPage *page, gboolean visible)
{
  ClrLivePage *self = CLR_LIVE_PAGE (page);

  g_clear_handle_id (&self->source, g_source_remove);
  if (visible)
    ask (self);
}

static void
clr_live_page_dispose (GObject *object)
{
  ClrLivePage *self = CLR_LIVE_PAGE (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_object (&self->lines);
  G_OBJECT_CLASS (clr_live_page_parent_class)->dispose (object);
}

static void
clr_live_page_class_init (ClrLivePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_live_page_dispose;
  CLR_PAGE_CLASS (klass)->set_visible = clr_live_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-live-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrLivePage, text_entry);
  gtk_widget_class_bind_template_child (widget_class, ClrLivePage, level_drop);
  gtk_widget_class_bind_template_child (widget_class, ClrLivePage, pause_button);
  gtk_widget_class_bind_template_child (widget_class, ClrLivePage, stack);
  gtk_widget_class_bind_template_child (widget_class, ClrLivePage, scroll);
  gtk_widget_class_bind_template_child (widget_class, ClrLivePage, view);
  gtk_widget_class_bind_template_child (widget_class, ClrLivePage, foot_label);
  gtk_widget_class_bind_template_callback (widget_class, on_text);
  gtk_widget_class_bind_template_callback (widget_class, on_pause);
  gtk_widget_class_bind_template_callback (widget_class, on_clear);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
}

static void
clr_live_page_init (ClrLivePage *self)
{
  static const struct
  {
    const char *title;
    ClrCellText get_text;
    const char *css_class;
    int width;
  } columns[] = {
    { N_ ("Time"), get_time, "numeric", 104 },
    { N_ ("Level"), get_level, "warning", 84 },
    { N_ ("What Happened"), get_event_text, NULL, 0 },
    { N_ ("Event"), get_event, "dim-label", 170 },
  };
  const char *titles[G_N_ELEMENTS (levels) + 1] = { NULL };
  g_autoptr (GtkStringList) model = NULL;
  g_autoptr (GtkSelectionModel) selection = NULL;

  self->lines = g_list_store_new (CLR_TYPE_LOG_LINE_INFO);
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    titles[i] = _ (levels[i].title);
  model = gtk_string_list_new (titles);
  gtk_drop_down_set_model (self->level_drop, G_LIST_MODEL (model));
  gtk_drop_down_set_selected (self->level_drop, 1);
  g_signal_connect (self->level_drop, "notify::selected", G_CALLBACK (on_level), self);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_autoptr (GtkColumnViewColumn) column = clr_column_new (_ (columns[i].title), columns[i].get_text,
                                                               NULL, columns[i].css_class, columns[i].width);

      gtk_column_view_append_column (self->view, column);
    }
  selection = GTK_SELECTION_MODEL (gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->lines))));
  gtk_single_selection_set_autoselect (GTK_SINGLE_SELECTION (selection), FALSE);
  gtk_single_selection_set_can_unselect (GTK_SINGLE_SELECTION (selection), TRUE);
  gtk_column_view_set_model (self->view, selection);
  show_foot (self);
}
