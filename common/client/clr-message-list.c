/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/clr-message-list.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "model/clr-model.h"

#include <string.h>

#define NEAR_THE_END 50u /* rows before the last at which the next page is asked for */

struct _ClrMessageList
{
  GObject parent_instance;
  ClrClient *client;
  char *path, *filter, *error;
  GPtrArray *messages;       /* ClrMessageInfo */
  char *next;                /* cursor behind the last of them, NULL: that was all */
  GCancellable *cancellable; /* of the answer that is waited for */
  gboolean again;            /* a refresh was wanted meanwhile */
  unsigned more_source;
};

enum
{
  PROP_LOADING = 1,
  PROP_ERROR,
  PROP_FILTER,
  PROP_MORE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static GType
get_item_type (GListModel *model)
{
  return CLR_TYPE_MESSAGE_INFO;
}

static guint
get_n_items (GListModel *model)
{
  return CLR_MESSAGE_LIST (model)->messages->len;
}

static void ask_more (ClrMessageList *self);

static gboolean
on_more (void *data)
{
  ClrMessageList *self = data;

  self->more_source = 0;
  ask_more (self);
  return G_SOURCE_REMOVE;
}

static void *
get_item (GListModel *model, guint position)
{
  ClrMessageList *self = CLR_MESSAGE_LIST (model);

  if (position >= self->messages->len)
    return NULL;
  /* Not from here: the list may not change while it is looked at. */
  if (position + NEAR_THE_END >= self->messages->len && self->next && !self->cancellable && !self->error
      && !self->more_source)
    self->more_source = g_idle_add (on_more, self);
  return g_object_ref (g_ptr_array_index (self->messages, position));
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = get_item_type;
  interface->get_n_items = get_n_items;
  interface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ClrMessageList, clr_message_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
stop_waiting (ClrMessageList *self)
{
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->more_source, g_source_remove);
}

static void
clr_message_list_dispose (GObject *object)
{
  ClrMessageList *self = CLR_MESSAGE_LIST (object);

  stop_waiting (self);
  g_clear_object (&self->client);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->filter, g_free);
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->next, g_free);
  G_OBJECT_CLASS (clr_message_list_parent_class)->dispose (object);
}

static void
clr_message_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ClrMessageList *self = CLR_MESSAGE_LIST (object);

  switch (id)
    {
    case PROP_LOADING:
      g_value_set_boolean (value, self->cancellable != NULL);
      break;
    case PROP_ERROR:
      g_value_set_string (value, self->error);
      break;
    case PROP_FILTER:
      g_value_set_string (value, self->filter);
      break;
    case PROP_MORE:
      g_value_set_boolean (value, self->next != NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
clr_message_list_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FILTER)
    clr_message_list_set_filter (CLR_MESSAGE_LIST (object), g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
clr_message_list_class_init (ClrMessageListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags seen = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = clr_message_list_dispose;
  object_class->get_property = clr_message_list_get_property;
  object_class->set_property = clr_message_list_set_property;
  /**
   * ClrMessageList:loading:
   *
   * Whether an answer is being waited for.
   */
  props[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, seen);
  /**
   * ClrMessageList:error:
   *
   * Why the last page did not come, in words; %NULL when it came.
   */
  props[PROP_ERROR] = g_param_spec_string ("error", NULL, NULL, NULL, seen);
  /**
   * ClrMessageList:filter:
   *
   * Words of the filter language.
   */
  props[PROP_FILTER] = g_param_spec_string (
      "filter", NULL, NULL, "", G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * ClrMessageList:has-more:
   *
   * Whether the service has more than what has been fetched.
   */
  props[PROP_MORE] = g_param_spec_boolean ("has-more", NULL, NULL, FALSE, seen);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
clr_message_list_init (ClrMessageList *self)
{
  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
  self->filter = g_strdup ("");
}

ClrMessageList *
clr_message_list_new (ClrClient *client, const char *path)
{
  ClrMessageList *self = g_object_new (CLR_TYPE_MESSAGE_LIST, NULL);

  self->client = g_object_ref (client);
  self->path = g_strdup (path);
  return self;
}

static const char *
get_id (GPtrArray *messages, guint i, char **keep)
{
  g_free (*keep);
  g_object_get (g_ptr_array_index (messages, i), "id", keep, NULL);
  return *keep;
}

/* Puts @fresh in place of the first @n_former messages; what is at both ends of both stays the same object.
 */
static void
replace (ClrMessageList *self, guint n_former, JsonArray *fresh)
{
  GPtrArray *messages = self->messages;
  guint n_fresh = json_array_get_length (fresh), n_head = 0, n_tail = 0, n_out, n_in;
  g_autofree char *id = NULL;

#define FRESH(i)       json_array_get_object_element (fresh, i)
#define SAME(old, new) (g_strcmp0 (get_id (messages, old, &id), clr_json_get_text (FRESH (new), "id")) == 0)
  for (; n_head < n_former && n_head < n_fresh && SAME (n_head, n_head); n_head++)
    clr_json_fill_object (FRESH (n_head), g_ptr_array_index (messages, n_head));
  for (; n_head + n_tail < n_former && n_head + n_tail < n_fresh
         && SAME (n_former - 1 - n_tail, n_fresh - 1 - n_tail);
       n_tail++)
    clr_json_fill_object (FRESH (n_fresh - 1 - n_tail), g_ptr_array_index (messages, n_former - 1 - n_tail));
  n_out = n_former - n_head - n_tail;
  n_in = n_fresh - n_head - n_tail;
  if (n_out > 0)
    g_ptr_array_remove_range (messages, n_head, n_out);
  for (guint i = 0; i < n_in; i++)
    {
      GObject *message = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL);

      clr_json_fill_object (FRESH (n_head + i), message);
      g_ptr_array_insert (messages, n_head + i, message);
    }
#undef SAME
#undef FRESH
  if (n_out > 0 || n_in > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), n_head, n_out, n_in);
}

/* Returns: whether it was another text. */
static gboolean
set_text (char **place, const char *text)
{
  if (g_strcmp0 (*place, text) == 0)
    return FALSE;
  g_free (*place);
  *place = g_strdup (text);
  return TRUE;
}

typedef struct
{
  ClrMessageList *self; /* gone, when it has been cancelled */
  GCancellable *cancellable;
  guint n_former; /* how many of the list's first messages the answer stands for */
  gboolean is_more;
} Ask;

static void
set_error (ClrMessageList *self, const char *text)
{
  if (set_text (&self->error, text))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ERROR]);
}

/* Returns: the answer's messages, all of them objects; NULL when it is not such an answer. */
static JsonArray *
read_messages (JsonNode *root)
{
  JsonNode *node = root && JSON_NODE_HOLDS_OBJECT (root)
                       ? json_object_get_member (json_node_get_object (root), "messages")
                       : NULL;
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; array && i < json_array_get_length (array); i++)
    if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, i)))
      return NULL;
  return array;
}

static void
take_answer (ClrMessageList *self, const Ask *ask, const char *text)
{
  g_autoptr (JsonNode) root = clr_json_parse (text, NULL);
  JsonArray *messages = read_messages (root);

  if (messages == NULL)
    {
      set_error (self, "the service's answer is not a list of messages; is it of another version?");
      return;
    }
  set_error (self, NULL);
  g_free (self->next);
  self->next = g_strdup (clr_json_get_text (json_node_get_object (root), "next"));
  if (ask->is_more)
    {
      guint n = self->messages->len;

      for (guint i = 0; i < json_array_get_length (messages); i++)
        {
          GObject *message = g_object_new (CLR_TYPE_MESSAGE_INFO, NULL);

          clr_json_fill_object (json_array_get_object_element (messages, i), message);
          g_ptr_array_add (self->messages, message);
        }
      if (self->messages->len > n)
        g_list_model_items_changed (G_LIST_MODEL (self), n, 0, self->messages->len - n);
    }
  else
    replace (self, ask->n_former, messages);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MORE]);
}

static void
on_answer (GObject *client, GAsyncResult *result, void *data)
{
  g_autofree Ask *ask = data;
  g_autoptr (GCancellable) cancellable = ask->cancellable;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = clr_client_request_finish (CLR_CLIENT (client), result, &error);

  /* Whoever cancels may be gone. */
  if (g_cancellable_is_cancelled (cancellable))
    return;
  g_autoptr (ClrMessageList) self = g_object_ref (ask->self);
  g_clear_object (&self->cancellable);
  if (text)
    take_answer (self, ask, text);
  else
    set_error (self, error->message);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
  if (self->again)
    {
      self->again = FALSE;
      clr_message_list_refresh (self);
    }
}

static void
ask (ClrMessageList *self, guint limit, gboolean is_more)
{
  Ask *question = g_new0 (Ask, 1);
  g_autoptr (GString) path = g_string_new (self->path);

  g_string_append_printf (path, "?limit=%u", limit);
  if (is_more)
    g_string_append_printf (path, "&after=%s", self->next);
  if (*self->filter)
    {
      g_string_append (path, "&filter=");
      g_string_append_uri_escaped (path, self->filter, NULL, FALSE);
    }
  self->cancellable = g_cancellable_new ();
  question->self = self;
  question->cancellable = g_object_ref (self->cancellable);
  question->is_more = is_more;
  question->n_former = self->messages->len;
  clr_client_request_async (self->client, "GET", path->str, NULL, self->cancellable, on_answer, question);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

static void
ask_more (ClrMessageList *self)
{
  if (self->next && !self->cancellable)
    ask (self, CLR_API_PAGE, TRUE);
}

void
clr_message_list_refresh (ClrMessageList *self)
{
  g_return_if_fail (CLR_IS_MESSAGE_LIST (self));

  if (self->cancellable)
    {
      self->again = TRUE;
      return;
    }
  /* What lies behind one answer's most is dropped, and fetched again when it is looked at. */
  ask (self, CLAMP (self->messages->len, CLR_API_PAGE, CLR_API_PAGE_MOST), FALSE);
}

void
clr_message_list_set_filter (ClrMessageList *self, const char *filter)
{
  guint n = self->messages->len;

  g_return_if_fail (CLR_IS_MESSAGE_LIST (self));
  if (!set_text (&self->filter, filter ? filter : ""))
    return;
  stop_waiting (self);
  self->again = FALSE;
  g_clear_pointer (&self->next, g_free);
  g_ptr_array_set_size (self->messages, 0);
  if (n > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, n, 0);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FILTER]);
  clr_message_list_refresh (self);
}

const char *
clr_message_list_get_filter (ClrMessageList *self)
{
  return self->filter;
}

const char *
clr_message_list_get_error (ClrMessageList *self)
{
  return self->error;
}

gboolean
clr_message_list_is_loading (ClrMessageList *self)
{
  return self->cancellable != NULL;
}

gboolean
clr_message_list_has_more (ClrMessageList *self)
{
  return self->next != NULL;
}
