/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-trace-place.h"

#define ATTRIBUTE(name)                                                                                      \
  "CASE WHEN json_valid(m.attributes) THEN json_extract(m.attributes,'$.\"" name "\"') END"

static const char message_text[]
    = "SELECT node,created,sender,size,origin,client,device,attributes,envid FROM message WHERE id=?1";

static const struct
{
  ClrFilterColumns columns;
  const char *recipients;
} kinds[] = {
  { .columns
    = { .subject = "m.subject", .message_id = "m.message_id", .lane = "r.lane", .attempts = "attempt" },
    .recipients = "SELECT number,address,lane,state,attempts,code,enhanced,text,host,tried,who,0,0"
                  " FROM recipient WHERE message=?1 ORDER BY number" },
  { .columns = { .subject = ATTRIBUTE ("subject"),
                 .message_id = ATTRIBUTE ("message-id"),
                 .lane = "(SELECT key FROM lane WHERE lane.id=r.lane)" },
    .recipients
    = "SELECT number,address,(SELECT key FROM lane WHERE lane.id=recipient.lane),state,attempts,code,"
      "enhanced,text,host,tried,NULL,due,expires FROM recipient WHERE message=?1 ORDER BY number" },
};

struct ClrTracePlace
{
  sqlite3 *db;
  gboolean is_queue;
  sqlite3_stmt *message, *recipients;
  /* Of the walk. */
  sqlite3_stmt *ids, *fits; /* fits: NULL when all do */
};

ClrTracePlace *
clr_trace_place_new (const char *path, gboolean is_queue, GError **error)
{
  sqlite3 *db = clr_database_open_reader (path, error);

  if (db == NULL)
    return NULL;
  ClrTracePlace *place = g_new0 (ClrTracePlace, 1);
  place->db = db;
  place->is_queue = is_queue;
  if (clr_database_exec (db, "PRAGMA query_only=ON; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY;",
                         error))
    {
      place->message = clr_database_prepare (db, message_text);
      place->recipients = clr_database_prepare (db, kinds[is_queue].recipients);
      if (place->message && place->recipients)
        return place;
      clr_database_fail (db, path, error);
    }
  clr_trace_place_free (place);
  return NULL;
}

void
clr_trace_place_free (ClrTracePlace *place)
{
  sqlite3_finalize (place->message);
  sqlite3_finalize (place->recipients);
  sqlite3_close (place->db);
  g_free (place);
}

sqlite3 *
clr_trace_place_get_db (ClrTracePlace *place)
{
  return place->db;
}

const ClrFilterColumns *
clr_trace_place_get_columns (ClrTracePlace *place)
{
  return &kinds[place->is_queue].columns;
}

static gboolean
load_recipients (ClrTracePlace *place, ClrMessage *message, GError **error)
{
  sqlite3_stmt *stmt = place->recipients;
  GArray *recipients = g_array_new (FALSE, TRUE, sizeof (ClrRecipient));
  int code;
  gboolean ok;

  sqlite3_bind_int64 (stmt, 1, message->id);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      ClrRecipient recipient = {
        .number = sqlite3_column_int (stmt, 0),
        .address = clr_database_dup_text (stmt, 1),
        .lane = clr_database_dup_text (stmt, 2),
        .state = sqlite3_column_int (stmt, 3),
        .attempts = sqlite3_column_int (stmt, 4),
        .code = sqlite3_column_int (stmt, 5),
        .enhanced = clr_database_dup_text (stmt, 6),
        .text = clr_database_dup_text (stmt, 7),
        .host = clr_database_dup_text (stmt, 8),
        .tried_us = sqlite3_column_int64 (stmt, 9),
        .who = clr_database_dup_text (stmt, 10),
        .due_us = sqlite3_column_int64 (stmt, 11),
        .expires_us = sqlite3_column_int64 (stmt, 12),
      };
      g_array_append_val (recipients, recipient);
    }
  ok = clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  g_free (message->recipients);
  message->n_recipients = message->n_all = recipients->len;
  message->recipients = (ClrRecipient *)(void *)g_array_free (recipients, FALSE);
  return ok;
}

gboolean
clr_trace_place_load (ClrTracePlace *place, uint64_t id, ClrMessage **result, GError **error)
{
  sqlite3_stmt *stmt = place->message;
  int code;
  gboolean ok;

  sqlite3_bind_int64 (stmt, 1, id);
  code = sqlite3_step (stmt);
  if (code == SQLITE_ROW)
    {
      ClrMessage *message = *result = clr_message_new (0);

      message->id = id;
      message->node = sqlite3_column_int (stmt, 0);
      message->created_us = sqlite3_column_int64 (stmt, 1);
      message->sender = clr_database_dup_text (stmt, 2);
      message->size = sqlite3_column_int64 (stmt, 3);
      message->origin = clr_database_dup_text (stmt, 4);
      message->client = clr_database_dup_text (stmt, 5);
      message->device = clr_database_dup_text (stmt, 6);
      message->attributes = clr_database_dup_text (stmt, 7);
      message->envid = clr_database_dup_text (stmt, 8);
    }
  ok = code == SQLITE_ROW || clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  return ok && (code != SQLITE_ROW || load_recipients (place, *result, error));
}

/* -- the walk */

#define BY_SENDER     "SELECT id FROM message WHERE sender=?2 COLLATE NOCASE AND id<?1"
#define BY_RECIPIENT  "SELECT message AS id FROM recipient WHERE address=?2 COLLATE NOCASE AND message<?1"
#define BY_MESSAGE_ID "SELECT id FROM message WHERE message_id=?2 COLLATE NOCASE AND id<?1"
#define BY_NAME       "SELECT id FROM message WHERE message_id='<'||?2||'>' COLLATE NOCASE AND id<?1"

/* In order of how few they usually find. Only the history has these indexes. */
static const struct
{
  ClrFilterKey key;
  const char *sql;
} walks[] = {
  { CLR_FILTER_MESSAGE_ID, BY_MESSAGE_ID },
  { CLR_FILTER_RECIPIENT, BY_RECIPIENT },
  { CLR_FILTER_ADDRESS, BY_SENDER " UNION " BY_RECIPIENT },
  { CLR_FILTER_ANY, BY_SENDER " UNION " BY_RECIPIENT " UNION " BY_NAME },
  { CLR_FILTER_SENDER, BY_SENDER },
};

static sqlite3_stmt *
choose_walk (ClrTracePlace *place, const ClrFilter *filter)
{
  sqlite3_stmt *stmt;
  uint64_t id;

  if (filter && clr_filter_get_id (filter, &id))
    {
      stmt = clr_database_prepare (place->db, "SELECT id FROM message WHERE id=?2 AND id<?1");
      sqlite3_bind_int64 (stmt, 2, id);
      return stmt;
    }
  for (unsigned i = 0; filter && !place->is_queue && i < G_N_ELEMENTS (walks); i++)
    {
      const char *text = clr_filter_get_key (filter, walks[i].key);

      if (text)
        {
          g_autofree char *sql = g_strconcat (walks[i].sql, " ORDER BY id DESC", NULL);

          stmt = clr_database_prepare (place->db, sql);
          sqlite3_bind_text (stmt, 2, text, -1, SQLITE_TRANSIENT);
          return stmt;
        }
    }
  return clr_database_prepare (place->db, "SELECT id FROM message WHERE id<?1 ORDER BY id DESC");
}

void
clr_filter_bind (const ClrFilter *filter, sqlite3_stmt *stmt, unsigned first)
{
  for (unsigned i = 0; i < clr_filter_get_n_values (filter); i++)
    {
      int64_t number;
      const char *value = clr_filter_get_value (filter, i, &number);

      if (value)
        clr_database_bind_text (stmt, (int)(first + i), value);
      else
        sqlite3_bind_int64 (stmt, (int)(first + i), number);
    }
}

static sqlite3_stmt *
prepare_fits (ClrTracePlace *place, const ClrFilter *filter)
{
  g_autoptr (GString) text = g_string_new ("SELECT 1 FROM message m CROSS JOIN recipient r ON r.message=m.id"
                                           " WHERE m.id=?1");
  sqlite3_stmt *stmt;

  clr_filter_to_sql (filter, &kinds[place->is_queue].columns, 2, text);
  g_string_append (text, " LIMIT 1");
  stmt = clr_database_prepare (place->db, text->str);
  if (stmt)
    clr_filter_bind (filter, stmt, 2);
  return stmt;
}

gboolean
clr_trace_place_begin (ClrTracePlace *place, const ClrFilter *filter, uint64_t before, GError **error)
{
  gboolean all = filter == NULL || clr_filter_get_n_values (filter) == 0;

  if (!clr_database_exec (place->db, "BEGIN", error))
    return FALSE;
  place->ids = choose_walk (place, filter);
  place->fits = all ? NULL : prepare_fits (place, filter);
  if (place->ids == NULL || (!all && place->fits == NULL))
    return clr_database_fail (place->db, "looking for mail", error);
  sqlite3_bind_int64 (place->ids, 1, before);
  return TRUE;
}

gboolean
clr_trace_place_step (ClrTracePlace *place, uint64_t *id, GError **error)
{
  int code = sqlite3_step (place->ids);

  *id = code == SQLITE_ROW ? sqlite3_column_int64 (place->ids, 0) : 0;
  return code == SQLITE_ROW || clr_database_ended (place->ids, code, error);
}

gboolean
clr_trace_place_fits (ClrTracePlace *place, uint64_t id, gboolean *fits, GError **error)
{
  int code;
  gboolean ok;

  *fits = TRUE;
  if (place->fits == NULL)
    return TRUE;
  sqlite3_bind_int64 (place->fits, 1, id);
  code = sqlite3_step (place->fits);
  *fits = code == SQLITE_ROW;
  ok = code == SQLITE_ROW || clr_database_ended (place->fits, code, error);
  sqlite3_reset (place->fits);
  return ok;
}

void
clr_trace_place_end (ClrTracePlace *place)
{
  g_clear_pointer (&place->ids, sqlite3_finalize);
  g_clear_pointer (&place->fits, sqlite3_finalize);
  if (!sqlite3_get_autocommit (place->db))
    clr_database_exec (place->db, "COMMIT", NULL);
}
