/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-window.h"

#include "clr-draft.h"
#include "clr-notebook.h"
#include "control/clr-api.h"
#include "pages/clr-alerts-page.h"
#include "pages/clr-assistant-page.h"
#include "pages/clr-audit-page.h"
#include "pages/clr-devices-page.h"
#include "pages/clr-domains-page.h"
#include "pages/clr-incident-page.h"
#include "pages/clr-listeners-page.h"
#include "pages/clr-live-page.h"
#include "pages/clr-message-page.h"
#include "pages/clr-overview-page.h"
#include "pages/clr-queue-page.h"
#include "pages/clr-routes-page.h"
#include "pages/clr-sessions-page.h"
#include "pages/clr-settings-page.h"
#include "pages/clr-trace-page.h"
#include "pages/clr-users-page.h"
#include "widgets/clr-import-dialog.h"
#include "widgets/clr-relay-dialog.h"

#include <glib/gi18n.h>

struct _ClrWindow
{
  AdwApplicationWindow parent_instance;
  ClrRelay *relay;
  ClrPage *page;       /* in sight */
  gboolean has_former; /* the back button leads to a page */
  const char *former;  /* name of the page that the back button leads to */

  char *place;      /* of the relay that the app was started for; NULL: the usual one */
  char *relay_name; /* of the notebook; "" for that one */

  AdwLeaflet *leaflet;
  AdwWindowTitle *relay_title, *page_title;
  GtkListBox *page_list;
  GtkMenuButton *relays_button;
  GtkWidget *content, *back_button;
  GtkRevealer *problem_revealer;
  GtkLabel *problem_label, *help_label;
  AdwToastOverlay *toasts;
  GtkStack *stack;
};

G_DEFINE_FINAL_TYPE (ClrWindow, clr_window, ADW_TYPE_APPLICATION_WINDOW)

static const struct
{
  const char *name, *title, *icon;
  GType (*get_type) (void);
  const char *help; /* a paragraph or two */
} pages[] = {
  { "overview", N_ ("Overview"), "clr-overview-symbolic", clr_overview_page_get_type,
    N_ ("Whether the relay runs well, in a sentence, and what needs you. Each warning has a button to the "
        "page "
        "where it is mended. The chart shows what came in, what was delivered and what had to be put off.") },
  { "queue", N_ ("Queue"), "clr-queue-symbolic", clr_queue_page_get_type,
    N_ ("What has been accepted and is not finished yet. Words in the field at the top narrow the list: "
        "from:scanner@example.com, to:, domain:, device:, reply:\"mailbox full\", older:4h, larger:1M. "
        "Orders go to "
        "the chosen messages, or to all that were found; they say first how many that is.") },
  { "trace", N_ ("Trace"), "clr-trace-symbolic", clr_trace_page_get_type,
    N_ ("Every message of the last weeks, also those long delivered, with each try and each reply word for "
        "word. Look for an address, a subject, the id that the relay answered, or a Message-ID.") },
  { "live", N_ ("Live"), "clr-live-symbolic", clr_live_page_get_type,
    N_ ("What the relay does, as it does it. Narrow it to one device or address, and pause it to read.") },
  { "sessions", N_ ("Sessions"), "network-transmit-receive-symbolic", clr_sessions_page_get_type,
    N_ ("Who is connected now, and to whom the relay is. Follow one device, and record what it says the next "
        "time: passwords and the content of mail are left out. A record is forgotten by itself.") },
  { "devices", N_ ("Devices"), "clr-devices-symbolic", clr_devices_page_get_type,
    N_ ("Who tried to send and may not stands at the top: allow it with a click, and say what kind of device "
        "it is, so that its habits are borne. Below is who may send, when it was seen last, and why it was "
        "refused last. The setup sheet says what to type at the panel of the device.") },
  { "routes", N_ ("Routes and Smarthosts"), "clr-routes-symbolic", clr_routes_page_get_type,
    N_ ("A route says which mail goes which way; the first that fits counts, and the arrows change the "
        "order. A "
        "smarthost is a provider’s server; its test goes through every step of a delivery without sending "
        "anything, and says at the step that fails what to do.") },
  { "domains", N_ ("Domains"), "clr-domains-symbolic", clr_domains_page_get_type,
    N_ ("The lines that the DNS of your domains must hold, and the keys that sign your mail. Others check "
        "both: without them mail lands among spam or is refused. A key is changed without a gap: make a new "
        "one, publish it, remove the old one a week later.") },
  { "users", N_ ("Users"), "clr-users-symbolic", clr_users_page_get_type,
    N_ ("Logins of devices and applications, for those that are not known by their address. A password that "
        "is "
        "made here is short enough for old printers, and is shown once. Who guesses wrong too often is "
        "banned for "
        "a while.") },
  { "listeners", N_ ("Listeners"), "clr-listeners-symbolic", clr_listeners_page_get_type,
    N_ ("Where devices connect, how they encrypt and whether they must log in, and the certificates they are "
        "shown. Old devices may need a listener of their own without TLS.") },
  { "alerts", N_ ("Alerts"), "clr-alerts-symbolic", clr_alerts_page_get_type,
    N_ ("What is wrong now, and what was. “I Know” stops it from being told again until it is over. What is "
        "watched, and who is told by mail or web hook, stands below; a test tells them at once.") },
  { "incident", N_ ("Incident"), "clr-incident-symbolic", clr_incident_page_get_type,
    N_ ("When somebody’s password was stolen, or a device sends what it should not: name it, see all it "
        "sent, "
        "and freeze it. From then on its mail is accepted and held, and nothing is lost. Save the list as "
        "evidence; when it is over, thaw it, and release what was held a little at a time, or delete it.") },
  { "audit", N_ ("Audit"), "clr-audit-symbolic", clr_audit_page_get_type,
    N_ ("Who changed what and when, from the app, the command line or a program, with the difference; and "
        "who looked into messages.") },
  { "settings", N_ ("Settings"), "clr-settings-symbolic", clr_settings_page_get_type,
    N_ ("Everything that can be set, with its default and what it means. Changes are shown before they "
        "count, "
        "count at once without a restart, and can be undone.") },
};

const char *const *
clr_window_list_pages (void)
{
  static const char *names[G_N_ELEMENTS (pages) + 1];

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    names[i] = pages[i].name;
  return names;
}

/* Pages are made when they are first looked at. */
static ClrPage *
get_page (ClrWindow *self, const char *name, GType type)
{
  GtkWidget *page = gtk_stack_get_child_by_name (self->stack, name);

  if (page == NULL)
    {
      page = g_object_new (type, NULL);
      gtk_stack_add_named (self->stack, page, name);
      clr_page_attach (CLR_PAGE (page), self->relay);
    }
  return CLR_PAGE (page);
}

/* The button leads back to a page, or, in a window that has no room for both, to the list of pages. */
static void
set_back (ClrWindow *self, gboolean has_former)
{
  self->has_former = has_former;
  gtk_widget_set_visible (self->back_button, has_former || adw_leaflet_get_folded (self->leaflet));
}

static void
on_folded (AdwLeaflet *leaflet, GParamSpec *pspec, ClrWindow *self)
{
  set_back (self, self->has_former);
}

static void
enter (ClrWindow *self, ClrPage *page, const char *title, const char *help)
{
  if (self->page && self->page != page)
    clr_page_set_in_sight (self->page, FALSE);
  self->page = page;
  gtk_stack_set_visible_child (self->stack, GTK_WIDGET (page));
  adw_window_title_set_title (self->page_title, title);
  gtk_label_set_label (self->help_label, help);
  adw_leaflet_set_visible_child (self->leaflet, self->content);
  clr_page_set_in_sight (page, TRUE);
}

gboolean
clr_window_show_page (ClrWindow *self, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    if (g_str_equal (pages[i].name, name))
      {
        gtk_list_box_select_row (self->page_list, gtk_list_box_get_row_at_index (self->page_list, (int)i));
        set_back (self, FALSE);
        enter (self, get_page (self, name, pages[i].get_type ()), _ (pages[i].title), _ (pages[i].help));
        return TRUE;
      }
  return FALSE;
}

void
clr_window_show_message (ClrWindow *self, const char *id)
{
  ClrPage *page = get_page (self, "message", CLR_TYPE_MESSAGE_PAGE);

  if (self->page != page)
    self->former = gtk_stack_get_visible_child_name (self->stack);
  clr_message_page_set_id (CLR_MESSAGE_PAGE (page), id);
  set_back (self, TRUE);
  enter (self, page, _ ("Message"),
         _ ("One message: who sent it, what the relay did with it, and each recipient’s state in words. "
            "“Copy for help desk” puts all of it on the clipboard as plain text."));
}

void
clr_window_show_assistant (ClrWindow *self)
{
  ClrPage *page = get_page (self, "assistant", CLR_TYPE_ASSISTANT_PAGE);

  if (self->page != page)
    self->former = pages[0].name;
  set_back (self, TRUE);
  gtk_list_box_unselect_all (self->page_list);
  enter (self, page, _ ("First Steps"),
         _ ("From an empty relay to the first message that arrives. What is said at a step counts as soon as "
            "the "
            "next one is seen, and can be undone on the page Settings. The assistant can be opened again "
            "from the "
            "menu, at any time."));
}

void
clr_window_show_incident (ClrWindow *self, ClrCulprit kind, const char *who)
{
  clr_window_show_page (self, "incident");
  clr_incident_page_look_at (CLR_INCIDENT_PAGE (self->page), kind, who);
}

void
clr_window_show_trace (ClrWindow *self, const char *filter)
{
  clr_window_show_page (self, "trace");
  clr_trace_page_set_filter (CLR_TRACE_PAGE (self->page), filter);
}

GtkWidget *
clr_window_get_page (ClrWindow *self)
{
  return GTK_WIDGET (self->page);
}

void
clr_window_tell (ClrWindow *self, const char *text)
{
  AdwToast *toast = adw_toast_new ("");
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_toast_set_title (toast, escaped);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
on_page_activated (GtkListBox *list, GtkListBoxRow *row, ClrWindow *self)
{
  clr_window_show_page (self, pages[gtk_list_box_row_get_index (row)].name);
}

static void
on_back (GtkButton *button, ClrWindow *self)
{
  if (!self->has_former)
    {
      adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
      return;
    }
  clr_window_show_page (self, self->former ? self->former : pages[0].name);
}

static void
on_try_again (GtkButton *button, ClrWindow *self)
{
  clr_relay_ask (self->relay);
}

static void
on_updated (ClrRelay *relay, ClrWindow *self)
{
  const char *problem = clr_relay_get_problem (relay);
  ClrStatusInfo *status = clr_relay_get_status (relay);
  g_autofree char *hostname = NULL, *version = NULL;

  if (problem)
    gtk_label_set_label (self->problem_label, problem);
  gtk_revealer_set_reveal_child (self->problem_revealer, problem != NULL);
  if (status == NULL)
    return;
  g_object_get (status, "hostname", &hostname, "version", &version, NULL);
  adw_window_title_set_subtitle (self->relay_title, hostname ? hostname : "");
}

static GtkWidget *
make_row (const char *title, const char *icon)
{
  GtkWidget *row = gtk_list_box_row_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12),
            *image = gtk_image_new_from_icon_name (icon), *label = gtk_label_new (title);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_box_append (GTK_BOX (box), image);
  gtk_box_append (GTK_BOX (box), label);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  return row;
}

static void
on_page_key (GtkWidget *widget, const char *name, GVariant *parameter)
{
  clr_window_show_page (CLR_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

static void
on_assistant (GtkWidget *widget, const char *name, GVariant *parameter)
{
  clr_window_show_assistant (CLR_WINDOW (widget));
}

static void
on_import (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_window_present (GTK_WINDOW (clr_import_dialog_new (CLR_WINDOW (widget)->page)));
}

/* -- which relay */

static void
show_relays (ClrWindow *self)
{
  g_auto (GStrv) names = clr_notebook_list_relays ();
  g_autoptr (GMenu) menu = g_menu_new (), relays = g_menu_new (), acts = g_menu_new ();

  g_menu_append (relays, _ ("This Machine"), "win.relay('')");
  for (guint i = 0; names[i]; i++)
    {
      g_autoptr (GMenuItem) item = g_menu_item_new (names[i], NULL);

      g_menu_item_set_action_and_target (item, "win.relay", "s", names[i]);
      g_menu_append_item (relays, item);
    }
  g_menu_append_section (menu, NULL, G_MENU_MODEL (relays));
  g_menu_append (acts, _ ("_Add Relay…"), "win.add-relay");
  if (*self->relay_name)
    g_menu_append (acts, _ ("_Forget This Relay"), "win.forget-relay");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (acts));
  gtk_menu_button_set_menu_model (self->relays_button, G_MENU_MODEL (menu));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.forget-relay", *self->relay_name != '\0');
}

static void
leave_relay (ClrWindow *self)
{
  GtkWidget *child;

  if (self->page)
    clr_page_set_in_sight (self->page, FALSE);
  self->page = NULL;
  self->former = NULL;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->stack))))
    gtk_stack_remove (self->stack, child);
  g_signal_handlers_disconnect_by_data (self->relay, self);
  clr_relay_stop (self->relay);
  g_clear_object (&self->relay);
}

static void enter_relay (ClrWindow *self, ClrRelay *relay);

/* Pages look at one relay: with another all of them are made anew. */
static void
change_relay (ClrWindow *self, const char *name)
{
  g_autofree char *place = *name ? clr_notebook_get_relay (name) : g_strdup (self->place);
  g_autoptr (ClrClient) client = NULL;
  g_autoptr (ClrRelay) relay = NULL;

  if (*name && place == NULL)
    return;
  client = clr_client_new (place);
  relay = clr_relay_new (client);
  g_free (self->relay_name);
  self->relay_name = g_strdup (name);
  leave_relay (self);
  adw_window_title_set_title (self->relay_title, *name ? name : _ ("Cl Mail Relay"));
  adw_window_title_set_subtitle (self->relay_title, "");
  enter_relay (self, relay);
  show_relays (self);
}

static void
on_relay (GtkWidget *widget, const char *action, GVariant *parameter)
{
  ClrWindow *self = CLR_WINDOW (widget);
  g_autofree char *name = g_variant_dup_string (parameter, NULL);

  if (!g_str_equal (self->relay_name, name))
    change_relay (self, name);
}

static void
on_added (ClrRelayDialog *dialog, const char *name, ClrWindow *self)
{
  change_relay (self, name);
}

static void
on_add_relay (GtkWidget *widget, const char *action, GVariant *parameter)
{
  GtkWidget *dialog = clr_relay_dialog_new (GTK_WINDOW (widget));

  g_signal_connect_object (dialog, "added", G_CALLBACK (on_added), widget, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_forget_relay (GtkWidget *widget, const char *action, GVariant *parameter)
{
  ClrWindow *self = CLR_WINDOW (widget);
  g_autoptr (GError) error = NULL;

  if (!clr_notebook_forget_relay (self->relay_name, &error))
    clr_window_tell (self, error->message);
  change_relay (self, "");
}

static void
clr_window_dispose (GObject *object)
{
  ClrWindow *self = CLR_WINDOW (object);

  if (self->relay)
    {
      g_signal_handlers_disconnect_by_data (self->relay, self);
      clr_relay_stop (self->relay);
    }
  g_clear_object (&self->relay);
  g_clear_pointer (&self->place, g_free);
  g_clear_pointer (&self->relay_name, g_free);
  G_OBJECT_CLASS (clr_window_parent_class)->dispose (object);
}

static void
clr_window_class_init (ClrWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_window_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/clr-window.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, relay_title);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, page_title);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, page_list);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, relays_button);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, content);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, back_button);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, problem_revealer);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, problem_label);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, help_label);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, ClrWindow, stack);
  gtk_widget_class_bind_template_callback (widget_class, on_page_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_back);
  gtk_widget_class_bind_template_callback (widget_class, on_folded);
  gtk_widget_class_bind_template_callback (widget_class, on_try_again);
  gtk_widget_class_install_action (widget_class, "win.page", "s", on_page_key);
  gtk_widget_class_install_action (widget_class, "win.assistant", NULL, on_assistant);
  gtk_widget_class_install_action (widget_class, "win.import", NULL, on_import);
  gtk_widget_class_install_action (widget_class, "win.relay", "s", on_relay);
  gtk_widget_class_install_action (widget_class, "win.add-relay", NULL, on_add_relay);
  gtk_widget_class_install_action (widget_class, "win.forget-relay", NULL, on_forget_relay);
  for (guint i = 0; i < MIN (G_N_ELEMENTS (pages), 9); i++)
    gtk_widget_class_add_binding_action (widget_class, GDK_KEY_1 + i, GDK_ALT_MASK, "win.page", "s",
                                         pages[i].name);
}

static void
clr_window_init (ClrWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* A relay for which nobody may send has not been set up yet; unless the person has gone on already. */
static void
on_first_settings (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrWindow *self = data;
  g_autoptr (ClrGroups) groups = clr_groups_new (answer);
  g_autoptr (GPtrArray) devices = groups ? clr_groups_list (groups, "device") : NULL;

  if (devices && devices->len == 0 && self->page == page)
    clr_window_show_assistant (self);
}

static void
enter_relay (ClrWindow *self, ClrRelay *relay)
{
  self->relay = g_object_ref (relay);
  g_signal_connect (relay, "updated", G_CALLBACK (on_updated), self);
  on_updated (relay, self);
  clr_window_show_page (self, pages[0].name);
  clr_page_ask (self->page, "GET", CLR_API_SETTINGS, NULL, on_first_settings, self);
}

GtkWidget *
clr_window_new (GtkApplication *application, const char *place)
{
  ClrWindow *self = g_object_new (CLR_TYPE_WINDOW, "application", application, NULL);
  g_autoptr (ClrClient) client = clr_client_new (place);
  g_autoptr (ClrRelay) relay = clr_relay_new (client);

  self->place = g_strdup (place);
  self->relay_name = g_strdup ("");
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    gtk_list_box_append (self->page_list, make_row (_ (pages[i].title), pages[i].icon));
  enter_relay (self, relay);
  show_relays (self);
  return GTK_WIDGET (self);
}
