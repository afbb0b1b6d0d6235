/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-audit.h"

#include "base/clr-clock.h"
#include "control/clr-json.h"

#include <string.h>

typedef struct
{
  uint64_t number; /* the time in microseconds since 1970, made larger than the last one's */
  char *who, *what, *detail;
} Entry;

struct ClrAudit
{
  ClrState *state;
  GQueue entries; /* of Entry, oldest first */
};

static void
entry_free (void *data)
{
  Entry *entry = data;

  g_free (entry->who);
  g_free (entry->what);
  g_free (entry->detail);
  g_free (entry);
}

static void
push (ClrAudit *audit, Entry *entry)
{
  g_queue_push_tail (&audit->entries, entry);
  while (audit->entries.length > CLR_STATE_AUDIT_MOST)
    entry_free (g_queue_pop_head (&audit->entries));
}

static JsonNode *
entry_to_json (const Entry *entry)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  g_autofree char *time = clr_time_to_text (entry->number);

  json_object_set_int_member (object, "number", entry->number);
  json_object_set_string_member (object, "time", time);
  json_object_set_string_member (object, "who", entry->who);
  json_object_set_string_member (object, "what", entry->what);
  if (entry->detail)
    json_object_set_string_member (object, "detail", entry->detail);
  json_node_take_object (node, object);
  return node;
}

/* A row that is not understood (of another version) is left out. */
static void
on_row (const char *key, const char *value, int64_t expires_us, void *data)
{
  g_autoptr (JsonNode) root = clr_json_parse (value, NULL);
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  const char *who = object ? clr_json_get_text (object, "who") : NULL;
  const char *what = object ? clr_json_get_text (object, "what") : NULL;
  guint64 number;
  Entry *entry;

  if (who == NULL || what == NULL || !g_ascii_string_to_unsigned (key, 16, 1, G_MAXINT64, &number, NULL))
    return;
  entry = g_new0 (Entry, 1);
  entry->number = number;
  entry->who = g_strdup (who);
  entry->what = g_strdup (what);
  entry->detail = g_strdup (clr_json_get_text (object, "detail"));
  push (data, entry);
}

static int
compare (const void *a, const void *b, void *data)
{
  uint64_t first = ((const Entry *)a)->number, second = ((const Entry *)b)->number;

  return first < second ? -1 : first > second;
}

ClrAudit *
clr_audit_new (ClrState *state, GError **error)
{
  ClrAudit *audit = g_new0 (ClrAudit, 1);

  audit->state = state;
  g_queue_init (&audit->entries);
  if (state && !clr_state_load (state, CLR_STATE_AUDIT, on_row, audit, error))
    {
      clr_audit_free (audit);
      return NULL;
    }
  g_queue_sort (&audit->entries, compare, NULL);
  return audit;
}

void
clr_audit_free (ClrAudit *audit)
{
  g_queue_clear_full (&audit->entries, entry_free);
  g_free (audit);
}

/* (transfer full) */
static char *
cut (const char *detail)
{
  size_t size = strlen (detail);
  const char *end = detail + MIN (size, CLR_AUDIT_LONGEST_DETAIL);

  if (size <= CLR_AUDIT_LONGEST_DETAIL)
    return g_utf8_make_valid (detail, -1);
  g_autofree char *kept = g_utf8_make_valid (detail, end - detail);
  return g_strconcat (kept, "…", NULL);
}

void
clr_audit_note (ClrAudit *audit, const char *who, const char *what, const char *detail)
{
  const Entry *last = g_queue_peek_tail (&audit->entries);
  Entry *entry = g_new0 (Entry, 1);

  entry->number = clr_clock_wall ();
  if (last && entry->number <= last->number)
    entry->number = last->number + 1;
  entry->who = g_utf8_make_valid (who, -1);
  entry->what = cut (what);
  entry->detail = detail ? cut (detail) : NULL;
  if (audit->state)
    {
      g_autoptr (JsonNode) node = entry_to_json (entry);
      g_autofree char *value = clr_json_to_text (node, FALSE);
      g_autofree char *key = g_strdup_printf ("%016" G_GINT64_MODIFIER "x", (guint64)entry->number);

      clr_state_put_post (audit->state, CLR_STATE_AUDIT, key, value, 0);
    }
  push (audit, entry);
}

static gboolean
is_wanted (const Entry *entry, const ClrAuditQuestion *question, const char *folded)
{
  if ((question->before && entry->number >= question->before)
      || (question->who && !g_str_equal (question->who, entry->who)))
    return FALSE;
  if (folded == NULL)
    return TRUE;
  g_autofree char *all = g_strconcat (entry->what, "\n", entry->detail, NULL);
  g_autofree char *text = g_utf8_casefold (all, -1);
  return strstr (text, folded) != NULL;
}

JsonNode *
clr_audit_list (ClrAudit *audit, const ClrAuditQuestion *question)
{
  g_autofree char *folded = question->text ? g_utf8_casefold (question->text, -1) : NULL;
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *entries = json_array_new ();
  uint64_t last = 0;

  for (GList *item = audit->entries.tail; item; item = item->prev)
    {
      const Entry *entry = item->data;

      if (!is_wanted (entry, question, folded))
        continue;
      if (json_array_get_length (entries) >= question->limit)
        {
          json_object_set_int_member (object, "next", last);
          break;
        }
      last = entry->number;
      json_array_add_element (entries, entry_to_json (entry));
    }
  json_object_set_array_member (object, "entries", entries);
  json_node_take_object (node, object);
  return node;
}
