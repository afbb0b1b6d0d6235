/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-json.h"

#include "model/clr-model.h"

#include <gio/gio.h>
#include <string.h>

JsonNode *
clr_json_from_list (GListModel *list)
{
  JsonArray *array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, i);
      json_array_add_element (array, clr_json_from_object (item));
    }
  json_node_take_array (node, array);
  return node;
}

static JsonNode *
node_from_words (char **words)
{
  JsonArray *array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (; *words; words++)
    json_array_add_string_element (array, *words);
  json_node_take_array (node, array);
  return node;
}

JsonNode *
clr_json_from_object (GObject *object)
{
  JsonObject *json = json_object_new ();
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;
      const char *name = pspecs[i]->name;

      g_object_get_property (object, name, &value);
      if (G_VALUE_HOLDS_STRING (&value))
        {
          if (g_value_get_string (&value))
            json_object_set_string_member (json, name, g_value_get_string (&value));
        }
      else if (G_VALUE_HOLDS_INT64 (&value))
        json_object_set_int_member (json, name, g_value_get_int64 (&value));
      else if (G_VALUE_HOLDS_BOOLEAN (&value))
        json_object_set_boolean_member (json, name, g_value_get_boolean (&value));
      else if (G_VALUE_HOLDS (&value, G_TYPE_STRV))
        {
          if (g_value_get_boxed (&value))
            json_object_set_member (json, name, node_from_words (g_value_get_boxed (&value)));
        }
      else if (G_VALUE_HOLDS_OBJECT (&value) && G_IS_LIST_MODEL (g_value_get_object (&value)))
        json_object_set_member (json, name, clr_json_from_list (g_value_get_object (&value)));
    }
  json_node_take_object (node, json);
  return node;
}

static GListStore *
list_from_array (JsonArray *array, GType item_type)
{
  GListStore *list = g_list_store_new (item_type);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      g_autoptr (GObject) item = g_object_new (item_type, NULL);

      if (JSON_NODE_HOLDS_OBJECT (node))
        clr_json_fill_object (json_node_get_object (node), item);
      g_list_store_append (list, item);
    }
  return list;
}

/* NULL-terminated, of the texts in @array. */
static char **
words_from_array (JsonArray *array)
{
  GPtrArray *words = g_ptr_array_new ();

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        g_ptr_array_add (words, json_node_dup_string (node));
    }
  g_ptr_array_add (words, NULL);
  return (char **)g_ptr_array_free (words, FALSE);
}

/* Returns: whether @node has the type that @pspec wants; then @value is what it says. */
static gboolean
read_value (JsonNode *node, GParamSpec *pspec, GValue *value)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  GType item_type = clr_model_get_item_type (pspec);

  if (pspec->value_type == G_TYPE_STRING && type == G_TYPE_STRING)
    g_value_set_string (value, json_node_get_string (node));
  else if (pspec->value_type == G_TYPE_INT64 && type == G_TYPE_INT64)
    g_value_set_int64 (value, json_node_get_int (node));
  else if (pspec->value_type == G_TYPE_BOOLEAN && type == G_TYPE_BOOLEAN)
    g_value_set_boolean (value, json_node_get_boolean (node));
  else if (pspec->value_type == G_TYPE_STRV && JSON_NODE_HOLDS_ARRAY (node))
    g_value_take_boxed (value, words_from_array (json_node_get_array (node)));
  else if (item_type != G_TYPE_INVALID && JSON_NODE_HOLDS_ARRAY (node))
    g_value_take_object (value, list_from_array (json_node_get_array (node), item_type));
  else
    return FALSE;
  return TRUE;
}

/* Lists are always set anew. */
static gboolean
is_same (GParamSpec *pspec, const GValue *a, const GValue *b)
{
  if (pspec->value_type != G_TYPE_STRV)
    return g_param_values_cmp (pspec, a, b) == 0;
  char **x = g_value_get_boxed (a), **y = g_value_get_boxed (b);
  return x == y || (x && y && g_strv_equal ((const char *const *)x, (const char *const *)y));
}

void
clr_json_fill_object (JsonObject *json, GObject *object)
{
  guint n;
  g_autofree GParamSpec **pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  g_object_freeze_notify (object);
  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT, former = G_VALUE_INIT;
      JsonNode *node = json_object_get_member (json, pspecs[i]->name);

      if (!(pspecs[i]->flags & G_PARAM_WRITABLE))
        continue;
      g_value_init (&value, pspecs[i]->value_type);
      g_value_init (&former, pspecs[i]->value_type);
      if (node == NULL || !read_value (node, pspecs[i], &value))
        g_param_value_set_default (pspecs[i], &value);
      g_object_get_property (object, pspecs[i]->name, &former);
      if (!is_same (pspecs[i], &former, &value))
        g_object_set_property (object, pspecs[i]->name, &value);
    }
  g_object_thaw_notify (object);
}

char *
clr_json_to_text (JsonNode *node, gboolean pretty)
{
  char *text = json_to_string (node, pretty);

  if (strchr (text, 0x1f))
    {
      g_autofree char *raw = text;
      g_auto (GStrv) pieces = g_strsplit (raw, "\x1f", -1);

      text = g_strjoinv ("\\u001f", pieces);
    }
  return text;
}

/* json-glib goes down a call for each bracket: a line full of them would end the process. */
static gboolean
is_shallow (const char *text)
{
  unsigned depth = 0;
  gboolean inside = FALSE;

  for (; *text; text++)
    if (inside)
      {
        if (*text == '\\' && text[1])
          text++;
        else if (*text == '"')
          inside = FALSE;
      }
    else if (*text == '"')
      inside = TRUE;
    else if (*text == '[' || *text == '{')
      {
        if (++depth > CLR_JSON_DEEPEST)
          return FALSE;
      }
    else if ((*text == ']' || *text == '}') && depth > 0)
      depth--;
  return TRUE;
}

JsonNode *
clr_json_parse (const char *text, GError **error)
{
  if (is_shallow (text))
    return json_from_string (text, error);
  g_set_error (error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_PARSE, "nested too deeply");
  return NULL;
}

static JsonNode *
find (JsonObject *object, const char *name, GType type)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type ? node : NULL;
}

const char *
clr_json_get_text (JsonObject *object, const char *name)
{
  JsonNode *node = find (object, name, G_TYPE_STRING);

  return node ? json_node_get_string (node) : NULL;
}

gboolean
clr_json_is_true (JsonObject *object, const char *name)
{
  JsonNode *node = find (object, name, G_TYPE_BOOLEAN);

  return node && json_node_get_boolean (node);
}

char *
clr_time_to_text (gint64 time_us)
{
  if (time_us == 0)
    return NULL;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC);
  g_autofree char *text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf ("%s.%03dZ", text, (int)(time_us / 1000 % 1000));
}
