/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Filters of people and of strangers at the API. The SQL that is made of one holds nothing of its text, only
 * numbered parameters; and it chooses what the predicate chooses. Input: texts separated by a zero: the
 * filter, sender, address, device, lane, subject, Message-ID, reply.
 */
#include "control/clr-json.h"
#include "fuzz.h"
#include "queue/clr-filter.h"

#include <json-glib/json-glib.h>
#include <sqlite3.h>

#define NOW   1764000000000000
#define FIRST 3u

static const ClrFilterColumns columns = {
  .subject = "CASE WHEN json_valid(m.attributes) THEN json_extract(m.attributes,'$.subject') END",
  .message_id = "CASE WHEN json_valid(m.attributes) THEN json_extract(m.attributes,'$.\"message-id\"') END",
  .lane = "(SELECT key FROM lane WHERE lane.id=r.lane)",
};

static sqlite3 *db;

static void
open_database (void)
{
  static const char tables[]
      = "CREATE TABLE lane(id INTEGER PRIMARY KEY, key TEXT NOT NULL);"
        "CREATE TABLE message(id INTEGER PRIMARY KEY, created INTEGER, sender TEXT, size INTEGER, device "
        "TEXT,"
        " attributes TEXT);"
        "CREATE TABLE recipient(message INTEGER, address TEXT, lane INTEGER, state INTEGER, code INTEGER,"
        " enhanced TEXT, text TEXT);";

  if (db)
    return;
  fuzz_check (sqlite3_open (":memory:", &db) == SQLITE_OK);
  fuzz_check (sqlite3_exec (db, tables, NULL, NULL, NULL) == SQLITE_OK);
}

/* Every word of the SQL is one that we have written. */
static void
check_words (const char *sql)
{
  static const char *const known[]
      = { "AND",     "NOT",     "OR",     "CASE",    "WHEN",       "THEN",         "ELSE",
          "END",     "COLLATE", "NOCASE", "SELECT",  "FROM",       "WHERE",        "ifnull",
          "instr",   "lower",   "char",   "m",       "r",          "sender",       "device",
          "created", "size",    "id",     "state",   "code",       "enhanced",     "text",
          "address", "lane",    "key",    "subject", "json_valid", "json_extract", "attributes",
          "message", NULL };
  static const char *const quoted[]
      = { "", "@", " ", "<", ">", "$.subject", "$.held", "$.\"message-id\"", NULL };

  while (*sql)
    {
      size_t n = 1;

      if (g_ascii_isalpha (*sql))
        {
          while (g_ascii_isalnum (sql[n]) || sql[n] == '_')
            n++;
          g_autofree char *word = g_strndup (sql, n);
          fuzz_check (g_strv_contains (known, word));
        }
      else if (*sql == '\'')
        {
          const char *end = strchr (sql + 1, '\'');

          fuzz_check (end);
          n = end + 1 - sql;
          g_autofree char *word = g_strndup (sql + 1, n - 2);
          fuzz_check (g_strv_contains (quoted, word));
        }
      else
        fuzz_check (strchr (" ()=<>?.,|0123456789", *sql));
      sql += n;
    }
}

static void
run (const char *sql, const char *const *texts, const ClrRecipient *recipient, const ClrMessage *message)
{
  sqlite3_stmt *stmt = NULL;
  int place = 0;

  fuzz_check (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) == SQLITE_OK);
  for (; *texts; texts++)
    sqlite3_bind_text (stmt, ++place, *texts, -1, SQLITE_TRANSIENT);
  if (message)
    {
      sqlite3_bind_int64 (stmt, ++place, message->id);
      sqlite3_bind_int64 (stmt, ++place, message->created_us);
      sqlite3_bind_int64 (stmt, ++place, message->size);
    }
  if (recipient)
    {
      sqlite3_bind_int (stmt, ++place, recipient->state);
      sqlite3_bind_int (stmt, ++place, recipient->code);
    }
  fuzz_check (sqlite3_step (stmt) == SQLITE_DONE);
  sqlite3_finalize (stmt);
}

static void
store (const ClrMessage *message, const ClrRecipient *recipient)
{
  static const char clear[] = "DELETE FROM lane; DELETE FROM message; DELETE FROM recipient";
  const char *lane[] = { recipient->lane, NULL };
  const char *about[] = { message->sender, message->device, message->attributes, NULL };
  const char *to[] = { recipient->address, recipient->enhanced, recipient->text, NULL };

  fuzz_check (sqlite3_exec (db, clear, NULL, NULL, NULL) == SQLITE_OK);
  run ("INSERT INTO lane VALUES(1,?1)", lane, NULL, NULL);
  run ("INSERT INTO message(sender,device,attributes,id,created,size) VALUES(?1,?2,?3,?4,?5,?6)", about, NULL,
       message);
  run ("INSERT INTO recipient(message,lane,address,enhanced,text,state,code) VALUES(1,1,?1,?2,?3,?4,?5)", to,
       recipient, NULL);
}

static gboolean
is_chosen (const ClrFilter *filter)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  sqlite3_stmt *stmt = NULL;

  clr_filter_to_sql (filter, &columns, FIRST, sql);
  check_words (sql->str);
  g_string_prepend (sql, "SELECT 1 FROM message m JOIN recipient r ON r.message=m.id WHERE ?1=?2");
  fuzz_check (sqlite3_prepare_v2 (db, sql->str, -1, &stmt, NULL) == SQLITE_OK);
  unsigned n = clr_filter_get_n_values (filter);
  fuzz_check (sqlite3_bind_parameter_count (stmt) == (int)(FIRST - 1 + n));
  sqlite3_bind_int (stmt, 1, 1);
  sqlite3_bind_int (stmt, 2, 1);
  for (unsigned i = 0; i < n; i++)
    {
      int64_t number = 0;
      const char *text = clr_filter_get_value (filter, i, &number);

      if (text)
        sqlite3_bind_text (stmt, FIRST + i, text, -1, SQLITE_STATIC);
      else
        sqlite3_bind_int64 (stmt, FIRST + i, number);
    }
  int code = sqlite3_step (stmt);
  fuzz_check (code == SQLITE_ROW || code == SQLITE_DONE);
  sqlite3_finalize (stmt);
  return code == SQLITE_ROW;
}

static char *
make_attributes (const char *subject, const char *message_id)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_string_member (object, "subject", subject);
  json_object_set_string_member (object, "message-id", message_id);
  json_node_set_object (root, object);
  return clr_json_to_text (root, FALSE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  enum
  {
    FILTER,
    SENDER,
    ADDRESS,
    DEVICE,
    LANE,
    SUBJECT,
    MESSAGE_ID,
    REPLY,
    TEXTS
  };
  unsigned variant = fuzz_take (&bytes, &size);
  char *texts[TEXTS];
  g_autoptr (GError) error = NULL;

  for (unsigned i = 0; i < TEXTS; i++)
    {
      const uint8_t *end = size ? memchr (bytes, 0, size) : NULL;
      size_t n = end ? (size_t)(end - bytes) : size;
      g_autofree char *raw = fuzz_dup_text (bytes, n);

      /* What a message holds is UTF-8; a filter may be anything. */
      texts[i] = i == FILTER ? g_steal_pointer (&raw) : g_utf8_make_valid (raw, -1);
      bytes += n + (end != NULL);
      size -= n + (end != NULL);
    }
  open_database ();
  g_autoptr (ClrFilter) filter = clr_filter_new (texts[FILTER], NOW, &error);
  fuzz_check ((filter != NULL) == (error == NULL));
  if (error)
    fuzz_check (g_utf8_validate (error->message, -1, NULL));
  /* No address holds a line end. */
  if (filter && fuzz_is_line (texts[SENDER]) && fuzz_is_line (texts[ADDRESS]))
    {
      g_autoptr (ClrMessage) message = clr_message_new (1);
      ClrRecipient *recipient = message->recipients;

      message->id = 1;
      message->created_us = NOW - 3600ll * G_USEC_PER_SEC;
      message->size = 1024;
      message->sender = g_strdup (texts[SENDER]);
      message->device = g_strdup (texts[DEVICE]);
      message->attributes = make_attributes (texts[SUBJECT], texts[MESSAGE_ID]);
      recipient->address = g_strdup (texts[ADDRESS]);
      recipient->lane = g_strdup (texts[LANE]);
      recipient->state = variant % CLR_RECIPIENT_STATES;
      recipient->code = variant & 16 ? 550 : 0;
      recipient->enhanced = g_strdup (variant & 32 ? "5.1.1" : "");
      recipient->text = g_strdup (texts[REPLY]);
      store (message, recipient);
      fuzz_check (is_chosen (filter) == clr_filter_fits (filter, message, recipient));
    }
  for (unsigned i = 0; i < TEXTS; i++)
    g_free (texts[i]);
  return 0;
}
