/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-probe-view.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-rows.h"

#include <glib/gi18n.h>

struct _ClrProbeView
{
  AdwBin parent_instance;
  ClrRows rows;

  AdwPreferencesGroup *group;
  GtkSpinner *spinner;
};

enum
{
  FINISHED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ClrProbeView, clr_probe_view, ADW_TYPE_BIN)

static const struct
{
  const char *wire, *title;
} steps[] = {
  { "dns", N_ ("Look up the name") }, { "connect", N_ ("Connect") },
  { "greeting", N_ ("Greeting") },    { "ehlo", N_ ("Give our name (EHLO)") },
  { "tls", N_ ("Encrypt (TLS)") },    { "token", N_ ("Access token (OAuth)") },
  { "auth", N_ ("Log in") },          { "mail", N_ ("Sender") },
  { "rcpt", N_ ("Recipient") },
};

static const char *
get_title (const char *step)
{
  for (guint i = 0; step && i < G_N_ELEMENTS (steps); i++)
    if (g_str_equal (step, steps[i].wire))
      return _ (steps[i].title);
  return step ? step : "";
}

static void
add_step (ClrProbeView *self, JsonObject *step)
{
  const char *host = clr_json_get_text (step, "host"), *text = clr_json_get_text (step, "text"),
             *advice = clr_json_get_text (step, "advice");
  gboolean good = clr_json_is_true (step, "ok");
  g_autofree char *title
      = g_strdup_printf ("%s — %s", get_title (clr_json_get_text (step, "step")), host ? host : "");
  g_autofree char *subtitle = text && advice ? g_strdup_printf ("%s\n→ %s", text, advice)
                              : advice       ? g_strdup_printf ("→ %s", advice)
                                             : g_strdup (text);
  GtkWidget *row = clr_rows_add (&self->rows, title, subtitle);

  clr_row_add_icon (row, good ? "emblem-ok-symbolic" : "dialog-error-symbolic", good ? "success" : "error");
}

static void
on_probed (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autoptr (ClrProbeView) self = data;
  JsonNode *node = answer ? json_object_get_member (answer, "steps") : NULL;
  const char *result = answer ? clr_json_get_text (answer, "result") : NULL,
             *reason = answer ? clr_json_get_text (answer, "reason") : error->message;
  gboolean works = g_strcmp0 (result, "ok") == 0;
  g_autofree char *escaped = g_markup_escape_text (reason ? reason : "", -1);

  gtk_spinner_stop (self->spinner);
  clr_rows_clear (&self->rows);
  for (guint i = 0;
       node && JSON_NODE_HOLDS_ARRAY (node) && i < json_array_get_length (json_node_get_array (node)); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (json_node_get_array (node), i)))
      add_step (self, json_array_get_object_element (json_node_get_array (node), i));
  adw_preferences_group_set_title (self->group,
                                   works ? _ ("Mail Can Leave This Way") : _ ("Mail Cannot Leave This Way"));
  adw_preferences_group_set_description (self->group, works ? "" : escaped);
  g_signal_emit (self, signals[FINISHED], 0, works);
}

void
clr_probe_view_start (ClrProbeView *self, ClrPage *page, const char *smarthost, const char *from,
                      const char *to)
{
  JsonObject *body = json_object_new ();

  clr_rows_clear (&self->rows);
  adw_preferences_group_set_title (self->group, _ ("Trying…"));
  adw_preferences_group_set_description (self->group, "");
  gtk_spinner_start (self->spinner);
  json_object_set_string_member (body, "smarthost", smarthost);
  if (*from)
    json_object_set_string_member (body, "from", from);
  if (*to)
    json_object_set_string_member (body, "to", to);
  clr_page_ask (page, "POST", CLR_API_CHECK_SMARTHOST, body, on_probed, g_object_ref (self));
  json_object_unref (body);
}

static void
clr_probe_view_dispose (GObject *object)
{
  clr_rows_finish (&CLR_PROBE_VIEW (object)->rows);
  G_OBJECT_CLASS (clr_probe_view_parent_class)->dispose (object);
}

static void
clr_probe_view_class_init (ClrProbeViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_probe_view_dispose;
  signals[FINISHED] = g_signal_new ("finished", CLR_TYPE_PROBE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/widgets/clr-probe-view.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrProbeView, group);
  gtk_widget_class_bind_template_child (widget_class, ClrProbeView, spinner);
}

static void
clr_probe_view_init (ClrProbeView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->rows, self->group);
}
