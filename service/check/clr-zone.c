/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-zone.h"

#include "base/clr-clock.h"
#include "base/clr-error.h"
#include "dns/clr-dane.h"
#include "dns/clr-resolver.h"

#include <glib/gi18n-lib.h>

#include <string.h>

#define CNAMES_MOST     8
#define TIMEOUT_SECONDS 10

struct ClrZone
{
  GHashTable *names; /* in lower case, without the final dot -> JsonObject; NULL: the resolver is asked */
  ClrWorker *worker; /* of the resolver; turned while an answer is waited for */
  ClrResolver *resolver;
  gboolean secure;     /* the last answer */
  gboolean is_offline; /* nothing is fetched by HTTP */
  int64_t end_us;      /* monotonic; 0: none */
  gboolean (*is_over) (void *data);
  void *data;
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

ClrZone *
clr_zone_new_from_resolver (const char *server, const char *trust_anchor, GError **error)
{
  ClrZone *zone = g_new0 (ClrZone, 1);
  char text[CLR_ENDPOINT_TEXT] = "";
  const char *const servers[] = { server ? text : NULL, NULL };
  ClrEndpoint endpoint;
  ClrResolverOptions options
      = { .servers = servers, .trust_anchor = trust_anchor, .timeout_us = TIMEOUT_SECONDS * G_USEC_PER_SEC };

  if (server && !clr_endpoint_parse (&endpoint, server, 53))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, _ ("%s: an IP address with a port is needed"),
                   server);
      clr_zone_free (zone);
      return NULL;
    }
  if (server)
    clr_endpoint_to_text (&endpoint, text);
  clr_zone_free (zone);
  zone = clr_zone_new_from_options (&options, error);
  if (zone)
    zone->is_offline = FALSE;
  return zone;
}

ClrZone *
clr_zone_new_from_options (const ClrResolverOptions *options, GError **error)
{
  ClrZone *zone = g_new0 (ClrZone, 1);

  zone->is_offline = TRUE;
  zone->worker = clr_worker_new (0);
  zone->resolver = clr_resolver_new (zone->worker, options, error);
  if (zone->resolver == NULL)
    g_clear_pointer (&zone, clr_zone_free);
  return zone;
}

void
clr_zone_set_end (ClrZone *zone, int64_t end_us, gboolean (*is_over) (void *data), void *data)
{
  zone->end_us = end_us;
  zone->is_over = is_over;
  zone->data = data;
}

void
clr_zone_free (ClrZone *zone)
{
  if (zone->names)
    g_hash_table_unref (zone->names);
  if (zone->resolver)
    clr_resolver_free (zone->resolver);
  if (zone->worker)
    clr_worker_free (zone->worker);
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

static char *
answer_to_text (const ClrDnsRecord *record, ClrDnsType type)
{
  char address[CLR_ENDPOINT_TEXT];

  switch (type)
    {
    case CLR_DNS_MX:
      return g_strdup_printf ("%u %s", record->preference, record->name);
    case CLR_DNS_PTR:
      return g_strdup (record->name);
    case CLR_DNS_TXT:
      {
        char *text = g_memdup2 (record->bytes, record->size + 1);

        for (size_t i = 0; i < record->size; i++)
          if (text[i] == 0)
            text[i] = 1; /* as forbidden, and what stands behind it counts */
        return text;
      }
    case CLR_DNS_TLSA:
      return clr_tlsa_to_text (record);
    default:
      clr_endpoint_address_to_text (&record->address, address);
      return g_strdup (address);
    }
}

static ClrZoneStatus
ask (ClrZone *zone, const char *name, const char *type, GPtrArray *values)
{
  static const struct
  {
    const char *name;
    ClrDnsType type;
  } types[] = {
    { "A", CLR_DNS_A },     { "AAAA", CLR_DNS_AAAA }, { "MX", CLR_DNS_MX },
    { "TXT", CLR_DNS_TXT }, { "PTR", CLR_DNS_PTR },   { "TLSA", CLR_DNS_TLSA },
  };
  static const ClrZoneStatus statuses[] = {
    [CLR_DNS_FOUND] = CLR_ZONE_FOUND,
    [CLR_DNS_NO_NAME] = CLR_ZONE_NXDOMAIN,
    [CLR_DNS_NO_DATA] = CLR_ZONE_NODATA,
    [CLR_DNS_TEMPORARY] = CLR_ZONE_SERVFAIL,
  };

  for (unsigned t = 0; t < G_N_ELEMENTS (types); t++)
    if (g_str_equal (types[t].name, type))
      {
        g_autofree char *escaped = clr_dns_escape_name (name);
        ClrDnsAnswer *answer = clr_resolver_ask_now (zone->resolver, escaped, types[t].type);
        ClrZoneStatus status = statuses[answer->status];

        for (unsigned i = 0; i < answer->n_records; i++)
          g_ptr_array_add (values, answer_to_text (&answer->records[i], types[t].type));
        zone->secure = answer->secure;
        clr_dns_answer_free (answer);
        return status;
      }
  return CLR_ZONE_NODATA;
}

ClrZoneStatus
clr_zone_find (ClrZone *zone, const char *name, const char *type, GPtrArray **values)
{
  g_autofree char *wanted = fold_name (name);

  *values = g_ptr_array_new_with_free_func (g_free);
  zone->secure = zone->resolver == NULL;
  if ((zone->end_us && clr_clock_monotonic () >= zone->end_us)
      || (zone->is_over && zone->is_over (zone->data)))
    return CLR_ZONE_TIMEOUT;
  if (zone->resolver)
    return ask (zone, wanted, type, *values);
  for (unsigned hops = 0; hops < CNAMES_MOST; hops++)
    {
      JsonObject *records = g_hash_table_lookup (zone->names, wanted);
      JsonArray *found, *alias;

      if (records == NULL)
        return has_names_below (zone, wanted) ? CLR_ZONE_NODATA : CLR_ZONE_NXDOMAIN;
      zone->secure = zone->secure && json_object_get_boolean_member_with_default (records, "_secure", TRUE);
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

gboolean
clr_zone_is_secure (ClrZone *zone)
{
  return zone->secure;
}

gboolean
clr_zone_is_real (ClrZone *zone)
{
  return zone->resolver != NULL && !zone->is_offline;
}
