/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-alerts-page.h"

#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-rows.h"

#include <glib/gi18n.h>

struct _ClrAlertsPage
{
  ClrSectionsPage parent_instance;
  ClrRows alerts, rules;
  char *shown; /* the answer that is shown: rows stay while nothing is new */

  AdwPreferencesGroup *alerts_group, *rules_group;
};

G_DEFINE_FINAL_TYPE (ClrAlertsPage, clr_alerts_page, CLR_TYPE_SECTIONS_PAGE)

static const char *const alert_keys[]
    = { "kind", "longer-than", "more-than", "mail-to", "route", "webhook", NULL };

static void ask (ClrPage *page);

static void
on_posted (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  if (answer)
    clr_page_tell (page, "%s", _ ("Done"));
  else
    clr_page_fail (page, _ ("This Did Not Work"), error->message);
  ask (page);
}

/* A button's data is "NAME" or "NAME SUBJECT": names have no blanks. */
static void
post (ClrPage *page, const char *path, const char *data)
{
  g_auto (GStrv) parts = g_strsplit (data, " ", 2);
  JsonObject *body = json_object_new ();

  json_object_set_string_member (body, "name", parts[0]);
  if (parts[1] && *parts[1])
    json_object_set_string_member (body, "subject", parts[1]);
  clr_page_ask (page, "POST", path, body, on_posted, NULL);
  json_object_unref (body);
}

static void
on_acknowledge (GtkButton *button, ClrPage *self)
{
  post (self, CLR_API_ALERTS_ACKNOWLEDGE, clr_row_get_data (button));
}

static void
on_test (GtkButton *button, ClrPage *self)
{
  post (self, CLR_API_ALERTS_TEST, clr_row_get_data (button));
}

static void
on_add (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "alert", NULL, alert_keys);
}

static void
on_edit (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "alert", clr_row_get_data (button), alert_keys);
}

static void
on_remove (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_remove (self, "alert", clr_row_get_data (button), _ ("Nobody is told of it any more."));
}

static void
add_alert (ClrAlertsPage *self, JsonObject *alert)
{
  const char *name = clr_json_get_text (alert, "name"), *subject = clr_json_get_text (alert, "subject"),
             *text = clr_json_get_text (alert, "text"), *state = clr_json_get_text (alert, "state"),
             *who = clr_json_get_text (alert, "acknowledged-by");
  gboolean cleared = g_strcmp0 (state, "cleared") == 0, known = g_strcmp0 (state, "acknowledged") == 0;
  g_autofree char *since = clr_words_time (clr_json_get_text (alert, "since"), TRUE),
                  *over = clr_words_time (clr_json_get_text (alert, "cleared"), TRUE), *words = NULL,
                  *data = NULL;
  GtkWidget *row;

  if (name == NULL)
    return;
  words = cleared ? g_strdup_printf (_ ("%s · over since %s"), name, over ? over : "")
          : known ? g_strdup_printf (_ ("%s · since %s · %s knows of it"), name, since ? since : "",
                                     who ? who : "")
                  : g_strdup_printf (_ ("%s · since %s"), name, since ? since : "");
  row = clr_rows_add (&self->alerts, text ? text : name, words);
  clr_row_add_icon (row, cleared ? "emblem-ok-symbolic" : "clr-alerts-symbolic",
                    cleared ? "success"
                    : known ? NULL
                            : "warning");
  data = g_strdup_printf ("%s %s", name, subject ? subject : "");
  if (!cleared && !known)
    clr_row_add_button (row, "acknowledge", NULL, _ ("_I Know"), G_CALLBACK (on_acknowledge), self, data);
}

static void
on_alerts (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrAlertsPage *self = CLR_ALERTS_PAGE (page);
  JsonNode *node = answer ? json_object_get_member (answer, "alerts") : NULL;
  JsonArray *alerts = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autofree char *text = alerts ? json_to_string (node, FALSE) : g_strdup (error ? error->message : "");

  if (g_strcmp0 (text, self->shown) == 0)
    return;
  g_free (self->shown);
  self->shown = g_steal_pointer (&text);
  clr_rows_clear (&self->alerts);
  for (guint i = 0; alerts && i < json_array_get_length (alerts); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (alerts, i)))
      add_alert (self, json_array_get_object_element (alerts, i));
  if (self->alerts.rows->len == 0)
    clr_rows_add_empty (&self->alerts, error && clr_page_is_unknown (error)
                                           ? _ ("This relay is older than the app, and has no alerts")
                                       : error ? error->message
                                               : _ ("Nothing is wrong"));
}

static void
ask (ClrPage *page)
{
  clr_page_ask (page, "GET", CLR_API_ALERTS, NULL, on_alerts, NULL);
}

static void
clr_alerts_page_show (ClrSectionsPage *page, ClrGroups *groups, const GError *error)
{
  ClrAlertsPage *self = CLR_ALERTS_PAGE (page);
  g_autoptr (GPtrArray) names = groups ? clr_groups_list (groups, "alert") : g_ptr_array_new ();

  clr_rows_clear (&self->rules);
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i), *kind = clr_groups_get (groups, "alert", name, "kind"),
                 *mail = clr_groups_get (groups, "alert", name, "mail-to"),
                 *hook = clr_groups_get (groups, "alert", name, "webhook");
      g_autofree char *words = g_strjoin (" · ", kind ? kind : "",
                                          mail   ? mail
                                          : hook ? hook
                                                 : _ ("told here only"),
                                          mail && hook ? hook : NULL, NULL);
      GtkWidget *row = clr_rows_add (&self->rules, name, words);

      clr_row_add_button (row, "test", NULL, _ ("_Test"), G_CALLBACK (on_test), self, name);
      clr_row_add_button (row, "edit", "document-edit-symbolic", _ ("Change…"), G_CALLBACK (on_edit), self,
                          name);
      clr_row_add_button (row, "remove", "user-trash-symbolic", _ ("Remove…"), G_CALLBACK (on_remove), self,
                          name);
    }
  if (names->len == 0)
    clr_rows_add_empty (&self->rules, error ? error->message : _ ("Nothing is watched yet"));
  ask (CLR_PAGE (self));
}

static void
on_updated (ClrRelay *relay, ClrPage *self)
{
  if (clr_page_is_in_sight (self) && clr_relay_get_problem (relay) == NULL)
    ask (self);
}

static void
clr_alerts_page_attach (ClrPage *page, ClrRelay *relay)
{
  g_signal_connect_object (relay, "updated", G_CALLBACK (on_updated), page, 0);
}

static void
clr_alerts_page_dispose (GObject *object)
{
  ClrAlertsPage *self = CLR_ALERTS_PAGE (object);

  clr_rows_finish (&self->alerts);
  clr_rows_finish (&self->rules);
  g_clear_pointer (&self->shown, g_free);
  G_OBJECT_CLASS (clr_alerts_page_parent_class)->dispose (object);
}

static void
clr_alerts_page_class_init (ClrAlertsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_alerts_page_dispose;
  CLR_PAGE_CLASS (klass)->attach = clr_alerts_page_attach;
  CLR_SECTIONS_PAGE_CLASS (klass)->show = clr_alerts_page_show;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-alerts-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrAlertsPage, alerts_group);
  gtk_widget_class_bind_template_child (widget_class, ClrAlertsPage, rules_group);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
}

static void
clr_alerts_page_init (ClrAlertsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->alerts, self->alerts_group);
  clr_rows_init (&self->rules, self->rules_group);
}
