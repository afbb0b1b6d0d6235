/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-message-page.h"

#include "clr-orders.h"
#include "clr-window.h"
#include "clr-words.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "replies/clr-reply-dictionary.h"
#include "widgets/clr-source-dialog.h"

#include <glib/gi18n.h>

#define REFRESH_S 3u

struct _ClrMessagePage
{
  ClrPage parent_instance;
  char *id;
  ClrMessageInfo *message;
  GPtrArray *rows; /* of the groups, with the group as data */
  guint source;

  GtkStack *stack;
  AdwStatusPage *status;
  GtkLabel *subject_label, *state_label;
  AdwPreferencesGroup *recipients, *meaning, *timeline, *facts;
};

G_DEFINE_FINAL_TYPE (ClrMessagePage, clr_message_page, CLR_TYPE_PAGE)

static const struct
{
  const char *action, *path, *done;
} acts[] = {
  { "message.retry", CLR_API_QUEUE_RETRY, N_ ("It is tried now") },
  { "message.hold", CLR_API_QUEUE_HOLD, N_ ("It is held") },
  { "message.release", CLR_API_QUEUE_RELEASE, N_ ("It is released") },
  { "message.delete", CLR_API_QUEUE_DELETE, N_ ("It is deleted") },
};

static const char *const more_acts[]
    = { "message.source", "message.reroute", "message.recipient", "message.priority" };

static GtkWidget *
add_row (ClrMessagePage *self, AdwPreferencesGroup *group, const char *icon, const char *css_class,
         const char *title, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title ? title : "");
  adw_preferences_row_set_title_selectable (ADW_PREFERENCES_ROW (row), TRUE);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (row), 0);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle ? subtitle : "");
  if (icon)
    {
      GtkWidget *image = gtk_image_new_from_icon_name (icon);

      if (css_class)
        gtk_widget_add_css_class (image, css_class);
      adw_action_row_add_prefix (ADW_ACTION_ROW (row), image);
    }
  adw_preferences_group_add (group, row);
  g_object_set_data (G_OBJECT (row), "clr-group", group);
  g_ptr_array_add (self->rows, row);
  return row;
}

static void
clear_rows (ClrMessagePage *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (g_object_get_data (g_ptr_array_index (self->rows, i), "clr-group"),
                                  g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
}

static void
get_look (const char *state, const char **icon, const char **css_class)
{
  static const struct
  {
    const char *state, *icon, *css_class;
  } looks[] = {
    { "delivered", "emblem-ok-symbolic", "success" },
    { "waiting", "document-open-recent-symbolic", NULL },
    { "active", "media-playback-start-symbolic", "accent" },
    { "held", "media-playback-pause-symbolic", "warning" },
    { "failed", "dialog-error-symbolic", "error" },
    { "bouncing", "dialog-error-symbolic", "error" },
    { "deferred", "document-open-recent-symbolic", "warning" },
  };

  *icon = "dialog-question-symbolic";
  *css_class = NULL;
  for (guint i = 0; state && i < G_N_ELEMENTS (looks); i++)
    if (g_str_equal (looks[i].state, state))
      {
        *icon = looks[i].icon;
        *css_class = looks[i].css_class;
      }
}

static void
show_recipients (ClrMessagePage *self)
{
  g_autoptr (GListModel) list = NULL;
  gint64 now_us = g_get_real_time ();

  g_object_get (self->message, "recipients", &list, NULL);
  for (guint i = 0; list && i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (ClrRecipientInfo) recipient = g_list_model_get_item (list, i);
      g_autofree char *address = NULL, *state = NULL, *words = clr_words_recipient (recipient, now_us);
      const char *icon, *css_class;

      g_object_get (recipient, "address", &address, "state", &state, NULL);
      get_look (state, &icon, &css_class);
      add_row (self, self->recipients, icon, css_class, address, words);
    }
}

static void
on_fix (GtkButton *button, ClrMessagePage *self)
{
  clr_window_show_page (CLR_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                        g_object_get_data (G_OBJECT (button), "clr-page"));
}

/* What the dictionary says of the replies to those who have not got it, each once, with the way to the page
 * that mends it. */
static void
show_meaning (ClrMessagePage *self)
{
  g_autoptr (GHashTable) told = g_hash_table_new (NULL, NULL);
  g_autoptr (GListModel) list = NULL;

  g_object_get (self->message, "recipients", &list, NULL);
  for (guint i = 0; list && i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) recipient = g_list_model_get_item (list, i);
      g_autofree char *state = NULL, *enhanced = NULL, *reply = NULL, *title = NULL;
      const ClrReplyEntry *entry;
      GtkWidget *row, *button;
      gint64 code;

      g_object_get (recipient, "state", &state, "code", &code, "enhanced", &enhanced, "reply", &reply, NULL);
      entry = g_strcmp0 (state, "delivered") == 0 ? NULL
                                                  : clr_reply_dictionary_find ((int)code, enhanced, reply);
      if (entry == NULL || !g_hash_table_add (told, (void *)entry))
        continue;
      title = entry->who ? g_strdup_printf ("%s (%s)", clr_reply_entry_get_title (entry), entry->who)
                         : g_strdup (clr_reply_entry_get_title (entry));
      row = add_row (self, self->meaning, "dialog-information-symbolic", NULL, title,
                     clr_reply_entry_get_advice (entry));
      if (entry->page == NULL)
        continue;
      button = gtk_button_new_with_label (_ ("Go There"));
      gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
      g_object_set_data (G_OBJECT (button), "clr-page", (void *)entry->page);
      g_signal_connect (button, "clicked", G_CALLBACK (on_fix), self);
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->meaning), g_hash_table_size (told) > 0);
}

/* "Signed with the DKIM keys a, b". (transfer full) */
static char *
join (const char *format, const char *property, GObject *object)
{
  g_auto (GStrv) words = NULL;

  g_object_get (object, property, &words, NULL);
  if (words == NULL || *words == NULL)
    return NULL;
  g_autofree char *joined = g_strjoinv (", ", words);
  return g_strdup_printf (format, joined);
}

static void
show_arrival (ClrMessagePage *self)
{
  g_autofree char *received = NULL, *clock = NULL, *client = NULL, *device = NULL, *origin = NULL,
                  *line = NULL, *repaired = NULL, *signatures = NULL;

  g_object_get (self->message, "received", &received, "client", &client, "device", &device, "origin", &origin,
                NULL);
  clock = clr_words_time (received, TRUE);
  if (device && *device)
    line = g_strdup_printf (_ ("Accepted from %s (%s)"), device, client ? client : "");
  else
    line = g_strdup_printf (_ ("Accepted from %s"), client && *client ? client
                                                    : origin          ? origin
                                                                      : _ ("the relay itself"));
  add_row (self, self->timeline, "mail-unread-symbolic", NULL, line, clock);
  /* Translators: a list of what was mended in a message */
  repaired = join (_ ("Repaired: %s"), "repairs", G_OBJECT (self->message));
  signatures = join (_ ("Signed with the DKIM keys: %s"), "signatures", G_OBJECT (self->message));
  if (repaired)
    add_row (self, self->timeline, "document-edit-symbolic", NULL, repaired, NULL);
  if (signatures)
    add_row (self, self->timeline, "channel-secure-symbolic", NULL, signatures, NULL);
}

static void
show_attempts (ClrMessagePage *self)
{
  g_autoptr (GListModel) list = NULL;

  g_object_get (self->message, "attempts", &list, NULL);
  for (guint i = 0; list && i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (ClrAttemptInfo) attempt = g_list_model_get_item (list, i);
      g_autofree char *started = NULL, *outcome = NULL, *recipient = NULL, *tls = NULL, *clock = NULL,
                      *where = NULL, *words = clr_words_attempt (attempt);
      const char *icon, *css_class;

      g_object_get (attempt, "started", &started, "outcome", &outcome, "recipient", &recipient, "tls", &tls,
                    NULL);
      clock = clr_words_time (started, TRUE);
      where = g_strdup_printf ("%s · %s · %s", clock ? clock : "", recipient ? recipient : "",
                               tls && *tls ? tls : _ ("not encrypted"));
      get_look (outcome, &icon, &css_class);
      add_row (self, self->timeline, icon, css_class, words, where);
    }
}

static void
show_facts (ClrMessagePage *self)
{
  static const struct
  {
    const char *property, *title;
  } facts[] = {
    { "id", N_ ("Queue id") },
    { "sender", N_ ("Envelope sender") },
    { "message-id", N_ ("Message-ID") },
    { "envid", N_ ("Envelope id") },
  };
  gint64 size;

  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    {
      g_autofree char *text = NULL;

      g_object_get (self->message, facts[i].property, &text, NULL);
      if (text && *text)
        add_row (self, self->facts, NULL, NULL, text, _ (facts[i].title));
    }
  g_object_get (self->message, "size", &size, NULL);
  g_autofree char *text = g_format_size ((guint64)size);
  add_row (self, self->facts, NULL, NULL, text, _ ("Size"));
}

static void
show (ClrMessagePage *self)
{
  g_autofree char *subject = NULL, *place = NULL, *state = clr_words_state (self->message);
  gboolean queued;

  clear_rows (self);
  g_object_get (self->message, "subject", &subject, "place", &place, NULL);
  queued = g_strcmp0 (place, "queue") == 0;
  gtk_label_set_label (self->subject_label, subject && *subject ? subject : _ ("(no subject)"));
  gtk_label_set_label (self->state_label, state);
  show_recipients (self);
  show_meaning (self);
  show_arrival (self);
  show_attempts (self);
  show_facts (self);
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), acts[i].action, queued);
  for (guint i = 0; i < G_N_ELEMENTS (more_acts); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), more_acts[i], queued);
  gtk_stack_set_visible_child_name (self->stack, "message");
}

static void
on_message (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrMessagePage *self = CLR_MESSAGE_PAGE (page);

  if (answer && g_strcmp0 (clr_json_get_text (answer, "id"), self->id) != 0)
    return; /* of the message shown before */
  if (answer)
    {
      g_autoptr (ClrMessageInfo) message = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL);

      clr_json_fill_object (answer, G_OBJECT (message));
      g_set_object (&self->message, message);
      show (self);
    }
  else if (self->message == NULL)
    {
      g_autofree char *escaped = g_markup_escape_text (error->message, -1);

      adw_status_page_set_description (self->status, escaped);
      gtk_stack_set_visible_child_name (self->stack, "none");
    }
}

static void
refresh (ClrMessagePage *self)
{
  g_autofree char *path = g_strconcat (CLR_API_MESSAGES, self->id, NULL);

  clr_page_ask (CLR_PAGE (self), "GET", path, NULL, on_message, NULL);
}

static gboolean
on_time (void *data)
{
  ClrMessagePage *self = data;
  g_autofree char *place = NULL;

  /* What is finished does not change. */
  if (self->message)
    g_object_get (self->message, "place", &place, NULL);
  if (g_strcmp0 (place, "history") != 0)
    refresh (self);
  return G_SOURCE_CONTINUE;
}

void
clr_message_page_set_id (ClrMessagePage *self, const char *id)
{
  g_free (self->id);
  self->id = g_strdup (id);
  g_clear_object (&self->message);
  clear_rows (self);
  gtk_label_set_label (self->subject_label, "");
  gtk_label_set_label (self->state_label, "");
  refresh (self);
}

static void
on_ordered (ClrPage *page)
{
  refresh (CLR_MESSAGE_PAGE (page));
}

static void
on_done (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  clr_page_tell (page, "%s", answer ? _ (acts[GPOINTER_TO_UINT (data)].done) : error->message);
  refresh (CLR_MESSAGE_PAGE (page));
}

static void
carry_out (ClrMessagePage *self, guint act)
{
  JsonObject *body = json_object_new ();

  json_object_set_string_member (body, "id", self->id);
  clr_page_ask (CLR_PAGE (self), "POST", acts[act].path, body, on_done, GUINT_TO_POINTER (act));
  json_object_unref (body);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, ClrMessagePage *self)
{
  if (g_str_equal (response, "go"))
    carry_out (self, G_N_ELEMENTS (acts) - 1);
}

static void
ask_first (ClrMessagePage *self)
{
  GtkWidget *dialog = adw_message_dialog_new (
      GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _ ("Delete, and tell nobody?"),
      _ ("Neither sender nor recipients hear of it. This cannot be undone."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "go", _ ("_Delete"),
                                    NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "go", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_act (GtkWidget *widget, const char *name, GVariant *parameter)
{
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    if (g_str_equal (name, acts[i].action))
      {
        if (g_str_equal (name, "message.delete"))
          ask_first (CLR_MESSAGE_PAGE (widget));
        else
          carry_out (CLR_MESSAGE_PAGE (widget), i);
      }
}

static void
on_copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ClrMessagePage *self = CLR_MESSAGE_PAGE (widget);
  g_autofree char *text = self->message ? clr_words_for_help_desk (self->message, g_get_real_time ()) : NULL;

  if (text == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  clr_page_tell (CLR_PAGE (self), "%s", _ ("Copied"));
}

static void
on_reroute (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ClrMessagePage *self = CLR_MESSAGE_PAGE (widget);
  GPtrArray *targets = clr_orders_targets_new ();

  clr_orders_targets_add (targets, "id", self->id);
  clr_orders_reroute (CLR_PAGE (self), targets, _ ("This message."), on_ordered);
}

static void
on_priority (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ClrMessagePage *self = CLR_MESSAGE_PAGE (widget);
  GPtrArray *targets = clr_orders_targets_new ();

  clr_orders_targets_add (targets, "id", self->id);
  clr_orders_set_priority (CLR_PAGE (self), targets, _ ("This message."), on_ordered);
}

static void
on_recipient (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ClrMessagePage *self = CLR_MESSAGE_PAGE (widget);
  g_autoptr (GListModel) recipients = NULL;

  g_object_get (self->message, "recipients", &recipients, NULL);
  clr_orders_change_recipient (CLR_PAGE (self), self->id, recipients, on_ordered);
}

/* What is finished is not kept. */
static void
on_source (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ClrMessagePage *self = CLR_MESSAGE_PAGE (widget);

  gtk_window_present (GTK_WINDOW (clr_source_dialog_new (CLR_PAGE (self), self->id)));
}

static void
clr_message_page_set_visible (ClrPage *page, gboolean visible)
{
  ClrMessagePage *self = CLR_MESSAGE_PAGE (page);

  g_clear_handle_id (&self->source, g_source_remove);
  if (visible)
    self->source = g_timeout_add_seconds (REFRESH_S, on_time, self);
}

static void
clr_message_page_dispose (GObject *object)
{
  ClrMessagePage *self = CLR_MESSAGE_PAGE (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_object (&self->message);
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  G_OBJECT_CLASS (clr_message_page_parent_class)->dispose (object);
}

static void
clr_message_page_class_init (ClrMessagePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = clr_message_page_dispose;
  CLR_PAGE_CLASS (klass)->set_visible = clr_message_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-message-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrMessagePage, stack);
  gtk_widget_class_bind_template_child (widget_class, ClrMessagePage, status);
  gtk_widget_class_bind_template_child (widget_class, ClrMessagePage, subject_label);
  gtk_widget_class_bind_template_child (widget_class, ClrMessagePage, state_label);
  gtk_widget_class_bind_template_child (widget_class, ClrMessagePage, recipients);
  gtk_widget_class_bind_template_child (widget_class, ClrMessagePage, meaning);
  gtk_widget_class_bind_template_child (widget_class, ClrMessagePage, timeline);
  gtk_widget_class_bind_template_child (widget_class, ClrMessagePage, facts);
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    gtk_widget_class_install_action (widget_class, acts[i].action, NULL, on_act);
  gtk_widget_class_install_action (widget_class, "message.source", NULL, on_source);
  gtk_widget_class_install_action (widget_class, "message.reroute", NULL, on_reroute);
  gtk_widget_class_install_action (widget_class, "message.recipient", NULL, on_recipient);
  gtk_widget_class_install_action (widget_class, "message.priority", NULL, on_priority);
  gtk_widget_class_install_action (widget_class, "message.copy", NULL, on_copy);
}

static void
clr_message_page_init (ClrMessagePage *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}
