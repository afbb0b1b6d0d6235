/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-queue-page.h"

#include "clr-orders.h"
#include "clr-window.h"
#include "client/clr-message-roll.h"
#include "control/clr-api.h"
#include "widgets/clr-message-view.h"

#include <glib/gi18n.h>

#define REFRESH_S   4u
#define CHOSEN_MOST 1000u /* messages: an order to more goes by the filter */

struct _ClrQueuePage
{
  ClrPage parent_instance;
  ClrMessageRoll *list;
  guint source;
  gint64 n_messages, n_recipients; /* that match; -1: not known */
  guint n_pending;                 /* orders on their way */
  gint64 n_changed;                /* recipients changed by them */

  GtkEditable *filter_entry;
  GtkDropDown *state_drop;
  GtkLabel *count_label, *chosen_label;
  ClrMessageView *view;
};

G_DEFINE_FINAL_TYPE (ClrQueuePage, clr_queue_page, CLR_TYPE_PAGE)

static const struct
{
  const char *wire, *title;
} states[] = {
  { "", N_ ("All states") }, { "waiting", N_ ("Waiting") }, { "active", N_ ("Being delivered") },
  { "held", N_ ("Held") },   { "failed", N_ ("Failed") },   { "bouncing", N_ ("Given up") },
};

/* A text for one and a text for many, found by xgettext as what ngettext() is given later. */
#define NN_(one, many) one, many

/* What may be done, and how it is asked for and told. */
static const struct
{
  const char *action, *path, *question, *button;
  const char *done_one, *done_many;
  gboolean is_final;
} acts[] = {
  { "queue.retry", CLR_API_QUEUE_RETRY, N_ ("Retry all of these now?"), N_ ("_Retry"),
    NN_ ("%d recipient is tried now", "%d recipients are tried now"), FALSE },
  { "queue.hold", CLR_API_QUEUE_HOLD, N_ ("Hold all of these?"), N_ ("_Hold"),
    NN_ ("%d recipient is held", "%d recipients are held"), FALSE },
  { "queue.release", CLR_API_QUEUE_RELEASE, N_ ("Release all of these?"), N_ ("Re_lease"),
    NN_ ("%d recipient is released", "%d recipients are released"), FALSE },
  { "queue.expire", CLR_API_QUEUE_EXPIRE, N_ ("Stop trying, and tell the senders?"), N_ ("_Give Up"),
    NN_ ("%d recipient is given up", "%d recipients are given up"), TRUE },
  { "queue.delete", CLR_API_QUEUE_DELETE, N_ ("Delete, and tell nobody?"), N_ ("_Delete"),
    NN_ ("%d recipient is deleted", "%d recipients are deleted"), TRUE },
};

/* Words of the filter language, of the entry and the state. (transfer full) */
static char *
get_filter (ClrQueuePage *self)
{
  g_autofree char *words = g_strstrip (g_strdup (gtk_editable_get_text (self->filter_entry)));
  guint state = gtk_drop_down_get_selected (self->state_drop);

  if (state == 0 || state >= G_N_ELEMENTS (states))
    return g_steal_pointer (&words);
  return g_strdup_printf ("%s%sstate:%s", words, *words ? " " : "", states[state].wire);
}

static void
show_chosen (ClrQueuePage *self)
{
  guint n = clr_message_view_get_n_chosen (self->view);
  g_autofree char *text = NULL;

  if (n > 0)
    text = g_strdup_printf (ngettext ("%u message chosen", "%u messages chosen", n), n);
  else if (self->n_messages > 0 && *clr_message_roll_get_filter (self->list))
    text = g_strdup (_ ("None chosen: an order goes to all that were found"));
  else if (self->n_messages > 0)
    text = g_strdup (_ ("None chosen: an order goes to the whole queue"));
  gtk_label_set_label (self->chosen_label, text ? text : "");
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), acts[i].action, self->n_messages > 0 || n > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "queue.reroute", self->n_messages > 0 || n > 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "queue.priority", self->n_messages > 0 || n > 0);
}

static void
on_count (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrQueuePage *self = CLR_QUEUE_PAGE (page);
  g_autofree char *messages = NULL;

  self->n_messages = answer ? json_object_get_int_member_with_default (answer, "messages", 0) : -1;
  self->n_recipients = answer ? json_object_get_int_member_with_default (answer, "recipients", 0) : -1;
  if (self->n_messages >= 0)
    messages = g_strdup_printf (ngettext ("%'d message", "%'d messages", (gulong)self->n_messages),
                                (int)self->n_messages);
  gtk_label_set_label (self->count_label, messages ? messages : "");
  show_chosen (self);
}

static void
ask_count (ClrQueuePage *self)
{
  const char *filter = clr_message_roll_get_filter (self->list);
  g_autoptr (GString) path = g_string_new (CLR_API_QUEUE_COUNT);

  if (*filter)
    {
      g_string_append (path, "?filter=");
      g_string_append_uri_escaped (path, filter, NULL, FALSE);
    }
  clr_page_ask (CLR_PAGE (self), "GET", path->str, NULL, on_count, NULL);
}

static void
refresh (ClrQueuePage *self)
{
  clr_message_roll_refresh (self->list, FALSE);
  ask_count (self);
}

static gboolean
on_time (void *data)
{
  ClrQueuePage *self = data;

  /* Rows are chosen by where they stand: then nothing may move. */
  clr_message_roll_refresh (self->list, clr_message_view_get_n_chosen (self->view) > 0);
  ask_count (self);
  return G_SOURCE_CONTINUE;
}

static void
set_filter (ClrQueuePage *self)
{
  g_autofree char *filter = get_filter (self);

  if (self->list == NULL || g_str_equal (filter, clr_message_roll_get_filter (self->list)))
    return;
  clr_message_roll_set_filter (self->list, filter);
  ask_count (self);
}

static void
on_filter_changed (GtkSearchEntry *entry, ClrQueuePage *self)
{
  set_filter (self);
}

static void
on_state (GObject *drop, GParamSpec *pspec, ClrQueuePage *self)
{
  set_filter (self);
}

static void
on_activated (ClrMessageView *view, const char *id, ClrQueuePage *self)
{
  clr_window_show_message (CLR_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), id);
}

static void
on_sort (ClrMessageView *view, const char *order, gboolean descending, ClrQueuePage *self)
{
  clr_message_roll_set_order (self->list, order, descending);
}

static void
on_selection_changed (ClrMessageView *view, ClrQueuePage *self)
{
  show_chosen (self);
}

static void
on_done (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  ClrQueuePage *self = CLR_QUEUE_PAGE (page);
  guint act = GPOINTER_TO_UINT (data);

  if (answer)
    self->n_changed += json_object_get_int_member_with_default (answer, "recipients", 0);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    clr_page_tell (page, "%s", error->message);
  if (--self->n_pending > 0)
    return;
  clr_page_tell (page, ngettext (acts[act].done_one, acts[act].done_many, (gulong)self->n_changed),
                 (int)self->n_changed);
  clr_message_view_choose_none (self->view);
  refresh (self);
}

static void
order (ClrQueuePage *self, guint act, const char *member, const char *value)
{
  JsonObject *body = json_object_new ();

  if (value)
    json_object_set_string_member (body, member, value);
  else
    json_object_set_boolean_member (body, member, TRUE);
  self->n_pending++;
  clr_page_ask (CLR_PAGE (self), "POST", acts[act].path, body, on_done, GUINT_TO_POINTER (act));
  json_object_unref (body);
}

/* All that was found, whether it is chosen or not. */
static gboolean
is_all (ClrQueuePage *self, guint n_chosen)
{
  return n_chosen == 0
         || (n_chosen == g_list_model_get_n_items (G_LIST_MODEL (self->list))
             && clr_message_roll_is_complete (self->list) && n_chosen > CHOSEN_MOST);
}

/* To the chosen messages; to all that the filter found where none is chosen. */
static void
carry_out (ClrQueuePage *self, guint act)
{
  guint n_chosen = clr_message_view_get_n_chosen (self->view);
  g_autoptr (GPtrArray) ids
      = is_all (self, n_chosen) ? g_ptr_array_new () : clr_message_view_get_chosen (self->view);
  const char *filter = clr_message_roll_get_filter (self->list);

  if (!is_all (self, n_chosen) && ids->len < n_chosen)
    {
      clr_page_tell (CLR_PAGE (self), "%s",
                     _ ("Some of the chosen messages have not been shown yet; look at them first"));
      return;
    }
  self->n_changed = 0;
  for (guint i = 0; i < ids->len; i++)
    order (self, act, "id", g_ptr_array_index (ids, i));
  if (ids->len == 0 && *filter)
    order (self, act, "filter", filter);
  else if (ids->len == 0)
    order (self, act, "all", NULL);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, ClrQueuePage *self)
{
  if (g_str_equal (response, "go"))
    carry_out (self, GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (dialog), "clr-act")));
}

/* An order that cannot be taken back, or goes to more than what is chosen, is asked about, with its count. */
static void
ask_first (ClrQueuePage *self, guint act, guint n_chosen)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                              _ (acts[act].question), NULL);
  g_autofree char *count
      = n_chosen > 0
            ? g_strdup_printf (ngettext ("%u chosen message.", "%u chosen messages.", n_chosen), n_chosen)
            : g_strdup_printf (ngettext ("%d message for %d recipients.", "%d messages for %d recipients.",
                                         (gulong)self->n_messages),
                               (int)self->n_messages, (int)self->n_recipients);
  g_autofree char *body = g_strdup_printf ("%s %s", count,
                                           acts[act].is_final ? _ ("This cannot be undone.")
                                                              : _ ("This can be changed again later."));

  adw_message_dialog_set_body (ADW_MESSAGE_DIALOG (dialog), body);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "go",
                                    _ (acts[act].button), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "go",
                                              acts[act].is_final ? ADW_RESPONSE_DESTRUCTIVE
                                                                 : ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_object_set_data (G_OBJECT (dialog), "clr-act", GUINT_TO_POINTER (act));
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_act (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ClrQueuePage *self = CLR_QUEUE_PAGE (widget);
  guint n_chosen = clr_message_view_get_n_chosen (self->view);

  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    if (g_str_equal (name, acts[i].action))
      {
        if (self->n_pending > 0)
          clr_page_tell (CLR_PAGE (self), "%s", _ ("The last order is still being carried out"));
        else if (!is_all (self, n_chosen) && n_chosen > CHOSEN_MOST)
          clr_page_tell (CLR_PAGE (self),
                         _ ("At most %u messages are chosen by hand; narrow the list instead"), CHOSEN_MOST);
        else if (acts[i].is_final || is_all (self, n_chosen))
          ask_first (self, i, is_all (self, n_chosen) ? 0 : n_chosen);
        else
          carry_out (self, i);
      }
}

static void
on_ordered (ClrPage *page)
{
  ClrQueuePage *self = CLR_QUEUE_PAGE (page);

  clr_message_view_choose_none (self->view);
  refresh (self);
}

/* The chosen messages, or all that were found; NULL when that cannot be. (transfer full) */
static GPtrArray *
get_targets (ClrQueuePage *self, char **count)
{
  guint n_chosen = clr_message_view_get_n_chosen (self->view);
  GPtrArray *targets = clr_orders_targets_new ();
  const char *filter = clr_message_roll_get_filter (self->list);

  if (is_all (self, n_chosen))
    {
      clr_orders_targets_add (targets, *filter ? "filter" : "all", *filter ? filter : NULL);
      *count = g_strdup_printf (ngettext ("%d message for %d recipients.", "%d messages for %d recipients.",
                                          (gulong)self->n_messages),
                                (int)self->n_messages, (int)self->n_recipients);
      return targets;
    }
  g_autoptr (GPtrArray) ids = n_chosen <= CHOSEN_MOST ? clr_message_view_get_chosen (self->view) : NULL;
  if (ids == NULL || ids->len < n_chosen)
    {
      clr_page_tell (CLR_PAGE (self), _ ("At most %u messages are chosen by hand; narrow the list instead"),
                     CHOSEN_MOST);
      g_ptr_array_unref (targets);
      return NULL;
    }
  for (guint i = 0; i < ids->len; i++)
    clr_orders_targets_add (targets, "id", g_ptr_array_index (ids, i));
  *count = g_strdup_printf (ngettext ("%u chosen message.", "%u chosen messages.", n_chosen), n_chosen);
  return targets;
}

static void
on_reroute (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autofree char *count = NULL;
  GPtrArray *targets = get_targets (CLR_QUEUE_PAGE (widget), &count);

  if (targets)
    clr_orders_reroute (CLR_PAGE (widget), targets, count, on_ordered);
}

static void
on_priority (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autofree char *count = NULL;
  GPtrArray *targets = get_targets (CLR_QUEUE_PAGE (widget), &count);

  if (targets)
    clr_orders_set_priority (CLR_PAGE (widget), targets, count, on_ordered);
}

static void
clr_queue_page_set_visible (ClrPage *page, gboolean visible)
{
  ClrQueuePage *self = CLR_QUEUE_PAGE (page);

  g_clear_handle_id (&self->source, g_source_remove);
  if (!visible)
    return;
  refresh (self);
  self->source = g_timeout_add_seconds (REFRESH_S, on_time, self);
}

static void
clr_queue_page_attach (ClrPage *page, ClrRelay *relay)
{
  ClrQueuePage *self = CLR_QUEUE_PAGE (page);

  self->list = clr_message_roll_new (clr_relay_get_client (relay));
  clr_message_view_set_empty (
      self->view, "emblem-ok-symbolic", _ ("Nothing Waits"),
      _ ("All mail that was accepted has been delivered."),
      _ ("No message in the queue is like this. Finished mail is found under Trace."));
  clr_message_view_set_list (self->view, G_LIST_MODEL (self->list));
  clr_message_view_set_sortable (self->view, "accepted");
  show_chosen (self);
}

static void
clr_queue_page_dispose (GObject *object)
{
  ClrQueuePage *self = CLR_QUEUE_PAGE (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_object (&self->list);
  G_OBJECT_CLASS (clr_queue_page_parent_class)->dispose (object);
}

static void
clr_queue_page_class_init (ClrQueuePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CLR_TYPE_MESSAGE_VIEW);
  G_OBJECT_CLASS (klass)->dispose = clr_queue_page_dispose;
  CLR_PAGE_CLASS (klass)->attach = clr_queue_page_attach;
  CLR_PAGE_CLASS (klass)->set_visible = clr_queue_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-queue-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrQueuePage, filter_entry);
  gtk_widget_class_bind_template_child (widget_class, ClrQueuePage, state_drop);
  gtk_widget_class_bind_template_child (widget_class, ClrQueuePage, count_label);
  gtk_widget_class_bind_template_child (widget_class, ClrQueuePage, chosen_label);
  gtk_widget_class_bind_template_child (widget_class, ClrQueuePage, view);
  gtk_widget_class_bind_template_callback (widget_class, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_selection_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_sort);
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    gtk_widget_class_install_action (widget_class, acts[i].action, NULL, on_act);
  gtk_widget_class_install_action (widget_class, "queue.reroute", NULL, on_reroute);
  gtk_widget_class_install_action (widget_class, "queue.priority", NULL, on_priority);
}

static void
clr_queue_page_init (ClrQueuePage *self)
{
  const char *titles[G_N_ELEMENTS (states) + 1] = { NULL };
  g_autoptr (GtkStringList) model = NULL;

  self->n_messages = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    titles[i] = _ (states[i].title);
  model = gtk_string_list_new (titles);
  gtk_drop_down_set_model (self->state_drop, G_LIST_MODEL (model));
  g_signal_connect (self->state_drop, "notify::selected", G_CALLBACK (on_state), self);
}
