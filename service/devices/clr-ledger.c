/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "devices/clr-ledger.h"

#include "base/clr-clock.h"
#include "control/clr-json.h"

#include <string.h>

#define TICK_S      5
#define WEEK        (7u * 24)
#define HOURS       (CLR_LEDGER_WEEKS * WEEK)
#define KEPT_US     (35 * 24 * CLR_ACCOUNT_HOUR_US) /* what nobody uses any more goes then */
#define ROWS_A_TICK 200 /* volumes written; an hour ends for all devices at once */
#define NOT_JUDGED  G_MAXUINT32

/* What one device has sent, hour by hour. */
typedef struct
{
  ClrAccount *account;
  uint32_t first;  /* hour it was seen first */
  uint32_t closed; /* the last hour that is in the ring */
  gboolean to_be_written;
  uint32_t hours[HOURS]; /* recipients; the slot of an hour is its number modulo HOURS */
} Record;

struct ClrLedger
{
  ClrState *state;
  GHashTable *records; /* name -> Record, of devices that have sent */
  GQueue to_write;     /* names whose volumes are to be written */
  GHashTable *met;     /* names of accounts for which was looked what was kept */
  uint32_t hour;       /* of the last tick */
  guint source;
};

static uint32_t
hour_of (int64_t time_us)
{
  return (uint32_t)(time_us / CLR_ACCOUNT_HOUR_US);
}

/* -- what is usual */

static uint32_t
find_limit (const Record *record, uint32_t hour)
{
  uint64_t sum = 0;
  unsigned weeks = 0;

  for (unsigned k = 1; k <= CLR_LEDGER_WEEKS && hour >= k * WEEK && hour - k * WEEK >= record->first; k++)
    {
      sum += record->hours[(hour - k * WEEK) % HOURS];
      weeks++;
    }
  if (weeks == 0)
    return NOT_JUDGED;
  return (uint32_t)CLAMP (CLR_LEDGER_FACTOR * sum / weeks, CLR_LEDGER_LEAST, NOT_JUDGED);
}

static void
set_limits (const Record *record, uint32_t hour)
{
  clr_account_set_limit (record->account, hour, find_limit (record, hour));
  clr_account_set_limit (record->account, hour + 1, find_limit (record, hour + 1));
}

/* All hours before @hour are over: they go into the ring. */
static void
close_hours (ClrLedger *ledger, const char *name, Record *record, uint32_t hour)
{
  ClrAccountFacts facts;

  if (record->closed + 1 >= hour)
    return;
  clr_account_read (record->account, &facts);
  for (uint32_t h = MAX (record->closed + 1, hour - MIN (hour, HOURS)); h < hour; h++)
    {
      uint32_t n = facts.volumes[h & 1].period == h ? facts.volumes[h & 1].n : 0;

      record->hours[h % HOURS] = n;
      if (n > 0 && !record->to_be_written)
        {
          record->to_be_written = TRUE;
          g_queue_push_tail (&ledger->to_write, g_strdup (name));
        }
    }
  record->closed = hour - 1;
}

/* -- rows of state.db */

static void
append_counts (JsonArray *array, const ClrCount *counts, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    {
      json_array_add_int_element (array, counts[i].period);
      json_array_add_int_element (array, counts[i].n);
    }
}

static void
append_numbers (JsonArray *array, const uint64_t *numbers, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    json_array_add_int_element (array, (gint64)MIN (numbers[i], G_MAXINT64));
}

static char *
write_array (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return clr_json_to_text (node, FALSE);
}

/* By word, so that a later version may know others. */
static JsonObject *
write_quirks (const ClrAccountFacts *facts)
{
  JsonObject *object = json_object_new ();

  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    if (facts->quirks[i])
      json_object_set_int_member (object, clr_quirk_get_word (i), (gint64)facts->quirks[i]);
  return object;
}

static JsonObject *
write_repairs (const ClrAccountFacts *facts)
{
  JsonObject *object = json_object_new ();

  for (unsigned i = 0; i < CLR_REPAIR_COUNT; i++)
    if (facts->repairs[i])
      json_object_set_int_member (object, clr_repair_get_word (i), (gint64)facts->repairs[i]);
  return object;
}

static void
store_account (ClrLedger *ledger, const char *name, const ClrAccountFacts *facts, int64_t now_us)
{
  JsonObject *object = json_object_new ();
  JsonArray *windows = json_array_new (), *totals = json_array_new ();
  const uint64_t numbers[] = { facts->n_messages, facts->n_recipients, (uint64_t)facts->last_us };

  append_counts (windows, facts->messages, CLR_PERIODS);
  append_counts (windows, facts->recipients, CLR_PERIODS);
  append_counts (windows, facts->volumes, 2);
  append_counts (windows, &facts->excused, 1);
  append_numbers (totals, numbers, G_N_ELEMENTS (numbers));
  json_object_set_array_member (object, "windows", windows);
  json_object_set_array_member (object, "totals", totals);
  json_object_set_int_member (object, "frozen", facts->frozen);
  json_object_set_int_member (object, "frozen-at", facts->frozen_us);
  json_object_set_object_member (object, "quirks", write_quirks (facts));
  json_object_set_object_member (object, "repairs", write_repairs (facts));
  g_autofree char *text = write_array (object);
  clr_state_put_post (ledger->state, CLR_STATE_RATE, name, text, facts->frozen ? 0 : now_us + KEPT_US);
}

/* Only hours in which something was sent: [hour, recipients, ...]. */
static void
store_volumes (ClrLedger *ledger, const char *name, const Record *record, int64_t now_us)
{
  JsonObject *object = json_object_new ();
  JsonArray *hours = json_array_new ();

  for (uint32_t h = record->closed + 1 - MIN (record->closed + 1, HOURS); h <= record->closed; h++)
    if (record->hours[h % HOURS])
      append_counts (hours, &(ClrCount){ h, record->hours[h % HOURS] }, 1);
  json_object_set_int_member (object, "first", record->first);
  json_object_set_array_member (object, "hours", hours);
  g_autofree char *text = write_array (object);
  clr_state_put_post (ledger->state, CLR_STATE_VOLUME, name, text, now_us + KEPT_US);
}

static void
write_volumes (ClrLedger *ledger, unsigned most, int64_t now_us)
{
  char *name;

  while (most-- > 0 && (name = g_queue_pop_head (&ledger->to_write)))
    {
      Record *record = g_hash_table_lookup (ledger->records, name);

      record->to_be_written = FALSE;
      if (ledger->state)
        store_volumes (ledger, name, record, now_us);
      g_free (name);
    }
}

/* -- ticks */

static Record *
get_record (ClrLedger *ledger, const char *name, ClrAccount *account)
{
  Record *record = g_hash_table_lookup (ledger->records, name);

  if (record == NULL)
    {
      record = g_new0 (Record, 1);
      record->account = account;
      record->first = ledger->hour;
      record->closed = ledger->hour - 1;
      g_hash_table_insert (ledger->records, g_strdup (name), record);
      set_limits (record, ledger->hour);
    }
  return record;
}

typedef struct
{
  ClrLedger *ledger;
  int64_t now_us;
} Round;

static void
look_at (const char *name, ClrAccount *account, void *data)
{
  Round *round = data;
  ClrAccountFacts facts;

  if (!clr_account_take_changed (account))
    return;
  get_record (round->ledger, name, account);
  clr_account_read (account, &facts);
  if (round->ledger->state)
    store_account (round->ledger, name, &facts, round->now_us);
}

void
clr_ledger_tick (ClrLedger *ledger, int64_t now_us)
{
  Round round = { ledger, now_us };
  uint32_t hour = hour_of (now_us);
  GHashTableIter iter;
  void *name, *record;

  /* A clock that goes back changes nothing until it is where it was. */
  if (hour > ledger->hour)
    {
      g_hash_table_iter_init (&iter, ledger->records);
      while (g_hash_table_iter_next (&iter, &name, &record))
        {
          close_hours (ledger, name, record, hour);
          set_limits (record, hour);
        }
      ledger->hour = hour;
    }
  clr_account_visit (look_at, &round);
  write_volumes (ledger, ROWS_A_TICK, now_us);
}

static gboolean
on_time (void *data)
{
  clr_ledger_tick (data, clr_clock_wall ());
  return G_SOURCE_CONTINUE;
}

/* -- reading; whatever stands in the file is looked at before it is believed */

static gint64
get_int (JsonArray *array, unsigned index)
{
  JsonNode *node
      = array && index < json_array_get_length (array) ? json_array_get_element (array, index) : NULL;

  return node && json_node_get_value_type (node) == G_TYPE_INT64 ? MAX (json_node_get_int (node), 0) : 0;
}

static ClrCount
get_count (JsonArray *array, unsigned index)
{
  return (ClrCount){ (uint32_t)MIN (get_int (array, 2 * index), G_MAXUINT32),
                     (uint32_t)MIN (get_int (array, 2 * index + 1), G_MAXUINT32) };
}

static JsonArray *
get_array (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static gint64
get_number (JsonNode *node)
{
  return node && json_node_get_value_type (node) == G_TYPE_INT64 ? MAX (json_node_get_int (node), 0) : 0;
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static void
read_uses (JsonObject *object, ClrAccountFacts *facts)
{
  JsonObject *quirks = get_object (object, "quirks"), *repairs = get_object (object, "repairs");

  for (unsigned i = 0; quirks && i < CLR_QUIRK_COUNT; i++)
    facts->quirks[i] = (uint64_t)get_number (json_object_get_member (quirks, clr_quirk_get_word (i)));
  for (unsigned i = 0; repairs && i < CLR_REPAIR_COUNT; i++)
    facts->repairs[i] = (uint64_t)get_number (json_object_get_member (repairs, clr_repair_get_word (i)));
}

static void
read_facts (JsonObject *object, ClrAccountFacts *facts)
{
  JsonArray *windows = get_array (object, "windows"), *totals = get_array (object, "totals");
  gint64 frozen = get_number (json_object_get_member (object, "frozen"));

  *facts = (ClrAccountFacts){
    .volumes = { get_count (windows, 2 * CLR_PERIODS), get_count (windows, 2 * CLR_PERIODS + 1) },
    .excused = get_count (windows, 2 * CLR_PERIODS + 2),
    .frozen = frozen < CLR_FREEZE_LAST ? (ClrFreeze)frozen : CLR_FREEZE_BY_HAND,
    .frozen_us = get_number (json_object_get_member (object, "frozen-at")),
    .n_messages = (uint64_t)get_int (totals, 0),
    .n_recipients = (uint64_t)get_int (totals, 1),
    .last_us = get_int (totals, 2),
  };
  for (unsigned i = 0; i < CLR_PERIODS; i++)
    {
      facts->messages[i] = get_count (windows, i);
      facts->recipients[i] = get_count (windows, CLR_PERIODS + i);
    }
  read_uses (object, facts);
}

typedef struct
{
  ClrLedger *ledger;
  GHashTable *accounts; /* name -> ClrAccount, of the devices that are set up */
} Loading;

static void
on_account (const char *key, const char *value, int64_t expires_us, void *data)
{
  Loading *loading = data;
  ClrAccount *account = g_hash_table_lookup (loading->accounts, key);
  g_autoptr (JsonNode) root = account ? clr_json_parse (value, NULL) : NULL;
  ClrAccountFacts facts;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return;
  read_facts (json_node_get_object (root), &facts);
  clr_account_restore (account, &facts);
}

static void
on_volumes (const char *key, const char *value, int64_t expires_us, void *data)
{
  Loading *loading = data;
  ClrLedger *ledger = loading->ledger;
  ClrAccount *account = g_hash_table_lookup (loading->accounts, key);
  g_autoptr (JsonNode) root = account ? clr_json_parse (value, NULL) : NULL;
  Record *record;
  JsonArray *hours;
  gint64 first;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return;
  hours = get_array (json_node_get_object (root), "hours");
  first = get_number (json_object_get_member (json_node_get_object (root), "first"));
  record = get_record (ledger, key, account);
  record->first = (uint32_t)MIN (first, ledger->hour);
  record->closed = record->first ? record->first - 1 : 0;
  for (unsigned i = 0; hours && 2 * i < json_array_get_length (hours); i++)
    {
      ClrCount count = get_count (hours, i);

      if (count.period < ledger->hour && ledger->hour - count.period <= HOURS)
        {
          record->hours[count.period % HOURS] = count.n;
          record->closed = MAX (record->closed, count.period);
        }
    }
}

/* Those that are new. */
static void
collect (const char *name, ClrAccount *account, void *data)
{
  Loading *loading = data;

  if (g_hash_table_add (loading->ledger->met, g_strdup (name)))
    g_hash_table_insert (loading->accounts, (char *)name, account);
}

/* The hours since the last one that was written may stand in the account still; of the others nothing is
 * known, which is zero. */
static void
go_on (ClrLedger *ledger)
{
  GHashTableIter iter;
  void *name, *record;

  g_hash_table_iter_init (&iter, ledger->records);
  while (g_hash_table_iter_next (&iter, &name, &record))
    {
      close_hours (ledger, name, record, ledger->hour);
      set_limits (record, ledger->hour);
    }
}

gboolean
clr_ledger_take_up (ClrLedger *ledger, GError **error)
{
  g_autoptr (GHashTable) accounts = g_hash_table_new (g_str_hash, g_str_equal);
  Loading loading = { ledger, accounts };

  clr_account_visit (collect, &loading);
  if (ledger->state && g_hash_table_size (accounts) > 0
      && (!clr_state_load (ledger->state, CLR_STATE_RATE, on_account, &loading, error)
          || !clr_state_load (ledger->state, CLR_STATE_VOLUME, on_volumes, &loading, error)))
    return FALSE;
  go_on (ledger);
  return TRUE;
}

ClrLedger *
clr_ledger_new_by_hand (ClrState *state, int64_t now_us, GError **error)
{
  ClrLedger *ledger = g_new0 (ClrLedger, 1);

  ledger->state = state;
  ledger->hour = hour_of (now_us);
  ledger->records = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_queue_init (&ledger->to_write);
  ledger->met = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!clr_ledger_take_up (ledger, error))
    g_clear_pointer (&ledger, clr_ledger_free);
  return ledger;
}

ClrLedger *
clr_ledger_new (ClrState *state, GError **error)
{
  ClrLedger *ledger = clr_ledger_new_by_hand (state, clr_clock_wall (), error);

  if (ledger)
    ledger->source = g_timeout_add_seconds (TICK_S, on_time, ledger);
  return ledger;
}

void
clr_ledger_free (ClrLedger *ledger)
{
  if (ledger->source)
    {
      g_source_remove (ledger->source);
      clr_ledger_tick (ledger, clr_clock_wall ());
    }
  write_volumes (ledger, G_MAXUINT, clr_clock_wall ());
  g_queue_clear_full (&ledger->to_write, g_free);
  g_hash_table_unref (ledger->records);
  g_hash_table_unref (ledger->met);
  g_free (ledger);
}
