/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-users-page.h"

#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-rows.h"

#include <glib/gi18n.h>

struct _ClrUsersPage
{
  ClrPage parent_instance;
  ClrRows users, bans;

  GtkEditable *login_row, *password_row;
  GtkSwitch *recoverable_switch;
  GtkWidget *add_button;
  AdwPreferencesGroup *users_group, *bans_group;
};

G_DEFINE_FINAL_TYPE (ClrUsersPage, clr_users_page, CLR_TYPE_PAGE)

static void ask (ClrUsersPage *self);

/* A path with a part that may hold anything. (transfer full) */
static char *
make_path (const char *base, const char *part)
{
  g_autoptr (GString) path = g_string_new (base);

  g_string_append_c (path, '/');
  g_string_append_uri_escaped (path, part, NULL, FALSE);
  return g_string_free (g_steal_pointer (&path), FALSE);
}

static void
on_changed (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  if (answer == NULL)
    clr_page_fail (page, _ ("Nothing Was Changed"), error->message);
  ask (CLR_USERS_PAGE (page));
}

static void
on_copy (AdwMessageDialog *dialog, const char *response, void *data)
{
  if (g_str_equal (response, "copy"))
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (dialog)),
                            g_object_get_data (G_OBJECT (dialog), "clr-password"));
}

/* It is shown once: nobody can read it again. */
static void
show_password (ClrUsersPage *self, const char *login, const char *password)
{
  g_autofree char *heading = g_strdup_printf (_ ("Password of %s"), login);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), heading,
                                              _ ("Write it into the device now: it is not shown again."));
  GtkWidget *label = gtk_label_new (password);

  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "made-password");
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), label);
  g_object_set_data_full (G_OBJECT (dialog), "clr-password", g_strdup (password), g_free);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "copy", _ ("C_opy"), "close", _ ("_Close"),
                                    NULL);
  g_signal_connect (dialog, "response", G_CALLBACK (on_copy), NULL);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_put (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrUsersPage *self = CLR_USERS_PAGE (page);
  const char *password = answer ? clr_json_get_text (answer, "password") : NULL;

  if (answer == NULL)
    {
      clr_page_fail (page, _ ("Nothing Was Changed"), error->message);
      return;
    }
  if (password)
    show_password (self, clr_json_get_text (answer, "login"), password);
  else
    clr_page_tell (page, _ ("%s can log in now"), clr_json_get_text (answer, "login"));
  gtk_editable_set_text (self->login_row, "");
  gtk_editable_set_text (self->password_row, "");
  gtk_switch_set_active (self->recoverable_switch, FALSE);
  ask (self);
}

/* @password: "" has one made. */
static void
put (ClrUsersPage *self, const char *login, const char *password, gboolean create, gboolean recoverable)
{
  g_autofree char *path = make_path (CLR_API_USERS, login);
  JsonObject *body = json_object_new ();

  if (*password)
    json_object_set_string_member (body, "password", password);
  else
    json_object_set_boolean_member (body, "generate", TRUE);
  if (create)
    json_object_set_boolean_member (body, "create", TRUE);
  if (recoverable)
    json_object_set_boolean_member (body, "recoverable", TRUE);
  clr_page_ask (CLR_PAGE (self), "PUT", path, body, on_put, NULL);
  json_object_unref (body);
}

static void
add (ClrUsersPage *self)
{
  g_autofree char *login = g_strstrip (g_strdup (gtk_editable_get_text (self->login_row)));

  if (*login)
    put (self, login, gtk_editable_get_text (self->password_row), TRUE,
         gtk_switch_get_active (self->recoverable_switch));
}

static void
on_add (GtkButton *button, ClrUsersPage *self)
{
  add (self);
}

static void
on_login_activated (AdwEntryRow *row, ClrUsersPage *self)
{
  add (self);
}

static void
on_login_changed (GtkEditable *row, ClrUsersPage *self)
{
  g_autofree char *login = g_strstrip (g_strdup (gtk_editable_get_text (row)));

  gtk_widget_set_sensitive (self->add_button, *login != '\0');
}

static void
on_renew_confirmed (ClrPage *page, void *data)
{
  put (CLR_USERS_PAGE (page), data, "", FALSE, FALSE);
}

static void
on_renew (GtkButton *button, ClrUsersPage *self)
{
  const char *login = clr_row_get_data (button);
  g_autofree char *heading = g_strdup_printf (_ ("A New Password for %s?"), login);

  clr_page_confirm (CLR_PAGE (self), heading,
                    _ ("With the former one it cannot log in any more, from now on."), _ ("_New Password"),
                    on_renew_confirmed, g_strdup (login), g_free);
}

static void
on_remove_confirmed (ClrPage *page, void *data)
{
  g_autofree char *path = make_path (CLR_API_USERS, data);

  clr_page_ask (page, "DELETE", path, NULL, on_changed, NULL);
}

static void
on_remove (GtkButton *button, ClrUsersPage *self)
{
  const char *login = clr_row_get_data (button);
  g_autofree char *heading = g_strdup_printf (_ ("Remove “%s”?"), login);

  clr_page_confirm (CLR_PAGE (self), heading, _ ("It cannot log in any more. Mail it has sent stays."),
                    _ ("_Remove"), on_remove_confirmed, g_strdup (login), g_free);
}

static void
on_lift (GtkButton *button, ClrUsersPage *self)
{
  g_autofree char *path = make_path (CLR_API_BANS, clr_row_get_data (button));

  clr_page_ask (CLR_PAGE (self), "DELETE", path, NULL, on_changed, NULL);
}

/* The objects under @name; NULL and a row that says why when there are none. */
static JsonArray *
read_list (JsonObject *answer, const GError *error, const char *name, ClrRows *rows, const char *empty)
{
  JsonNode *node = answer ? json_object_get_member (answer, name) : NULL;
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  clr_rows_clear (rows);
  if (array && json_array_get_length (array) > 0)
    return array;
  clr_rows_add_empty (rows, error ? error->message : empty);
  return NULL;
}

static void
on_users (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrUsersPage *self = CLR_USERS_PAGE (page);
  JsonArray *list = read_list (answer, error, "users", &self->users,
                               _ ("Nobody can log in yet; devices are known by their addresses only"));

  for (guint i = 0; list && i < json_array_get_length (list); i++)
    {
      JsonNode *node = json_array_get_element (list, i);
      JsonObject *user = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const char *login = user ? clr_json_get_text (user, "login") : NULL;
      g_autofree char *clock = login ? clr_words_time (clr_json_get_text (user, "changed"), TRUE) : NULL;
      g_autofree char *words = g_strdup_printf (_ ("Password set %s"), clock ? clock : "");
      GtkWidget *row;

      if (login == NULL)
        continue;
      row = clr_rows_add (&self->users, login, words);
      if (json_object_get_int_member_with_default (user, "recoverable", 0) != 0)
        clr_row_add_word (row, "CRAM-MD5", NULL);
      clr_row_add_button (row, "renew", NULL, _ ("_New Password…"), G_CALLBACK (on_renew), self, login);
      clr_row_add_button (row, "remove", "user-trash-symbolic", _ ("Remove…"), G_CALLBACK (on_remove), self,
                          login);
    }
}

static void
on_bans (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrUsersPage *self = CLR_USERS_PAGE (page);
  JsonArray *list = read_list (answer, error, "bans", &self->bans, _ ("Nobody"));

  for (guint i = 0; list && i < json_array_get_length (list); i++)
    {
      JsonNode *node = json_array_get_element (list, i);
      JsonObject *ban = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const char *subject = ban ? clr_json_get_text (ban, "subject") : NULL;
      g_autofree char *until = subject ? clr_words_time (clr_json_get_text (ban, "until"), TRUE) : NULL;
      g_autofree char *words = g_strdup_printf (_ ("Until %s"), until ? until : "");
      GtkWidget *row;

      if (subject == NULL)
        continue;
      row = clr_rows_add (&self->bans, subject, words);
      clr_row_add_button (row, "lift", NULL, _ ("_Let In Again"), G_CALLBACK (on_lift), self, subject);
    }
}

static void
ask (ClrUsersPage *self)
{
  clr_page_ask (CLR_PAGE (self), "GET", CLR_API_USERS, NULL, on_users, NULL);
  clr_page_ask (CLR_PAGE (self), "GET", CLR_API_BANS, NULL, on_bans, NULL);
}

static void
clr_users_page_set_visible (ClrPage *page, gboolean visible)
{
  if (visible)
    ask (CLR_USERS_PAGE (page));
}

static void
clr_users_page_dispose (GObject *object)
{
  ClrUsersPage *self = CLR_USERS_PAGE (object);

  clr_rows_finish (&self->users);
  clr_rows_finish (&self->bans);
  G_OBJECT_CLASS (clr_users_page_parent_class)->dispose (object);
}

static void
clr_users_page_class_init (ClrUsersPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_users_page_dispose;
  CLR_PAGE_CLASS (klass)->set_visible = clr_users_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-users-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrUsersPage, login_row);
  gtk_widget_class_bind_template_child (widget_class, ClrUsersPage, password_row);
  gtk_widget_class_bind_template_child (widget_class, ClrUsersPage, recoverable_switch);
  gtk_widget_class_bind_template_child (widget_class, ClrUsersPage, add_button);
  gtk_widget_class_bind_template_child (widget_class, ClrUsersPage, users_group);
  gtk_widget_class_bind_template_child (widget_class, ClrUsersPage, bans_group);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
  gtk_widget_class_bind_template_callback (widget_class, on_login_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_login_changed);
}

static void
clr_users_page_init (ClrUsersPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->users, self->users_group);
  clr_rows_init (&self->bans, self->bans_group);
}
