/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages/clr-trace-page.h"

#include "clr-export.h"
#include "clr-notebook.h"
#include "clr-window.h"
#include "client/clr-message-list.h"
#include "control/clr-api.h"
#include "widgets/clr-message-view.h"

#include <glib/gi18n.h>

struct _ClrTracePage
{
  ClrPage parent_instance;
  ClrMessageList *list;

  GtkEditable *filter_entry;
  GtkDropDown *span_drop;
  GtkWidget *export_button;
  GtkMenuButton *saved_button;
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
on_export (GtkButton *button, ClrTracePage *self)
{
  clr_export_choose (CLR_PAGE (self), clr_message_list_get_filter (self->list), "trace");
}

const char *
clr_trace_page_get_filter (ClrTracePage *self)
{
  return clr_message_list_get_filter (self->list);
}

/* -- saved searches */

static GMenu *
make_items (const char *action)
{
  g_auto (GStrv) names = clr_notebook_list_searches ();
  GMenu *menu = g_menu_new ();

  for (guint i = 0; names[i]; i++)
    {
      g_autoptr (GMenuItem) item = g_menu_item_new (names[i], NULL);

      g_menu_item_set_action_and_target (item, action, "s", names[i]);
      g_menu_append_item (menu, item);
    }
  return menu;
}

static void
show_saved (ClrTracePage *self)
{
  g_autoptr (GMenu) menu = g_menu_new (), saved = make_items ("trace.open"), acts = g_menu_new (),
                    forget = make_items ("trace.forget");

  g_menu_append_section (menu, NULL, G_MENU_MODEL (saved));
  g_menu_append (acts, _ ("_Save This Search…"), "trace.save");
  if (g_menu_model_get_n_items (G_MENU_MODEL (forget)) > 0)
    g_menu_append_submenu (acts, _ ("_Forget"), G_MENU_MODEL (forget));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (acts));
  gtk_menu_button_set_menu_model (self->saved_button, G_MENU_MODEL (menu));
}

static void
on_open_saved (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autofree char *filter = clr_notebook_get_search (g_variant_get_string (parameter, NULL));

  if (filter == NULL)
    return;
  /* How far back it goes is among its words. */
  gtk_drop_down_set_selected (CLR_TRACE_PAGE (widget)->span_drop, 0);
  clr_trace_page_set_filter (CLR_TRACE_PAGE (widget), filter);
}

static void
tell_failure (ClrTracePage *self, const GError *error)
{
  if (error)
    clr_page_fail (CLR_PAGE (self), _ ("The Search Could Not Be Kept"), error->message);
  show_saved (self);
}

static void
on_forget_saved (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autoptr (GError) error = NULL;

  clr_notebook_set_search (g_variant_get_string (parameter, NULL), NULL, &error);
  tell_failure (CLR_TRACE_PAGE (widget), error);
}

static void
on_named (AdwMessageDialog *dialog, const char *response, ClrTracePage *self)
{
  GtkEditable *entry = GTK_EDITABLE (adw_message_dialog_get_extra_child (dialog));
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (entry)));
  g_autoptr (GError) error = NULL;

  if (!g_str_equal (response, "save") || *name == '\0')
    return;
  clr_notebook_set_search (name, clr_message_list_get_filter (self->list), &error);
  tell_failure (self, error);
}

static void
on_save_search (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ClrTracePage *self = CLR_TRACE_PAGE (widget);
  GtkWidget *dialog
      = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), _ ("Save This Search"),
                                _ ("It is found by this name in the list of saved searches.")),
      *entry = gtk_entry_new ();

  if (*clr_message_list_get_filter (self->list) == '\0')
    {
      gtk_window_destroy (GTK_WINDOW (dialog));
      clr_page_tell (CLR_PAGE (self), "%s", _ ("There are no words to save"));
      return;
    }
  gtk_editable_set_text (GTK_EDITABLE (entry), clr_message_list_get_filter (self->list));
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Name"), -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "save", _ ("_Save"),
                                    NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "save", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "save");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_named), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
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
  clr_message_view_set_list (self->view, G_LIST_MODEL (self->list));
  g_signal_connect_object (self->list, "items-changed", G_CALLBACK (on_items_changed), self, 0);
  gtk_widget_set_sensitive (self->export_button, FALSE);
}

static void
clr_trace_page_dispose (GObject *object)
{
  ClrTracePage *self = CLR_TRACE_PAGE (object);

  g_clear_object (&self->list);
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
  gtk_widget_class_bind_template_child (widget_class, ClrTracePage, saved_button);
  gtk_widget_class_bind_template_child (widget_class, ClrTracePage, view);
  gtk_widget_class_bind_template_callback (widget_class, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
  gtk_widget_class_bind_template_callback (widget_class, on_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_export);
  gtk_widget_class_install_action (widget_class, "trace.save", NULL, on_save_search);
  gtk_widget_class_install_action (widget_class, "trace.open", "s", on_open_saved);
  gtk_widget_class_install_action (widget_class, "trace.forget", "s", on_forget_saved);
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
  show_saved (self);
}
