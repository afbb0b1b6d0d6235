/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-trace-page.h"

#include "clr-table.h"
#include "clr-window.h"
#include "client/clr-message-list.h"
#include "control/clr-api.h"
#include "widgets/clr-message-view.h"

#include <glib/gi18n.h>

struct _ClrTracePage
{
  ClrPage parent_instance;
  ClrMessageList *list;
  GtkFileChooserNative *chooser;

  GtkEditable *filter_entry;
  GtkDropDown *span_drop;
  GtkWidget *export_button;
  ClrMessageView *view;
};

G_DEFINE_FINAL_TYPE (ClrTracePage, clr_trace_page, CLR_TYPE_PAGE)

static const struct
{
  const char *word, *title;
} spans[] = {
  { "", N_ ("Any time") },
  { "newer:1h", N_ ("Last hour") },
  { "newer:24h", N_ ("Last 24 hours") },
  { "newer:7d", N_ ("Last 7 days") },
  { "newer:30d", N_ ("Last 30 days") },
};

static void
set_filter (ClrTracePage *self)
{
  g_autofree char *words = g_strstrip (g_strdup (gtk_editable_get_text (self->filter_entry)));
  guint span = gtk_drop_down_get_selected (self->span_drop);
  const char *word = span < G_N_ELEMENTS (spans) ? spans[span].word : "";
  g_autofree char *filter = g_strdup_printf ("%s%s%s", words, *words && *word ? " " : "", word);

  if (self->list)
    clr_message_list_set_filter (self->list, filter);
}

void
clr_trace_page_set_filter (ClrTracePage *self, const char *filter)
{
  gtk_editable_set_text (self->filter_entry, filter);
  set_filter (self);
}

static void
on_filter_changed (GtkSearchEntry *entry, ClrTracePage *self)
{
  set_filter (self);
}

static void
on_span (GObject *drop, GParamSpec *pspec, ClrTracePage *self)
{
  set_filter (self);
}

static void
on_refresh (GtkButton *button, ClrTracePage *self)
{
  clr_message_list_refresh (self->list);
}

static void
on_activated (ClrMessageView *view, const char *id, ClrTracePage *self)
{
  clr_window_show_message (CLR_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), id);
}

static void
on_chosen (GtkNativeDialog *dialog, int response, ClrTracePage *self)
{
  g_autoptr (GFile) file
      = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autoptr (GError) error = NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->list));

  g_clear_object (&self->chooser);
  if (file == NULL)
    return;
  g_autofree char *text = clr_table_from_messages (G_LIST_MODEL (self->list));
  if (!g_file_replace_contents (file, text, strlen (text), NULL, FALSE, G_FILE_CREATE_PRIVATE, NULL, NULL,
                                &error))
    clr_page_tell (CLR_PAGE (self), "%s", error->message);
  else if (clr_message_list_has_more (self->list))
    clr_page_tell (CLR_PAGE (self), _ ("The first %u messages are saved; scroll down to have more of them"),
                   n);
  else
    clr_page_tell (CLR_PAGE (self), ngettext ("%u message is saved", "%u messages are saved", n), n);
}

static void
on_export (GtkButton *button, ClrTracePage *self)
{
  if (self->chooser)
    return;
  self->chooser = gtk_file_chooser_native_new (_ ("Save as Table"),
                                               GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                               GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), "trace.csv");
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, ClrTracePage *self)
{
  gtk_widget_set_sensitive (self->export_button, g_list_model_get_n_items (list) > 0);
}

static void
clr_trace_page_set_visible (ClrPage *page, gboolean visible)
{
  ClrTracePage *self = CLR_TRACE_PAGE (page);

  /* What a person looks through stays as it is until he asks again. */
  if (visible && g_list_model_get_n_items (G_LIST_MODEL (self->list)) == 0)
    clr_message_list_refresh (self->list);
}

static void
clr_trace_page_attach (ClrPage *page, ClrRelay *relay)
{
  ClrTracePage *self = CLR_TRACE_PAGE (page);

  self->list = clr_message_list_new (clr_relay_get_client (relay), CLR_API_TRACE);
  clr_message_view_set_empty (
      self->view, "clr-trace-symbolic", _ ("No Mail Yet"),
      _ ("Every message that comes in can be followed here to its end."),
      _ ("No message is like this. A word before a colon may be from, to, domain, device, client, "
         "subject, reply, state, newer or older."));
  clr_message_view_set_list (self->view, self->list);
  g_signal_connect_object (self->list, "items-changed", G_CALLBACK (on_items_changed), self, 0);
  gtk_widget_set_sensitive (self->export_button, FALSE);
}

static void
clr_trace_page_dispose (GObject *object)
{
  ClrTracePage *self = CLR_TRACE_PAGE (object);

  g_clear_object (&self->list);
  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (clr_trace_page_parent_class)->dispose (object);
}

static void
clr_trace_page_class_init (ClrTracePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (CLR_TYPE_MESSAGE_VIEW);
  G_OBJECT_CLASS (klass)->dispose = clr_trace_page_dispose;
  CLR_PAGE_CLASS (klass)->attach = clr_trace_page_attach;
  CLR_PAGE_CLASS (klass)->set_visible = clr_trace_page_set_visible;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/clrelay/admin/pages/clr-trace-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrTracePage, filter_entry);
  gtk_widget_class_bind_template_child (widget_class, ClrTracePage, span_drop);
  gtk_widget_class_bind_template_child (widget_class, ClrTracePage, export_button);
  gtk_widget_class_bind_template_child (widget_class, ClrTracePage, view);
  gtk_widget_class_bind_template_callback (widget_class, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
  gtk_widget_class_bind_template_callback (widget_class, on_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_export);
}

static void
clr_trace_page_init (ClrTracePage *self)
{
  const char *titles[G_N_ELEMENTS (spans) + 1] = { NULL };
  g_autoptr (GtkStringList) model = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (spans); i++)
    titles[i] = _ (spans[i].title);
  model = gtk_string_list_new (titles);
  gtk_drop_down_set_model (self->span_drop, G_LIST_MODEL (model));
  g_signal_connect (self->span_drop, "notify::selected", G_CALLBACK (on_span), self);
}
