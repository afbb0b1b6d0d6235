/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store-sqlite-private.h"

#include "base/clr-error.h"

#define LANES_CACHED 20000u

ClrStoredLane *
clr_sqlite_find_lane (ClrSqliteStore *self, const char *key, gboolean make, GError **error)
{
  ClrStoredLane *known = g_hash_table_lookup (self->lanes, key), lane = { 0, INT64_MAX };
  sqlite3_stmt *stmt;
  int code;

  if (known)
    return known;
  stmt = clr_sqlite_use (self, CLR_SQL_LANE_FIND);
  clr_database_bind_text (stmt, 1, key);
  code = sqlite3_step (stmt);
  if (code == SQLITE_ROW)
    {
      lane.id = sqlite3_column_int64 (stmt, 0);
      if (sqlite3_column_type (stmt, 1) != SQLITE_NULL)
        lane.look_us = sqlite3_column_int64 (stmt, 1);
    }
  else if (!clr_database_ended (stmt, code, error))
    make = FALSE;
  sqlite3_reset (stmt);
  if (lane.id == 0 && make)
    {
      clr_database_bind_text (clr_sqlite_use (self, CLR_SQL_LANE_ADD), 1, key);
      if (!clr_sqlite_run (self, CLR_SQL_LANE_ADD, "storing a lane", error))
        return NULL;
      lane.id = sqlite3_last_insert_rowid (self->db);
    }
  if (lane.id == 0)
    return NULL;
  if (g_hash_table_size (self->lanes) >= LANES_CACHED)
    g_hash_table_remove_all (self->lanes);
  known = g_memdup2 (&lane, sizeof lane);
  g_hash_table_insert (self->lanes, g_strdup (key), known);
  return known;
}

static gboolean
set_look (ClrSqliteStore *self, ClrStoredLane *lane, int64_t look_us, GError **error)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_LANE_LOOK);

  if (lane->look_us == look_us)
    return TRUE;
  lane->look_us = look_us;
  sqlite3_bind_int64 (stmt, 1, lane->id);
  if (look_us == INT64_MAX)
    sqlite3_bind_null (stmt, 2);
  else
    sqlite3_bind_int64 (stmt, 2, look_us);
  return clr_sqlite_run (self, CLR_SQL_LANE_LOOK, "storing a lane's time", error);
}

gboolean
clr_sqlite_bring_forward (ClrSqliteStore *self, const char *key, int64_t due_us, GError **error)
{
  ClrStoredLane *lane = clr_sqlite_find_lane (self, key, TRUE, error);

  return lane && (due_us >= lane->look_us || set_look (self, lane, due_us, error));
}

gboolean
clr_sqlite_set_lane (ClrSqliteStore *self, const ClrLaneUpdate *update, GError **error)
{
  g_autoptr (GError) problem = NULL;
  ClrStoredLane *lane = clr_sqlite_find_lane (self, update->lane, FALSE, &problem);
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_LANE_SITE);

  if (problem)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (lane == NULL)
    return TRUE; /* all that was in it is gone */
  if (update->look_us > 0 && !set_look (self, lane, update->look_us, error))
    return FALSE;
  if (update->site == NULL)
    return TRUE;
  sqlite3_bind_int64 (stmt, 1, lane->id);
  clr_database_bind_text (stmt, 2, update->site);
  return clr_sqlite_run (self, CLR_SQL_LANE_SITE, "storing a lane's site", error);
}

/* -- claims */

typedef struct
{
  uint64_t message;
  unsigned number;
} Key;

static gboolean
fail_damaged (ClrSqliteStore *self, uint64_t id, const GArray *numbers, int64_t now_us, GError **error)
{
  for (unsigned i = 0; i < numbers->len; i++)
    {
      ClrRecipientUpdate update = {
        .message = id,
        .number = g_array_index (numbers, unsigned, i),
        .from = CLR_RECIPIENT_WAITING,
        .state = CLR_RECIPIENT_FAILED,
        .text = "the content of this message is missing in the queue's database",
        .tried_us = now_us,
      };

      if (!clr_sqlite_update (self, &update, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
claim_message (ClrSqliteStore *self, uint64_t id, GArray *numbers, ClrClaim *claim, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (ClrMessage) message = clr_sqlite_load (self, id, numbers, &problem);
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_RECIPIENT_CLAIM);

  if (message && self->content.klass->get (&self->content, id, &message->content, &problem))
    message->is_loaded = TRUE;
  /* One damaged message must not stop all others: it fails, and stays visible. But a disk that could not be
   * read now may be read later. */
  if (problem && problem->code != CLR_ERROR_CORRUPT)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (message == NULL || !message->is_loaded)
    return fail_damaged (self, id, numbers, claim->now_us, error);
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      sqlite3_bind_int64 (stmt, 1, id);
      sqlite3_bind_int (stmt, 2, message->recipients[i].number);
      sqlite3_bind_int64 (stmt, 3, claim->lease_until_us);
      if (!clr_sqlite_run (self, CLR_SQL_RECIPIENT_CLAIM, "claiming a recipient", error))
        return FALSE;
      clr_sqlite_count (self, CLR_RECIPIENT_WAITING, CLR_RECIPIENT_ACTIVE);
      message->recipients[i].state = CLR_RECIPIENT_ACTIVE;
    }
  g_ptr_array_add (claim->messages, g_steal_pointer (&message));
  return TRUE;
}

static int
compare_keys (const void *a, const void *b)
{
  const Key *x = a, *y = b;

  return x->message != y->message ? (x->message > y->message) - (x->message < y->message)
                                  : (x->number > y->number) - (x->number < y->number);
}

/* The highest priority below *@priority among those that wait in the lane. Returns: SQLITE_ROW, or
 * SQLITE_DONE when there is none, or an error. */
static int
next_priority (ClrSqliteStore *self, int64_t lane, int *priority)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_PRIORITY);
  int code;

  sqlite3_bind_int64 (stmt, 1, lane);
  sqlite3_bind_int (stmt, 2, *priority);
  code = sqlite3_step (stmt);
  if (code == SQLITE_ROW)
    *priority = sqlite3_column_int (stmt, 0);
  sqlite3_reset (stmt);
  return code;
}

/* What is due, highest priority first; a look-up in the index for each priority that occurs. */
static gboolean
find_due (ClrSqliteStore *self, int64_t lane, const ClrClaim *claim, GArray *keys, GError **error)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_DUE);
  int priority = INT_MAX, code;

  while ((code = next_priority (self, lane, &priority)) == SQLITE_ROW && keys->len < claim->n)
    {
      gboolean ok;

      sqlite3_bind_int64 (stmt, 1, lane);
      sqlite3_bind_int (stmt, 2, priority);
      sqlite3_bind_int64 (stmt, 3, claim->now_us);
      sqlite3_bind_int (stmt, 4, claim->n - keys->len);
      while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
        {
          Key key = { sqlite3_column_int64 (stmt, 0), sqlite3_column_int (stmt, 1) };
          g_array_append_val (keys, key);
        }
      ok = clr_database_ended (stmt, code, error);
      sqlite3_reset (stmt);
      if (!ok)
        return FALSE;
    }
  return code == SQLITE_ROW || code == SQLITE_DONE || clr_database_fail (self->db, "looking for mail", error);
}

static gboolean
find_next_due (ClrSqliteStore *self, int64_t lane, int64_t *next_us, GError **error)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_NEXT_DUE);
  int priority = INT_MAX, code;

  while ((code = next_priority (self, lane, &priority)) == SQLITE_ROW)
    {
      gboolean ok;

      sqlite3_bind_int64 (stmt, 1, lane);
      sqlite3_bind_int (stmt, 2, priority);
      code = sqlite3_step (stmt);
      ok = code == SQLITE_ROW || clr_database_ended (stmt, code, error);
      if (code == SQLITE_ROW)
        *next_us = MIN (*next_us, sqlite3_column_int64 (stmt, 0));
      sqlite3_reset (stmt);
      if (!ok)
        return FALSE;
    }
  return code == SQLITE_DONE || clr_database_fail (self->db, "looking for mail", error);
}

gboolean
clr_sqlite_claim (ClrSqliteStore *self, ClrClaim *claim, GError **error)
{
  g_autoptr (GError) problem = NULL;
  ClrStoredLane *lane = clr_sqlite_find_lane (self, claim->lane, FALSE, &problem);
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (Key));
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (unsigned));

  claim->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  claim->next_due_us = INT64_MAX;
  if (problem)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (lane == NULL)
    return TRUE;
  if (!find_due (self, lane->id, claim, keys, error))
    return FALSE;

  /* Recipients of one message go together. */
  g_array_sort (keys, compare_keys);
  for (unsigned i = 0; i < keys->len; i++)
    {
      Key *key = &g_array_index (keys, Key, i);

      g_array_append_val (numbers, key->number);
      if (i + 1 < keys->len && g_array_index (keys, Key, i + 1).message == key->message)
        continue;
      if (!claim_message (self, key->message, numbers, claim, error))
        return FALSE;
      g_array_set_size (numbers, 0);
    }
  /* Lanes may have come and gone from the cache meanwhile. */
  lane = clr_sqlite_find_lane (self, claim->lane, TRUE, error);
  return lane && find_next_due (self, lane->id, &claim->next_due_us, error)
         && set_look (self, lane, claim->next_due_us, error);
}

gboolean
clr_sqlite_visit_lanes (ClrQueueStore *store, ClrLaneCursor *cursor, unsigned n, ClrLaneVisitor visitor,
                        void *data, GError **error)
{
  ClrSqliteStore *self = (ClrSqliteStore *)store;
  sqlite3_stmt *stmt
      = clr_database_prepare (self->db, "SELECT key,site,look,id FROM lane WHERE look IS NOT NULL AND "
                                        "(look,id)>(?1,?2) ORDER BY look,id LIMIT ?3");
  unsigned found = 0;
  gboolean ok;
  int code;

  sqlite3_bind_int64 (stmt, 1, cursor->look_us);
  sqlite3_bind_int64 (stmt, 2, cursor->id);
  sqlite3_bind_int (stmt, 3, n);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      cursor->look_us = sqlite3_column_int64 (stmt, 2);
      cursor->id = sqlite3_column_int64 (stmt, 3);
      visitor ((const char *)sqlite3_column_text (stmt, 0), (const char *)sqlite3_column_text (stmt, 1),
               cursor->look_us, data);
      found++;
    }
  ok = clr_database_ended (stmt, code, error);
  sqlite3_finalize (stmt);
  if (ok && found < n)
    cursor->look_us = INT64_MAX;
  return ok;
}
