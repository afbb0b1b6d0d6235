/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The history: what is kept and for how long (with a clock of our own), files of former versions, and how
 * mail is found in it.
 */
#include "base/clr-counter.h"
#include "base/clr-id.h"
#include "clr-test.h"
#include "queue/clr-history-reader.h"
#include "queue/clr-history-schema.h"
#include "queue/clr-history-sweep.h"
#include "queue/clr-trace.h"

#define SECOND ((int64_t)G_USEC_PER_SEC)
#define DAY    (86400 * SECOND)
#define START  (20000 * DAY) /* the day of the first message */

typedef struct
{
  char *folder, *file;
  sqlite3 *db;
} Rig;

static void
set_up (Rig *rig, const void *data)
{
  g_autoptr (GError) error = NULL;

  rig->folder = clr_test_make_folder ();
  rig->file = g_build_filename (rig->folder, "history.db", NULL);
  rig->db = clr_database_open (rig->file, &clr_history_schema, &error);
  g_assert_no_error (error);
}

static void
tear_down (Rig *rig, const void *data)
{
  sqlite3_close (rig->db);
  clr_test_remove_folder (rig->folder);
  g_free (rig->file);
}

static void run_sql (Rig *rig, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
run_sql (Rig *rig, const char *format, ...)
{
  g_autoptr (GError) error = NULL;
  va_list args;

  va_start (args, format);
  g_autofree char *sql = g_strdup_vprintf (format, args);
  va_end (args);
  clr_database_exec (rig->db, sql, &error);
  g_assert_no_error (error);
}

static int64_t
ask (Rig *rig, const char *sql)
{
  sqlite3_stmt *stmt = clr_database_prepare (rig->db, sql);

  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  int64_t number = sqlite3_column_int64 (stmt, 0);
  sqlite3_finalize (stmt);
  return number;
}

static uint64_t
id_of (unsigned day)
{
  return clr_id_from_time (START + day * DAY) + 1;
}

/* A message of that day with @n recipients, each tried twice; @finished: with its row. */
static void
add (Rig *rig, unsigned day, unsigned n, gboolean finished)
{
  int64_t id = id_of (day), time = START + day * DAY;

  run_sql (rig, "BEGIN");
  if (finished)
    run_sql (
        rig,
        "INSERT INTO message VALUES(%lld,0,%lld,'s%u@example.com',1000,'smtp','192.0.2.7','printer','{}',"
        "'Report of day %u','<day%u@example.com>',NULL)",
        (long long)id, (long long)time, day % 2, day, day);
  for (unsigned i = 0; i < n; i++)
    {
      if (finished)
        run_sql (
            rig,
            "INSERT INTO recipient VALUES(%lld,%u,'r%u@example.net','mx',2,2,250,'2.0.0','ok','h',5,NULL)",
            (long long)id, i, i);
      for (unsigned k = 0; k < 2; k++)
        run_sql (rig, "INSERT INTO attempt VALUES(%lld,%u,%lld,%lld,%u,'rcpt',%u,NULL,'%s','h',NULL)",
                 (long long)id, i, (long long)time + k, (long long)time + k, k ? 1 : 2, k ? 250 : 451,
                 k ? "ok" : "greylisted, come back");
    }
  run_sql (rig, "COMMIT");
}

/* Steps until nothing is left to do. Returns: how many; none removes more rows than it may. */
static unsigned
sweep (Rig *rig, const ClrHistoryRule *rule, int64_t now_us)
{
  static const char all[] = "SELECT (SELECT count(*) FROM message)+(SELECT count(*) FROM recipient)"
                            "+(SELECT count(*) FROM attempt)";
  ClrHistorySweep *sweep = clr_history_sweep_new (rig->db);
  gboolean more = TRUE;
  unsigned steps = 0;

  for (; more; steps++)
    {
      g_autoptr (GError) error = NULL;
      int64_t before = ask (rig, all);

      g_assert_true (clr_history_sweep_step (sweep, rule, now_us, &more, &error));
      g_assert_cmpint (before - ask (rig, all), <=, CLR_HISTORY_SWEEP_ROWS);
      g_assert_cmpuint (steps, <, 10000);
    }
  clr_history_sweep_free (sweep);
  return steps;
}

static void
test_age (Rig *rig, const void *data)
{
  static const struct
  {
    unsigned now; /* day */
    int messages, recipients, attempts;
  } cases[] = {
    { 30, 10, 10, 24 }, /* nothing is older than 30 days */
    { 33, 7, 7, 16 },   /* days 0, 1 and 2, and the two attempts of day 1 that have no message */
    { 40, 0, 0, 2 },    /* what has been tried since then is kept */
    { 99, 0, 0, 0 },
  };
  ClrHistoryRule rule = { .keep_us = 30 * DAY };

  for (unsigned day = 0; day < 10; day++)
    add (rig, day, 1, TRUE);
  run_sql (rig, "INSERT INTO attempt VALUES(%lld,0,5,%lld,2,'rcpt',451,NULL,'later','h',NULL)",
           (long long)id_of (1) + 1, (long long)(START + DAY));
  run_sql (rig, "INSERT INTO attempt VALUES(%lld,1,5,%lld,2,'rcpt',451,NULL,'later','h',NULL)",
           (long long)id_of (1) + 1, (long long)(START + DAY));
  /* Still in the queue, and tried again and again. */
  run_sql (rig, "INSERT INTO attempt VALUES(%lld,0,5,%lld,2,'rcpt',451,NULL,'later','h',NULL)",
           (long long)id_of (1) + 2, (long long)(START + DAY));
  run_sql (rig, "INSERT INTO attempt VALUES(%lld,0,6,%lld,2,'rcpt',451,NULL,'later','h',NULL)",
           (long long)id_of (1) + 2, (long long)(START + 20 * DAY));
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      sweep (rig, &rule, START + cases[i].now * DAY - SECOND);
      g_assert_cmpint (ask (rig, "SELECT count(*) FROM message"), ==, cases[i].messages);
      g_assert_cmpint (ask (rig, "SELECT count(*) FROM recipient"), ==, cases[i].recipients);
      g_assert_cmpint (ask (rig, "SELECT count(*) FROM attempt"), ==, cases[i].attempts);
    }
}

/* One message may have more rows than a step removes. */
static void
test_many_rows (Rig *rig, const void *data)
{
  ClrHistoryRule rule = { .keep_us = 30 * DAY };

  add (rig, 0, 900, TRUE);
  g_assert_cmpuint (sweep (rig, &rule, START + 40 * DAY), >=, 3);
  g_assert_cmpint (ask (rig, "SELECT count(*) FROM attempt"), ==, 0);
  g_assert_cmpint (ask (rig, "SELECT count(*) FROM recipient"), ==, 0);
  g_assert_cmpint (ask (rig, "SELECT count(*) FROM message"), ==, 0);
}

static void
test_size (Rig *rig, const void *data)
{
  ClrHistoryRule rule = { .keep_us = 3650 * DAY, .size = 256 * 1024 };

  for (unsigned day = 0; day < 40; day++)
    add (rig, day, 100, TRUE);
  g_assert_cmpint (ask (rig, "PRAGMA page_count") * 4096, >, rule.size);
  sweep (rig, &rule, START + 40 * DAY);
  g_assert_cmpint (ask (rig, "PRAGMA page_count") * 4096, <=, rule.size);
  g_assert_cmpint (ask (rig, "SELECT count(*) FROM message"), >, 3);
  /* The newest are those that stay. */
  g_assert_cmpint (ask (rig, "SELECT max(id) FROM message"), ==, id_of (39));
  g_assert_cmpint (ask (rig, "SELECT max(id)-min(id) FROM message"), <, id_of (39) - id_of (5));
  rule.size = 0;
  g_assert_cmpuint (sweep (rig, &rule, START + 40 * DAY), ==, 1);
}

/* The tables of the first format, as they were. */
static void
test_upgrade (void)
{
  static const char first[]
      = "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL,"
        " sender TEXT NOT NULL, size INTEGER NOT NULL, origin TEXT, client TEXT, device TEXT, attributes "
        "TEXT);"
        "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
        " lane TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, PRIMARY KEY(message, "
        "number))"
        " WITHOUT ROWID;"
        "CREATE TABLE attempt(message INTEGER NOT NULL, number INTEGER NOT NULL, started INTEGER NOT NULL,"
        " ended INTEGER NOT NULL, outcome INTEGER NOT NULL, phase TEXT, code INTEGER NOT NULL, enhanced TEXT,"
        " text TEXT, host TEXT, tls TEXT, PRIMARY KEY(message, number, started)) WITHOUT ROWID;"
        "CREATE INDEX message_sender ON message(sender, id);"
        "CREATE INDEX recipient_address ON recipient(address, message);"
        "INSERT INTO message VALUES(77,0,5,'s@example.com',9,'smtp','c','d','{\"subject\":\"Old\"}');"
        "INSERT INTO recipient VALUES(77,0,'R@example.net','mx',2,1)";
  const ClrDatabaseKind old
      = { .application_id = clr_history_schema.application_id, .version = 1, .schema = first };
  char *folder = clr_test_make_folder ();
  g_autofree char *file = g_build_filename (folder, "history.db", NULL);
  g_autoptr (GError) error = NULL;
  sqlite3 *db = clr_database_open (file, &old, &error);

  g_assert_no_error (error);
  sqlite3_close (db);
  Rig rig = { .db = clr_database_open (file, &clr_history_schema, &error) };
  g_assert_no_error (error);
  g_assert_cmpint (ask (&rig, "PRAGMA user_version"), ==, clr_history_schema.version);

  ClrTracer *tracer = clr_tracer_new (file, NULL, &error);
  g_autoptr (ClrFilter) filter = clr_filter_new ("to:r@EXAMPLE.net subject:old", 0, NULL);
  ClrTrace *trace = clr_trace_new (filter, 0, 10);
  g_assert_no_error (error);
  g_assert_true (clr_tracer_page (tracer, trace, &error));
  g_assert_cmpuint (trace->found->len, ==, 1);
  clr_trace_free (trace);
  clr_tracer_free (tracer);
  sqlite3_close (rig.db);
  clr_test_remove_folder (folder);
}

/* The days of what is found, newest first, over pages of @n. */
static char *
find (ClrTracer *tracer, const char *words, unsigned n)
{
  g_autoptr (GString) days = g_string_new (NULL);
  g_autoptr (ClrFilter) filter = clr_filter_new (words, START + 100 * DAY, NULL);
  uint64_t before = 0;
  gboolean more = TRUE;

  g_assert_nonnull (filter);
  while (more)
    {
      g_autoptr (GError) error = NULL;
      ClrTrace *trace = clr_trace_new (filter, before, n);

      g_assert_true (clr_tracer_page (tracer, trace, &error));
      g_assert_cmpuint (trace->found->len, <=, n);
      for (unsigned i = 0; i < trace->found->len; i++)
        {
          ClrTraced *traced = g_ptr_array_index (trace->found, i);

          g_assert_null (traced->queued);
          g_assert_cmpuint (traced->attempts->len, ==, 4);
          g_string_append_printf (days, "%s%d", days->len ? " " : "",
                                  (int)((traced->finished->created_us - START) / DAY));
        }
      more = trace->more;
      before = trace->before;
      clr_trace_free (trace);
    }
  return g_string_free (g_steal_pointer (&days), FALSE);
}

static void
test_trace (Rig *rig, const void *data)
{
  char id[CLR_ID_TEXT];
  g_autoptr (GError) error = NULL;
  g_autofree char *by_id = NULL;

  clr_id_to_text (id_of (4), id);
  by_id = g_strdup_printf ("%s", id);
  const struct
  {
    const char *words, *days;
  } cases[] = {
    { "", "7 6 5 4 3 2 1 0" },
    { "S1@example.com", "7 5 3 1" },
    { "from:s0@example.com", "6 4 2 0" },
    { "from:s0", "6 4 2 0" },
    { "-from:s0", "7 5 3 1" },
    { "to:r1@example.net from:s1@example.com", "7 5 3 1" },
    { "address:r0@example.net newer:97d", "7 6 5 4 3" },
    { "newer:98d older:95d", "4 3 2" },
    { "@example.net older:98d", "1 0" },
    { "domain:example.org", "" },
    { "day3@example.com", "3" },
    { "message-id:<day3@example.com>", "3" },
    { "subject:\"of day 5\"", "5" },
    { "device:printer client:192.0.2.7 id:0000000000000", "" },
    { "reply:greylisted newer:95d", "7 6 5" },
    { "state:delivered newer:94d", "7 6" },
    { "state:deleted", "2" },
    { "nobody@example.com", "" },
    { by_id, "4" },
  };

  for (unsigned day = 0; day < 8; day++)
    add (rig, day, 2, TRUE);
  run_sql (rig, "UPDATE recipient SET state=7, who='root' WHERE message=%lld AND number=0",
           (long long)id_of (2));
  ClrTracer *tracer = clr_tracer_new (rig->file, NULL, &error);
  g_assert_no_error (error);
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++)
    for (unsigned n = 1; n < 12; n += 5)
      {
        g_autofree char *days = find (tracer, cases[i].words, n);

        g_test_message ("%s", cases[i].words);
        g_assert_cmpstr (days, ==, cases[i].days);
      }
  clr_tracer_free (tracer);
}

static char *
write_number (const ClrTrace *trace)
{
  return g_strdup_printf ("%u by %s", trace->found->len,
                          g_thread_self () == trace->data ? "the asker" : "another");
}

static void
keep_answer (ClrLetter *letter, void *owner)
{
  *(ClrTrace **)owner = (ClrTrace *)letter;
}

static void
ask_reader (ClrHistoryReader *reader)
{
  ClrTrace *answer = NULL, *trace = clr_trace_new (NULL, 0, 10);
  ClrMailbox *mailbox = clr_mailbox_new (&answer);

  trace->reply_to = mailbox;
  trace->open = keep_answer;
  trace->write = write_number;
  trace->data = g_thread_self ();
  clr_history_reader_post_trace (reader, trace);
  while (answer == NULL)
    {
      clr_mailbox_wait (mailbox, -1);
      clr_mailbox_open_all (mailbox);
    }
  g_assert_true (answer == trace);
  g_assert_cmpstr (trace->text, ==, "8 by another");
  g_assert_cmpuint (trace->found->len, ==, 0);
  clr_trace_free (trace);
  clr_mailbox_free (mailbox);
}

/* The text is made by the reader, which rests between pages when mail has moved meanwhile. */
static void
test_reader (Rig *rig, const void *data)
{
  g_autoptr (GError) error = NULL;

  for (unsigned day = 0; day < 8; day++)
    add (rig, day, 2, TRUE);
  ClrHistoryReader *reader = clr_history_reader_new (rig->file, NULL, &error);
  g_assert_no_error (error);
  ask_reader (reader);
  int64_t begin_us = g_get_monotonic_time ();
  clr_counter_add (CLR_COUNTER_MESSAGES_ACCEPTED_TOTAL, 1);
  ask_reader (reader);
  g_assert_cmpint (g_get_monotonic_time () - begin_us, >=, 15 * 1000);
  clr_history_reader_free (reader);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add ("/history/" name, Rig, NULL, set_up, function, tear_down)
  ADD ("age", test_age);
  ADD ("many-rows", test_many_rows);
  ADD ("reader", test_reader);
  ADD ("size", test_size);
  ADD ("trace", test_trace);
  g_test_add_func ("/history/upgrade", test_upgrade);
  return g_test_run ();
}
