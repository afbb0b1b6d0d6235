/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-incident-page.h"

#include "clr-export.h"
#include "clr-window.h"
#include "clr-words.h"
#include "client/clr-message-list.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-message-view.h"
#include "widgets/clr-rows.h"

#include <glib/gi18n.h>

#define BATCH 50 /* messages released at once */

struct _ClrIncidentPage
{
  ClrSectionsPage parent_instance;
  ClrRows frozen;
  ClrMessageList *list;
  ClrCulprit kind;        /* of who is looked at */
  char *who, *filter;     /* NULL: nobody */
  JsonArray *devices;     /* NULL: not known */
  char *shown;            /* the devices that are shown: rows stay while nothing is new */
  gint64 n_held;          /* messages; -1: not known */
  guint n_left, n_broken; /* of a batch under way */

  GtkDropDown *kind_drop;
  GtkEditable *who_entry;
  GtkWidget *freeze_button, *thaw_button, *export_button, *release_button, *release_all_button,
      *delete_button;
  GtkLabel *state_label, *held_label;
  GtkStack *stack;
  ClrMessageView *view;
  AdwPreferencesGroup *frozen_group;
};

G_DEFINE_FINAL_TYPE (ClrIncidentPage, clr_incident_page, CLR_TYPE_SECTIONS_PAGE)

static const char *const kinds[] = {
  [CLR_CULPRIT_SENDER] = N_ ("Sender"),
  [CLR_CULPRIT_DOMAIN] = N_ ("Senders of domain"),
  [CLR_CULPRIT_DEVICE] = N_ ("Device"),
};

const char *
clr_incident_page_get_filter (ClrIncidentPage *self)
{
  return self->filter;
}

/* -- who is frozen */

static const char *
get_list (ClrIncidentPage *self)
{
  ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self));

  return groups ? clr_groups_get (groups, "limits", NULL, "frozen-senders") : NULL;
}

static JsonObject *
find_device (ClrIncidentPage *self, const char *name)
{
  for (guint i = 0; self->devices && i < json_array_get_length (self->devices); i++)
    {
      JsonObject *device = json_array_get_object_element (self->devices, i);

      if (g_strcmp0 (clr_json_get_text (device, "name"), name) == 0)
        return device;
    }
  return NULL;
}

static gboolean
is_frozen (ClrIncidentPage *self)
{
  g_auto (GStrv) words = clr_incident_split (get_list (self));
  JsonObject *device;

  if (self->who == NULL)
    return FALSE;
  if (self->kind == CLR_CULPRIT_DEVICE)
    return (device = find_device (self, self->who)) && clr_json_get_text (device, "frozen-since");
  for (guint i = 0; words[i]; i++)
    if (g_ascii_strcasecmp (words[i], self->who) == 0)
      return TRUE;
  return FALSE;
}

static void
show_state (ClrIncidentPage *self)
{
  gboolean frozen = is_frozen (self);
  g_autofree char *held = NULL;

  gtk_widget_set_sensitive (self->freeze_button, self->who && !frozen);
  gtk_widget_set_visible (self->thaw_button, frozen);
  gtk_widget_set_visible (self->freeze_button, !frozen);
  gtk_label_set_label (self->state_label, self->who == NULL ? ""
                                          : frozen          ? _ ("Frozen: its mail is accepted, and held")
                                                            : _ ("Not frozen: its mail is delivered"));
  if (self->who && self->n_held >= 0)
    held = g_strdup_printf (
        ngettext ("%d message of it is held", "%d messages of it are held", (gulong)self->n_held),
        (int)self->n_held);
  gtk_label_set_label (self->held_label, held ? held : "");
  gtk_widget_set_sensitive (self->release_button, self->who && self->n_held > 0 && self->n_left == 0);
  gtk_widget_set_sensitive (self->release_all_button, self->who && self->n_held > 0 && self->n_left == 0);
  gtk_widget_set_sensitive (self->delete_button, self->who && self->n_held > 0 && self->n_left == 0);
}

/* A row's button keeps "0 NAME": the kind and who. */
static ClrCulprit
read_button (GtkButton *button, const char **who)
{
  const char *data = clr_row_get_data (button);

  *who = data + 2;
  return (ClrCulprit)(data[0] - '0');
}

static void
on_look (GtkButton *button, ClrIncidentPage *self)
{
  const char *who;
  ClrCulprit kind = read_button (button, &who);
  g_autofree char *kept = g_strdup (who);

  clr_incident_page_look_at (self, kind, kept);
}

static void
add_frozen (ClrIncidentPage *self, ClrCulprit kind, const char *who, const char *title, const char *words)
{
  g_autofree char *data = g_strdup_printf ("%d %s", (int)kind, who);
  GtkWidget *row = clr_rows_add (&self->frozen, title, words);

  clr_row_add_icon (row, "media-playback-pause-symbolic", "warning");
  clr_row_add_button (row, "look", NULL, _ ("_Look"), G_CALLBACK (on_look), self, data);
}

static void
show_frozen (ClrIncidentPage *self)
{
  g_auto (GStrv) words = clr_incident_split (get_list (self));

  clr_rows_clear (&self->frozen);
  for (guint i = 0; self->devices && i < json_array_get_length (self->devices); i++)
    {
      JsonObject *device = json_array_get_object_element (self->devices, i);
      const char *name = clr_json_get_text (device, "name"),
                 *since = clr_json_get_text (device, "frozen-since"),
                 *reason = clr_json_get_text (device, "frozen-reason"),
                 *label = clr_json_get_text (device, "label");
      g_autofree char *when = clr_words_when (since, g_get_real_time ());
      g_autofree char *text
          = since ? g_strdup_printf (_ ("Device, frozen %s: %s"), when ? when : "", reason ? reason : "")
                  : NULL;

      if (text && name)
        add_frozen (self, CLR_CULPRIT_DEVICE, name, label ? label : name, text);
    }
  for (guint i = 0; words[i]; i++)
    add_frozen (self, clr_incident_guess (words[i]), words[i], words[i],
                clr_incident_guess (words[i]) == CLR_CULPRIT_SENDER ? _ ("Sender")
                                                                    : _ ("All senders of this domain"));
  gtk_widget_set_visible (gtk_widget_get_ancestor (GTK_WIDGET (self->frozen_group), ADW_TYPE_CLAMP),
                          self->frozen.rows->len > 0);
  show_state (self);
}

static void
on_devices (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrIncidentPage *self = CLR_INCIDENT_PAGE (page);
  JsonNode *node = answer ? json_object_get_member (answer, "devices") : NULL;
  g_autofree char *text = NULL;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return;
  for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
    if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (json_node_get_array (node), i)))
      return;
  text = json_to_string (node, FALSE);
  if (g_strcmp0 (text, self->shown) == 0)
    return;
  g_free (self->shown);
  self->shown = g_steal_pointer (&text);
  g_clear_pointer (&self->devices, json_array_unref);
  self->devices = json_array_ref (json_node_get_array (node));
  show_frozen (self);
}

static void
on_held (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrIncidentPage *self = CLR_INCIDENT_PAGE (page);

  self->n_held = answer ? json_object_get_int_member_with_default (answer, "messages", 0) : -1;
  show_state (self);
}

static void
ask (ClrIncidentPage *self)
{
  g_autoptr (GString) path = g_string_new (CLR_API_QUEUE_COUNT "?filter=");

  clr_page_ask (CLR_PAGE (self), "GET", CLR_API_DEVICES, NULL, on_devices, NULL);
  if (self->filter == NULL)
    return;
  g_string_append_uri_escaped (path, self->filter, NULL, FALSE);
  g_string_append (path, "%20state:held");
  clr_page_ask (CLR_PAGE (self), "GET", path->str, NULL, on_held, NULL);
}

static void
look_at (ClrIncidentPage *self, ClrCulprit kind, const char *who)
{
  g_autofree char *kept = who ? clr_incident_read (kind, who) : NULL;

  g_clear_pointer (&self->who, g_free);
  g_clear_pointer (&self->filter, g_free);
  self->kind = kind;
  self->who = g_steal_pointer (&kept);
  self->n_held = -1;
  gtk_widget_set_sensitive (self->export_button, self->who != NULL);
  gtk_stack_set_visible_child_name (self->stack, self->who ? "list" : "start");
  if (self->who)
    {
      self->filter = clr_incident_make_filter (kind, self->who);
      clr_message_list_set_filter (self->list, self->filter);
      ask (self);
    }
  show_state (self);
}

void
clr_incident_page_look_at (ClrIncidentPage *self, ClrCulprit kind, const char *who)
{
  gtk_drop_down_set_selected (self->kind_drop, kind);
  gtk_editable_set_text (self->who_entry, who);
  look_at (self, kind, who);
}

static void
on_find (GtkSearchEntry *entry, ClrIncidentPage *self)
{
  guint kind = gtk_drop_down_get_selected (self->kind_drop);

  look_at (self, kind < G_N_ELEMENTS (kinds) ? (ClrCulprit)kind : CLR_CULPRIT_SENDER,
           gtk_editable_get_text (self->who_entry));
}

static void
on_kind (GObject *drop, GParamSpec *pspec, ClrIncidentPage *self)
{
  if (clr_page_get_relay (CLR_PAGE (self)))
    on_find (NULL, self);
}

/* -- freeze and thaw */

static void
refresh (ClrIncidentPage *self)
{
  clr_sections_page_reload (CLR_SECTIONS_PAGE (self));
  clr_message_list_refresh (self->list);
  ask (self);
}

static void
on_waiting_held (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  gint64 n = answer ? json_object_get_int_member_with_default (answer, "recipients", 0) : 0;

  if (answer)
    clr_page_tell (page,
                   ngettext ("Frozen; %d recipient that waited is held",
                             "Frozen; %d recipients that waited are held", (gulong)n),
                   (int)n);
  else
    clr_page_fail (page, _ ("Frozen, but What Waits Is Not Held"), error->message);
  refresh (CLR_INCIDENT_PAGE (page));
}

/* What comes from now on is held; so is what waits already. */
static void
on_frozen (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrIncidentPage *self = CLR_INCIDENT_PAGE (page);
  g_autofree char *filter = self->filter ? g_strconcat (self->filter, " state:waiting", NULL) : NULL;
  JsonObject *body;

  if (answer == NULL || filter == NULL)
    {
      if (error)
        clr_page_fail (page, _ ("Not Frozen"), error->message);
      return;
    }
  body = json_object_new ();
  json_object_set_string_member (body, "filter", filter);
  clr_page_ask (page, "POST", CLR_API_QUEUE_HOLD, body, on_waiting_held, NULL);
  json_object_unref (body);
}

static void
on_thawed (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  if (answer)
    clr_page_tell (page, "%s", _ ("Thawed; what is held stays so until it is released"));
  else
    clr_page_fail (page, _ ("Not Thawed"), error->message);
  refresh (CLR_INCIDENT_PAGE (page));
}

static void
set_frozen (ClrIncidentPage *self, gboolean frozen)
{
  ClrPageAnswer done = frozen ? on_frozen : on_thawed;
  JsonObject *body;

  if (self->who == NULL)
    return;
  if (self->kind == CLR_CULPRIT_DEVICE)
    {
      body = json_object_new ();
      json_object_set_string_member (body, "device", self->who);
      clr_page_ask (CLR_PAGE (self), "POST", frozen ? CLR_API_DEVICES_FREEZE : CLR_API_DEVICES_THAW, body,
                    done, NULL);
    }
  else
    {
      ClrGroups *groups = clr_sections_page_get_groups (CLR_SECTIONS_PAGE (self));
      g_autofree char *list = frozen ? clr_incident_add (get_list (self), self->who)
                                     : clr_incident_remove (get_list (self), self->who);
      g_autoptr (ClrDraft) draft = clr_draft_new ();

      /* Without the file as it is, others who are frozen would be forgotten. */
      if (groups == NULL)
        {
          clr_page_fail (CLR_PAGE (self), frozen ? _ ("Not Frozen") : _ ("Not Thawed"),
                         _ ("The relay’s settings have not come; is it reached?"));
          return;
        }
      clr_draft_set (draft, "limits", NULL, "frozen-senders", list);
      body = clr_draft_to_body (draft, clr_groups_get_etag (groups));
      clr_page_ask (CLR_PAGE (self), "PATCH", CLR_API_SETTINGS, body, done, NULL);
    }
  json_object_unref (body);
}

static void
on_freeze (GtkButton *button, ClrIncidentPage *self)
{
  set_frozen (self, TRUE);
}

static void
on_thaw (GtkButton *button, ClrIncidentPage *self)
{
  set_frozen (self, FALSE);
}

/* -- what is held */

static void
on_all_done (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  gint64 n = answer ? json_object_get_int_member_with_default (answer, "recipients", 0) : 0;

  if (answer == NULL)
    clr_page_tell (page, "%s", error->message);
  else if (GPOINTER_TO_INT (data))
    clr_page_tell (page, ngettext ("%d recipient is deleted", "%d recipients are deleted", (gulong)n),
                   (int)n);
  else
    clr_page_tell (page, ngettext ("%d recipient is released", "%d recipients are released", (gulong)n),
                   (int)n);
  refresh (CLR_INCIDENT_PAGE (page));
}

static void
act_on_held (ClrPage *page, const char *path, gboolean deleted)
{
  ClrIncidentPage *self = CLR_INCIDENT_PAGE (page);
  g_autofree char *filter = self->filter ? g_strconcat (self->filter, " state:held", NULL) : NULL;
  JsonObject *body = json_object_new ();

  if (filter)
    {
      json_object_set_string_member (body, "filter", filter);
      clr_page_ask (page, "POST", path, body, on_all_done, GINT_TO_POINTER (deleted));
    }
  json_object_unref (body);
}

static void
go_release_all (ClrPage *page, void *data)
{
  act_on_held (page, CLR_API_QUEUE_RELEASE, FALSE);
}

static void
go_delete (ClrPage *page, void *data)
{
  act_on_held (page, CLR_API_QUEUE_DELETE, TRUE);
}

static void
confirm (ClrIncidentPage *self, const char *heading, const char *end, const char *label,
         void (*on_go) (ClrPage *page, gpointer data))
{
  g_autofree char *count = g_strdup_printf (
      ngettext ("%d message of %s is held.", "%d messages of %s are held.", (gulong)self->n_held),
      (int)self->n_held, self->who);
  g_autofree char *body = g_strdup_printf ("%s %s", count, end);

  clr_page_confirm (CLR_PAGE (self), heading, body, label, on_go, NULL, NULL);
}

static void
on_release_all (GtkButton *button, ClrIncidentPage *self)
{
  confirm (self, _ ("Release All That Is Held?"), _ ("All of them are tried now."), _ ("_Release All"),
           go_release_all);
}

static void
on_delete (GtkButton *button, ClrIncidentPage *self)
{
  confirm (self, _ ("Delete All That Is Held?"),
           _ ("Nobody is told, and it cannot be undone. Save the list before, as evidence."), _ ("_Delete"),
           go_delete);
}

static void
on_one_released (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrIncidentPage *self = CLR_INCIDENT_PAGE (page);
  guint n = GPOINTER_TO_UINT (data);

  self->n_broken += answer == NULL;
  if (--self->n_left > 0)
    return;
  clr_page_tell (page, ngettext ("%u message is released", "%u messages are released", n - self->n_broken),
                 n - self->n_broken);
  refresh (self);
}

static void
on_batch (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrIncidentPage *self = CLR_INCIDENT_PAGE (page);
  JsonNode *node = answer ? json_object_get_member (answer, "messages") : NULL;
  JsonArray *messages = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = messages ? json_array_get_length (messages) : 0;

  self->n_left = self->n_broken = 0;
  if (error)
    clr_page_tell (page, "%s", error->message);
  for (guint i = 0; i < n; i++)
    {
      JsonNode *message = json_array_get_element (messages, i);
      JsonObject *body = json_object_new ();
      const char *id = JSON_NODE_HOLDS_OBJECT (message)
                           ? clr_json_get_text (json_node_get_object (message), "id")
                           : NULL;

      json_object_set_string_member (body, "id", id ? id : "");
      self->n_left++;
      clr_page_ask (page, "POST", CLR_API_QUEUE_RELEASE, body, on_one_released, GUINT_TO_POINTER (n));
      json_object_unref (body);
    }
  show_state (self);
}

/* The oldest first. */
static void
on_release (GtkButton *button, ClrIncidentPage *self)
{
  g_autoptr (GString) path = g_string_new (CLR_API_QUEUE);

  if (self->filter == NULL || self->n_left > 0)
    return;
  g_string_append_printf (path, "?limit=%d&filter=", BATCH);
  g_string_append_uri_escaped (path, self->filter, NULL, FALSE);
  g_string_append (path, "%20state:held");
  self->n_left = 1; /* until the list is there */
  show_state (self);
  clr_page_ask (CLR_PAGE (self), "GET", path->str, NULL, on_batch, NULL);
}

static void
on_export (GtkButton *button, ClrIncidentPage *self)
{
  if (self->filter)
    clr_export_choose (CLR_PAGE (self), self->filter, self->who);
}

static void
on_activated (ClrMessageView *view, const char *id, ClrIncidentPage *self)
{
  clr_window_show_message (CLR_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), id);
}

/* -- the page */

static void
clr_incident_page_show (ClrSectionsPage *page, ClrGroups *groups, const GError *error)
{
  show_frozen (CLR_INCIDENT_PAGE (page));
}

static void
on_updated (ClrRelay *relay, ClrPage *page)
{
  if (clr_page_is_in_sight (page) && clr_relay_get_problem (relay) == NULL)
    ask (CLR_INCIDENT_PAGE (page));
}

static void
clr_incident_page_attach (ClrPage *page, ClrRelay *relay)
{
  ClrIncidentPage *self = CLR_INCIDENT_PAGE (page);

  self->list = clr_message_list_new (clr_relay_get_client (relay), CLR_API_TRACE);
  clr_message_view_set_empty (self->view, "emblem-ok-symbolic", _ ("No Mail"), _ ("It has sent nothing."),
                              _ ("As far back as the history goes, it has sent nothing."));
  clr_message_view_set_list (self->view, G_LIST_MODEL (self->list));
  g_signal_connect_object (relay, "updated", G_CALLBACK (on_updated), page, 0);
}

static void
clr_incident_page_dispose (GObject *object)
{
  ClrIncidentPage *self = CLR_INCIDENT_PAGE (object);

  clr_rows_finish (&self->frozen);
  g_clear_object (&self->list);
  g_clear_pointer (&self->who, g_free);
  g_clear_pointer (&self->filter, g_free);
  g_clear_pointer (&self->shown, g_free);
  g_clear_pointer (&self->devices, json_array_unref);
  G_OBJECT_CLASS (clr_incident_page_parent_class)->dispose (object);
}

static void
clr_incident_page_class_init (ClrIncidentPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CLR_TYPE_MESSAGE_VIEW);
  G_OBJECT_CLASS (klass)->dispose = clr_incident_page_dispose;
  CLR_PAGE_CLASS (klass)->attach = clr_incident_page_attach;
  CLR_SECTIONS_PAGE_CLASS (klass)->show = clr_incident_page_show;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-incident-page.ui");
#define BIND(child) gtk_widget_class_bind_template_child (widget_class, ClrIncidentPage, child)
  BIND (kind_drop);
  BIND (who_entry);
  BIND (freeze_button);
  BIND (thaw_button);
  BIND (export_button);
  BIND (release_button);
  BIND (release_all_button);
  BIND (delete_button);
  BIND (state_label);
  BIND (held_label);
  BIND (stack);
  BIND (view);
  BIND (frozen_group);
#undef BIND
  gtk_widget_class_bind_template_callback (widget_class, on_find);
  gtk_widget_class_bind_template_callback (widget_class, on_freeze);
  gtk_widget_class_bind_template_callback (widget_class, on_thaw);
  gtk_widget_class_bind_template_callback (widget_class, on_export);
  gtk_widget_class_bind_template_callback (widget_class, on_release);
  gtk_widget_class_bind_template_callback (widget_class, on_release_all);
  gtk_widget_class_bind_template_callback (widget_class, on_delete);
  gtk_widget_class_bind_template_callback (widget_class, on_activated);
}

static void
clr_incident_page_init (ClrIncidentPage *self)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (NULL);

  self->n_held = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
  clr_rows_init (&self->frozen, self->frozen_group);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    gtk_string_list_append (model, _ (kinds[i]));
  gtk_drop_down_set_model (self->kind_drop, G_LIST_MODEL (model));
  g_signal_connect (self->kind_drop, "notify::selected", G_CALLBACK (on_kind), self);
}
