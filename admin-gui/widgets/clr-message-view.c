/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "widgets/clr-message-view.h"

#include "clr-words.h"
#include "model/clr-model.h"
#include "widgets/clr-column.h"

#include <glib/gi18n.h>

struct _ClrMessageView
{
  AdwBin parent_instance;
  GListModel *list;
  GtkMultiSelection *selection;
  guint sorted; /* column that the last comparison asked */
  gboolean is_sorting;
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
  SORT,
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
  g_autofree char *sender = get_text (item, "sender"), *id = get_text (item, "id");

  if (id == NULL)
    return g_strdup ("…"); /* on its way */
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
  g_autofree char *place = get_text (item, "place");

  if (g_strcmp0 (place, "gone") == 0)
    return g_strdup (_ ("Gone"));
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
  const char *watched, *css_class;
  int width;
  const char *order; /* of a ClrMessageRoll; NULL: it cannot be sorted by */
} columns[] = {
  { N_ ("Accepted"), get_received, "received", "numeric", 108, "accepted" },
  { N_ ("From"), get_sender, "id", NULL, 160, "sender" },
  { N_ ("To"), get_recipients, "recipients", NULL, 160, "recipient" },
  { N_ ("Subject"), get_subject, "subject", NULL, 0, "subject" },
  { N_ ("State"), get_state, "recipients", NULL, 110, "state" },
  { N_ ("Last Reply"), get_reply, "recipients", "dim-label", 176, NULL },
  { N_ ("Next Try"), get_next, "recipients", "numeric", 108, "next" },
  { N_ ("Device"), get_device, "device", NULL, 90, "device" },
};

static void
show_state (ClrMessageView *self)
{
  g_autofree char *error = NULL, *filter = NULL;
  const char *shown;
  gboolean filtered, loading;

  g_object_get (self->list, "error", &error, "filter", &filter, "loading", &loading, NULL);
  filtered = filter && *filter;
  if (g_list_model_get_n_items (self->list) > 0)
    shown = "list";
  else if (loading)
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
clr_message_view_set_list (ClrMessageView *self, GListModel *list)
{
  g_return_if_fail (self->list == NULL);
  self->list = g_object_ref (list);
  self->selection = gtk_multi_selection_new (g_object_ref (list));
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (self->selection, "selection-changed", G_CALLBACK (on_selection_changed), self, 0);
  g_signal_connect_object (list, "notify", G_CALLBACK (on_changed), self, 0);
  g_signal_connect_object (list, "items-changed", G_CALLBACK (on_items_changed), self, 0);
  show_state (self);
}

/* -- heads that sort: the service sorts, so the sorters are only asked which was clicked, and how */

typedef struct
{
  ClrMessageView *view;
  guint column;
} Head;

static int
compare (gconstpointer a, gconstpointer b, void *data)
{
  Head *head = data;

  head->view->sorted = head->column;
  return -1;
}

/* The table would keep the arrow of the column before, as what comes second; there is no second here. */
static void
show_arrow (ClrMessageView *self, guint number, gboolean descending)
{
  GListModel *list = gtk_column_view_get_columns (self->view);
  g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (list, number);

  self->is_sorting = TRUE;
  gtk_column_view_sort_by_column (self->view, NULL, GTK_SORT_ASCENDING);
  gtk_column_view_sort_by_column (self->view, column, descending ? GTK_SORT_DESCENDING : GTK_SORT_ASCENDING);
  self->is_sorting = FALSE;
}

/* The table's sorter asks the clicked column's first, and turns its answer round when the last comes first.
 */
static void
on_sorter_changed (GtkSorter *sorter, GtkSorterChange change, ClrMessageView *self)
{
  g_autoptr (GObject) one = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL),
                      other = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL);
  GtkOrdering ordering;

  if (self->is_sorting)
    return;
  self->sorted = G_N_ELEMENTS (columns);
  ordering = gtk_sorter_compare (sorter, one, other);
  if (self->sorted >= G_N_ELEMENTS (columns))
    return;
  show_arrow (self, self->sorted, ordering == GTK_ORDERING_LARGER);
  g_signal_emit (self, signals[SORT], 0, columns[self->sorted].order, ordering == GTK_ORDERING_LARGER);
}

void
clr_message_view_set_sortable (ClrMessageView *self, const char *order)
{
  GListModel *list = gtk_column_view_get_columns (self->view);

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (list, i);
      g_autoptr (GtkCustomSorter) sorter = NULL;
      Head *head;

      if (columns[i].order == NULL)
        continue;
      head = g_new0 (Head, 1);
      head->view = self;
      head->column = i;
      sorter = gtk_custom_sorter_new (compare, head, g_free);
      gtk_column_view_column_set_sorter (column, GTK_SORTER (sorter));
      if (g_str_equal (columns[i].order, order))
        gtk_column_view_sort_by_column (self->view, column, GTK_SORT_ASCENDING);
    }
  g_signal_connect_object (gtk_column_view_get_sorter (self->view), "changed", G_CALLBACK (on_sorter_changed),
                           self, 0);
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
  signals[SORT] = g_signal_new ("sort", CLR_TYPE_MESSAGE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BOOLEAN);
}

static void
clr_message_view_init (ClrMessageView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_autoptr (GtkColumnViewColumn) column
          = clr_column_new (_ (columns[i].title), columns[i].get_text, columns[i].watched,
                            columns[i].css_class, columns[i].width);

      gtk_column_view_append_column (self->view, column);
    }
}
