/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-devices-page.h"

#include "clr-settings-words.h"
#include "clr-sheet.h"
#include "clr-window.h"
#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-rows.h"
#include "widgets/clr-section-dialog.h"
#include "widgets/clr-sheet-dialog.h"

#include <glib/gi18n.h>

#define CLIENTS_MOST 200 /* rows of a person's list */

struct _ClrDevicesPage
{
  ClrSectionsPage parent_instance;
  ClrRows unknown, devices;
  JsonArray *clients;         /* NULL: not known */
  JsonArray *states;          /* of devices; NULL: not known */
  char *shown, *states_shown; /* the answers that are shown: rows stay while nothing is new */

  AdwPreferencesGroup *unknown_group, *devices_group;
};

G_DEFINE_FINAL_TYPE (ClrDevicesPage, clr_devices_page, CLR_TYPE_SECTIONS_PAGE)

static const char *const device_keys[]
    = { "label", "preset", "networks", "logins", "rewrite-sender", "recipients", "quirks", NULL };

/* What the client called itself, as the name of a section. (transfer full) */
static char *
make_name (const char *helo, const char *address)
{
  g_autoptr (GString) name = g_string_new (NULL);
  const char *from = helo && g_ascii_isalpha (*helo) ? helo : NULL;

  for (; from && *from && *from != '.' && name->len < 32; from++)
    if (g_ascii_isalnum (*from) || *from == '-')
      g_string_append_c (name, g_ascii_tolower (*from));
  if (name->len == 0)
    {
      g_string_append (name, "device-");
      for (; *address && name->len < 40; address++)
        g_string_append_c (name, g_ascii_isalnum (*address) ? *address : '-');
    }
  return g_string_free (g_steal_pointer (&name), FALSE);
}

static void
on_allow (GtkButton *button, ClrDevicesPage *self)
{
  JsonObject *client = g_object_get_data (G_OBJECT (button), "clr-client");
  const char *address = clr_json_get_text (client, "address"), *login = clr_json_get_text (client, "login");
  g_autofree char *name = make_name (clr_json_get_text (client, "helo"), address);
  GtkWidget *dialog = clr_sections_page_edit (CLR_SECTIONS_PAGE (self), "device", NULL, device_keys);

  if (dialog == NULL)
    return;
  clr_section_dialog_suggest (CLR_SECTION_DIALOG (dialog), name, "networks", address);
  if (login && *login)
    clr_section_dialog_suggest (CLR_SECTION_DIALOG (dialog), NULL, "logins", login);
}

static void
on_add_device (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "device", NULL, device_keys);
}

static void
on_edit (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_edit (self, "device", clr_row_get_data (button), device_keys);
}

static void
on_remove (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_remove (self, "device", clr_row_get_data (button),
                            _ ("It may not send any more, from now on. Mail it has sent stays."));
}

static void
on_sheet (GtkButton *button, ClrSectionsPage *self)
{
  const char *name = clr_row_get_data (button);
  g_autofree char *text = clr_sheet_make (clr_sections_page_get_groups (self), name);
  g_autofree char *file = g_strdup_printf ("%s.txt", name);

  if (text)
    gtk_window_present (GTK_WINDOW (clr_sheet_dialog_new (
        GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _ ("Setup Sheet"), text, file)));
}

static void
on_refresh (GtkButton *button, ClrSectionsPage *self)
{
  clr_sections_page_reload (self);
}

/* "Refused 3 minutes ago: no device has this address. Calls itself brother." (transfer full) */
static char *
describe_unknown (JsonObject *client)
{
  const char *helo = clr_json_get_text (client, "helo"), *why = clr_json_get_text (client, "reason");
  g_autofree char *when = clr_words_when (clr_json_get_text (client, "last-seen"), g_get_real_time ());
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, _ ("Last tried %s"), when ? when : "");
  if (helo && *helo)
    g_string_append_printf (text, _ (" · calls itself %s"), helo);
  if (why && *why)
    g_string_append_printf (text, "\n%s", why);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_unknown (ClrDevicesPage *self, JsonObject *client)
{
  const char *address = clr_json_get_text (client, "address");
  g_autofree char *words = describe_unknown (client);
  GtkWidget *row, *button;

  if (address == NULL || clr_json_get_text (client, "device"))
    return;
  row = clr_rows_add (&self->unknown, address, words);
  button = clr_row_add_button (row, "allow", NULL, _ ("_Allow…"), G_CALLBACK (on_allow), self, address);
  g_object_set_data_full (G_OBJECT (button), "clr-client", json_object_ref (client),
                          (GDestroyNotify)json_object_unref);
}

/* "Frozen 3 minutes ago: by hand". NULL: it is not. (transfer full) */
static char *
describe_freeze (ClrDevicesPage *self, const char *name)
{
  for (guint i = 0; self->states && i < json_array_get_length (self->states); i++)
    {
      JsonObject *state = json_array_get_object_element (self->states, i);
      const char *reason = clr_json_get_text (state, "frozen-reason");
      g_autofree char *when = clr_words_when (clr_json_get_text (state, "frozen-since"), g_get_real_time ());

      if (g_strcmp0 (clr_json_get_text (state, "name"), name) == 0 && when)
        return g_strdup_printf (_ ("Frozen %s, its mail is held: %s"), when, reason ? reason : "");
    }
  return NULL;
}

static void
on_changed (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  if (answer == NULL)
    clr_page_fail (page, _ ("Nothing Was Changed"), error->message);
  clr_sections_page_reload (CLR_SECTIONS_PAGE (page));
}

static void
post_device (ClrPage *page, const char *path, const char *name)
{
  JsonObject *body = json_object_new ();

  json_object_set_string_member (body, "device", name);
  clr_page_ask (page, "POST", path, body, on_changed, NULL);
  json_object_unref (body);
}

static void
go_freeze (ClrPage *page, void *data)
{
  post_device (page, CLR_API_DEVICES_FREEZE, data);
}

static void
on_freeze (GtkButton *button, ClrPage *self)
{
  const char *name = clr_row_get_data (button);
  g_autofree char *heading = g_strdup_printf (_ ("Freeze “%s”?"), name);

  clr_page_confirm (
      self, heading,
      _ ("Its mail is accepted and held from now on, until it is thawed. What waits of it already, "
         "and what it sent, is on the page Incident."),
      _ ("_Freeze"), go_freeze, g_strdup (name), g_free);
}

static void
on_thaw (GtkButton *button, ClrPage *self)
{
  post_device (self, CLR_API_DEVICES_THAW, clr_row_get_data (button));
}

static void
on_incident (GtkButton *button, ClrDevicesPage *self)
{
  clr_window_show_incident (CLR_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), CLR_CULPRIT_DEVICE,
                            clr_row_get_data (button));
}

/* What was seen of it, of whichever of its addresses came last. (transfer full) (nullable) */
static char *
describe_sightings (ClrDevicesPage *self, const char *name)
{
  const char *last = NULL, *tls = NULL, *why = NULL;
  gint64 messages = 0;
  g_autofree char *when = NULL;
  g_autoptr (GString) text = NULL;

  for (guint i = 0; self->clients && i < json_array_get_length (self->clients); i++)
    {
      JsonObject *client = json_array_get_object_element (self->clients, i);
      const char *seen = clr_json_get_text (client, "last-seen");

      if (g_strcmp0 (clr_json_get_text (client, "device"), name) != 0)
        continue;
      messages += json_object_get_int_member_with_default (client, "messages", 0);
      if (g_strcmp0 (seen, last) <= 0)
        continue;
      last = seen;
      tls = clr_json_get_text (client, "tls");
      why = clr_json_get_text (client, "reason");
    }
  when = clr_words_when (last, g_get_real_time ());
  if (when == NULL)
    return NULL;
  text = g_string_new (NULL);
  g_string_append_printf (text, _ ("Seen %s"), when);
  g_string_append (text, " · ");
  g_string_append_printf (text, ngettext ("%d message", "%d messages", (gulong)messages), (int)messages);
  g_string_append_printf (text, " · %s", tls ? tls : _ ("not encrypted"));
  if (why && *why)
    g_string_append_printf (text, _ ("\nLast refused: %s"), why);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
add_device (ClrDevicesPage *self, ClrGroups *groups, const char *name)
{
  JsonObject *values = clr_groups_find (groups, "device", name);
  const char *label = clr_json_get_text (values, "label");
  g_autofree char *words = clr_words_device (values), *seen = describe_sightings (self, name),
                  *frozen = describe_freeze (self, name);
  g_autofree char *subtitle = g_strconcat (words, seen ? "\n" : "", seen ? seen : "", frozen ? "\n" : "",
                                           frozen ? frozen : "", NULL);
  GtkWidget *row = clr_rows_add (&self->devices, label ? label : name, subtitle);

  if (frozen)
    {
      clr_row_add_icon (row, "media-playback-pause-symbolic", "warning");
      clr_row_add_button (row, "incident", "clr-incident-symbolic", _ ("What It Sent…"),
                          G_CALLBACK (on_incident), self, name);
      clr_row_add_button (row, "thaw", "media-playback-start-symbolic", _ ("Thaw"), G_CALLBACK (on_thaw),
                          self, name);
    }
  else if (self->states)
    clr_row_add_button (row, "freeze", "media-playback-pause-symbolic", _ ("Freeze…"), G_CALLBACK (on_freeze),
                        self, name);
  clr_row_add_button (row, "sheet", "document-print-symbolic", _ ("Setup Sheet…"), G_CALLBACK (on_sheet),
                      self, name);
  clr_row_add_button (row, "edit", "document-edit-symbolic", _ ("Change…"), G_CALLBACK (on_edit), self, name);
  clr_row_add_button (row, "remove", "user-trash-symbolic", _ ("Remove…"), G_CALLBACK (on_remove), self,
                      name);
}

static void
show_all (ClrDevicesPage *self)
{
  ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self));
  g_autoptr (GPtrArray) names = groups ? clr_groups_list (groups, "device") : g_ptr_array_new ();

  clr_rows_clear (&self->devices);
  for (guint i = 0; i < names->len; i++)
    add_device (self, groups, g_ptr_array_index (names, i));
  if (names->len == 0)
    clr_rows_add_empty (&self->devices, _ ("None: nobody may send through the relay"));
}

static void
on_clients (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrDevicesPage *self = CLR_DEVICES_PAGE (page);
  JsonNode *node = answer ? json_object_get_member (answer, "clients") : NULL;
  JsonArray *clients = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autofree char *text = clients ? json_to_string (node, FALSE) : NULL;

  if (text && g_strcmp0 (text, self->shown) == 0)
    return;
  g_free (self->shown);
  self->shown = g_steal_pointer (&text);
  clr_rows_clear (&self->unknown);
  g_clear_pointer (&self->clients, json_array_unref);
  for (guint i = 0; clients && i < json_array_get_length (clients); i++)
    if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (clients, i)))
      clients = NULL;
  if (clients)
    self->clients = json_array_ref (clients);
  for (guint i = 0; clients && i < json_array_get_length (clients); i++)
    add_unknown (self, json_array_get_object_element (clients, i));
  if (self->unknown.rows->len == 0)
    clr_rows_add_empty (&self->unknown, error && clr_page_is_unknown (error)
                                            ? _ ("This relay is older than the app, and keeps no list")
                                        : error ? error->message
                                                : _ ("Nobody was turned away"));
  show_all (self);
}

/* An older relay cannot freeze. */
static void
on_states (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrDevicesPage *self = CLR_DEVICES_PAGE (page);
  JsonNode *node = answer ? json_object_get_member (answer, "devices") : NULL;
  JsonArray *states = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autofree char *text = states ? json_to_string (node, FALSE) : NULL;

  for (guint i = 0; states && i < json_array_get_length (states); i++)
    if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (states, i)))
      states = NULL;
  if (states == NULL || g_strcmp0 (text, self->states_shown) == 0)
    return;
  g_free (self->states_shown);
  self->states_shown = g_steal_pointer (&text);
  g_clear_pointer (&self->states, json_array_unref);
  self->states = json_array_ref (states);
  show_all (self);
}

static void
ask_clients (ClrPage *page)
{
  g_autofree char *path = g_strdup_printf ("%s?limit=%d", CLR_API_CLIENTS, CLIENTS_MOST);

  clr_page_ask (page, "GET", CLR_API_DEVICES, NULL, on_states, NULL);
  clr_page_ask (page, "GET", path, NULL, on_clients, NULL);
}

static void
clr_devices_page_show (ClrSectionsPage *page, ClrGroups *groups, const GError *error)
{
  g_clear_pointer (&CLR_DEVICES_PAGE (page)->shown, g_free);
  show_all (CLR_DEVICES_PAGE (page));
  ask_clients (CLR_PAGE (page));
}

static void
on_updated (ClrRelay *relay, ClrPage *self)
{
  if (clr_page_is_in_sight (self) && clr_relay_get_problem (relay) == NULL)
    ask_clients (self);
}

static void
clr_devices_page_attach (ClrPage *page, ClrRelay *relay)
{
  g_signal_connect_object (relay, "updated", G_CALLBACK (on_updated), page, 0);
}

static void
clr_devices_page_dispose (GObject *object)
{
  ClrDevicesPage *self = CLR_DEVICES_PAGE (object);

  clr_rows_finish (&self->unknown);
  clr_rows_finish (&self->devices);
  g_clear_pointer (&self->clients, json_array_unref);
  g_clear_pointer (&self->states, json_array_unref);
  g_clear_pointer (&self->shown, g_free);
  g_clear_pointer (&self->states_shown, g_free);
  G_OBJECT_CLASS (clr_devices_page_parent_class)->dispose (object);
}

static void
clr_devices_page_class_init (ClrDevicesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_devices_page_dispose;
  CLR_PAGE_CLASS (klass)->attach = clr_devices_page_attach;
  CLR_SECTIONS_PAGE_CLASS (klass)->show = clr_devices_page_show;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-devices-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrDevicesPage, unknown_group);
  gtk_widget_class_bind_template_child (widget_class, ClrDevicesPage, devices_group);
  gtk_widget_class_bind_template_callback (widget_class, on_add_device);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
}

static void
clr_devices_page_init (ClrDevicesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->unknown, self->unknown_group);
  clr_rows_init (&self->devices, self->devices_group);
}
