/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store-sqlite-private.h"

#include "base/clr-error.h"
#include "queue/clr-report-job.h"

static ClrSqliteStore *
store_of_content (ClrContentStore *content)
{
  return (ClrSqliteStore *)((char *)content - offsetof (ClrSqliteStore, content));
}

static gboolean
run_with_id (ClrSqliteStore *self, ClrSql which, uint64_t id, GError **error)
{
  sqlite3_bind_int64 (clr_sqlite_use (self, which), 1, id);
  return clr_sqlite_run (self, which, "changing a message", error);
}

/* -- content */

static gboolean
content_put (ClrContentStore *content, uint64_t message, const ClrRope *rope, GError **error)
{
  ClrSqliteStore *self = store_of_content (content);
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_CONTENT_PUT);
  g_autofree uint8_t *copy = NULL;
  const uint8_t *bytes = clr_rope_flatten (rope, &copy);

  sqlite3_bind_int64 (stmt, 1, message);
  sqlite3_bind_blob64 (stmt, 2, bytes, rope->size, SQLITE_STATIC);
  return clr_sqlite_run (self, CLR_SQL_CONTENT_PUT, "storing a content", error);
}

static gboolean
content_get (ClrContentStore *content, uint64_t message, ClrRope *rope, GError **error)
{
  ClrSqliteStore *self = store_of_content (content);
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_CONTENT_GET);
  gboolean ok = FALSE;
  int code, size;

  sqlite3_bind_int64 (stmt, 1, message);
  code = sqlite3_step (stmt);
  if (code == SQLITE_ROW)
    {
      const void *bytes = sqlite3_column_blob (stmt, 0);

      /* Large values are read only when they are asked for. */
      size = sqlite3_column_bytes (stmt, 0);
      ok = bytes != NULL || size == 0 || clr_database_fail (self->db, "reading a message", error);
      if (bytes)
        clr_rope_append_whole (rope, bytes, size);
    }
  else if (clr_database_ended (stmt, code, error))
    g_set_error (error, CLR_ERROR, CLR_ERROR_CORRUPT, "the content of a message is missing in %s",
                 self->path);
  sqlite3_reset (stmt);
  return ok;
}

static gboolean
content_drop (ClrContentStore *content, uint64_t message, GError **error)
{
  return run_with_id (store_of_content (content), CLR_SQL_CONTENT_DROP, message, error);
}

const ClrContentStoreClass clr_sqlite_content_class = { content_put, content_get, content_drop };

/* -- rows */

gboolean
clr_sqlite_add (ClrSqliteStore *self, const ClrMessage *message, GError **error)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_MESSAGE_ADD);

  sqlite3_bind_int64 (stmt, 1, message->id);
  sqlite3_bind_int64 (stmt, 2, message->node);
  sqlite3_bind_int64 (stmt, 3, message->created_us);
  clr_database_bind_text (stmt, 4, message->sender);
  sqlite3_bind_int (stmt, 5, message->ret);
  clr_database_bind_text (stmt, 6, message->envid);
  sqlite3_bind_int (stmt, 7, message->eight_bit);
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
  sqlite3_bind_int (stmt, 20, message->smtputf8);
  if (!clr_database_run (stmt, "storing a message", error)
      || !content_put (&self->content, message->id, &message->content, error))
    return FALSE;
  self->tally.messages++;

  stmt = clr_sqlite_use (self, CLR_SQL_RECIPIENT_ADD);
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      const ClrRecipient *recipient = &message->recipients[i];
      ClrStoredLane *lane = clr_sqlite_find_lane (self, recipient->lane, TRUE, error);

      if (lane == NULL)
        return FALSE;
      sqlite3_bind_int64 (stmt, 1, message->id);
      sqlite3_bind_int (stmt, 2, recipient->number);
      clr_database_bind_text (stmt, 3, recipient->address);
      sqlite3_bind_int (stmt, 4, recipient->notify);
      clr_database_bind_text (stmt, 5, recipient->orcpt);
      sqlite3_bind_int64 (stmt, 6, lane->id);
      sqlite3_bind_int (stmt, 7, recipient->state);
      sqlite3_bind_int64 (stmt, 8, recipient->due_us);
      sqlite3_bind_int64 (stmt, 9, recipient->expires_us);
      sqlite3_bind_int (stmt, 10, recipient->attempts);
      sqlite3_bind_int64 (stmt, 11, recipient->notice_us);
      sqlite3_bind_int (stmt, 12, recipient->priority);
      if (!clr_database_run (stmt, "storing a recipient", error)
          || (recipient->state == CLR_RECIPIENT_WAITING
              && !clr_sqlite_bring_forward (self, recipient->lane, recipient->due_us, error)))
        return FALSE;
      clr_sqlite_count (self, -1, recipient->state);
    }
  return TRUE;
}

gboolean
clr_sqlite_update (ClrSqliteStore *self, const ClrRecipientUpdate *update, GError **error)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_RECIPIENT_UPDATE);

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
  sqlite3_bind_int (stmt, 11, update->report);
  sqlite3_bind_int (stmt, 12, update->from);
  if (!clr_database_run (stmt, "storing a result", error))
    return FALSE;
  if (sqlite3_changes (self->db) == 0)
    return TRUE;
  clr_sqlite_count (self, update->from, update->state);
  return update->state != CLR_RECIPIENT_WAITING
         || clr_sqlite_bring_forward (self, update->lane, update->due_us, error);
}

gboolean
clr_sqlite_report_made (ClrSqliteStore *self, const ClrReportMade *made, GError **error)
{
  g_autoptr (GArray) number = g_array_new (FALSE, FALSE, sizeof (unsigned));
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_RECIPIENT_MADE);

  g_autoptr (GError) problem = NULL;

  g_array_append_val (number, made->number);
  g_autoptr (ClrMessage) message = clr_sqlite_load (self, made->message, number, &problem);
  if (problem)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (message == NULL || message->n_recipients == 0 || !(message->recipients[0].report & made->kind))
    return TRUE;
  ClrRecipientState from = message->recipients[0].state,
                    to
                    = from == CLR_RECIPIENT_BOUNCING && made->kind == CLR_REPORT_FAILED ? made->state : from;
  sqlite3_bind_int64 (stmt, 1, made->message);
  sqlite3_bind_int (stmt, 2, made->number);
  sqlite3_bind_int (stmt, 3, made->kind);
  sqlite3_bind_int (stmt, 4, to);
  clr_sqlite_count (self, from, to);
  return clr_sqlite_run (self, CLR_SQL_RECIPIENT_MADE, "storing that a report is made", error);
}

gboolean
clr_sqlite_remove (ClrSqliteStore *self, uint64_t id, GError **error)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_STATES_OF);
  gboolean ok;
  int code;

  sqlite3_bind_int64 (stmt, 1, id);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    clr_sqlite_count (self, sqlite3_column_int (stmt, 0), -1);
  ok = clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  if (!ok || !run_with_id (self, CLR_SQL_RECIPIENTS_DELETE, id, error)
      || !content_drop (&self->content, id, error) || !run_with_id (self, CLR_SQL_MESSAGE_DELETE, id, error))
    return FALSE;
  self->tally.messages -= sqlite3_changes (self->db);
  return TRUE;
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
  message->eight_bit = sqlite3_column_int (stmt, 6);
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
  message->smtputf8 = sqlite3_column_int (stmt, 19);
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
    .report = sqlite3_column_int (stmt, 14),
    .reported = sqlite3_column_int (stmt, 15),
    .notice_us = sqlite3_column_int64 (stmt, 16),
    .priority = sqlite3_column_int (stmt, 17),
  };
}

ClrMessage *
clr_sqlite_load (ClrSqliteStore *self, uint64_t id, const GArray *numbers, GError **error)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_MESSAGE_GET);
  g_autoptr (ClrMessage) message = NULL;
  gboolean ok;
  int code;

  sqlite3_bind_int64 (stmt, 1, id);
  code = sqlite3_step (stmt);
  if (code == SQLITE_ROW)
    message = load_row (stmt);
  else
    clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  if (message == NULL)
    return NULL;

  GArray *recipients = g_array_new (FALSE, TRUE, sizeof (ClrRecipient));
  stmt = clr_sqlite_use (self, CLR_SQL_RECIPIENTS_OF);
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
  ok = clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  message->n_recipients = recipients->len;
  g_free (message->recipients);
  message->recipients = (ClrRecipient *)(void *)g_array_free (recipients, FALSE);
  return ok ? g_steal_pointer (&message) : NULL;
}

gboolean
clr_sqlite_load_all (ClrSqliteStore *self, const GArray *ids, GPtrArray *messages, GError **error)
{
  for (unsigned i = 0; i < ids->len; i++)
    {
      GError *problem = NULL;
      ClrMessage *message = clr_sqlite_load (self, g_array_index (ids, uint64_t, i), NULL, &problem);

      if (message)
        g_ptr_array_add (messages, message);
      if (problem)
        {
          g_propagate_error (error, problem);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
clr_sqlite_read_ids (sqlite3_stmt *stmt, GArray *ids, GError **error)
{
  gboolean ok;
  int code;

  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      uint64_t id = sqlite3_column_int64 (stmt, 0);
      g_array_append_val (ids, id);
    }
  ok = clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  return ok;
}
