/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-message-view.h"

#include "clr-words.h"
#include "widgets/clr-column.h"

#include <glib/gi18n.h>

struct _ClrMessageView
{
  AdwBin parent_instance;
  ClrMessageList *list;
  GtkMultiSelection *selection;
  char *icon, *title, *description, *none_found;

  GtkStack *stack;
  GtkSpinner *spinner;
  AdwStatusPage *status;
  GtkColumnView *view;
};

enum
{
  ACTIVATED,
  SELECTION_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ClrMessageView, clr_message_view, ADW_TYPE_BIN)

static char *
get_text (GObject *item, const char *name)
{
  char *text = NULL;

  g_object_get (item, name, &text, NULL);
  return text;
}

static char *
get_received (GObject *item)
{
  g_autofree char *wire = get_text (item, "received");

  return clr_words_time (wire, FALSE);
}

static char *
get_sender (GObject *item)
{
  g_autofree char *sender = get_text (item, "sender");

  return sender && *sender ? g_steal_pointer (&sender) : g_strdup ("<>");
}

static char *
get_recipients (GObject *item)
{
  return clr_words_recipients (CLR_MESSAGE_INFO (item));
}

static char *
get_subject (GObject *item)
{
  return get_text (item, "subject");
}

static char *
get_state (GObject *item)
{
  return clr_words_state (CLR_MESSAGE_INFO (item));
}

static char *
get_reply (GObject *item)
{
  return clr_words_last_reply (CLR_MESSAGE_INFO (item));
}

static char *
get_next (GObject *item)
{
  g_autofree char *wire = clr_words_next_attempt (CLR_MESSAGE_INFO (item));

  return clr_words_time (wire, FALSE);
}

static char *
get_device (GObject *item)
{
  return get_text (item, "device");
}

static char *
get_id (GObject *item)
{
  return get_text (item, "id");
}

static const struct
{
  const char *title;
  ClrCellText get_text;
  const char *css_class;
  int width;
} columns[] = {
  { N_ ("Accepted"), get_received, "numeric", 92 }, { N_ ("From"), get_sender, NULL, 160 },
  { N_ ("To"), get_recipients, NULL, 160 },         { N_ ("Subject"), get_subject, NULL, 0 },
  { N_ ("State"), get_state, NULL, 110 },           { N_ ("Last Reply"), get_reply, "dim-label", 200 },
  { N_ ("Next Try"), get_next, "numeric", 92 },     { N_ ("Device"), get_device, NULL, 90 },
};

static void
show_state (ClrMessageView *self)
{
  const char *error = clr_message_list_get_error (self->list), *shown;
  gboolean filtered = *clr_message_list_get_filter (self->list) != '\0';

  if (g_list_model_get_n_items (G_LIST_MODEL (self->list)) > 0)
    shown = "list";
  else if (clr_message_list_is_loading (self->list))
    shown = "wait";
  else
    {
      shown = "none";
      adw_status_page_set_icon_name (self->status, error ? "dialog-warning-symbolic" : self->icon);
      adw_status_page_set_title (self->status, error      ? _ ("This Cannot Be Shown")
                                               : filtered ? _ ("Nothing Found")
                                                          : self->title);
      g_autofree char *escaped = g_markup_escape_text (error      ? error
                                                       : filtered ? self->none_found
                                                                  : self->description,
                                                       -1);
      adw_status_page_set_description (self->status, escaped);
    }
  gtk_spinner_set_spinning (self->spinner, g_str_equal (shown, "wait"));
  gtk_stack_set_visible_child_name (self->stack, shown);
}

static void
on_changed (GObject *object, void *one, ClrMessageView *self)
{
  show_state (self);
}

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, ClrMessageView *self)
{
  show_state (self);
}

static void
on_selection_changed (GtkSelectionModel *model, guint position, guint n, ClrMessageView *self)
{
  g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

static void
on_activate (GtkColumnView *view, guint position, ClrMessageView *self)
{
  g_autoptr (GObject) message = g_list_model_get_item (G_LIST_MODEL (self->selection), position);
  g_autofree char *id = message ? get_id (message) : NULL;

  if (id)
    g_signal_emit (self, signals[ACTIVATED], 0, id);
}

GPtrArray *
clr_message_view_get_chosen (ClrMessageView *self)
{
  g_autoptr (GtkBitset) chosen = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  GtkBitsetIter iter;
  guint position;

  for (gboolean more = gtk_bitset_iter_init_first (&iter, chosen, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    {
      g_autoptr (GObject) message = g_list_model_get_item (G_LIST_MODEL (self->selection), position);
      char *id = message ? get_id (message) : NULL;

      if (id)
        g_ptr_array_add (ids, id);
    }
  return ids;
}

guint
clr_message_view_get_n_chosen (ClrMessageView *self)
{
  g_autoptr (GtkBitset) chosen = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));

  return (guint)gtk_bitset_get_size (chosen);
}

void
clr_message_view_choose_none (ClrMessageView *self)
{
  gtk_selection_model_unselect_all (GTK_SELECTION_MODEL (self->selection));
}

void
clr_message_view_set_list (ClrMessageView *self, ClrMessageList *list)
{
  g_return_if_fail (self->list == NULL);
  self->list = g_object_ref (list);
  self->selection = gtk_multi_selection_new (G_LIST_MODEL (g_object_ref (list)));
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (self->selection, "selection-changed", G_CALLBACK (on_selection_changed), self, 0);
  g_signal_connect_object (list, "notify", G_CALLBACK (on_changed), self, 0);
  g_signal_connect_object (list, "items-changed", G_CALLBACK (on_items_changed), self, 0);
  show_state (self);
}

void
clr_message_view_set_empty (ClrMessageView *self, const char *icon, const char *title,
                            const char *description, const char *none_found)
{
  self->icon = g_strdup (icon);
  self->title = g_strdup (title);
  self->description = g_strdup (description);
  self->none_found = g_strdup (none_found);
}

static void
clr_message_view_finalize (GObject *object)
{
  ClrMessageView *self = CLR_MESSAGE_VIEW (object);

  g_clear_object (&self->list);
  g_clear_object (&self->selection);
  g_free (self->icon);
  g_free (self->title);
  g_free (self->description);
  g_free (self->none_found);
  G_OBJECT_CLASS (clr_message_view_parent_class)->finalize (object);
}

static void
clr_message_view_class_init (ClrMessageViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = clr_message_view_finalize;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/clrelay/admin/widgets/clr-message-view.ui");
  gtk_widget_class_bind_template_child (widget_class, ClrMessageView, stack);
  gtk_widget_class_bind_template_child (widget_class, ClrMessageView, spinner);
  gtk_widget_class_bind_template_child (widget_class, ClrMessageView, status);
  gtk_widget_class_bind_template_child (widget_class, ClrMessageView, view);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  signals[ACTIVATED] = g_signal_new ("activated", CLR_TYPE_MESSAGE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                     NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SELECTION_CHANGED] = g_signal_new ("selection-changed", CLR_TYPE_MESSAGE_VIEW, G_SIGNAL_RUN_LAST, 0,
                                             NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
clr_message_view_init (ClrMessageView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_autoptr (GtkColumnViewColumn) column = clr_column_new (_ (columns[i].title), columns[i].get_text,
                                                               columns[i].css_class, columns[i].width);

      gtk_column_view_append_column (self->view, column);
    }
}
