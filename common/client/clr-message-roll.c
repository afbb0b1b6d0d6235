/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/clr-message-roll.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "model/clr-model.h"

#include <string.h>

#define PAGE        100u /* rows asked for at once */
#define PAGES_MOST  30u  /* kept; those looked at last */
#define WANTED_MOST 5u   /* pages waited for: who has scrolled on does not wait for what he left */
#define AGAIN_MS    30u  /* while the service calls the list over */

typedef struct
{
  guint index;
  gboolean has_come;          /* once */
  gboolean is_stale;          /* to be asked again */
  guint64 used;               /* by a count of uses */
  ClrMessageInfo *rows[PAGE]; /* NULL: nobody has looked at it */
} Page;

struct _ClrMessageRoll
{
  GObject parent_instance;
  ClrClient *client;
  char *filter, *order, *error;
  gboolean descending;
  char *roll; /* the service's name of this list; NULL: none yet */
  gboolean complete, has_answer;
  guint total;
  GHashTable *pages; /* index -> Page */
  GQueue wanted;     /* of indexes, the latest first */
  guint64 uses;
  GCancellable *cancellable; /* of the answer that is waited for */
  gboolean again, is_renewing;
  guint source;
};

enum
{
  PROP_LOADING = 1,
  PROP_ERROR,
  PROP_FILTER,
  PROP_COMPLETE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void ask_soon (ClrMessageRoll *self, guint ms);

static GType
get_item_type (GListModel *model)
{
  return CLR_TYPE_MESSAGE_INFO;
}

static guint
get_n_items (GListModel *model)
{
  return CLR_MESSAGE_ROLL (model)->total;
}

static void
page_free (void *data)
{
  Page *page = data;

  for (guint i = 0; i < PAGE; i++)
    g_clear_object (&page->rows[i]);
  g_free (page);
}

static void
want (ClrMessageRoll *self, guint index)
{
  GList *found = g_queue_find (&self->wanted, GUINT_TO_POINTER (index));

  if (found)
    g_queue_unlink (&self->wanted, found);
  else
    found = g_list_alloc ();
  found->data = GUINT_TO_POINTER (index);
  g_queue_push_head_link (&self->wanted, found);
  while (g_queue_get_length (&self->wanted) > WANTED_MOST)
    g_queue_pop_tail (&self->wanted);
  ask_soon (self, 0);
}

/* Whoever shows a row keeps it; the page it was on is asked anew when it is looked at again. */
static void
forget_pages (ClrMessageRoll *self)
{
  while (g_hash_table_size (self->pages) > PAGES_MOST)
    {
      GHashTableIter iter;
      void *value;
      Page *oldest = NULL;

      g_hash_table_iter_init (&iter, self->pages);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        if (oldest == NULL || ((Page *)value)->used < oldest->used)
          oldest = value;
      g_hash_table_remove (self->pages, GUINT_TO_POINTER (oldest->index));
    }
}

static Page *
get_page (ClrMessageRoll *self, guint index)
{
  Page *page = g_hash_table_lookup (self->pages, GUINT_TO_POINTER (index));

  if (page == NULL)
    {
      page = g_new0 (Page, 1);
      page->index = index;
      page->used = ++self->uses;
      g_hash_table_insert (self->pages, GUINT_TO_POINTER (index), page);
      forget_pages (self);
    }
  page->used = ++self->uses;
  return page;
}

static void *
get_item (GListModel *model, guint position)
{
  ClrMessageRoll *self = CLR_MESSAGE_ROLL (model);
  guint index = position / PAGE;
  Page *page;

  if (position >= self->total)
    return NULL;
  page = get_page (self, index);
  if (page->rows[position % PAGE] == NULL)
    page->rows[position % PAGE] = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL);
  if (!page->has_come || page->is_stale)
    want (self, index);
  return g_object_ref (page->rows[position % PAGE]);
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ClrMessageRoll, clr_message_roll, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
stop_waiting (ClrMessageRoll *self)
{
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->source, g_source_remove);
  g_queue_clear (&self->wanted);
  self->again = self->is_renewing = FALSE;
}

static void
clr_message_roll_dispose (GObject *object)
{
  ClrMessageRoll *self = CLR_MESSAGE_ROLL (object);

  stop_waiting (self);
  g_clear_object (&self->client);
  g_clear_pointer (&self->pages, g_hash_table_unref);
  g_clear_pointer (&self->filter, g_free);
  g_clear_pointer (&self->order, g_free);
  g_clear_pointer (&self->roll, g_free);
  g_clear_pointer (&self->error, g_free);
  G_OBJECT_CLASS (clr_message_roll_parent_class)->dispose (object);
}

static void
clr_message_roll_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ClrMessageRoll *self = CLR_MESSAGE_ROLL (object);

  switch (id)
    {
    case PROP_LOADING:
      g_value_set_boolean (value, clr_message_roll_is_loading (self));
      break;
    case PROP_ERROR:
      g_value_set_string (value, self->error);
      break;
    case PROP_FILTER:
      g_value_set_string (value, self->filter);
      break;
    case PROP_COMPLETE:
      g_value_set_boolean (value, self->complete);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
clr_message_roll_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FILTER)
    clr_message_roll_set_filter (CLR_MESSAGE_ROLL (object), g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
clr_message_roll_class_init (ClrMessageRollClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags seen = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = clr_message_roll_dispose;
  object_class->get_property = clr_message_roll_get_property;
  object_class->set_property = clr_message_roll_set_property;
  /**
   * ClrMessageRoll:loading:
   *
   * Whether the beginning of the list is being waited for.
   */
  props[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, seen);
  /**
   * ClrMessageRoll:error:
   *
   * Why the last rows did not come, in words; %NULL when they came.
   */
  props[PROP_ERROR] = g_param_spec_string ("error", NULL, NULL, NULL, seen);
  /**
   * ClrMessageRoll:filter:
   *
   * Words of the filter language.
   */
  props[PROP_FILTER] = g_param_spec_string (
      "filter", NULL, NULL, "", G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * ClrMessageRoll:complete:
   *
   * Whether the length of the list is known.
   */
  props[PROP_COMPLETE] = g_param_spec_boolean ("complete", NULL, NULL, FALSE, seen);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
clr_message_roll_init (ClrMessageRoll *self)
{
  self->pages = g_hash_table_new_full (NULL, NULL, NULL, page_free);
  self->filter = g_strdup ("");
  self->order = g_strdup ("accepted");
  g_queue_init (&self->wanted);
}

ClrMessageRoll *
clr_message_roll_new (ClrClient *client)
{
  ClrMessageRoll *self = g_object_new (CLR_TYPE_MESSAGE_ROLL, NULL);

  self->client = g_object_ref (client);
  return self;
}

/* -- answers */

static void
set_error (ClrMessageRoll *self, const char *text)
{
  if (g_strcmp0 (self->error, text) == 0)
    return;
  g_free (self->error);
  self->error = g_strdup (text);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ERROR]);
}

static void
set_total (ClrMessageRoll *self, guint total)
{
  guint former = self->total;

  if (total == former)
    return;
  self->total = total;
  for (guint index = total / PAGE + 1; former > total && index <= former / PAGE; index++)
    g_hash_table_remove (self->pages, GUINT_TO_POINTER (index));
  if (total > former)
    g_list_model_items_changed (G_LIST_MODEL (self), former, 0, total - former);
  else
    g_list_model_items_changed (G_LIST_MODEL (self), total, former - total, 0);
}

static void
fill (Page *page, JsonArray *messages)
{
  for (guint i = 0; i < MIN (json_array_get_length (messages), PAGE); i++)
    {
      JsonNode *node = json_array_get_element (messages, i);

      if (!JSON_NODE_HOLDS_OBJECT (node))
        continue;
      /* All of a page, so that scrolling on shows rows and no gaps. */
      if (page->rows[i] == NULL)
        page->rows[i] = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL);
      clr_json_fill_object (json_node_get_object (node), G_OBJECT (page->rows[i]));
    }
}

static void
make_stale (ClrMessageRoll *self)
{
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, self->pages);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    ((Page *)value)->is_stale = TRUE;
}

/* The pages that were looked at last: a screen may show rows of three. */
static void
want_latest (ClrMessageRoll *self)
{
  guint64 below = G_MAXUINT64;
  guint found[3], n = 0;

  for (; n < G_N_ELEMENTS (found); n++)
    {
      GHashTableIter iter;
      void *value;
      Page *latest = NULL;

      g_hash_table_iter_init (&iter, self->pages);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        if (((Page *)value)->used < below && (latest == NULL || ((Page *)value)->used > latest->used))
          latest = value;
      if (latest == NULL)
        break;
      found[n] = latest->index;
      below = latest->used;
    }
  while (n > 0)
    want (self, found[--n]);
}

/* Another list: what is shown is asked again. */
static void
take_roll (ClrMessageRoll *self, const char *roll)
{
  if (g_strcmp0 (self->roll, roll) == 0)
    return;
  if (self->roll)
    {
      make_stale (self);
      want_latest (self);
    }
  g_free (self->roll);
  self->roll = g_strdup (roll);
}

typedef struct
{
  ClrMessageRoll *self; /* gone, when it has been cancelled */
  GCancellable *cancellable;
  guint index;
  gboolean is_poll; /* only how far the list is */
} Ask;

/* Returns: FALSE when it is not such an answer. */
static gboolean
take_answer (ClrMessageRoll *self, const Ask *ask, JsonObject *answer)
{
  JsonNode *node = json_object_get_member (answer, "messages");
  const char *roll = clr_json_get_text (answer, "roll");
  gint64 total = json_object_get_int_member_with_default (answer, "total", -1);
  gboolean complete = clr_json_is_true (answer, "complete");
  guint n;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node) || roll == NULL || total < 0)
    return FALSE;
  n = json_array_get_length (json_node_get_array (node));
  /* A list that is still called over does not yet take the place of one that is shown. */
  if (self->is_renewing && g_strcmp0 (self->roll, roll) != 0 && !complete)
    {
      self->again = TRUE;
      return TRUE;
    }
  self->is_renewing = FALSE;
  take_roll (self, roll);
  set_total (self, (guint)MIN (total, G_MAXUINT / 2));
  if (!ask->is_poll)
    {
      Page *page = get_page (self, ask->index);

      fill (page, json_node_get_array (node));
      page->has_come = page->has_come || n == PAGE || complete;
      page->is_stale = FALSE;
      if (!page->has_come)
        want (self, ask->index); /* it is not there yet */
    }
  if (self->complete != complete)
    {
      self->complete = complete;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_COMPLETE]);
    }
  self->again = !complete;
  return TRUE;
}

static void
take_failure (ClrMessageRoll *self, const GError *error)
{
  /* The service has forgotten the list, or was started again. */
  if (self->roll && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_clear_pointer (&self->roll, g_free);
      make_stale (self);
      self->again = TRUE;
      return;
    }
  self->is_renewing = FALSE;
  set_error (self, error->message);
}

static void
on_answer (GObject *client, GAsyncResult *result, void *data)
{
  g_autofree Ask *ask = data;
  g_autoptr (GCancellable) cancellable = ask->cancellable;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_finish (CLR_CLIENT (client), result, &error);
  g_autoptr (JsonNode) root = NULL;

  /* Whoever cancels may be gone. */
  if (g_cancellable_is_cancelled (cancellable))
    return;
  g_autoptr (ClrMessageRoll) self = g_object_ref (ask->self);
  g_clear_object (&self->cancellable);
  self->again = FALSE;
  root = text ? clr_json_parse (text, NULL) : NULL;
  if (text == NULL)
    take_failure (self, error);
  else if (root && JSON_NODE_HOLDS_OBJECT (root) && take_answer (self, ask, json_node_get_object (root)))
    set_error (self, NULL);
  else
    set_error (self, "the service's answer is not a list of messages; is it of another version?");
  self->has_answer = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
  if (self->error == NULL && (self->again || !g_queue_is_empty (&self->wanted)))
    ask_soon (self, self->again ? AGAIN_MS : 0);
}

static gboolean
on_time (void *data)
{
  ClrMessageRoll *self = data;
  g_autoptr (GString) path = g_string_new (CLR_API_QUEUE_ROWS);
  Ask *ask = g_new0 (Ask, 1);

  self->source = 0;
  ask->is_poll = g_queue_is_empty (&self->wanted) && self->has_answer;
  if (!g_queue_is_empty (&self->wanted))
    ask->index = GPOINTER_TO_UINT (g_queue_pop_head (&self->wanted));
  g_string_append_printf (path, "?limit=%u&offset=%" G_GUINT64_FORMAT "&order=%s", ask->is_poll ? 0 : PAGE,
                          (guint64)ask->index * PAGE, self->order);
  if (self->descending)
    g_string_append (path, "&descending=true");
  if (*self->filter)
    {
      g_string_append (path, "&filter=");
      g_string_append_uri_escaped (path, self->filter, NULL, FALSE);
    }
  if (self->roll && !self->is_renewing)
    g_string_append_printf (path, "&roll=%s", self->roll);
  self->cancellable = g_cancellable_new ();
  ask->self = self;
  ask->cancellable = g_object_ref (self->cancellable);
  clr_client_request_async (self->client, "GET", path->str, NULL, self->cancellable, on_answer, ask);
  return G_SOURCE_REMOVE;
}

/* Not from within a question: the list may not change while it is looked at. */
static void
ask_soon (ClrMessageRoll *self, guint ms)
{
  if (self->cancellable == NULL && self->source == 0)
    self->source = ms ? g_timeout_add (ms, on_time, self) : g_idle_add (on_time, self);
}

void
clr_message_roll_refresh (ClrMessageRoll *self, gboolean keep)
{
  g_return_if_fail (CLR_IS_MESSAGE_ROLL (self));

  if (self->cancellable || self->is_renewing)
    return; /* it is being asked already */
  set_error (self, NULL);
  self->is_renewing = self->roll && !keep;
  if (g_hash_table_size (self->pages) > 0)
    want_latest (self);
  else
    ask_soon (self, 0);
}

static void
start_anew (ClrMessageRoll *self)
{
  guint n = self->total;

  stop_waiting (self);
  g_clear_pointer (&self->roll, g_free);
  g_hash_table_remove_all (self->pages);
  self->total = 0;
  self->complete = self->has_answer = FALSE;
  if (n > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, n, 0);
  set_error (self, NULL);
  ask_soon (self, 0);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

void
clr_message_roll_set_filter (ClrMessageRoll *self, const char *filter)
{
  g_return_if_fail (CLR_IS_MESSAGE_ROLL (self));
  if (g_strcmp0 (self->filter, filter ? filter : "") == 0)
    return;
  g_free (self->filter);
  self->filter = g_strdup (filter ? filter : "");
  start_anew (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FILTER]);
}

void
clr_message_roll_set_order (ClrMessageRoll *self, const char *order, gboolean descending)
{
  g_return_if_fail (CLR_IS_MESSAGE_ROLL (self) && order);
  if (g_str_equal (self->order, order) && self->descending == descending)
    return;
  g_free (self->order);
  self->order = g_strdup (order);
  self->descending = descending;
  start_anew (self);
}

const char *
clr_message_roll_get_filter (ClrMessageRoll *self)
{
  return self->filter;
}

const char *
clr_message_roll_get_error (ClrMessageRoll *self)
{
  return self->error;
}

gboolean
clr_message_roll_is_loading (ClrMessageRoll *self)
{
  return self->total == 0 && self->error == NULL && (!self->has_answer || !self->complete);
}

gboolean
clr_message_roll_is_complete (ClrMessageRoll *self)
{
  return self->complete;
}
