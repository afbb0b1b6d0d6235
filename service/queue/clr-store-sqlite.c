/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store-sqlite.h"

#include "base/clr-error.h"
#include "queue/clr-store-schema.h"
#include "queue/clr-store-sqlite-private.h"

#include <string.h>

#define CACHE_KIB "12288"

#define MESSAGE_COLUMNS                                                                                      \
  "id,node,created,sender,ret,envid,eight_bit,size,spool,recipients,origin,client,device,stream,campaign,"   \
  "tag,priority,requiretls,attributes,smtputf8"
#define RECIPIENT_COLUMNS                                                                                    \
  "number,address,notify,orcpt,lane.key,state,due,expires,attempts,code,enhanced,text,host,tried,report,"    \
  "reported,notice,priority"

static const char *const sql[] = {
  [CLR_SQL_BEGIN] = "BEGIN IMMEDIATE",
  [CLR_SQL_COMMIT] = "COMMIT",
  [CLR_SQL_ROLLBACK] = "ROLLBACK",
  [CLR_SQL_TALLY] = "UPDATE tally SET messages=?1,waiting=?2,active=?3,failed=?4,held=?5,bouncing=?6",
  [CLR_SQL_LANE_FIND] = "SELECT id,look FROM lane WHERE key=?1",
  [CLR_SQL_LANE_ADD] = "INSERT INTO lane(key) VALUES(?1)",
  [CLR_SQL_LANE_LOOK] = "UPDATE lane SET look=?2 WHERE id=?1",
  [CLR_SQL_LANE_SITE] = "UPDATE lane SET site=?2 WHERE id=?1",
  [CLR_SQL_MESSAGE_ADD]
  = "INSERT INTO message(" MESSAGE_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"
    "?15,?16,?17,?18,?19,?20)",
  [CLR_SQL_MESSAGE_GET] = "SELECT " MESSAGE_COLUMNS " FROM message WHERE id=?1",
  [CLR_SQL_MESSAGE_DELETE] = "DELETE FROM message WHERE id=?1",
  [CLR_SQL_MESSAGE_HAS] = "SELECT 1 FROM message WHERE id=?1",
  [CLR_SQL_RECIPIENT_ADD]
  = "INSERT INTO recipient(message,number,address,notify,orcpt,lane,state,due,expires,attempts,notice,"
    "priority,code,tried) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,0,0)",
  [CLR_SQL_RECIPIENT_UPDATE]
  = "UPDATE recipient SET state=?3,due=?4,attempts=?5,code=?6,enhanced=?7,text=?8,host=?9,tried=?10,"
    "report=CASE WHEN ?3=0 THEN report|?11 ELSE ?11 END WHERE message=?1 AND number=?2 AND state=?12",
  [CLR_SQL_RECIPIENT_CLAIM] = "UPDATE recipient SET state=1,lease=?3 WHERE message=?1 AND number=?2",
  [CLR_SQL_RECIPIENT_MADE]
  = "UPDATE recipient SET report=report&~?3,reported=reported|?3,state=?4 WHERE message=?1 AND number=?2",
  [CLR_SQL_RECIPIENT_ACT] = "UPDATE recipient SET state=?3,due=?4,expires=?5,notice=?6,report=?7,priority=?8,"
                            "lane=?9,address=?10,code=?11,enhanced=?12,text=?13,host=?14"
                            " WHERE message=?1 AND number=?2",
  [CLR_SQL_RECIPIENT_DELETE] = "DELETE FROM recipient WHERE message=?1 AND number=?2",
  [CLR_SQL_RECIPIENTS_OF] = "SELECT " RECIPIENT_COLUMNS " FROM recipient JOIN lane ON lane.id=recipient.lane"
                            " WHERE message=?1 ORDER BY number",
  [CLR_SQL_STATES_OF] = "SELECT state FROM recipient WHERE message=?1",
  [CLR_SQL_RECIPIENTS_DELETE] = "DELETE FROM recipient WHERE message=?1",
  [CLR_SQL_REPORTS_DUE]
  = "SELECT DISTINCT message FROM recipient INDEXED BY recipient_report WHERE report<>0 ORDER BY message"
    " LIMIT ?1",
  [CLR_SQL_EXPIRED] = "SELECT DISTINCT message FROM recipient INDEXED BY recipient_expires"
                      " WHERE state=0 AND expires<=?1 LIMIT ?2",
  [CLR_SQL_NOTICES_DUE] = "SELECT DISTINCT message FROM recipient INDEXED BY recipient_notice"
                          " WHERE state=0 AND notice>0 AND notice<=?1 LIMIT ?2",
  [CLR_SQL_CONTENT_PUT] = "INSERT INTO content(message,bytes) VALUES(?1,?2)",
  [CLR_SQL_CONTENT_GET] = "SELECT bytes FROM content WHERE message=?1",
  [CLR_SQL_CONTENT_DROP] = "DELETE FROM content WHERE message=?1",
  [CLR_SQL_PRIORITY] = "SELECT priority FROM recipient INDEXED BY recipient_due WHERE lane=?1 AND state=0"
                       " AND priority<?2 ORDER BY priority DESC LIMIT 1",
  [CLR_SQL_DUE] = "SELECT message,number FROM recipient INDEXED BY recipient_due WHERE lane=?1 AND state=0"
                  " AND priority=?2 AND due<=?3 ORDER BY due LIMIT ?4",
  [CLR_SQL_NEXT_DUE] = "SELECT due FROM recipient INDEXED BY recipient_due WHERE lane=?1 AND state=0"
                       " AND priority=?2 ORDER BY due LIMIT 1",
};

sqlite3_stmt *
clr_sqlite_use (ClrSqliteStore *self, ClrSql which)
{
  if (self->stmt[which] == NULL)
    self->stmt[which] = clr_database_prepare (self->db, sql[which]);
  return self->stmt[which];
}

gboolean
clr_sqlite_run (ClrSqliteStore *self, ClrSql which, const char *doing, GError **error)
{
  return clr_database_run (clr_sqlite_use (self, which), doing, error);
}

void
clr_sqlite_count (ClrSqliteStore *self, int from, int to)
{
  static const unsigned over = 1u << CLR_RECIPIENT_DELIVERED | 1u << CLR_RECIPIENT_GIVEN_UP;

  if (from >= 0 && !(over & 1u << from))
    self->tally.states[from]--;
  if (to >= 0 && !(over & 1u << to))
    self->tally.states[to]++;
}

static gboolean
write_tally (ClrSqliteStore *self, GError **error)
{
  static const ClrRecipientState counted[]
      = { CLR_RECIPIENT_WAITING, CLR_RECIPIENT_ACTIVE, CLR_RECIPIENT_FAILED, CLR_RECIPIENT_HELD,
          CLR_RECIPIENT_BOUNCING };
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_TALLY);

  if (memcmp (&self->tally, &self->written, sizeof self->tally) == 0)
    return TRUE;
  sqlite3_bind_int64 (stmt, 1, self->tally.messages);
  for (unsigned i = 0; i < G_N_ELEMENTS (counted); i++)
    sqlite3_bind_int64 (stmt, 2 + i, self->tally.states[counted[i]]);
  return clr_sqlite_run (self, CLR_SQL_TALLY, "counting", error);
}

static gboolean
apply_inside (ClrSqliteStore *self, ClrBatch *batch, GError **error)
{
  for (unsigned i = 0; i < batch->lanes->len; i++)
    if (!clr_sqlite_set_lane (self, &g_array_index (batch->lanes, ClrLaneUpdate, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->inserts->len; i++)
    if (!clr_sqlite_add (self, g_ptr_array_index (batch->inserts, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->updates->len; i++)
    if (!clr_sqlite_update (self, &g_array_index (batch->updates, ClrRecipientUpdate, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->made->len; i++)
    if (!clr_sqlite_report_made (self, &g_array_index (batch->made, ClrReportMade, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->removes->len; i++)
    if (!clr_sqlite_remove (self, g_array_index (batch->removes, uint64_t, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->acts->len; i++)
    if (!clr_sqlite_act (self, g_ptr_array_index (batch->acts, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->claims->len; i++)
    if (!clr_sqlite_claim (self, &g_array_index (batch->claims, ClrClaim, i), error))
      return FALSE;
  return write_tally (self, error);
}

static gboolean
transact (ClrSqliteStore *self, ClrBatch *batch, GError **error)
{
  if (clr_sqlite_run (self, CLR_SQL_BEGIN, "beginning", error) && apply_inside (self, batch, error)
      && clr_sqlite_run (self, CLR_SQL_COMMIT, "committing", error))
    {
      self->written = self->tally;
      return TRUE;
    }
  if (!sqlite3_get_autocommit (self->db))
    clr_sqlite_run (self, CLR_SQL_ROLLBACK, "rolling back", NULL);
  g_hash_table_remove_all (self->lanes);
  self->tally = self->written;
  return FALSE;
}

static void
apply (ClrQueueStore *store, ClrBatch *batch, ClrStoreDone done, void *data)
{
  g_autoptr (GError) error = NULL;

  transact ((ClrSqliteStore *)store, batch, &error);
  done (store, batch, error, data);
}

/* The lanes of what was under way when the former run ended are looked at when it was due. */
static gboolean
find_lanes_taken_back (ClrSqliteStore *self, ClrBatch *batch, GPtrArray *keys, GError **error)
{
  sqlite3_stmt *stmt = clr_database_prepare (
      self->db, "SELECT lane.key,min(due) FROM recipient INDEXED BY recipient_passing JOIN lane ON"
                " lane.id=recipient.lane WHERE state IN (1,2,6) AND state=1 GROUP BY recipient.lane");
  gboolean ok;
  int code;

  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      ClrLaneUpdate update
          = { .lane = clr_database_dup_text (stmt, 0), .look_us = sqlite3_column_int64 (stmt, 1) };
      ClrStoredLane *lane = clr_sqlite_find_lane (self, update.lane, FALSE, NULL);

      g_ptr_array_add (keys, (void *)update.lane);
      if (lane == NULL || update.look_us < lane->look_us)
        g_array_append_val (batch->lanes, update);
    }
  ok = clr_database_ended (stmt, code, error);
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
take_back (ClrSqliteStore *self, GError **error)
{
  g_autoptr (ClrBatch) batch = clr_batch_new ();
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);

  if (!find_lanes_taken_back (self, batch, keys, error))
    return FALSE;
  self->tally.states[CLR_RECIPIENT_WAITING] += self->tally.states[CLR_RECIPIENT_ACTIVE];
  self->tally.states[CLR_RECIPIENT_ACTIVE] = 0;
  if (!clr_database_exec (self->db, "BEGIN IMMEDIATE", error)
      || !clr_database_exec (self->db,
                             "UPDATE recipient INDEXED BY recipient_passing SET state=0"
                             " WHERE state IN (1,2,6) AND state=1",
                             error)
      || !apply_inside (self, batch, error) || !clr_database_exec (self->db, "COMMIT", error))
    {
      clr_database_exec (self->db, "ROLLBACK", NULL);
      return FALSE;
    }
  self->written = self->tally;
  return TRUE;
}

/* What is over leaves with its message, once history has it: those that are still here are few. */
static gboolean
find_finished (ClrSqliteStore *self, GPtrArray *finished, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  g_autoptr (GPtrArray) messages = g_ptr_array_new ();
  sqlite3_stmt *stmt = clr_database_prepare (
      self->db, "SELECT DISTINCT message FROM recipient INDEXED BY recipient_passing WHERE state IN (1,2,6)");
  gboolean ok = clr_sqlite_read_ids (stmt, ids, error);

  sqlite3_finalize (stmt);
  ok = ok && clr_sqlite_load_all (self, ids, messages, error);
  for (unsigned m = 0; m < messages->len; m++)
    {
      ClrMessage *message = g_ptr_array_index (messages, m);
      gboolean over = message->n_recipients > 0;

      for (unsigned i = 0; over && i < message->n_recipients; i++)
        over = clr_recipient_is_final (&message->recipients[i]);
      if (over)
        g_ptr_array_add (finished, message);
      else
        clr_message_unref (message);
    }
  return ok;
}

static gboolean
recover (ClrQueueStore *store, unsigned node, GPtrArray *finished, GError **error)
{
  ClrSqliteStore *self = (ClrSqliteStore *)store;

  if (!take_back (self, error))
    return FALSE;
  /* Lanes are remembered as long as there is mail: when there is none, the list begins anew. */
  if (self->tally.messages == 0)
    {
      g_hash_table_remove_all (self->lanes);
      if (!clr_database_exec (self->db, "DELETE FROM lane", error))
        return FALSE;
    }
  return find_finished (self, finished, error);
}

static gboolean
renew (ClrQueueStore *store, unsigned node, int64_t lease_until_us, GError **error)
{
  return TRUE; /* nobody else can take them: a second process on the file is refused */
}

static ClrMessage *
load (ClrQueueStore *store, uint64_t id, GError **error)
{
  return clr_sqlite_load ((ClrSqliteStore *)store, id, NULL, error);
}

/* Leaves only the recipients about which something is due. */
static void
keep_reported (ClrMessage *message)
{
  unsigned kept = 0;

  for (unsigned i = 0; i < message->n_recipients; i++)
    if (message->recipients[i].report)
      message->recipients[kept++] = message->recipients[i];
    else
      clr_recipient_clear (&message->recipients[i]);
  message->n_recipients = kept;
}

static GPtrArray *
due_reports (ClrQueueStore *store, unsigned n, GError **error)
{
  ClrSqliteStore *self = (ClrSqliteStore *)store;
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_REPORTS_DUE);

  sqlite3_bind_int (stmt, 1, n);
  if (!clr_sqlite_read_ids (stmt, ids, error) || !clr_sqlite_load_all (self, ids, messages, error))
    return NULL;
  for (unsigned i = 0; i < messages->len; i++)
    {
      ClrMessage *message = g_ptr_array_index (messages, i);
      GError *problem = NULL;

      keep_reported (message);
      message->is_loaded
          = self->content.klass->get (&self->content, message->id, &message->content, &problem);
      /* A report without the message is better than none; but what cannot be read now may be read later. */
      if (problem && problem->code != CLR_ERROR_CORRUPT)
        {
          g_propagate_error (error, problem);
          return NULL;
        }
      g_clear_error (&problem);
      message->is_loaded = TRUE;
    }
  return g_steal_pointer (&messages);
}

static void
count (ClrQueueStore *store, uint64_t *messages, uint64_t by_state[CLR_RECIPIENT_STATES])
{
  ClrSqliteStore *self = (ClrSqliteStore *)store;

  *messages = self->tally.messages;
  memcpy (by_state, self->tally.states, sizeof self->tally.states);
  by_state[CLR_RECIPIENT_DELIVERED] = by_state[CLR_RECIPIENT_GIVEN_UP] = 0;
}

static gboolean
read_tally (ClrSqliteStore *self, GError **error)
{
  sqlite3_stmt *stmt
      = clr_database_prepare (self->db, "SELECT messages,waiting,active,failed,held,bouncing FROM tally");
  gboolean ok = sqlite3_step (stmt) == SQLITE_ROW;

  if (ok)
    {
      self->tally.messages = sqlite3_column_int64 (stmt, 0);
      self->tally.states[CLR_RECIPIENT_WAITING] = sqlite3_column_int64 (stmt, 1);
      self->tally.states[CLR_RECIPIENT_ACTIVE] = sqlite3_column_int64 (stmt, 2);
      self->tally.states[CLR_RECIPIENT_FAILED] = sqlite3_column_int64 (stmt, 3);
      self->tally.states[CLR_RECIPIENT_HELD] = sqlite3_column_int64 (stmt, 4);
      self->tally.states[CLR_RECIPIENT_BOUNCING] = sqlite3_column_int64 (stmt, 5);
      self->written = self->tally;
    }
  else
    g_set_error (error, CLR_ERROR, CLR_ERROR_CORRUPT, "%s is damaged: its table of counts is empty",
                 self->path);
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
has_message (ClrQueueStore *store, uint64_t id)
{
  ClrSqliteStore *self = (ClrSqliteStore *)store;
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_MESSAGE_HAS);

  sqlite3_bind_int64 (stmt, 1, id);
  /* Whoever cannot be looked for is there: what it owns must not be swept. */
  gboolean has = sqlite3_step (stmt) != SQLITE_DONE;
  sqlite3_reset (stmt);
  return has;
}

/* The log goes back to its start, and its blocks are used again, only when all of it is in the database at a
 * moment without a writer. So another thread copies the bulk while transactions go on, and the writer the few
 * pages that came meanwhile. A log that never shrank would cost a zeroed block a page. */
#define MAINTENANCE_PAGES 1000

static int
on_wal (void *data, sqlite3 *db, const char *name, int pages)
{
  ((ClrSqliteStore *)data)->wal_pages = pages;
  return SQLITE_OK;
}

static gboolean
wants_maintenance (ClrQueueStore *store)
{
  return ((ClrSqliteStore *)store)->wal_pages >= MAINTENANCE_PAGES;
}

static void
maintain (ClrQueueStore *store)
{
  sqlite3 *db = clr_database_open_reader (((ClrSqliteStore *)store)->path, NULL);

  if (db == NULL)
    return;
  sqlite3_wal_checkpoint_v2 (db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  sqlite3_close (db);
}

static void
end_maintenance (ClrQueueStore *store)
{
  ClrSqliteStore *self = (ClrSqliteStore *)store;

  sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  self->wal_pages = 0;
}

static ClrContentStore *
get_content (ClrQueueStore *store)
{
  return &((ClrSqliteStore *)store)->content;
}

static void
store_free (ClrQueueStore *store)
{
  ClrSqliteStore *self = (ClrSqliteStore *)store;

  for (int i = 0; i < CLR_SQL_LAST; i++)
    sqlite3_finalize (self->stmt[i]);
  sqlite3_close (self->db);
  g_hash_table_unref (self->lanes);
  g_free (self->path);
  g_free (self);
}

static const ClrQueueStoreClass store_class = {
  .name = "sqlite",
  .apply = apply,
  .recover = recover,
  .visit_lanes = clr_sqlite_visit_lanes,
  .renew = renew,
  .load = load,
  .page = clr_sqlite_page,
  .due_reports = due_reports,
  .count = count,
  .has_message = has_message,
  .wants_maintenance = wants_maintenance,
  .maintain = maintain,
  .end_maintenance = end_maintenance,
  .get_content = get_content,
  .free = store_free,
};

ClrQueueStore *
clr_store_sqlite_new (const char *path, GError **error)
{
  sqlite3 *db = clr_database_open (path, &clr_store_schema, error);

  if (db == NULL)
    return NULL;
  /* What is claimed is touched again when its result is stored and when it goes: at best it is still there.
   */
  if (!clr_database_exec (db, "PRAGMA cache_size=-" CACHE_KIB, error) || !clr_database_keep_ids (db, error))
    {
      sqlite3_close (db);
      return NULL;
    }
  ClrSqliteStore *self = g_new0 (ClrSqliteStore, 1);
  self->parent.klass = &store_class;
  self->content.klass = &clr_sqlite_content_class;
  self->path = g_strdup (path);
  self->db = db;
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  sqlite3_wal_hook (db, on_wal, self);
  if (!read_tally (self, error))
    {
      store_free (&self->parent);
      return NULL;
    }
  return &self->parent;
}
