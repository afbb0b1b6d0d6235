/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-json.h"

#include <gio/gio.h>

static JsonNode *
node_from_list (GListModel *list)
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
        json_object_set_member (json, name, node_from_list (g_value_get_object (&value)));
    }
  json_node_take_object (node, json);
  return node;
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
