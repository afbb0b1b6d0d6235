/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store-sqlite.h"

#include "base/clr-error.h"
#include "queue/clr-database.h"

#include <string.h>

/* Claims need no lease while there is one node: recover() takes them all back. The column is there for a
 * shared queue. */
#define SCHEMA                                                                                               \
  "CREATE TABLE lane(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);"                                     \
  "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL, sender "    \
  "TEXT NOT NULL,"                                                                                           \
  " ret INTEGER NOT NULL, envid TEXT, needs INTEGER NOT NULL, size INTEGER NOT NULL, spool INTEGER NOT "     \
  "NULL,"                                                                                                    \
  " recipients INTEGER NOT NULL, origin TEXT, client TEXT, device TEXT, stream TEXT, campaign TEXT, tag "    \
  "TEXT,"                                                                                                    \
  " priority INTEGER NOT NULL, requiretls INTEGER NOT NULL, attributes TEXT);"                               \
  "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"         \
  " notify INTEGER NOT NULL, orcpt TEXT, lane INTEGER NOT NULL, state INTEGER NOT NULL, due INTEGER NOT "    \
  "NULL,"                                                                                                    \
  " expires INTEGER NOT NULL, lease INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL, code INTEGER "    \
  "NOT NULL,"                                                                                                \
  " enhanced TEXT, text TEXT, host TEXT, tried INTEGER NOT NULL, PRIMARY KEY(message, number)) WITHOUT "     \
  "ROWID;"                                                                                                   \
  "CREATE INDEX recipient_due ON recipient(lane, due) WHERE state=0;"                                        \
  "CREATE INDEX recipient_expires ON recipient(expires) WHERE state=0;"                                      \
  "CREATE TABLE content(message INTEGER PRIMARY KEY, bytes BLOB NOT NULL)"

static const ClrDatabaseKind kind = { 0x434c5251 /* "CLRQ" */, 1, SCHEMA };

/* Bits of message.needs: what a next hop must offer to get it as it is. */
#define NEEDS_8BITMIME 1
#define NEEDS_SMTPUTF8 2

#define MESSAGE_COLUMNS                                                                                      \
  "id,node,created,sender,ret,envid,needs,size,spool,recipients,origin,client,device,stream,campaign,"       \
  "tag,"                                                                                                     \
  "priority,requiretls,attributes"
#define RECIPIENT_COLUMNS                                                                                    \
  "number,address,notify,orcpt,lane.key,state,due,expires,attempts,code,enhanced,text,host,tried"
#define ACT_EVENTS 10000

typedef enum
{
  SQL_BEGIN,
  SQL_COMMIT,
  SQL_ROLLBACK,
  SQL_LANE_FIND,
  SQL_LANE_ADD,
  SQL_MESSAGE_ADD,
  SQL_RECIPIENT_ADD,
  SQL_RECIPIENT_UPDATE,
  SQL_RECIPIENT_CLAIM,
  SQL_RECIPIENTS_OF,
  SQL_RECIPIENTS_DELETE,
  SQL_MESSAGE_GET,
  SQL_MESSAGE_DELETE,
  SQL_MESSAGE_HAS,
  SQL_CONTENT_PUT,
  SQL_CONTENT_GET,
  SQL_CONTENT_DROP,
  SQL_DUE,
  SQL_NEXT_DUE,
  SQL_LAST,
} Sql;

static const char *const sql[] = {
  [SQL_BEGIN] = "BEGIN IMMEDIATE",
  [SQL_COMMIT] = "COMMIT",
  [SQL_ROLLBACK] = "ROLLBACK",
  [SQL_LANE_FIND] = "SELECT id FROM lane WHERE key=?1",
  [SQL_LANE_ADD] = "INSERT INTO lane(key) VALUES(?1)",
  [SQL_MESSAGE_ADD]
  = "INSERT INTO message(" MESSAGE_COLUMNS ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,"
    "?15,?16,?17,?18,?19)",
  [SQL_RECIPIENT_ADD]
  = "INSERT INTO recipient(message,number,address,notify,orcpt,lane,state,due,expires,attempts,code,"
    "tried) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,0,0)",
  [SQL_RECIPIENT_UPDATE]
  = "UPDATE recipient SET state=?3,due=?4,attempts=?5,code=?6,enhanced=?7,text=?8,host=?9,tried=?10"
    " WHERE message=?1 AND number=?2",
  [SQL_RECIPIENT_CLAIM] = "UPDATE recipient SET state=1,lease=?3 WHERE message=?1 AND number=?2",
  [SQL_RECIPIENTS_OF] = "SELECT " RECIPIENT_COLUMNS " FROM recipient JOIN lane ON lane.id=recipient.lane"
                        " WHERE message=?1 ORDER BY number",
  [SQL_RECIPIENTS_DELETE] = "DELETE FROM recipient WHERE message=?1",
  [SQL_MESSAGE_GET] = "SELECT " MESSAGE_COLUMNS " FROM message WHERE id=?1",
  [SQL_MESSAGE_DELETE] = "DELETE FROM message WHERE id=?1",
  [SQL_MESSAGE_HAS] = "SELECT 1 FROM message WHERE id=?1",
  [SQL_CONTENT_PUT] = "INSERT INTO content(message,bytes) VALUES(?1,?2)",
  [SQL_CONTENT_GET] = "SELECT bytes FROM content WHERE message=?1",
  [SQL_CONTENT_DROP] = "DELETE FROM content WHERE message=?1",
  [SQL_DUE]
  = "SELECT message,number FROM recipient WHERE lane=?1 AND state=0 AND due<=?2 ORDER BY due LIMIT ?3",
  [SQL_NEXT_DUE] = "SELECT min(due) FROM recipient WHERE lane=?1 AND state=0",
};

typedef struct
{
  ClrQueueStore parent;
  ClrContentStore content;
  char *path;
  sqlite3 *db;
  GHashTable *lanes; /* key -> id; emptied when a transaction is rolled back */
  sqlite3_stmt *stmt[SQL_LAST];
  int wal_pages; /* in the log after the last commit */
} Store;

static Store *
store_of_content (ClrContentStore *content)
{
  return (Store *)((char *)content - offsetof (Store, content));
}

static sqlite3_stmt *
use (Store *self, Sql which)
{
  if (self->stmt[which] == NULL)
    self->stmt[which] = clr_database_prepare (self->db, sql[which]);
  return self->stmt[which];
}

static gboolean
run_with_id (Store *self, Sql which, uint64_t id, GError **error)
{
  sqlite3_stmt *stmt = use (self, which);

  sqlite3_bind_int64 (stmt, 1, id);
  return clr_database_run (stmt, sql[which], error);
}

/* How a walk over rows ended. Whoever takes an error for the end of the rows loses mail. */
static gboolean
ended (Store *self, int code, const char *doing, GError **error)
{
  return code == SQLITE_DONE || clr_database_fail (self->db, doing, error);
}

/* Returns: 0 for an error, and for a lane that is not there and is not to be made. */
static int64_t
find_lane (Store *self, const char *key, gboolean make, GError **error)
{
  void *known;
  sqlite3_stmt *stmt;
  int64_t id = 0;
  int code;

  if (g_hash_table_lookup_extended (self->lanes, key, NULL, &known))
    return *(int64_t *)known;
  stmt = use (self, SQL_LANE_FIND);
  clr_database_bind_text (stmt, 1, key);
  code = sqlite3_step (stmt);
  if (code == SQLITE_ROW)
    id = sqlite3_column_int64 (stmt, 0);
  else if (!ended (self, code, sql[SQL_LANE_FIND], error))
    make = FALSE;
  sqlite3_reset (stmt);
  if (id == 0 && make)
    {
      stmt = use (self, SQL_LANE_ADD);
      clr_database_bind_text (stmt, 1, key);
      if (!clr_database_run (stmt, sql[SQL_LANE_ADD], error))
        return 0;
      id = sqlite3_last_insert_rowid (self->db);
    }
  if (id)
    g_hash_table_insert (self->lanes, g_strdup (key), g_memdup2 (&id, sizeof id));
  return id;
}

/* -- content */

static gboolean
content_put (ClrContentStore *content, uint64_t message, const ClrRope *rope, GError **error)
{
  Store *self = store_of_content (content);
  sqlite3_stmt *stmt = use (self, SQL_CONTENT_PUT);
  g_autofree uint8_t *copy = NULL;
  const uint8_t *bytes = clr_rope_flatten (rope, &copy);

  sqlite3_bind_int64 (stmt, 1, message);
  sqlite3_bind_blob64 (stmt, 2, bytes, rope->size, SQLITE_STATIC);
  return clr_database_run (stmt, sql[SQL_CONTENT_PUT], error);
}

static gboolean
content_get (ClrContentStore *content, uint64_t message, ClrRope *rope, GError **error)
{
  Store *self = store_of_content (content);
  sqlite3_stmt *stmt = use (self, SQL_CONTENT_GET);
  gboolean ok = FALSE;
  int code, size;

  sqlite3_bind_int64 (stmt, 1, message);
  code = sqlite3_step (stmt);
  if (code == SQLITE_ROW)
    {
      const void *bytes = sqlite3_column_blob (stmt, 0);

      /* Large values are read only when they are asked for. */
      size = sqlite3_column_bytes (stmt, 0);
      ok = bytes != NULL || size == 0 || clr_database_fail (self->db, sql[SQL_CONTENT_GET], error);
      if (bytes)
        clr_rope_append (rope, bytes, size);
    }
  else if (ended (self, code, sql[SQL_CONTENT_GET], error))
    g_set_error (error, CLR_ERROR, CLR_ERROR_CORRUPT, "the content of a message is missing in %s",
                 self->path);
  sqlite3_reset (stmt);
  return ok;
}

static gboolean
content_drop (ClrContentStore *content, uint64_t message, GError **error)
{
  return run_with_id (store_of_content (content), SQL_CONTENT_DROP, message, error);
}

static const ClrContentStoreClass content_class = { content_put, content_get, content_drop };

/* -- rows */

static gboolean
add_message (Store *self, const ClrMessage *message, GError **error)
{
  sqlite3_stmt *stmt = use (self, SQL_MESSAGE_ADD);

  sqlite3_bind_int64 (stmt, 1, message->id);
  sqlite3_bind_int64 (stmt, 2, message->node);
  sqlite3_bind_int64 (stmt, 3, message->created_us);
  clr_database_bind_text (stmt, 4, message->sender);
  sqlite3_bind_int (stmt, 5, message->ret);
  clr_database_bind_text (stmt, 6, message->envid);
  sqlite3_bind_int (stmt, 7,
                    (message->eight_bit ? NEEDS_8BITMIME : 0) | (message->smtputf8 ? NEEDS_SMTPUTF8 : 0));
  sqlite3_bind_int64 (stmt, 8, message->size);
  sqlite3_bind_int64 (stmt, 9, message->spool_size);
  sqlite3_bind_int (stmt, 10, message->n_all);
  clr_database_bind_text (stmt, 11, message->origin);
  clr_database_bind_text (stmt, 12, message->client);
  clr_database_bind_text (stmt, 13, message->device);
  clr_database_bind_text (stmt, 14, message->stream);
  clr_database_bind_text (stmt, 15, message->campaign);
  clr_database_bind_text (stmt, 16, message->tag);
  sqlite3_bind_int (stmt, 17, message->priority);
  sqlite3_bind_int (stmt, 18, message->requiretls);
  clr_database_bind_text (stmt, 19, message->attributes);
  if (!clr_database_run (stmt, "storing a message", error)
      || !content_put (&self->content, message->id, &message->content, error))
    return FALSE;

  stmt = use (self, SQL_RECIPIENT_ADD);
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      const ClrRecipient *recipient = &message->recipients[i];
      int64_t lane = find_lane (self, recipient->lane, TRUE, error);

      if (lane == 0)
        return FALSE;
      sqlite3_bind_int64 (stmt, 1, message->id);
      sqlite3_bind_int (stmt, 2, recipient->number);
      clr_database_bind_text (stmt, 3, recipient->address);
      sqlite3_bind_int (stmt, 4, recipient->notify);
      clr_database_bind_text (stmt, 5, recipient->orcpt);
      sqlite3_bind_int64 (stmt, 6, lane);
      sqlite3_bind_int (stmt, 7, recipient->state);
      sqlite3_bind_int64 (stmt, 8, recipient->due_us);
      sqlite3_bind_int64 (stmt, 9, recipient->expires_us);
      sqlite3_bind_int (stmt, 10, recipient->attempts);
      if (!clr_database_run (stmt, "storing a recipient", error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
update_recipient (Store *self, const ClrRecipientUpdate *update, GError **error)
{
  sqlite3_stmt *stmt = use (self, SQL_RECIPIENT_UPDATE);

  sqlite3_bind_int64 (stmt, 1, update->message);
  sqlite3_bind_int (stmt, 2, update->number);
  sqlite3_bind_int (stmt, 3, update->state);
  sqlite3_bind_int64 (stmt, 4, update->due_us);
  sqlite3_bind_int (stmt, 5, update->attempts);
  sqlite3_bind_int (stmt, 6, update->code);
  clr_database_bind_text (stmt, 7, update->enhanced);
  clr_database_bind_text (stmt, 8, update->text);
  clr_database_bind_text (stmt, 9, update->host);
  sqlite3_bind_int64 (stmt, 10, update->tried_us);
  return clr_database_run (stmt, "storing a result", error);
}

static gboolean
remove_message (Store *self, uint64_t id, GError **error)
{
  return run_with_id (self, SQL_RECIPIENTS_DELETE, id, error) && content_drop (&self->content, id, error)
         && run_with_id (self, SQL_MESSAGE_DELETE, id, error);
}

static ClrMessage *
load_row (sqlite3_stmt *stmt)
{
  ClrMessage *message = clr_message_new (0);

  message->id = sqlite3_column_int64 (stmt, 0);
  message->node = sqlite3_column_int (stmt, 1);
  message->created_us = sqlite3_column_int64 (stmt, 2);
  message->sender = clr_database_dup_text (stmt, 3);
  message->ret = sqlite3_column_int (stmt, 4);
  message->envid = clr_database_dup_text (stmt, 5);
  message->eight_bit = (sqlite3_column_int (stmt, 6) & NEEDS_8BITMIME) != 0;
  message->smtputf8 = (sqlite3_column_int (stmt, 6) & NEEDS_SMTPUTF8) != 0;
  message->size = sqlite3_column_int64 (stmt, 7);
  message->spool_size = sqlite3_column_int64 (stmt, 8);
  message->n_all = sqlite3_column_int (stmt, 9);
  message->origin = clr_database_dup_text (stmt, 10);
  message->client = clr_database_dup_text (stmt, 11);
  message->device = clr_database_dup_text (stmt, 12);
  message->stream = clr_database_dup_text (stmt, 13);
  message->campaign = clr_database_dup_text (stmt, 14);
  message->tag = clr_database_dup_text (stmt, 15);
  message->priority = sqlite3_column_int (stmt, 16);
  message->requiretls = sqlite3_column_int (stmt, 17);
  message->attributes = clr_database_dup_text (stmt, 18);
  return message;
}

static ClrRecipient
recipient_row (sqlite3_stmt *stmt)
{
  return (ClrRecipient){
    .number = sqlite3_column_int (stmt, 0),
    .address = clr_database_dup_text (stmt, 1),
    .notify = sqlite3_column_int (stmt, 2),
    .orcpt = clr_database_dup_text (stmt, 3),
    .lane = clr_database_dup_text (stmt, 4),
    .state = sqlite3_column_int (stmt, 5),
    .due_us = sqlite3_column_int64 (stmt, 6),
    .expires_us = sqlite3_column_int64 (stmt, 7),
    .attempts = sqlite3_column_int (stmt, 8),
    .code = sqlite3_column_int (stmt, 9),
    .enhanced = clr_database_dup_text (stmt, 10),
    .text = clr_database_dup_text (stmt, 11),
    .host = clr_database_dup_text (stmt, 12),
    .tried_us = sqlite3_column_int64 (stmt, 13),
  };
}

/* The message with those of its recipients whose numbers are in @numbers (NULL: all). Returns: NULL with an
 * error, or without one when there is no such message. */
static ClrMessage *
load_message (Store *self, uint64_t id, const GArray *numbers, GError **error)
{
  sqlite3_stmt *stmt = use (self, SQL_MESSAGE_GET);
  g_autoptr (ClrMessage) message = NULL;
  gboolean ok = TRUE;
  int code;

  sqlite3_bind_int64 (stmt, 1, id);
  code = sqlite3_step (stmt);
  if (code == SQLITE_ROW)
    message = load_row (stmt);
  else
    ended (self, code, sql[SQL_MESSAGE_GET], error);
  sqlite3_reset (stmt);
  if (message == NULL)
    return NULL;

  GArray *recipients = g_array_new (FALSE, TRUE, sizeof (ClrRecipient));
  stmt = use (self, SQL_RECIPIENTS_OF);
  sqlite3_bind_int64 (stmt, 1, id);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      unsigned number = sqlite3_column_int (stmt, 0);
      gboolean wanted = numbers == NULL;

      for (unsigned i = 0; numbers && i < numbers->len && !wanted; i++)
        wanted = g_array_index (numbers, unsigned, i) == number;
      if (wanted)
        {
          ClrRecipient recipient = recipient_row (stmt);
          g_array_append_val (recipients, recipient);
        }
    }
  ok = ended (self, code, sql[SQL_RECIPIENTS_OF], error);
  sqlite3_reset (stmt);
  message->n_recipients = recipients->len;
  g_free (message->recipients);
  message->recipients = (ClrRecipient *)(void *)g_array_free (recipients, FALSE);
  return ok ? g_steal_pointer (&message) : NULL;
}

/* -- claims */

typedef struct
{
  uint64_t message;
  unsigned number;
} Key;

static gboolean
fail_damaged (Store *self, uint64_t id, const GArray *numbers, int64_t now_us, GError **error)
{
  for (unsigned i = 0; i < numbers->len; i++)
    {
      ClrRecipientUpdate update = {
        .message = id,
        .number = g_array_index (numbers, unsigned, i),
        .state = CLR_RECIPIENT_FAILED,
        .text = "the content of this message is missing in the queue's database",
        .tried_us = now_us,
      };

      if (!update_recipient (self, &update, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
claim_message (Store *self, uint64_t id, GArray *numbers, ClrClaim *claim, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (ClrMessage) message = load_message (self, id, numbers, &problem);
  sqlite3_stmt *stmt = use (self, SQL_RECIPIENT_CLAIM);

  if (message && content_get (&self->content, id, &message->content, &problem))
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
      if (!clr_database_run (stmt, "claiming a recipient", error))
        return FALSE;
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

static gboolean
claim (Store *self, ClrClaim *claim, GError **error)
{
  g_autoptr (GError) problem = NULL;
  int64_t lane = find_lane (self, claim->lane, FALSE, &problem);
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (Key));
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (unsigned));
  sqlite3_stmt *stmt = use (self, SQL_DUE);
  int code;

  if (problem)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  claim->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  sqlite3_bind_int64 (stmt, 1, lane);
  sqlite3_bind_int64 (stmt, 2, claim->now_us);
  sqlite3_bind_int (stmt, 3, claim->n);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      Key key = { sqlite3_column_int64 (stmt, 0), sqlite3_column_int (stmt, 1) };
      g_array_append_val (keys, key);
    }
  gboolean ok = ended (self, code, sql[SQL_DUE], error);
  sqlite3_reset (stmt);
  if (!ok)
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

  stmt = use (self, SQL_NEXT_DUE);
  sqlite3_bind_int64 (stmt, 1, lane);
  claim->next_due_us = INT64_MAX;
  ok = sqlite3_step (stmt) == SQLITE_ROW || clr_database_fail (self->db, sql[SQL_NEXT_DUE], error);
  if (ok && sqlite3_column_type (stmt, 0) != SQLITE_NULL)
    claim->next_due_us = sqlite3_column_int64 (stmt, 0);
  sqlite3_reset (stmt);
  return ok;
}

/* -- acts */

static const char *
act_condition (ClrActKind which)
{
  switch (which)
    {
    case CLR_ACT_RETRY:
      return "state IN (0,3)";
    case CLR_ACT_DELETE:
      return "state IN (0,3,4)";
    case CLR_ACT_EXPIRE:
      return "state=0 AND expires<=?2";
    }
  g_assert_not_reached ();
}

/* Whom it will change, for the events; the first ones only. */
static gboolean
note_changed (Store *self, ClrAct *act, GError **error)
{
  g_autofree char *text
      = g_strdup_printf ("SELECT message,number FROM recipient WHERE %s%s ORDER BY message LIMIT %d",
                         act_condition (act->kind), act->message ? " AND message=?1" : "", ACT_EVENTS);
  sqlite3_stmt *stmt = clr_database_prepare (self->db, text);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (unsigned));
  uint64_t last = 0;
  gboolean ok = TRUE;

  sqlite3_bind_int64 (stmt, 1, act->message);
  sqlite3_bind_int64 (stmt, 2, act->now_us);
  while (ok)
    {
      int code = sqlite3_step (stmt);
      gboolean more = code == SQLITE_ROW;
      uint64_t id = more ? (uint64_t)sqlite3_column_int64 (stmt, 0) : 0;
      unsigned number = more ? sqlite3_column_int (stmt, 1) : 0;

      if (last && id != last)
        {
          g_autoptr (GError) problem = NULL;
          ClrMessage *message = load_message (self, last, numbers, &problem);

          if (message)
            g_ptr_array_add (act->messages, message);
          g_array_set_size (numbers, 0);
          if (problem)
            {
              g_propagate_error (error, g_steal_pointer (&problem));
              ok = FALSE;
              break;
            }
        }
      if (!more)
        {
          ok = ended (self, code, text, error);
          break;
        }
      last = id;
      g_array_append_val (numbers, number);
    }
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
run_act_sql (Store *self, ClrAct *act, const char *format_head, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%s WHERE %s%s", format_head, act_condition (act->kind),
                                           act->message ? " AND message=?1" : "");
  sqlite3_stmt *stmt = clr_database_prepare (self->db, text);

  sqlite3_bind_int64 (stmt, 1, act->message);
  sqlite3_bind_int64 (stmt, 2, act->now_us);
  gboolean ok = sqlite3_step (stmt) == SQLITE_DONE || clr_database_fail (self->db, text, error);
  act->n_changed = sqlite3_changes (self->db);
  sqlite3_finalize (stmt);
  return ok;
}

/* Messages that have lost their last recipient. */
static gboolean
drop_empty (Store *self, ClrAct *act, GError **error)
{
  sqlite3_stmt *stmt = clr_database_prepare (
      self->db,
      act->message
          ? "SELECT id,spool FROM message WHERE id=?1 AND NOT EXISTS"
            "(SELECT 1 FROM recipient WHERE message=id)"
          : "SELECT id,spool FROM message WHERE NOT EXISTS(SELECT 1 FROM recipient WHERE message=id)");
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  int code;

  if (act->message)
    sqlite3_bind_int64 (stmt, 1, act->message);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      uint64_t id = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (ids, id);
      if (sqlite3_column_int64 (stmt, 1) > 0)
        g_array_append_val (act->spool_files, id);
    }
  gboolean ok = ended (self, code, "looking for messages without recipients", error);
  sqlite3_finalize (stmt);
  if (!ok)
    return FALSE;
  for (unsigned i = 0; i < ids->len; i++)
    if (!remove_message (self, g_array_index (ids, uint64_t, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
act (Store *self, ClrAct *act, GError **error)
{
  if (!note_changed (self, act, error))
    return FALSE;
  switch (act->kind)
    {
    case CLR_ACT_RETRY:
      /* A second life for what has failed: its time starts anew. */
      return run_act_sql (
          self, act,
          "UPDATE recipient SET expires=CASE WHEN state=3 THEN ?2+expires-(SELECT created FROM message"
          " WHERE id=recipient.message) ELSE expires END, state=0, due=?2",
          error);
    case CLR_ACT_EXPIRE:
      return run_act_sql (self, act, "UPDATE recipient SET state=3", error);
    case CLR_ACT_DELETE:
      return run_act_sql (self, act, "DELETE FROM recipient", error) && drop_empty (self, act, error);
    }
  g_assert_not_reached ();
}

/* -- the class */

static gboolean
apply_inside (Store *self, ClrBatch *batch, GError **error)
{
  for (unsigned i = 0; i < batch->inserts->len; i++)
    if (!add_message (self, g_ptr_array_index (batch->inserts, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->updates->len; i++)
    if (!update_recipient (self, &g_array_index (batch->updates, ClrRecipientUpdate, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->removes->len; i++)
    if (!remove_message (self, g_array_index (batch->removes, uint64_t, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->acts->len; i++)
    if (!act (self, g_ptr_array_index (batch->acts, i), error))
      return FALSE;
  for (unsigned i = 0; i < batch->claims->len; i++)
    if (!claim (self, &g_array_index (batch->claims, ClrClaim, i), error))
      return FALSE;
  return TRUE;
}

static void
apply (ClrQueueStore *store, ClrBatch *batch, ClrStoreDone done, void *data)
{
  Store *self = (Store *)store;
  g_autoptr (GError) error = NULL;

  if (!clr_database_run (use (self, SQL_BEGIN), "beginning", &error) || !apply_inside (self, batch, &error)
      || !clr_database_run (use (self, SQL_COMMIT), "committing", &error))
    {
      if (!sqlite3_get_autocommit (self->db))
        clr_database_run (use (self, SQL_ROLLBACK), "rolling back", NULL);
      g_hash_table_remove_all (self->lanes);
    }
  done (store, batch, error, data);
}

static gboolean
recover (ClrQueueStore *store, unsigned node, GPtrArray *finished, GError **error)
{
  Store *self = (Store *)store;
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *stmt;
  int code;

  if (!clr_database_exec (self->db, "UPDATE recipient SET state=0 WHERE state=1", error))
    return FALSE;
  /* Delivered recipients leave with their message, once history has it: those that are still here are few. */
  stmt = clr_database_prepare (self->db,
                               "SELECT DISTINCT message FROM recipient r WHERE state=2 AND NOT EXISTS"
                               "(SELECT 1 FROM recipient WHERE message=r.message AND state<>2)");
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW && problem == NULL)
    {
      ClrMessage *message = load_message (self, sqlite3_column_int64 (stmt, 0), NULL, &problem);
      if (message)
        g_ptr_array_add (finished, message);
    }
  gboolean ok = problem == NULL && ended (self, code, "looking for finished messages", error);
  sqlite3_finalize (stmt);
  if (problem)
    g_propagate_error (error, g_steal_pointer (&problem));
  return ok;
}

static gboolean
visit_lanes (ClrQueueStore *store, ClrLaneVisitor visitor, void *data, GError **error)
{
  Store *self = (Store *)store;
  sqlite3_stmt *stmt
      = clr_database_prepare (self->db, "SELECT key,count(*),min(due) FROM recipient JOIN lane ON "
                                        "lane.id=recipient.lane WHERE state=0 GROUP BY recipient.lane");
  int code;

  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    visitor ((const char *)sqlite3_column_text (stmt, 0), sqlite3_column_int (stmt, 1),
             sqlite3_column_int64 (stmt, 2), data);
  gboolean ok = ended (self, code, "looking at what waits", error);
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
renew (ClrQueueStore *store, unsigned node, int64_t lease_until_us, GError **error)
{
  return TRUE; /* nobody else can take them: a second process on the file is refused */
}

static ClrMessage *
load (ClrQueueStore *store, uint64_t id, GError **error)
{
  return load_message ((Store *)store, id, NULL, error);
}

static GPtrArray *
page (ClrQueueStore *store, uint64_t after, unsigned n, int state, GError **error)
{
  Store *self = (Store *)store;
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  sqlite3_stmt *stmt = clr_database_prepare (
      self->db,
      state < 0
          ? "SELECT id FROM message WHERE id>?1 ORDER BY id LIMIT ?2"
          : "SELECT id FROM message WHERE id>?1 AND EXISTS(SELECT 1 FROM recipient WHERE message=id AND "
            "state=?3) ORDER BY id LIMIT ?2");

  g_autoptr (GError) problem = NULL;
  int code;

  sqlite3_bind_int64 (stmt, 1, after);
  sqlite3_bind_int (stmt, 2, n);
  if (state >= 0)
    sqlite3_bind_int (stmt, 3, state);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW && problem == NULL)
    {
      ClrMessage *message = load_message (self, sqlite3_column_int64 (stmt, 0), NULL, &problem);
      if (message)
        g_ptr_array_add (messages, message);
    }
  if (problem == NULL)
    ended (self, code, "listing messages", &problem);
  sqlite3_finalize (stmt);
  if (problem)
    g_propagate_error (error, g_steal_pointer (&problem));
  return messages;
}

static gboolean
count (ClrQueueStore *store, uint64_t *messages, uint64_t *recipients_by_state, GError **error)
{
  Store *self = (Store *)store;
  sqlite3_stmt *stmt = clr_database_prepare (self->db, "SELECT count(*) FROM message");
  gboolean ok = sqlite3_step (stmt) == SQLITE_ROW || clr_database_fail (self->db, "counting", error);
  int code;

  *messages = ok ? sqlite3_column_int64 (stmt, 0) : 0;
  sqlite3_finalize (stmt);
  if (!ok)
    return FALSE;
  stmt = clr_database_prepare (self->db, "SELECT state,count(*) FROM recipient GROUP BY state");
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    if (sqlite3_column_int (stmt, 0) <= CLR_RECIPIENT_BOUNCING)
      recipients_by_state[sqlite3_column_int (stmt, 0)] = sqlite3_column_int64 (stmt, 1);
  ok = ended (self, code, "counting", error);
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
has_message (ClrQueueStore *store, uint64_t id)
{
  Store *self = (Store *)store;
  sqlite3_stmt *stmt = use (self, SQL_MESSAGE_HAS);

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
  ((Store *)data)->wal_pages = pages;
  return SQLITE_OK;
}

static gboolean
wants_maintenance (ClrQueueStore *store)
{
  return ((Store *)store)->wal_pages >= MAINTENANCE_PAGES;
}

static void
maintain (ClrQueueStore *store)
{
  sqlite3 *db = clr_database_open_reader (((Store *)store)->path, NULL);

  if (db == NULL)
    return;
  sqlite3_wal_checkpoint_v2 (db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  sqlite3_close (db);
}

static void
end_maintenance (ClrQueueStore *store)
{
  Store *self = (Store *)store;

  sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  self->wal_pages = 0;
}

static ClrContentStore *
get_content (ClrQueueStore *store)
{
  return &((Store *)store)->content;
}

static void
store_free (ClrQueueStore *store)
{
  Store *self = (Store *)store;

  for (int i = 0; i < SQL_LAST; i++)
    sqlite3_finalize (self->stmt[i]);
  sqlite3_close (self->db);
  g_hash_table_unref (self->lanes);
  g_free (self->path);
  g_free (self);
}

static const ClrQueueStoreClass store_class
    = { "sqlite", apply,       recover,           visit_lanes, renew,           load,        page,
        count,    has_message, wants_maintenance, maintain,    end_maintenance, get_content, store_free };

ClrQueueStore *
clr_store_sqlite_new (const char *path, GError **error)
{
  sqlite3 *db = clr_database_open (path, &kind, error);

  if (db == NULL)
    return NULL;
  if (!clr_database_keep_ids (db, error))
    {
      sqlite3_close (db);
      return NULL;
    }
  Store *self = g_new0 (Store, 1);
  self->parent.klass = &store_class;
  self->content.klass = &content_class;
  self->path = g_strdup (path);
  self->db = db;
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  sqlite3_wal_hook (db, on_wal, self);
  return &self->parent;
}
