/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-sessions-page.h"

#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-rows.h"
#include "widgets/clr-sheet-dialog.h"

#include <glib/gi18n.h>

#define SESSIONS_MOST 100 /* rows of a person's list */

struct _ClrSessionsPage
{
  ClrPage parent_instance;
  ClrRows sessions, records;
  char *shown, *records_shown; /* the answers that are shown: rows stay while nothing is new */

  GtkEditable *text_entry;
  GtkToggleButton *pause_button;
  AdwPreferencesGroup *sessions_group, *records_group;
};

G_DEFINE_FINAL_TYPE (ClrSessionsPage, clr_sessions_page, CLR_TYPE_PAGE)

static void ask (ClrSessionsPage *self);

static void
on_changed (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  if (answer)
    clr_page_tell (page, "%s", data ? (const char *)data : _ ("Done"));
  else
    clr_page_fail (page, _ ("This Did Not Work"), error->message);
  ask (CLR_SESSIONS_PAGE (page));
}

/* The button's data is "MEMBER VALUE" of the order. */
static void
on_record (GtkButton *button, ClrPage *self)
{
  g_auto (GStrv) parts = g_strsplit (clr_row_get_data (button), " ", 2);
  JsonObject *body = json_object_new ();

  json_object_set_string_member (body, parts[0], parts[1]);
  clr_page_ask (self, "POST", CLR_API_RECORDS, body, on_changed,
                (void *)_ ("The next sessions are recorded, without passwords and content"));
  json_object_unref (body);
}

static void
on_drop (GtkButton *button, ClrPage *self)
{
  g_autofree char *path = g_strconcat (CLR_API_RECORD, clr_row_get_data (button), NULL);

  clr_page_ask (self, "DELETE", path, NULL, on_changed, NULL);
}

/* "C: EHLO printer" and so on, session by session. (transfer full) */
static char *
write_record (JsonObject *record)
{
  g_autoptr (GString) text = g_string_new (NULL);
  JsonNode *node = json_object_get_member (record, "sessions");
  JsonArray *sessions = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; sessions && i < json_array_get_length (sessions); i++)
    {
      JsonNode *item = json_array_get_element (sessions, i);
      JsonObject *session = JSON_NODE_HOLDS_OBJECT (item) ? json_node_get_object (item) : NULL;
      const char *peer = session ? clr_json_get_text (session, "peer") : NULL;
      JsonNode *list = session ? json_object_get_member (session, "lines") : NULL;

      g_string_append_printf (text, "# %s\n", peer ? peer : "");
      for (guint k = 0;
           list && JSON_NODE_HOLDS_ARRAY (list) && k < json_array_get_length (json_node_get_array (list));
           k++)
        {
          JsonNode *line = json_array_get_element (json_node_get_array (list), k);
          JsonObject *object = JSON_NODE_HOLDS_OBJECT (line) ? json_node_get_object (line) : NULL;
          const char *from = object ? clr_json_get_text (object, "from") : NULL,
                     *said = object ? clr_json_get_text (object, "text") : NULL;

          g_string_append_printf (text, "%s: %s\n",
                                  g_strcmp0 (from, "client") == 0   ? "C"
                                  : g_strcmp0 (from, "server") == 0 ? "S"
                                  : from                            ? from
                                                                    : "",
                                  said ? said : "");
        }
      g_string_append_c (text, '\n');
    }
  if (text->len == 0)
    g_string_append (text, _ ("No session has come yet."));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
on_shown (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autofree char *text = answer ? write_record (answer) : NULL;

  if (text)
    gtk_window_present (
        GTK_WINDOW (clr_sheet_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (page))),
                                          _ ("Recorded Sessions"), text, "sessions.txt")));
  else
    clr_page_fail (page, _ ("This Did Not Work"), error->message);
}

static void
on_show (GtkButton *button, ClrPage *self)
{
  g_autofree char *path = g_strconcat (CLR_API_RECORD, clr_row_get_data (button), NULL);

  clr_page_ask (self, "GET", path, NULL, on_shown, NULL);
}

static void
on_follow (GtkButton *button, ClrSessionsPage *self)
{
  gtk_editable_set_text (self->text_entry, clr_row_get_data (button));
}

static void
add_session (ClrSessionsPage *self, JsonObject *session)
{
  gboolean out = g_strcmp0 (clr_json_get_text (session, "direction"), "out") == 0;
  const char *peer = clr_json_get_text (session, "peer"), *name = clr_json_get_text (session, "name"),
             *place = clr_json_get_text (session, "place"), *device = clr_json_get_text (session, "device"),
             *tls = clr_json_get_text (session, "tls"), *state = clr_json_get_text (session, "state");
  g_autofree char *title = g_strdup_printf ("%s %s", peer ? peer : "", name ? name : ""), *words = NULL,
                  *data = NULL;
  GtkWidget *row;

  words = g_strjoin (" · ", state ? state : "",
                     out      ? _ ("to a next hop")
                     : device ? device
                              : _ ("no device"),
                     tls ? tls : _ ("not encrypted"), place ? place : "", NULL);
  row = clr_rows_add (&self->sessions, title, words);
  clr_row_add_icon (row, out ? "go-up-symbolic" : "go-down-symbolic", NULL);
  if (json_object_get_int_member_with_default (session, "recorded", 0))
    clr_row_add_word (row, _ ("recorded"), "warning");
  if (device)
    {
      clr_row_add_button (row, "follow", "edit-find-symbolic", _ ("Follow This Device"),
                          G_CALLBACK (on_follow), self, device);
      data = g_strdup_printf ("device %s", device);
    }
  if (data)
    clr_row_add_button (row, "record", "media-record-symbolic", _ ("Record Its Next Sessions"),
                        G_CALLBACK (on_record), self, data);
}

static void
add_record (ClrSessionsPage *self, JsonObject *record)
{
  const char *name = clr_json_get_text (record, "record"), *what = clr_json_get_text (record, "what"),
             *whose = clr_json_get_text (record, "name"), *who = clr_json_get_text (record, "who"),
             *state = clr_json_get_text (record, "state");
  g_autofree char *title = g_strdup_printf ("%s %s", what ? what : "", whose ? whose : ""),
                  *begun = clr_words_time (clr_json_get_text (record, "begun"), TRUE), *words = NULL;
  GtkWidget *row;

  if (name == NULL)
    return;
  words = g_strdup_printf (_ ("%s · %d of %d sessions · begun by %s, %s"), state ? state : "",
                           (int)json_object_get_int_member_with_default (record, "recorded", 0),
                           (int)json_object_get_int_member_with_default (record, "wanted", 0), who ? who : "",
                           begun ? begun : "");
  row = clr_rows_add (&self->records, title, words);
  clr_row_add_button (row, "show", NULL, _ ("_Read…"), G_CALLBACK (on_show), self, name);
  clr_row_add_button (row, "drop", "user-trash-symbolic", _ ("Forget"), G_CALLBACK (on_drop), self, name);
}

/* Returns: the rows that are to be shown anew; NULL: nothing is new, or nothing came. */
static JsonArray *
take (ClrRows *rows, char **shown, JsonObject *answer, const char *member, const GError *error,
      const char *empty)
{
  JsonNode *node = answer ? json_object_get_member (answer, member) : NULL;
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autofree char *text = array ? json_to_string (node, FALSE) : g_strdup (error ? error->message : "");

  for (guint i = 0; array && i < json_array_get_length (array); i++)
    if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, i)))
      array = NULL;
  if (g_strcmp0 (text, *shown) == 0)
    return NULL;
  g_free (*shown);
  *shown = g_steal_pointer (&text);
  clr_rows_clear (rows);
  if (array == NULL || json_array_get_length (array) == 0)
    clr_rows_add_empty (rows, error && clr_page_is_unknown (error)
                                  ? _ ("This relay is older than the app, and cannot tell")
                              : error ? error->message
                                      : empty);
  return array;
}

static void
on_sessions (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrSessionsPage *self = CLR_SESSIONS_PAGE (page);
  JsonArray *list
      = take (&self->sessions, &self->shown, answer, "sessions", error, _ ("Nobody is connected"));

  for (guint i = 0; list && i < json_array_get_length (list); i++)
    add_session (self, json_array_get_object_element (list, i));
}

static void
on_records (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrSessionsPage *self = CLR_SESSIONS_PAGE (page);
  JsonArray *list = take (&self->records, &self->records_shown, answer, "records", error,
                          _ ("Nothing has been recorded"));

  for (guint i = 0; list && i < json_array_get_length (list); i++)
    add_record (self, json_array_get_object_element (list, i));
}

static void
ask (ClrSessionsPage *self)
{
  const char *text = gtk_editable_get_text (self->text_entry);
  g_autoptr (GString) path = g_string_new (CLR_API_SESSIONS);

  g_string_append_printf (path, "?limit=%d", SESSIONS_MOST);
  if (*text)
    {
      g_string_append (path, "&text=");
      g_string_append_uri_escaped (path, text, NULL, FALSE);
    }
  clr_page_ask (CLR_PAGE (self), "GET", path->str, NULL, on_sessions, NULL);
  clr_page_ask (CLR_PAGE (self), "GET", CLR_API_RECORDS, NULL, on_records, NULL);
}

static void
on_text (GtkSearchEntry *entry, ClrSessionsPage *self)
{
  if (clr_page_is_in_sight (CLR_PAGE (self)))
    ask (self);
}

static void
on_updated (ClrRelay *relay, ClrPage *page)
{
  ClrSessionsPage *self = CLR_SESSIONS_PAGE (page);

  if (clr_page_is_in_sight (page) && clr_relay_get_problem (relay) == NULL
      && !gtk_toggle_button_get_active (self->pause_button))
    ask (self);
}

static void
clr_sessions_page_attach (ClrPage *page, ClrRelay *relay)
{
  g_signal_connect_object (relay, "updated", G_CALLBACK (on_updated), page, 0);
}

static void
clr_sessions_page_set_visible (ClrPage *page, gboolean visible)
{
  if (visible)
    ask (CLR_SESSIONS_PAGE (page));
}

static void
clr_sessions_page_dispose (GObject *object)
{
  ClrSessionsPage *self = CLR_SESSIONS_PAGE (object);

  clr_rows_finish (&self->sessions);
  clr_rows_finish (&self->records);
  g_clear_pointer (&self->shown, g_free);
  g_clear_pointer (&self->records_shown, g_free);
  G_OBJECT_CLASS (clr_sessions_page_parent_class)->dispose (object);
}

static void
clr_sessions_page_class_init (ClrSessionsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_sessions_page_dispose;
  CLR_PAGE_CLASS (klass)->attach = clr_sessions_page_attach;
  CLR_PAGE_CLASS (klass)->set_visible = clr_sessions_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-sessions-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrSessionsPage, text_entry);
  gtk_widget_class_bind_template_child (widget_class, ClrSessionsPage, pause_button);
  gtk_widget_class_bind_template_child (widget_class, ClrSessionsPage, sessions_group);
  gtk_widget_class_bind_template_child (widget_class, ClrSessionsPage, records_group);
  gtk_widget_class_bind_template_callback (widget_class, on_text);
}

static void
clr_sessions_page_init (ClrSessionsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->sessions, self->sessions_group);
  clr_rows_init (&self->records, self->records_group);
}
