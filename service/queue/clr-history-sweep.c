/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-history-sweep.h"

#include "base/clr-id.h"

#define VACUUM_PAGES 250  /* given back to the disk in one step */
#define SPARE_PAGES  1024 /* free pages that are kept for what comes */
#define LOOK         1000 /* messages looked at in one step */

enum
{
  OLDEST,
  HAS_ROW,
  LAST_ATTEMPT,
  DELETE_ATTEMPTS,
  DELETE_RECIPIENTS,
  DELETE_MESSAGE,
  PAGES,
  FREE_PAGES,
  STATEMENTS
};

static const char *const texts[STATEMENTS] = {
  /* Attempts may be there without a message: it is still in the queue, or was lost from it. */
  [OLDEST] = "SELECT min(id) FROM (SELECT min(id) AS id FROM message WHERE id>?1"
             " UNION ALL SELECT min(message) FROM recipient WHERE message>?1"
             " UNION ALL SELECT min(message) FROM attempt WHERE message>?1)",
  [HAS_ROW] = "SELECT 1 FROM message WHERE id=?1",
  [LAST_ATTEMPT] = "SELECT max(ended) FROM attempt WHERE message=?1",
  [DELETE_ATTEMPTS] = "DELETE FROM attempt WHERE (message,number,started) IN"
                      " (SELECT message,number,started FROM attempt WHERE message=?1 LIMIT ?2)",
  [DELETE_RECIPIENTS] = "DELETE FROM recipient WHERE (message,number) IN"
                        " (SELECT message,number FROM recipient WHERE message=?1 LIMIT ?2)",
  [DELETE_MESSAGE] = "DELETE FROM message WHERE id=?1",
  [PAGES] = "PRAGMA page_count",
  [FREE_PAGES] = "PRAGMA freelist_count",
};

struct ClrHistorySweep
{
  sqlite3 *db;
  sqlite3_stmt *statements[STATEMENTS];
  int64_t page_size;
  uint64_t after; /* what is up to it has been looked at in this round, and is kept */
};

static gboolean
read_number (ClrHistorySweep *sweep, int which, uint64_t id, int64_t *number, GError **error)
{
  sqlite3_stmt *stmt = sweep->statements[which];
  int code;
  gboolean ok;

  if (sqlite3_bind_parameter_count (stmt) > 0)
    sqlite3_bind_int64 (stmt, 1, id);
  code = sqlite3_step (stmt);
  *number = code == SQLITE_ROW ? sqlite3_column_int64 (stmt, 0) : 0;
  ok = code == SQLITE_ROW || clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  return ok;
}

/* What has no message row may still be under way: its age is that of its last attempt. */
static gboolean
is_old (ClrHistorySweep *sweep, uint64_t id, int64_t cutoff_us, gboolean *old, GError **error)
{
  int64_t has_row, last = 0;

  *old = FALSE;
  if (clr_id_get_time (id) >= cutoff_us)
    return TRUE;
  if (!read_number (sweep, HAS_ROW, id, &has_row, error)
      || (!has_row && !read_number (sweep, LAST_ATTEMPT, id, &last, error)))
    return FALSE;
  *old = last < cutoff_us;
  return TRUE;
}

/* Removes rows of @id, at most *@left, which counts down. */
static gboolean
remove_rows (ClrHistorySweep *sweep, uint64_t id, int *left, GError **error)
{
  for (int which = DELETE_ATTEMPTS; which <= DELETE_MESSAGE && *left > 0; which++)
    {
      sqlite3_stmt *stmt = sweep->statements[which];

      sqlite3_bind_int64 (stmt, 1, id);
      if (which != DELETE_MESSAGE)
        sqlite3_bind_int (stmt, 2, *left);
      if (!clr_database_run (stmt, "removing what is old from the history", error))
        return FALSE;
      *left -= sqlite3_changes (sweep->db);
    }
  return TRUE;
}

static gboolean
remove_oldest (ClrHistorySweep *sweep, gboolean too_large, int64_t cutoff_us, gboolean *more, GError **error)
{
  int left = CLR_HISTORY_SWEEP_ROWS;

  for (unsigned i = 0; i < LOOK && left > 0; i++)
    {
      gboolean old = too_large;
      int64_t id;

      if (!read_number (sweep, OLDEST, too_large ? 0 : sweep->after, &id, error))
        return FALSE;
      if (id > 0 && !too_large && clr_id_get_time (id) < cutoff_us
          && !is_old (sweep, id, cutoff_us, &old, error))
        return FALSE;
      if (id == 0 || (!old && clr_id_get_time (id) >= cutoff_us))
        {
          sweep->after = 0;
          return TRUE;
        }
      if (old && !remove_rows (sweep, id, &left, error))
        return FALSE;
      if (!old)
        sweep->after = id;
    }
  *more = TRUE;
  return TRUE;
}

ClrHistorySweep *
clr_history_sweep_new (sqlite3 *db)
{
  ClrHistorySweep *sweep = g_new0 (ClrHistorySweep, 1);
  sqlite3_stmt *stmt = clr_database_prepare (db, "PRAGMA page_size");
  gboolean ok = sqlite3_step (stmt) == SQLITE_ROW;

  sweep->db = db;
  sweep->page_size = ok ? sqlite3_column_int64 (stmt, 0) : 0;
  sqlite3_finalize (stmt);
  for (int i = 0; i < STATEMENTS; i++)
    {
      sweep->statements[i] = clr_database_prepare (db, texts[i]);
      ok = ok && sweep->statements[i];
    }
  if (!ok)
    g_clear_pointer (&sweep, clr_history_sweep_free);
  return sweep;
}

void
clr_history_sweep_free (ClrHistorySweep *sweep)
{
  for (int i = 0; i < STATEMENTS; i++)
    sqlite3_finalize (sweep->statements[i]);
  g_free (sweep);
}

static gboolean
give_back (ClrHistorySweep *sweep, const ClrHistoryRule *rule, gboolean *more, GError **error)
{
  int64_t pages, unused;

  if (!read_number (sweep, PAGES, 0, &pages, error) || !read_number (sweep, FREE_PAGES, 0, &unused, error))
    return FALSE;
  if (!(unused > 0 && rule->size > 0 && (uint64_t)(pages * sweep->page_size) > rule->size)
      && !(unused > SPARE_PAGES && unused > pages / 4))
    return TRUE;
  *more = TRUE;
  return clr_database_exec (sweep->db, "PRAGMA incremental_vacuum(" G_STRINGIFY (VACUUM_PAGES) ")", error);
}

gboolean
clr_history_sweep_step (ClrHistorySweep *sweep, const ClrHistoryRule *rule, int64_t now_us, gboolean *more,
                        GError **error)
{
  int64_t pages, unused, cutoff_us = now_us - rule->keep_us, oldest;
  gboolean too_large, ok;

  *more = FALSE;
  if (!read_number (sweep, PAGES, 0, &pages, error) || !read_number (sweep, FREE_PAGES, 0, &unused, error)
      || !read_number (sweep, OLDEST, sweep->after, &oldest, error))
    return FALSE;
  too_large = rule->size > 0 && (uint64_t)((pages - unused) * sweep->page_size) > rule->size;
  if (oldest == 0 || (!too_large && clr_id_get_time (oldest) >= cutoff_us))
    sweep->after = 0;
  else if (!clr_database_exec (sweep->db, "BEGIN IMMEDIATE", error))
    return FALSE;
  else
    {
      ok = remove_oldest (sweep, too_large, cutoff_us, more, error)
           && clr_database_exec (sweep->db, "COMMIT", error);
      if (!ok)
        {
          if (!sqlite3_get_autocommit (sweep->db))
            clr_database_exec (sweep->db, "ROLLBACK", NULL);
          return FALSE;
        }
    }
  return give_back (sweep, rule, more, error);
}
