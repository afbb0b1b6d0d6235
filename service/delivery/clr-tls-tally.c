/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-tls-tally.h"

#include "base/clr-clock.h"
#include "base/clr-main-box.h"
#include "control/clr-json.h"

#include <string.h>

#define FLUSH_S    2
#define SHOWN_MOST 1000u

typedef struct
{
  char *key; /* "2026-11-24/example.net" */
  JsonArray *policies;
  gboolean is_reported;
  gboolean is_dirty; /* not yet posted to the state */
} Row;

struct ClrTlsTally
{
  ClrStsKeeper *keeper;
  ClrState *state;
  ClrMainBox *box;
  GHashTable *rows; /* key -> Row */
  guint flush;
};

static void
row_free (void *data)
{
  Row *row = data;

  json_array_unref (row->policies);
  g_free (row->key);
  g_free (row);
}

static int64_t
get_expiry_us (const char *key)
{
  g_autofree char *text = g_strdup_printf ("%.10sT00:00:00Z", key);
  g_autoptr (GDateTime) day = g_date_time_new_from_iso8601 (text, NULL);

  return day ? (g_date_time_to_unix (day) + (CLR_TLS_KEEP_DAYS + 1) * 86400) * G_USEC_PER_SEC : 0;
}

char *
clr_tls_tally_dup_today (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (clr_clock_wall () / G_USEC_PER_SEC);

  return g_date_time_format (now, "%Y-%m-%d");
}

/* -- over a restart */

static JsonNode *
row_to_json (const Row *row)
{
  JsonNode *root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_boolean_member (object, "reported", row->is_reported);
  json_object_set_array_member (object, "policies", json_array_ref (row->policies));
  json_node_take_object (root, object);
  return root;
}

static void
store (ClrTlsTally *tally, Row *row)
{
  g_autoptr (JsonNode) root = row_to_json (row);
  g_autofree char *value = clr_json_to_text (root, FALSE);

  row->is_dirty = FALSE;
  if (tally->state)
    clr_state_put_post (tally->state, CLR_STATE_TLS_REPORT, row->key, value, get_expiry_us (row->key));
}

static gboolean
on_flush (void *data)
{
  ClrTlsTally *tally = data;
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, tally->rows);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((Row *)value)->is_dirty)
      store (tally, value);
  tally->flush = 0;
  return G_SOURCE_REMOVE;
}

static void
touch (ClrTlsTally *tally, Row *row)
{
  row->is_dirty = TRUE;
  if (tally->flush == 0)
    tally->flush = g_timeout_add_seconds (FLUSH_S, on_flush, tally);
}

static gboolean
is_older (void *key, void *value, void *data)
{
  return strcmp (key, data) < 0;
}

static Row *
find_row (ClrTlsTally *tally, const char *key)
{
  Row *row = g_hash_table_lookup (tally->rows, key);

  if (row)
    return row;
  if (g_hash_table_size (tally->rows) >= CLR_TLS_ROWS_MOST)
    {
      g_autofree char *today = clr_tls_tally_dup_today ();
      g_hash_table_foreach_remove (tally->rows, is_older, today);
    }
  if (g_hash_table_size (tally->rows) >= CLR_TLS_ROWS_MOST)
    return NULL;
  row = g_new0 (Row, 1);
  row->key = g_strdup (key);
  row->policies = json_array_new ();
  g_hash_table_insert (tally->rows, row->key, row);
  return row;
}

static gboolean
is_row (JsonObject *object)
{
  JsonArray *policies;

  if (!json_object_has_member (object, "policies")
      || !JSON_NODE_HOLDS_ARRAY (json_object_get_member (object, "policies")))
    return FALSE;
  policies = json_object_get_array_member (object, "policies");
  for (unsigned i = 0; i < json_array_get_length (policies); i++)
    {
      JsonNode *node = json_array_get_element (policies, i);
      JsonObject *one = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

      if (one == NULL || !json_object_has_member (one, "policy") || !json_object_has_member (one, "summary"))
        return FALSE;
    }
  return TRUE;
}

static void
on_stored (const char *key, const char *value, int64_t expires_us, void *data)
{
  g_autoptr (JsonNode) root = json_from_string (value, NULL);
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  Row *row = object && is_row (object) && strlen (key) > 11 ? find_row (data, key) : NULL;

  if (row == NULL)
    return;
  json_array_unref (row->policies);
  row->policies = json_array_ref (json_object_get_array_member (object, "policies"));
  row->is_reported = json_object_get_boolean_member_with_default (object, "reported", FALSE);
}

/* -- counting */

static void
open_session (ClrLetter *letter, void *owner)
{
  ClrTlsTally *tally = owner;
  g_autoptr (ClrTlsSession) session = (ClrTlsSession *)letter;
  g_autofree char *today = clr_tls_tally_dup_today ();
  g_autofree char *key = g_strdup_printf ("%s/%s", today, session->domain);
  Row *row = find_row (tally, key);

  if (row == NULL)
    return;
  if (session->kind == CLR_TLS_POLICY_STS && session->policy == NULL)
    clr_sts_keeper_tell_policy (tally->keeper, session->domain, &session->policy, &session->patterns);
  clr_tls_session_count (session, row->policies);
  touch (tally, row);
}

void
clr_tls_tally_post (ClrTlsTally *tally, ClrTlsSession *session)
{
  session->letter.open = open_session;
  clr_main_box_post (tally->box, &session->letter);
}

/* -- for readers */

static int
compare_rows (const void *a, const void *b)
{
  return strcmp ((*(Row *const *)b)->key, (*(Row *const *)a)->key);
}

JsonNode *
clr_tls_tally_describe (ClrTlsTally *tally)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  JsonNode *root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *days = json_array_new ();
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, tally->rows);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (rows, value);
  g_ptr_array_sort (rows, compare_rows);
  for (unsigned i = 0; i < MIN (rows->len, SHOWN_MOST); i++)
    {
      const Row *row = g_ptr_array_index (rows, i);
      JsonNode *node = row_to_json (row);
      g_autofree char *date = g_strndup (row->key, 10);

      json_object_set_string_member (json_node_get_object (node), "date", date);
      json_object_set_string_member (json_node_get_object (node), "domain", row->key + 11);
      json_array_add_element (days, node);
    }
  json_object_set_array_member (object, "days", days);
  json_node_take_object (root, object);
  return root;
}

void
clr_tls_tally_visit (ClrTlsTally *tally, const char *before,
                     void (*visitor) (const char *date, const char *domain, JsonArray *policies, void *data),
                     void *data)
{
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, tally->rows);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Row *row = value;
      g_autofree char *date = g_strndup (row->key, 10);

      if (!row->is_reported && (before == NULL || strcmp (date, before) < 0))
        visitor (date, row->key + 11, row->policies, data);
    }
}

void
clr_tls_tally_set_reported (ClrTlsTally *tally, const char *date, const char *domain)
{
  g_autofree char *key = g_strdup_printf ("%s/%s", date, domain);
  Row *row = g_hash_table_lookup (tally->rows, key);

  if (row == NULL)
    return;
  row->is_reported = TRUE;
  touch (tally, row);
}

ClrTlsTally *
clr_tls_tally_new (ClrStsKeeper *keeper, ClrState *state, GError **error)
{
  ClrTlsTally *tally = g_new0 (ClrTlsTally, 1);

  tally->keeper = keeper;
  tally->state = state;
  tally->box = clr_main_box_new (tally);
  tally->rows = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, row_free);
  if (state && !clr_state_load (state, CLR_STATE_TLS_REPORT, on_stored, tally, error))
    g_clear_pointer (&tally, clr_tls_tally_free);
  return tally;
}

void
clr_tls_tally_free (ClrTlsTally *tally)
{
  clr_main_box_free (tally->box);
  if (tally->flush)
    g_source_remove (tally->flush);
  on_flush (tally);
  g_hash_table_unref (tally->rows);
  g_free (tally);
}
