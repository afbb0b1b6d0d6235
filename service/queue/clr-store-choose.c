/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store-sqlite-private.h"

/* A slice looks at so many messages, in order of id, whether they fit or not. */
static const ClrFilterColumns columns = {
  .subject = "CASE WHEN json_valid(m.attributes) THEN json_extract(m.attributes,'$.subject') END",
  .message_id = "CASE WHEN json_valid(m.attributes) THEN json_extract(m.attributes,'$.\"message-id\"') END",
  .lane = "(SELECT key FROM lane WHERE lane.id=r.lane)",
};

static void
bind_filter (sqlite3_stmt *stmt, unsigned first, const ClrFilter *filter)
{
  for (unsigned i = 0; filter && i < clr_filter_get_n_values (filter); i++)
    {
      int64_t number;
      const char *text = clr_filter_get_value (filter, i, &number);

      if (text)
        clr_database_bind_text (stmt, first + i, text);
      else
        sqlite3_bind_int64 (stmt, first + i, number);
    }
}

/* The last id of the slice behind @after: INT64_MAX when it reaches to the end. */
static gboolean
find_end (ClrSqliteStore *self, uint64_t after, uint64_t *end, GError **error)
{
  sqlite3_stmt *stmt
      = clr_database_prepare (self->db, "SELECT id FROM message WHERE id>?1 ORDER BY id LIMIT 1 OFFSET ?2");
  int code;
  gboolean ok;

  sqlite3_bind_int64 (stmt, 1, after);
  sqlite3_bind_int (stmt, 2, CLR_ACT_LOOK - 1);
  code = sqlite3_step (stmt);
  *end = code == SQLITE_ROW ? sqlite3_column_int64 (stmt, 0) : INT64_MAX;
  ok = code == SQLITE_ROW || clr_database_ended (stmt, code, error);
  sqlite3_finalize (stmt);
  return ok;
}

typedef struct
{
  const ClrFilter *filter;
  const char *states; /* SQL, NULL: all */
  unsigned most;      /* messages */
  uint64_t after;     /* in, out: the last message looked at */
  gboolean more;      /* out: something follows it */
  GArray *ids;        /* out: messages with a recipient that fits */
  uint64_t n_recipients;
} Slice;

static gboolean
find_slice (ClrSqliteStore *self, Slice *slice, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  uint64_t one, end = 0, last = 0;
  gboolean ok, full = FALSE;
  sqlite3_stmt *stmt;
  int code;

  if (slice->filter && clr_filter_get_id (slice->filter, &one))
    {
      if (one <= slice->after)
        return TRUE;
      slice->after = one - 1;
      end = one;
    }
  else if (!find_end (self, slice->after, &end, error))
    return FALSE;
  else
    slice->more = end != INT64_MAX;
  g_string_assign (text, "SELECT m.id FROM message m JOIN recipient r ON r.message=m.id"
                         " WHERE m.id>?1 AND m.id<=?2");
  if (slice->states)
    g_string_append_printf (text, " AND r.state IN (%s)", slice->states);
  if (slice->filter)
    clr_filter_to_sql (slice->filter, &columns, 3, text);
  g_string_append (text, " ORDER BY m.id");
  stmt = clr_database_prepare (self->db, text->str);
  sqlite3_bind_int64 (stmt, 1, slice->after);
  sqlite3_bind_int64 (stmt, 2, end);
  bind_filter (stmt, 3, slice->filter);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      uint64_t id = sqlite3_column_int64 (stmt, 0);

      if (id != last)
        {
          full = slice->ids->len == slice->most;
          if (full)
            break; /* the next slice begins with this one */
          last = id;
          g_array_append_val (slice->ids, id);
        }
      slice->n_recipients++;
    }
  ok = full || clr_database_ended (stmt, code, error);
  sqlite3_finalize (stmt);
  slice->after = full ? last : end;
  slice->more = slice->more || full;
  return ok;
}

/* -- pages */

gboolean
clr_sqlite_page (ClrQueueStore *store, ClrPage *page, GError **error)
{
  ClrSqliteStore *self = (ClrSqliteStore *)store;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (uint64_t));
  Slice slice = { .filter = page->filter,
                  .most = page->n ? page->n - page->messages->len : UINT_MAX,
                  .after = page->after,
                  .ids = ids };

  if (!find_slice (self, &slice, error))
    return FALSE;
  page->after = slice.after;
  page->more = slice.more;
  page->n_messages += ids->len;
  page->n_recipients += slice.n_recipients;
  return page->n == 0 || clr_sqlite_load_all (self, ids, page->messages, error);
}

/* -- acts */

/* Messages whose time has come, by the index of that time. */
static gboolean
find_by_time (ClrSqliteStore *self, const ClrAct *act, GArray *ids, GError **error)
{
  sqlite3_stmt *stmt
      = clr_sqlite_use (self, act->kind == CLR_ACT_AGE ? CLR_SQL_EXPIRED : CLR_SQL_NOTICES_DUE);

  sqlite3_bind_int64 (stmt, 1, act->now_us);
  sqlite3_bind_int (stmt, 2, CLR_ACT_CHANGE);
  return clr_sqlite_read_ids (stmt, ids, error);
}

static gboolean
choose (ClrSqliteStore *self, ClrAct *act, GArray *ids, GError **error)
{
  Slice slice = {
    .filter = act->filter, .states = "0,1,3,4", .most = CLR_ACT_CHANGE, .after = act->after, .ids = ids
  };

  if (act->message)
    {
      g_array_append_val (ids, act->message);
      return TRUE;
    }
  if (clr_act_is_by_time (act))
    {
      gboolean ok = find_by_time (self, act, ids, error);

      act->more = ids->len == CLR_ACT_CHANGE;
      return ok;
    }
  if (!find_slice (self, &slice, error))
    return FALSE;
  act->after = slice.after;
  act->more = slice.more && (act->kind != CLR_ACT_SET_BACK || slice.after < act->until);
  return TRUE;
}

static gboolean
write_recipient (ClrSqliteStore *self, uint64_t id, const ClrRecipient *recipient, GError **error)
{
  ClrStoredLane *lane = clr_sqlite_find_lane (self, recipient->lane, TRUE, error);
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_RECIPIENT_ACT);

  if (lane == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, id);
  sqlite3_bind_int (stmt, 2, recipient->number);
  sqlite3_bind_int (stmt, 3, recipient->state);
  sqlite3_bind_int64 (stmt, 4, recipient->due_us);
  sqlite3_bind_int64 (stmt, 5, recipient->expires_us);
  sqlite3_bind_int64 (stmt, 6, recipient->notice_us);
  sqlite3_bind_int (stmt, 7, recipient->report);
  sqlite3_bind_int (stmt, 8, recipient->priority);
  sqlite3_bind_int64 (stmt, 9, lane->id);
  clr_database_bind_text (stmt, 10, recipient->address);
  sqlite3_bind_int (stmt, 11, recipient->code);
  clr_database_bind_text (stmt, 12, recipient->enhanced);
  clr_database_bind_text (stmt, 13, recipient->text);
  clr_database_bind_text (stmt, 14, recipient->host);
  return clr_sqlite_run (self, CLR_SQL_RECIPIENT_ACT, "changing a recipient", error)
         && (recipient->state != CLR_RECIPIENT_WAITING
             || clr_sqlite_bring_forward (self, recipient->lane, recipient->due_us, error));
}

static gboolean
delete_recipient (ClrSqliteStore *self, uint64_t id, const ClrRecipient *recipient, GError **error)
{
  sqlite3_stmt *stmt = clr_sqlite_use (self, CLR_SQL_RECIPIENT_DELETE);

  sqlite3_bind_int64 (stmt, 1, id);
  sqlite3_bind_int (stmt, 2, recipient->number);
  return clr_sqlite_run (self, CLR_SQL_RECIPIENT_DELETE, "deleting a recipient", error);
}

static gboolean
act_on (ClrSqliteStore *self, ClrAct *act, uint64_t id, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (ClrMessage) message = clr_sqlite_load (self, id, NULL, &problem);
  unsigned changed = 0, left = 0;

  if (problem)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }

  for (unsigned i = 0; message && i < message->n_recipients; i++)
    {
      ClrRecipient *recipient = &message->recipients[i];
      ClrRecipientState from = recipient->state;
      gboolean gone;

      if (!clr_act_change (act, message, recipient, &gone))
        {
          left++;
          clr_recipient_clear (recipient);
          continue;
        }
      if (!(gone ? delete_recipient (self, id, recipient, error)
                 : write_recipient (self, id, recipient, error)))
        {
          /* The array must hold each once. */
          for (unsigned k = i + 1; k < message->n_recipients; k++)
            clr_recipient_clear (&message->recipients[k]);
          message->recipients[changed++] = *recipient;
          message->n_recipients = changed;
          return FALSE;
        }
      left += !gone;
      clr_sqlite_count (self, from, gone ? -1 : (int)recipient->state);
      message->recipients[changed++] = *recipient;
    }
  if (message == NULL)
    return TRUE;
  message->n_recipients = changed;
  if (changed == 0)
    return TRUE;
  act->n_changed += changed;
  if (left == 0)
    {
      if (message->spool_size > 0)
        g_array_append_val (act->spool_files, id);
      if (!clr_sqlite_remove (self, id, error))
        return FALSE;
    }
  g_ptr_array_add (act->messages, g_steal_pointer (&message));
  return TRUE;
}

gboolean
clr_sqlite_act (ClrSqliteStore *self, ClrAct *act, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (uint64_t));

  if (!choose (self, act, ids, error))
    return FALSE;
  for (unsigned i = 0; i < ids->len; i++)
    if (!act_on (self, act, g_array_index (ids, uint64_t, i), error))
      return FALSE;
  return TRUE;
}
