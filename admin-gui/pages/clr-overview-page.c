/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-overview-page.h"

#include "clr-window.h"
#include "clr-words.h"
#include "control/clr-api.h"
#include "widgets/clr-chart.h"

#include <glib/gi18n.h>

#define LANES_MOST 8u
#define SERIES_S   10u

/* A number with its name. */
typedef struct
{
  const char *title, *property, *page; /* where a click leads */
} Tile;

static const Tile tiles[] = {
  { N_ ("Messages in the queue"), "messages", "queue" },
  { N_ ("Recipients waiting"), "waiting", "queue" },
  { N_ ("Being delivered"), "active", "queue" },
  { N_ ("Held"), "held", "queue" },
  { N_ ("Accepted since start"), "accepted", "trace" },
  { N_ ("Delivered since start"), "delivered", "trace" },
};

struct _ClrOverviewPage
{
  ClrPage parent_instance;
  GtkLabel *numbers[G_N_ELEMENTS (tiles)];
  GtkWidget *chart;
  guint source;
  GPtrArray *warning_rows, *lane_rows;
  AdwActionRow *listener_row, *started_row, *version_row, *file_row, *connections_row;

  GtkImage *health_icon;
  GtkLabel *health_title, *health_text;
  GtkFlowBox *tiles;
  GtkBox *chart_box;
  GtkDropDown *span_drop;
  AdwPreferencesGroup *warnings, *lanes, *about;
};

G_DEFINE_FINAL_TYPE (ClrOverviewPage, clr_overview_page, CLR_TYPE_PAGE)

static void
clear_rows (AdwPreferencesGroup *group, GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    adw_preferences_group_remove (group, g_ptr_array_index (rows, i));
  g_ptr_array_set_size (rows, 0);
}

static GtkWidget *
make_row (const char *title, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle ? subtitle : "");
  return row;
}

static void
on_fix (GtkButton *button, ClrOverviewPage *self)
{
  clr_window_show_page (CLR_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                        g_object_get_data (G_OBJECT (button), "clr-page"));
}

/* A warning, and the page where it is mended. */
static void
add_warning (ClrOverviewPage *self, const char *title, const char *text, const char *label, const char *page)
{
  GtkWidget *row = make_row (title, text), *button = gtk_button_new_with_label (label);

  adw_action_row_add_prefix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("dialog-warning-symbolic"));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  g_object_set_data (G_OBJECT (button), "clr-page", (void *)page);
  g_signal_connect (button, "clicked", G_CALLBACK (on_fix), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  adw_preferences_group_add (self->warnings, row);
  g_ptr_array_add (self->warning_rows, row);
}

static guint
count_resting (GListModel *lanes)
{
  guint n = 0;

  for (guint i = 0; lanes && i < g_list_model_get_n_items (lanes); i++)
    {
      g_autoptr (GObject) lane = g_list_model_get_item (lanes, i);
      g_autofree char *until = NULL;

      g_object_get (lane, "resting-until", &until, NULL);
      n += until != NULL;
    }
  return n;
}

/* Where what the service warns of is mended, by how its sentence begins. */
static void
add_told (ClrOverviewPage *self, const char *text)
{
  static const struct
  {
    const char *start, *label, *page;
  } rows[] = {
    { "[device ", N_ ("Devices"), "devices" },
    { "device ", N_ ("Devices"), "devices" },
    { "certificate ", N_ ("Listeners"), "listeners" },
    { "oauth ", N_ ("Smarthosts"), "routes" },
  };
  const char *label = N_ ("Settings"), *page = "settings";

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_has_prefix (text, rows[i].start))
      {
        label = rows[i].label;
        page = rows[i].page;
      }
  add_warning (self, text, NULL, _ (label), page);
}

static void
show_warnings (ClrOverviewPage *self, ClrStatusInfo *status, GListModel *lanes)
{
  gint64 failed, held, store_failures;
  g_auto (GStrv) listeners = NULL, told = NULL;
  guint n_resting = count_resting (lanes);

  clear_rows (self->warnings, self->warning_rows);
  g_object_get (status, "failed", &failed, "held", &held, "store-failures", &store_failures, "listeners",
                &listeners, "warnings", &told, NULL);
  for (guint i = 0; told && told[i]; i++)
    add_told (self, told[i]);
  if (store_failures > 0)
    add_warning (self, _ ("The queue's disk refused to store"),
                 _ ("Senders were told to try again later. Is the disk full or failing?"), _ ("Log"), "live");
  if (listeners == NULL || *listeners == NULL)
    add_warning (self, _ ("Nobody can hand in mail"),
                 _ ("No listener is open: the relay takes no mail over the network."), _ ("Settings"),
                 "settings");
  if (failed > 0)
    {
      g_autofree char *title = g_strdup_printf (
          ngettext ("%d recipient failed and is kept", "%d recipients failed and are kept", (gulong)failed),
          (int)failed);
      add_warning (self, title, _ ("Their senders could not be told, or it is not wanted."), _ ("Queue"),
                   "queue");
    }
  if (n_resting > 0)
    {
      g_autofree char *title = g_strdup_printf (
          ngettext ("%u next hop does not take mail", "%u next hops do not take mail", n_resting), n_resting);
      add_warning (self, title, _ ("Their mail waits and is tried again by itself."), _ ("Queue"), "queue");
    }
  gtk_widget_set_visible (GTK_WIDGET (self->warnings), self->warning_rows->len > 0);
}

static void
show_lanes (ClrOverviewPage *self, GListModel *lanes)
{
  gint64 now_us = g_get_real_time ();

  clear_rows (self->lanes, self->lane_rows);
  for (guint i = 0; lanes && i < g_list_model_get_n_items (lanes) && self->lane_rows->len < LANES_MOST; i++)
    {
      g_autoptr (GObject) lane = g_list_model_get_item (lanes, i);
      g_autofree char *key = NULL, *until = NULL, *reason = NULL, *when = NULL, *title = NULL;

      g_object_get (lane, "key", &key, "resting-until", &until, "reason", &reason, NULL);
      when = clr_words_when (until, now_us);
      if (when == NULL)
        continue;
      /* Translators: a next hop, and when it is tried again */
      title = g_strdup_printf (_ ("%s: again %s"), key, when);
      GtkWidget *row = make_row (title, reason);
      adw_preferences_group_add (self->lanes, row);
      g_ptr_array_add (self->lane_rows, row);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->lanes), self->lane_rows->len > 0);
}

static void
show_health (ClrOverviewPage *self, const char *problem, ClrStatusInfo *status)
{
  gint64 waiting = 0;
  g_autofree char *text = NULL;
  const char *title, *icon;

  if (status)
    g_object_get (status, "waiting", &waiting, NULL);
  if (problem)
    {
      title = _ ("The relay cannot be reached");
      icon = "network-offline-symbolic";
      text = g_strdup (_ ("Nothing below is known to be true now."));
    }
  else if (status == NULL)
    {
      title = _ ("Asking the relay…");
      icon = "content-loading-symbolic";
      text = g_strdup ("");
    }
  else if (self->warning_rows->len > 0)
    {
      title = _ ("Running, and something needs you");
      icon = "dialog-warning-symbolic";
      text = g_strdup_printf (
          ngettext ("%u thing to look at below.", "%u things to look at below.", self->warning_rows->len),
          self->warning_rows->len);
    }
  else
    {
      title = _ ("All is well");
      icon = "emblem-ok-symbolic";
      text = waiting > 0 ? g_strdup_printf (
                 ngettext ("Mail is accepted and delivered; %d recipient waits for its turn.",
                           "Mail is accepted and delivered; %d recipients wait for their turn.",
                           (gulong)waiting),
                 (int)waiting)
                         : g_strdup (_ ("Mail is accepted and delivered; nothing waits."));
    }
  gtk_image_set_from_icon_name (self->health_icon, icon);
  gtk_widget_remove_css_class (GTK_WIDGET (self->health_icon), "success");
  gtk_widget_remove_css_class (GTK_WIDGET (self->health_icon), "warning");
  if (status || problem)
    gtk_widget_add_css_class (GTK_WIDGET (self->health_icon),
                              problem || self->warning_rows->len > 0 ? "warning" : "success");
  gtk_label_set_label (self->health_title, title);
  gtk_label_set_label (self->health_text, text);
}

static void
show_about (ClrOverviewPage *self, ClrStatusInfo *status)
{
  g_autofree char *version = NULL, *started = NULL, *file = NULL, *listening = NULL, *when = NULL,
                  *clock = NULL, *since = NULL, *connections = NULL;
  g_auto (GStrv) listeners = NULL;
  gint64 in, out;

  g_object_get (status, "version", &version, "started", &started, "settings-file", &file, "listeners",
                &listeners, "connections-in", &in, "connections-out", &out, NULL);
  listening = listeners ? g_strjoinv ("\n", listeners) : NULL;
  when = clr_words_when (started, g_get_real_time ());
  clock = clr_words_time (started, TRUE);
  since = g_strdup_printf ("%s (%s)", clock ? clock : "", when ? when : "");
  connections = g_strdup_printf (_ ("%d from clients, %d to next hops"), (int)in, (int)out);
  adw_action_row_set_subtitle (self->listener_row, listening && *listening ? listening : _ ("nowhere"));
  adw_action_row_set_subtitle (self->connections_row, connections);
  adw_action_row_set_subtitle (self->started_row, since);
  adw_action_row_set_subtitle (self->version_row, version ? version : "");
  adw_action_row_set_subtitle (self->file_row, file ? file : "");
}

static const struct
{
  const char *wire, *title;
} spans[] = {
  { "10m", N_ ("Last Ten Minutes") },
  { "24h", N_ ("Last 24 Hours") },
  { "30d", N_ ("Last 30 Days") },
};

static const char *const chart_rows[CLR_CHART_ROWS] = { "accepted", "delivered", "deferred" };

static void
on_series (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrOverviewPage *self = CLR_OVERVIEW_PAGE (page);

  for (guint i = 0; answer && i < CLR_CHART_ROWS; i++)
    {
      JsonNode *node = json_object_get_member (answer, chart_rows[i]);
      JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
      guint n = array ? json_array_get_length (array) : 0;
      g_autofree double *values = g_new (double, n + 1);

      /* What is not known is drawn as nothing. */
      for (guint k = 0; k < n; k++)
        {
          JsonNode *value = json_array_get_element (array, k);
          values[k] = JSON_NODE_HOLDS_VALUE (value) ? (double)json_node_get_int (value) : 0;
        }
      clr_chart_set_capacity (CLR_CHART (self->chart), n);
      clr_chart_set_row (CLR_CHART (self->chart), i, values, n);
    }
}

static void
ask_series (ClrOverviewPage *self)
{
  guint span = gtk_drop_down_get_selected (self->span_drop);
  g_autofree char *path
      = g_strdup_printf ("%s?span=%s", CLR_API_SERIES, spans[span < G_N_ELEMENTS (spans) ? span : 0].wire);

  clr_page_ask (CLR_PAGE (self), "GET", path, NULL, on_series, NULL);
}

static gboolean
on_time (void *data)
{
  ask_series (data);
  return G_SOURCE_CONTINUE;
}

static void
on_span (GObject *drop, GParamSpec *pspec, ClrOverviewPage *self)
{
  if (clr_page_get_relay (CLR_PAGE (self)))
    ask_series (self);
}

static void
show (ClrOverviewPage *self)
{
  ClrRelay *relay = clr_page_get_relay (CLR_PAGE (self));
  ClrStatusInfo *status = clr_relay_get_status (relay);
  g_autoptr (GListModel) lanes = NULL;

  if (status)
    {
      g_object_get (status, "lanes", &lanes, NULL);
      for (guint i = 0; i < G_N_ELEMENTS (tiles); i++)
        {
          gint64 number;
          g_autofree char *text = NULL;

          g_object_get (status, tiles[i].property, &number, NULL);
          text = g_strdup_printf ("%'" G_GINT64_FORMAT, number);
          gtk_label_set_label (self->numbers[i], text);
        }
      show_warnings (self, status, lanes);
      show_lanes (self, lanes);
      show_about (self, status);
    }
  show_health (self, clr_relay_get_problem (relay), status);
}

static void
on_updated (ClrRelay *relay, ClrOverviewPage *self)
{
  if (clr_page_is_in_sight (CLR_PAGE (self)))
    show (self);
}

static void
clr_overview_page_set_visible (ClrPage *page, gboolean visible)
{
  ClrOverviewPage *self = CLR_OVERVIEW_PAGE (page);

  g_clear_handle_id (&self->source, g_source_remove);
  if (!visible)
    return;
  show (self);
  ask_series (self);
  self->source = g_timeout_add_seconds (SERIES_S, on_time, self);
}

static void
clr_overview_page_attach (ClrPage *page, ClrRelay *relay)
{
  g_signal_connect_object (relay, "updated", G_CALLBACK (on_updated), page, 0);
}

static void
on_tile (GtkButton *button, ClrOverviewPage *self)
{
  on_fix (button, self);
}

static GtkWidget *
make_tile (ClrOverviewPage *self, guint i)
{
  GtkWidget *button = gtk_button_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2),
            *number = gtk_label_new ("–"), *title = gtk_label_new (_ (tiles[i].title));

  gtk_widget_add_css_class (number, "title-2");
  gtk_widget_add_css_class (number, "numeric");
  gtk_widget_add_css_class (title, "caption");
  gtk_widget_add_css_class (title, "dim-label");
  gtk_label_set_wrap (GTK_LABEL (title), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (title), 14);
  gtk_label_set_justify (GTK_LABEL (title), GTK_JUSTIFY_CENTER);
  gtk_box_append (GTK_BOX (box), number);
  gtk_box_append (GTK_BOX (box), title);
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  gtk_button_set_child (GTK_BUTTON (button), box);
  gtk_widget_add_css_class (button, "card");
  gtk_widget_add_css_class (button, "tile");
  gtk_accessible_update_relation (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_RELATION_LABELLED_BY, title, number,
                                  NULL, -1);
  g_object_set_data (G_OBJECT (button), "clr-page", (void *)tiles[i].page);
  g_signal_connect (button, "clicked", G_CALLBACK (on_tile), self);
  self->numbers[i] = GTK_LABEL (number);
  return button;
}

static AdwActionRow *
add_fact (ClrOverviewPage *self, const char *title)
{
  GtkWidget *row = make_row (title, NULL);

  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_preferences_group_add (self->about, row);
  return ADW_ACTION_ROW (row);
}

static void
add_legend (ClrOverviewPage *self)
{
  static const char *const names[CLR_CHART_ROWS] = { N_ ("Accepted"), N_ ("Delivered"), N_ ("Put off") };
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 18);

  for (guint i = 0; i < CLR_CHART_ROWS; i++)
    {
      GtkWidget *item = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6),
                *swatch = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0), *label = gtk_label_new (_ (names[i]));
      g_autofree char *css_class = g_strdup_printf ("swatch-%u", i);

      gtk_widget_add_css_class (swatch, "swatch");
      gtk_widget_add_css_class (swatch, css_class);
      gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);
      gtk_widget_add_css_class (label, "caption");
      gtk_box_append (GTK_BOX (item), swatch);
      gtk_box_append (GTK_BOX (item), label);
      gtk_box_append (GTK_BOX (box), item);
    }
  gtk_box_append (self->chart_box, box);
}

static void
clr_overview_page_finalize (GObject *object)
{
  ClrOverviewPage *self = CLR_OVERVIEW_PAGE (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_ptr_array_unref (self->warning_rows);
  g_ptr_array_unref (self->lane_rows);
  G_OBJECT_CLASS (clr_overview_page_parent_class)->finalize (object);
}

static void
clr_overview_page_class_init (ClrOverviewPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = clr_overview_page_finalize;
  CLR_PAGE_CLASS (klass)->attach = clr_overview_page_attach;
  CLR_PAGE_CLASS (klass)->set_visible = clr_overview_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-overview-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, health_icon);
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, health_title);
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, health_text);
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, tiles);
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, chart_box);
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, span_drop);
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, warnings);
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, lanes);
  gtk_widget_class_bind_template_child (widget_class, ClrOverviewPage, about);
}

static void
clr_overview_page_init (ClrOverviewPage *self)
{
  const char *titles[G_N_ELEMENTS (spans) + 1] = { NULL };
  g_autoptr (GtkStringList) model = NULL;

  self->warning_rows = g_ptr_array_new ();
  self->lane_rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (tiles); i++)
    gtk_flow_box_insert (self->tiles, make_tile (self, i), -1);
  self->chart = clr_chart_new (2);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->chart), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Messages over time"), -1);
  gtk_box_append (self->chart_box, self->chart);
  add_legend (self);
  for (guint i = 0; i < G_N_ELEMENTS (spans); i++)
    titles[i] = _ (spans[i].title);
  model = gtk_string_list_new (titles);
  gtk_drop_down_set_model (self->span_drop, G_LIST_MODEL (model));
  g_signal_connect (self->span_drop, "notify::selected", G_CALLBACK (on_span), self);
  self->listener_row = add_fact (self, _ ("Takes mail at"));
  self->connections_row = add_fact (self, _ ("Connections now"));
  self->started_row = add_fact (self, _ ("Running since"));
  self->version_row = add_fact (self, _ ("Version"));
  self->file_row = add_fact (self, _ ("Settings file"));
}
