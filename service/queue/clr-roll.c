/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-roll.h"

#include "base/clr-clock.h"
#include "base/clr-error.h"
#include "queue/clr-trace-place.h"

#include <string.h>

#define ROLLS_MOST 4u
#define UNUSED_US  (120 * (int64_t)G_USEC_PER_SEC) /* then it is forgotten */
#define LOOK_US    (10 * 1000)                     /* of one transaction */
#define LOOK       2000u                           /* messages between two looks at the clock */
/* A new one takes the place of one that is so old, and so many times as old as the calling of it took: lists
 * that are looked at all the time take a twentieth of a core. */
#define YOUNG_US    (3 * (int64_t)G_USEC_PER_SEC)
#define YOUNG_TIMES 20

#define KEY 24u /* octets of a text that are compared */

typedef struct
{
  uint64_t id;
  union
  {
    int64_t number;
    char text[KEY];
  } key;
} Entry;

typedef struct
{
  uint64_t number;
  char *words;
  ClrFilter *filter;
  ClrRollOrder order;
  gboolean descending;
  GArray *ids;     /* of uint64_t, as far as they are in order */
  GArray *entries; /* of Entry, NULL once they are in order, or where ids are */
  uint64_t after;  /* the last id looked at */
  gboolean complete;
  int64_t begun_us, used_us, taken_us;
} Roll;

struct ClrRolls
{
  GPtrArray *rolls; /* of Roll */
  uint64_t last;    /* number given */
};

static const struct
{
  const char *name;
  const char *key; /* SQL; NULL: the id, or what the columns say */
  gboolean is_text;
} orders[] = {
  [CLR_ROLL_ACCEPTED] = { "accepted", NULL, FALSE },
  [CLR_ROLL_SENDER] = { "sender", "m.sender", TRUE },
  [CLR_ROLL_RECIPIENT] = { "recipient", "r.address", TRUE },
  [CLR_ROLL_SUBJECT] = { "subject", NULL, TRUE },
  [CLR_ROLL_SIZE] = { "size", "m.size", FALSE },
  [CLR_ROLL_STATE] = { "state", "r.state", FALSE },
  /* What is not tried comes last. */
  [CLR_ROLL_NEXT] = { "next", "CASE WHEN r.state=0 THEN r.due ELSE 9223372036854775807 END", FALSE },
  [CLR_ROLL_DEVICE] = { "device", "ifnull(m.device,'')", TRUE },
};

const char *
clr_roll_order_get_name (ClrRollOrder order)
{
  return order < CLR_ROLL_ORDERS ? orders[order].name : NULL;
}

gboolean
clr_roll_order_from_name (const char *name, ClrRollOrder *order)
{
  for (unsigned i = 0; i < CLR_ROLL_ORDERS; i++)
    if (g_str_equal (orders[i].name, name))
      {
        *order = i;
        return TRUE;
      }
  return FALSE;
}

ClrRollCall *
clr_roll_call_new (const char *words, ClrFilter *filter)
{
  ClrRollCall *call = g_new0 (ClrRollCall, 1);

  call->words = g_strdup (words ? words : "");
  call->filter = filter ? clr_filter_ref (filter) : NULL;
  call->ids = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  call->found = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_traced_free);
  return call;
}

void
clr_roll_call_free (ClrRollCall *call)
{
  g_free (call->words);
  g_clear_pointer (&call->filter, clr_filter_unref);
  g_array_unref (call->ids);
  g_ptr_array_unref (call->found);
  g_free (call->text);
  g_free (call->problem);
  g_free (call);
}

static void
roll_free (void *data)
{
  Roll *roll = data;

  g_free (roll->words);
  g_clear_pointer (&roll->filter, clr_filter_unref);
  g_array_unref (roll->ids);
  g_clear_pointer (&roll->entries, g_array_unref);
  g_free (roll);
}

ClrRolls *
clr_rolls_new (void)
{
  ClrRolls *rolls = g_new0 (ClrRolls, 1);

  rolls->rolls = g_ptr_array_new_with_free_func (roll_free);
  /* Numbers of a service that was started again are others. */
  rolls->last = (uint64_t)clr_clock_wall ();
  return rolls;
}

void
clr_rolls_free (ClrRolls *rolls)
{
  g_ptr_array_unref (rolls->rolls);
  g_free (rolls);
}

/* -- the calling */

static gboolean
is_by_id (const Roll *roll)
{
  return roll->order == CLR_ROLL_ACCEPTED;
}

/* Ids are walked downwards only where that is the order. */
static gboolean
is_downwards (const Roll *roll)
{
  return is_by_id (roll) && roll->descending;
}

/* The last id of the next piece: INT64_MAX, or 0 downwards, when it reaches to the end. */
static gboolean
find_end (sqlite3 *db, const Roll *roll, uint64_t *end, GError **error)
{
  sqlite3_stmt *stmt = clr_database_prepare (
      db, is_downwards (roll) ? "SELECT id FROM message WHERE id<?1 ORDER BY id DESC LIMIT 1 OFFSET ?2"
                              : "SELECT id FROM message WHERE id>?1 ORDER BY id LIMIT 1 OFFSET ?2");
  int code;
  gboolean ok;

  sqlite3_bind_int64 (stmt, 1, (int64_t)roll->after);
  sqlite3_bind_int (stmt, 2, LOOK - 1);
  code = sqlite3_step (stmt);
  *end = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64 (stmt, 0) : is_downwards (roll) ? 0 : INT64_MAX;
  ok = code == SQLITE_ROW || clr_database_ended (stmt, code, error);
  sqlite3_finalize (stmt);
  return ok;
}

/* Of the ids between ?1 and ?2. */
static sqlite3_stmt *
prepare (ClrTracePlace *place, const Roll *roll)
{
  const ClrFilterColumns *columns = clr_trace_place_get_columns (place);
  const char *key = is_by_id (roll)                   ? "0"
                    : roll->order == CLR_ROLL_SUBJECT ? columns->subject
                                                      : orders[roll->order].key;
  gboolean joins = roll->filter || roll->order == CLR_ROLL_RECIPIENT || roll->order == CLR_ROLL_STATE
                   || roll->order == CLR_ROLL_NEXT;
  g_autoptr (GString) text = g_string_new (NULL);
  sqlite3_stmt *stmt;

  g_string_append_printf (text, "SELECT m.id,%s FROM message m%s WHERE m.id>?1 AND m.id<=?2", key,
                          joins ? " CROSS JOIN recipient r ON r.message=m.id" : "");
  if (roll->filter)
    clr_filter_to_sql (roll->filter, columns, 3, text);
  g_string_append (text, is_downwards (roll) ? " ORDER BY m.id DESC" : " ORDER BY m.id");
  stmt = clr_database_prepare (clr_trace_place_get_db (place), text->str);
  if (stmt && roll->filter)
    clr_filter_bind (roll->filter, stmt, 3);
  return stmt;
}

static void
add (Roll *roll, sqlite3_stmt *stmt, uint64_t id)
{
  Entry entry = { .id = id };
  const char *text;

  if (is_by_id (roll))
    {
      g_array_append_val (roll->ids, id);
      return;
    }
  if (!orders[roll->order].is_text)
    entry.key.number = sqlite3_column_int64 (stmt, 1);
  else if ((text = (const char *)sqlite3_column_text (stmt, 1)))
    for (unsigned i = 0; i < KEY && text[i]; i++)
      entry.key.text[i] = g_ascii_tolower (text[i]);
  g_array_append_val (roll->entries, entry);
}

static unsigned
count (const Roll *roll)
{
  return roll->entries ? roll->entries->len : roll->ids->len;
}

static gboolean
call_piece (ClrTracePlace *place, Roll *roll, sqlite3_stmt *stmt, GError **error)
{
  sqlite3 *db = clr_trace_place_get_db (place);
  uint64_t end, last = 0;
  int code;
  gboolean ok;

  if (!find_end (db, roll, &end, error))
    return FALSE;
  /* ?1 is not among them, ?2 is; downwards the walk comes from above. */
  sqlite3_bind_int64 (stmt, 1, is_downwards (roll) ? (int64_t)end - 1 : (int64_t)roll->after);
  sqlite3_bind_int64 (stmt, 2, is_downwards (roll) ? (int64_t)roll->after - 1 : (int64_t)end);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW && count (roll) < CLR_ROLL_MOST)
    {
      uint64_t id = (uint64_t)sqlite3_column_int64 (stmt, 0);

      if (id != last)
        add (roll, stmt, id);
      last = id;
    }
  ok = code == SQLITE_ROW || clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  roll->after = end;
  roll->complete = end == 0 || end == INT64_MAX || count (roll) >= CLR_ROLL_MOST;
  return ok;
}

static int
compare_numbers (const void *a, const void *b)
{
  const Entry *one = a, *other = b;

  if (one->key.number != other->key.number)
    return one->key.number < other->key.number ? -1 : 1;
  return one->id < other->id ? -1 : one->id > other->id;
}

static int
compare_texts (const void *a, const void *b)
{
  const Entry *one = a, *other = b;
  int order = memcmp (one->key.text, other->key.text, KEY);

  return order ? order : one->id < other->id ? -1 : one->id > other->id;
}

static void
put_in_order (Roll *roll)
{
  unsigned n = roll->entries->len;

  if (n > 0)
    qsort (roll->entries->data, n, sizeof (Entry),
           orders[roll->order].is_text ? compare_texts : compare_numbers);
  g_array_set_size (roll->ids, n);
  for (unsigned i = 0; i < n; i++)
    g_array_index (roll->ids, uint64_t, roll->descending ? n - 1 - i : i)
        = g_array_index (roll->entries, Entry, i).id;
  g_clear_pointer (&roll->entries, g_array_unref);
}

static gboolean
go_on (ClrTracePlace *place, Roll *roll, GError **error)
{
  int64_t begin_us = clr_clock_monotonic ();
  sqlite3_stmt *stmt;
  gboolean ok = TRUE;

  if (!clr_database_exec (clr_trace_place_get_db (place), "BEGIN", error))
    return FALSE;
  stmt = prepare (place, roll);
  if (stmt == NULL)
    ok = clr_database_fail (clr_trace_place_get_db (place), "listing the queue", error);
  while (ok && !roll->complete && clr_clock_monotonic () - begin_us < LOOK_US)
    ok = call_piece (place, roll, stmt, error);
  sqlite3_finalize (stmt);
  if (!sqlite3_get_autocommit (clr_trace_place_get_db (place)))
    clr_database_exec (clr_trace_place_get_db (place), "COMMIT", NULL);
  if (ok && roll->complete && roll->entries)
    put_in_order (roll);
  roll->taken_us += clr_clock_monotonic () - begin_us;
  return ok;
}

/* -- answers */

static gboolean
is_young (const Roll *roll, int64_t now_us)
{
  return !roll->complete || now_us - roll->begun_us < MAX (YOUNG_US, roll->taken_us * YOUNG_TIMES);
}

static void
forget (ClrRolls *rolls, int64_t now_us)
{
  for (unsigned i = rolls->rolls->len; i-- > 0;)
    if (now_us - ((Roll *)g_ptr_array_index (rolls->rolls, i))->used_us > UNUSED_US)
      g_ptr_array_remove_index (rolls->rolls, i);
}

static Roll *
begin (ClrRolls *rolls, const ClrRollCall *call, int64_t now_us)
{
  Roll *roll = g_new0 (Roll, 1);

  while (rolls->rolls->len >= ROLLS_MOST)
    {
      unsigned oldest = 0;

      for (unsigned i = 1; i < rolls->rolls->len; i++)
        if (((Roll *)g_ptr_array_index (rolls->rolls, i))->used_us
            < ((Roll *)g_ptr_array_index (rolls->rolls, oldest))->used_us)
          oldest = i;
      g_ptr_array_remove_index (rolls->rolls, oldest);
    }
  roll->number = ++rolls->last;
  roll->words = g_strdup (call->words);
  roll->filter = call->filter ? clr_filter_ref (call->filter) : NULL;
  roll->order = call->order;
  roll->descending = call->descending;
  roll->ids = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  if (!is_by_id (roll))
    roll->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  roll->after = is_downwards (roll) ? INT64_MAX : 0;
  roll->begun_us = now_us;
  g_ptr_array_add (rolls->rolls, roll);
  return roll;
}

/* NULL: the one that is meant is not here any more. */
static Roll *
choose (ClrRolls *rolls, const ClrRollCall *call, int64_t now_us)
{
  for (unsigned i = 0; i < rolls->rolls->len; i++)
    {
      Roll *roll = g_ptr_array_index (rolls->rolls, i);

      if (call->roll ? roll->number == call->roll
                     : g_str_equal (roll->words, call->words) && roll->order == call->order
                           && roll->descending == call->descending && is_young (roll, now_us))
        return roll;
    }
  return call->roll ? NULL : begin (rolls, call, now_us);
}

/* How many messages there are, as of the same transaction that changed it last. */
static gboolean
read_tally (sqlite3 *db, uint64_t *n, GError **error)
{
  sqlite3_stmt *stmt = clr_database_prepare (db, "SELECT messages FROM tally");
  int code = sqlite3_step (stmt);
  gboolean ok = code == SQLITE_ROW || clr_database_ended (stmt, code, error);

  if (code == SQLITE_ROW)
    *n = (uint64_t)MAX (0, sqlite3_column_int64 (stmt, 0));
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
fill (ClrTracer *tracer, const Roll *roll, ClrRollCall *call, GError **error)
{
  unsigned n = roll->entries ? 0 : roll->ids->len;

  for (uint64_t i = call->from; i < n && call->found->len < call->n; i++)
    {
      ClrTraced *traced = clr_traced_new ();
      uint64_t id = g_array_index (roll->ids, uint64_t, i);

      g_array_append_val (call->ids, id);
      g_ptr_array_add (call->found, traced);
      if (!clr_tracer_load (tracer, id, traced, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
clr_rolls_answer (ClrRolls *rolls, ClrTracer *tracer, ClrRollCall *call, int64_t now_us, GError **error)
{
  ClrTracePlace *place = clr_tracer_get_queue (tracer);
  Roll *roll;

  if (place == NULL)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                   "this queue is not kept on disk and has no such list");
      return FALSE;
    }
  forget (rolls, now_us);
  roll = choose (rolls, call, now_us);
  call->is_lost = roll == NULL;
  if (roll == NULL)
    return TRUE;
  roll->used_us = now_us;
  if (!roll->complete && !go_on (place, roll, error))
    {
      g_ptr_array_remove (rolls->rolls, roll);
      return FALSE;
    }
  call->roll = roll->number;
  call->complete = roll->complete;
  call->total = roll->ids->len;
  if (!roll->complete && roll->filter == NULL
      && !read_tally (clr_trace_place_get_db (place), &call->total, error))
    return FALSE;
  call->total = MAX (call->total, roll->ids->len);
  return fill (tracer, roll, call, error);
}
