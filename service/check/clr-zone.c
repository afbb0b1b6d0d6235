/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-zone.h"

#include <string.h>

#define CNAMES_MOST 8

struct ClrZone
{
  GHashTable *names; /* in lower case, without the final dot -> JsonObject */
};

static char *
fold_name (const char *name)
{
  g_autofree char *lower = g_utf8_validate (name, -1, NULL) ? g_utf8_strdown (name, -1) : NULL;
  char *folded = g_strdup (lower ? lower : name);
  size_t size = strlen (folded);

  if (size > 0 && folded[size - 1] == '.')
    folded[size - 1] = 0;
  return folded;
}

ClrZone *
clr_zone_new_from_json (JsonObject *names)
{
  ClrZone *zone = g_new0 (ClrZone, 1);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  zone->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)json_object_unref);
  json_object_iter_init (&iter, names);
  while (json_object_iter_next (&iter, &name, &node))
    if (JSON_NODE_HOLDS_OBJECT (node))
      g_hash_table_insert (zone->names, fold_name (name), json_node_dup_object (node));
  return zone;
}

void
clr_zone_free (ClrZone *zone)
{
  g_hash_table_unref (zone->names);
  g_free (zone);
}

/* A record's pieces: "text", or ["chunk", "chunk"] joined, or [10, "host"] with a space. */
static char *
record_to_text (JsonNode *node, const char *between)
{
  GString *text = g_string_new (NULL);
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (unsigned i = 0; i < (array ? json_array_get_length (array) : 1); i++)
    {
      JsonNode *piece = array ? json_array_get_element (array, i) : node;

      if (!JSON_NODE_HOLDS_VALUE (piece))
        continue;
      if (i > 0)
        g_string_append (text, between);
      if (json_node_get_value_type (piece) == G_TYPE_STRING)
        g_string_append (text, json_node_get_string (piece));
      else
        g_string_append_printf (text, "%" G_GINT64_FORMAT, json_node_get_int (piece));
    }
  return g_string_free (text, FALSE);
}

static ClrZoneStatus
other_status (JsonObject *records)
{
  static const struct
  {
    const char *word;
    ClrZoneStatus status;
  } words[] = {
    { "NXDOMAIN", CLR_ZONE_NXDOMAIN },
    { "SERVFAIL", CLR_ZONE_SERVFAIL },
    { "TIMEOUT", CLR_ZONE_TIMEOUT },
  };
  JsonNode *node = json_object_get_member (records, "_other");
  const char *word = node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_strcmp0 (word, words[i].word) == 0)
      return words[i].status;
  return CLR_ZONE_NODATA;
}

static gboolean
has_names_below (ClrZone *zone, const char *name)
{
  GHashTableIter iter;
  void *key;
  size_t size = strlen (name);

  g_hash_table_iter_init (&iter, zone->names);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      size_t length = strlen (key);
      if (length > size + 1 && ((char *)key)[length - size - 1] == '.'
          && strcmp ((char *)key + length - size, name) == 0)
        return TRUE;
    }
  return FALSE;
}

static JsonArray *
find_records (JsonObject *records, const char *type)
{
  JsonNode *node = json_object_get_member (records, type);

  return node && JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) > 0
             ? json_node_get_array (node)
             : NULL;
}

ClrZoneStatus
clr_zone_find (ClrZone *zone, const char *name, const char *type, GPtrArray **values)
{
  g_autofree char *wanted = fold_name (name);

  *values = g_ptr_array_new_with_free_func (g_free);
  for (unsigned hops = 0; hops < CNAMES_MOST; hops++)
    {
      JsonObject *records = g_hash_table_lookup (zone->names, wanted);
      JsonArray *found, *alias;

      if (records == NULL)
        return has_names_below (zone, wanted) ? CLR_ZONE_NODATA : CLR_ZONE_NXDOMAIN;
      found = find_records (records, type);
      alias = find_records (records, "CNAME");
      if (found)
        {
          for (unsigned i = 0; i < json_array_get_length (found); i++)
            g_ptr_array_add (*values, record_to_text (json_array_get_element (found, i),
                                                      g_str_equal (type, "TXT") ? "" : " "));
          return CLR_ZONE_FOUND;
        }
      if (alias == NULL)
        return other_status (records);
      g_autofree char *target = record_to_text (json_array_get_element (alias, 0), "");
      g_free (wanted);
      wanted = fold_name (target);
    }
  return CLR_ZONE_SERVFAIL;
}
