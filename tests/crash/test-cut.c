/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store, cut at every change of the disk. A script of batches runs once on the store in memory, which
 * tells what the queue must hold after each; then on SQLite with a disk that fails at its k-th change, for
 * every k. Opened again, the file must hold all batches that were acknowledged, and of the one that was not,
 * all or nothing.
 */
#include "base/clr-error.h"
#include "clr-cut.h"
#include "queue/clr-report-job.h"
#include "queue/clr-store-sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SECOND G_GINT64_CONSTANT (1000000)
#define STEPS  45
#define NOW    (1000 * SECOND)
#define BIG    60 /* large messages for test_answers() */

static unsigned stride = 1; /* quick: not every k */

/* -- the script */

static ClrMessage *
make_message (GRand *rand, uint64_t id)
{
  unsigned n = id == 1 ? 3 : g_rand_int_range (rand, 1, 5); /* the first makes all lanes known */
  ClrMessage *message = clr_message_new (n);
  size_t size = g_rand_int_range (rand, 0, 4) ? g_rand_int_range (rand, 1, 3000)
                                              : g_rand_int_range (rand, 3000, 40000);
  g_autofree char *content = g_malloc (size);

  memset (content, 'a' + id % 26, size);
  clr_rope_append (&message->content, content, size);
  message->is_loaded = TRUE;
  message->id = id;
  message->created_us = id * SECOND;
  message->sender = g_strdup_printf ("s%u@internal.test", (unsigned)id);
  message->size = size;
  message->origin = g_strdup ("smtp");
  for (unsigned i = 0; i < n; i++)
    {
      ClrRecipient *recipient = &message->recipients[i];

      recipient->number = i;
      recipient->address = g_strdup_printf ("r%u@example.net", i);
      recipient->lane = g_strdup_printf ("smarthost:%d", id == 1 ? (int)i : g_rand_int_range (rand, 0, 3));
      recipient->due_us = id * SECOND + i; /* no two are due at the same time: both stores choose alike */
      recipient->expires_us = recipient->due_us + g_rand_int_range (rand, 500, 5000) * SECOND;
      recipient->notice_us = g_rand_boolean (rand) ? NOW + g_rand_int_range (rand, 1, 100) * SECOND : 0;
    }
  return message;
}

static void
add_updates (GRand *rand, ClrBatch *batch, uint64_t last)
{
  for (int i = g_rand_int_range (rand, 1, 6); i > 0; i--)
    {
      static const ClrRecipientState states[]
          = { CLR_RECIPIENT_DELIVERED, CLR_RECIPIENT_DELIVERED, CLR_RECIPIENT_WAITING,
              CLR_RECIPIENT_WAITING,   CLR_RECIPIENT_FAILED,    CLR_RECIPIENT_BOUNCING };
      ClrRecipientUpdate update = {
        .message = g_rand_int_range (rand, 1, last + 1),
        .number = g_rand_int_range (rand, 0, 3),
        .from = g_rand_boolean (rand) ? CLR_RECIPIENT_ACTIVE : CLR_RECIPIENT_WAITING,
        .state = states[g_rand_int_range (rand, 0, G_N_ELEMENTS (states))],
        .lane = "smarthost:0",
        .due_us = NOW + g_rand_int_range (rand, 1, 1 << 30),
        .attempts = g_rand_int_range (rand, 1, 9),
        .code = 451,
        .enhanced = "4.3.0",
        .text = "later",
        .host = "mx.example.net",
        .tried_us = NOW,
      };

      if (update.state == CLR_RECIPIENT_BOUNCING)
        update.report = CLR_REPORT_FAILED;
      else if (update.state == CLR_RECIPIENT_DELIVERED && g_rand_boolean (rand))
        update.report = CLR_REPORT_DELIVERED;
      g_array_append_val (batch->updates, update);
    }
}

/* The oldest report that is due, and the mark that it is made: the message that it is stands for it. */
static void
add_report (GRand *rand, ClrBatch *batch, const GPtrArray *due, uint64_t *last)
{
  const ClrMessage *message = due->len ? due->pdata[0] : NULL;

  if (message == NULL)
    return;
  for (unsigned i = 0; i < message->n_recipients; i++)
    {
      ClrReportMade made = { .message = message->id,
                             .number = message->recipients[i].number,
                             .kind = message->recipients[i].report & -message->recipients[i].report,
                             .state = CLR_RECIPIENT_GIVEN_UP };

      g_array_append_val (batch->made, made);
    }
  g_ptr_array_add (batch->inserts, make_message (rand, ++*last));
}

static void
add_act (GRand *rand, ClrBatch *batch, uint64_t last)
{
  static const ClrActKind acts[] = { CLR_ACT_RETRY,   CLR_ACT_DELETE,   CLR_ACT_AGE,    CLR_ACT_HOLD,
                                     CLR_ACT_RELEASE, CLR_ACT_PRIORITY, CLR_ACT_EXPIRE, CLR_ACT_NOTICE };
  static const char *const filters[] = { "to:r1@example.net", "-to:r0@example.net state:waiting",
                                         "from:s7@internal.test", "via:smarthost:2" };
  ClrActKind kind = acts[g_rand_int_range (rand, 0, G_N_ELEMENTS (acts))];
  gboolean by_time = kind == CLR_ACT_AGE || kind == CLR_ACT_NOTICE, by_filter = g_rand_boolean (rand);
  uint64_t id = by_time || by_filter ? 0 : g_rand_int_range (rand, 1, last - 3);
  ClrAct *act = clr_act_new (kind, id, NOW + last * SECOND);
  g_autoptr (GError) error = NULL;

  act->reports = g_rand_int_range (rand, 0, 4) > 0;
  act->priority = g_rand_int_range (rand, -9, 10);
  if (by_filter && !by_time)
    act->filter = clr_filter_new (filters[g_rand_int_range (rand, 0, G_N_ELEMENTS (filters))], NOW, &error);
  g_assert_no_error (error);
  g_ptr_array_add (batch->acts, act);
}

/* The same batches for the same seed and reports that are due, whatever the store. @last: how many messages
 * there have been. */
static ClrBatch *
make_batch (GRand *rand, const GPtrArray *due, uint64_t *last)
{
  ClrBatch *batch = clr_batch_new ();
  static const char *const lanes[] = { "smarthost:0", "smarthost:1", "smarthost:2", "smarthost:none" };
  static const char *const sites[] = { "smarthost:0", "mx.example.net", "mx.example.org" };

  if (*last < 4 || g_rand_int_range (rand, 0, 3) > 0)
    for (int i = g_rand_int_range (rand, 1, 5); i > 0; i--)
      g_ptr_array_add (batch->inserts, make_message (rand, ++*last));
  if (*last > 8 && g_rand_boolean (rand))
    add_updates (rand, batch, *last - 4);
  if (*last > 8 && g_rand_int_range (rand, 0, 3) == 0)
    for (int i = g_rand_int_range (rand, 1, 4); i > 0; i--)
      {
        uint64_t id = g_rand_int_range (rand, 1, *last - 3);
        g_array_append_val (batch->removes, id);
      }
  if (*last > 8 && g_rand_int_range (rand, 0, 3) == 0)
    add_act (rand, batch, *last);
  if (*last > 8 && g_rand_boolean (rand))
    add_report (rand, batch, due, last);
  if (*last > 8 && g_rand_int_range (rand, 0, 3) == 0)
    {
      ClrLaneUpdate update = { .lane = lanes[g_rand_int_range (rand, 0, 3)],
                               .site = sites[g_rand_int_range (rand, 0, G_N_ELEMENTS (sites))],
                               .look_us = g_rand_boolean (rand) ? NOW + *last * SECOND : 0 };
      g_array_append_val (batch->lanes, update);
    }
  if (g_rand_boolean (rand))
    {
      ClrClaim claim = { .lane = lanes[g_rand_int_range (rand, 0, G_N_ELEMENTS (lanes))],
                         .now_us = NOW + *last * SECOND,
                         .n = g_rand_int_range (rand, 1, 6) };
      g_array_append_val (batch->claims, claim);
    }
  return batch;
}

static void
free_batch (ClrBatch *batch)
{
  g_ptr_array_foreach (batch->acts, (GFunc)(void *)clr_act_free, NULL);
  clr_batch_free (batch);
}

static void
on_done (ClrQueueStore *store, ClrBatch *batch, const GError *error, void *data)
{
  *(GError **)data = error ? g_error_copy (error) : NULL;
}

static gboolean
apply (ClrQueueStore *store, ClrBatch *batch, GError **error)
{
  GError *problem = NULL;

  store->klass->apply (store, batch, on_done, &problem);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}

/* All messages of a store; NULL with an error. */
static GPtrArray *
list (ClrQueueStore *store, GError **error)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  ClrPage page = { .n = 10000, .messages = messages };

  do
    if (!store->klass->page (store, &page, error))
      {
        g_ptr_array_unref (messages);
        return NULL;
      }
  while (page.more);
  return messages;
}

static void
tell_lane (const char *key, const char *site, int64_t look_us, void *data)
{
  g_string_append_printf (data, "%s %s %" G_GINT64_FORMAT "\n", key, site ? site : "-", look_us);
}

/* All that a store holds, as text. */
static char *
dump (ClrQueueStore *store)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) messages = list (store, &error);
  GString *text = g_string_new (NULL);
  uint64_t n, by_state[CLR_RECIPIENT_STATES] = { 0 }, counted[CLR_RECIPIENT_STATES] = { 0 };
  ClrLaneCursor cursor = { 0, 0 };

  g_assert_no_error (error);
  for (unsigned m = 0; m < messages->len; m++)
    {
      ClrMessage *message = messages->pdata[m];
      ClrContentStore *contents = store->klass->get_content (store);
      ClrRope content = CLR_ROPE_INIT;
      g_autofree uint8_t *copy = NULL;

      g_assert_true (contents->klass->get (contents, message->id, &content, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (content.size, ==, message->size);
      const uint8_t *bytes = clr_rope_flatten (&content, &copy);
      for (size_t i = 0; i < content.size; i++)
        g_assert_cmpuint (bytes[i], ==, 'a' + message->id % 26);
      clr_rope_clear (&content);
      g_string_append_printf (text, "%d %s %d:", (int)message->id, message->sender, message->n_all);
      for (unsigned i = 0; i < message->n_recipients; i++)
        {
          const ClrRecipient *recipient = &message->recipients[i];

          counted[recipient->state]++;
          g_string_append_printf (text, " %u/%u %" G_GINT64_FORMAT " %d", recipient->report,
                                  recipient->reported, recipient->notice_us, recipient->priority);
          g_string_append_printf (text, " %u %s %s %d %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u %d %s;",
                                  recipient->number, recipient->address, recipient->lane, recipient->state,
                                  recipient->state == CLR_RECIPIENT_WAITING ? recipient->due_us : 0,
                                  recipient->expires_us, recipient->attempts, recipient->code,
                                  recipient->text ? recipient->text : "");
        }
      g_string_append_c (text, '\n');
    }
  store->klass->count (store, &n, by_state);
  g_assert_cmpuint (n, ==, messages->len);
  for (unsigned i = 0; i < CLR_RECIPIENT_STATES; i++)
    if (i != CLR_RECIPIENT_DELIVERED && i != CLR_RECIPIENT_GIVEN_UP)
      g_assert_cmpuint (by_state[i], ==, counted[i]);
  g_assert_true (store->klass->visit_lanes (store, &cursor, 100, tell_lane, text, &error));
  return g_string_free (text, FALSE);
}

/* Tells the first message that differs. */
static void
expect_same (const char *seen, const char *wanted)
{
  while (*seen && *seen == *wanted)
    seen++, wanted++;
  if (*seen == *wanted)
    return;
  g_error ("the queue holds ...%.300s\nwanted ...%.300s", seen, wanted);
}

/* -- one run */

typedef struct
{
  const char *name;
  ClrCutKind kind;
  unsigned at;
  char *folder, *path;
  ClrQueueStore *store;
  unsigned acked; /* batches */
  gboolean tried; /* one more was tried, and not acknowledged */
} Run;

static uint64_t lasts[STEPS + 1];
static char *expected[STEPS + 1]; /* what the queue holds after so many batches */
static GPtrArray *reports_due[STEPS];

static ClrBatch *
make_step (unsigned step)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7000 + step);
  uint64_t last = lasts[step];
  ClrBatch *batch = make_batch (rand, reports_due[step], &last);

  lasts[step + 1] = last;
  return batch;
}

static void
write_script (void)
{
  ClrQueueStore *store = clr_store_memory_new ();

  for (unsigned step = 0; step < STEPS; step++)
    {
      reports_due[step] = store->klass->due_reports (store, 1, NULL);
      ClrBatch *batch = make_step (step);
      g_autoptr (GError) error = NULL;

      expected[step] = dump (store);
      apply (store, batch, &error);
      g_assert_no_error (error);
      free_batch (batch);
    }
  expected[STEPS] = dump (store);
  store->klass->free (store);
}

/* A process that ends without a power cut would fail at the same place again, if anything were left behind.
 */
static gboolean
may_go_on (Run *run)
{
  g_assert_true (clr_cut_has_come ());
  if (run->kind == CLR_CUT_ERROR || run->kind == CLR_CUT_POWER)
    return FALSE;
  clr_cut_heal ();
  return TRUE;
}

static gboolean
open_store (Run *run)
{
  g_autoptr (GError) error = NULL;

  run->store = clr_store_sqlite_new (run->path, &error);
  if (run->store == NULL)
    {
      if (!may_go_on (run))
        return FALSE;
      g_clear_error (&error);
      run->store = clr_store_sqlite_new (run->path, &error);
    }
  g_assert_no_error (error);
  return TRUE;
}

static gboolean
do_step (Run *run, unsigned step)
{
  for (unsigned try = 0;; try++)
    {
      ClrBatch *batch = make_step (step);
      g_autoptr (GError) error = NULL;
      gboolean ok = apply (run->store, batch, &error);

      free_batch (batch);
      if (ok)
        return TRUE;
      /* SQLite does not tell why a file could not be made. */
      if (run->kind == CLR_CUT_FULL && clr_cut_has_come () && !strstr (error->message, "unable to open"))
        g_assert_error (error, CLR_ERROR, CLR_ERROR_NO_SPACE);
      /* Nothing that failed may be seen, nor stand in the way of what comes. */
      if (run->kind != CLR_CUT_ERROR && run->kind != CLR_CUT_POWER && try == 0)
        {
          g_autofree char *seen = dump (run->store);
          expect_same (seen, expected[step]);
          if (run->kind == CLR_CUT_FULL)
            continue;
        }
      run->tried = TRUE;
      if (!may_go_on (run))
        return FALSE;
      run->tried = FALSE;
      g_assert_cmpuint (try, <, 3);
    }
}

static void
play (Run *run)
{
  if (!open_store (run))
    return;
  for (unsigned step = 0; step < STEPS; step++)
    {
      if (step % 12 == 11)
        {
          run->store->klass->maintain (run->store);
          run->store->klass->end_maintenance (run->store);
        }
      if (step % 15 == 14) /* a restart without a checkpoint */
        {
          run->store->klass->free (run->store);
          if (!open_store (run))
            return;
        }
      if (!do_step (run, step))
        break;
      run->acked++;
      if (run->kind == CLR_CUT_NEVER || run->kind == CLR_CUT_ONCE || run->kind == CLR_CUT_READ)
        {
          g_autofree char *seen
              = run->kind == CLR_CUT_READ && !clr_cut_has_come () ? NULL : dump (run->store);
          if (seen)
            expect_same (seen, expected[run->acked]);
        }
    }
  run->store->klass->free (run->store);
}

static void
check_integrity (const char *path)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *stmt = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "PRAGMA integrity_check", -1, &stmt, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *)sqlite3_column_text (stmt, 0), ==, "ok");
  sqlite3_finalize (stmt);
  sqlite3_close (db);
}

static void
verify (Run *run)
{
  g_autoptr (GError) error = NULL;
  ClrQueueStore *store = clr_store_sqlite_new (run->path, &error);
  g_autoptr (GPtrArray) finished = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  uint64_t n, by_state[CLR_RECIPIENT_STATES] = { 0 };

  g_assert_no_error (error);
  g_autofree char *seen = dump (store);
  if (!run->tried || !g_str_equal (seen, expected[run->acked + 1]))
    expect_same (seen, expected[run->acked]);
  g_assert_true (store->klass->recover (store, 0, finished, &error));
  store->klass->count (store, &n, by_state);
  g_assert_cmpuint (by_state[CLR_RECIPIENT_ACTIVE], ==, 0);
  store->klass->free (store);
  check_integrity (run->path);
}

/* Returns: how many changes there were. */
static unsigned
run_once (const char *name, ClrCutKind kind, unsigned at)
{
  Run run = { .name = name, .kind = kind, .at = at, .folder = clr_cut_make_folder () };
  unsigned n;

  clr_cut_note ("cut %s at change %u; again: CLR_CRASH_SEED=%u", name, at, at);
  run.path = g_build_filename (run.folder, "queue.db", NULL);
  /* Under this limit SQLite keeps hardly any page, and reads all the more. */
  sqlite3_soft_heap_limit64 (kind == CLR_CUT_READ ? 1 : 0);
  clr_cut_begin (run.folder, kind, at);
  play (&run);
  n = clr_cut_get_count ();
  clr_cut_end (at);
  verify (&run);
  clr_cut_remove_folder (run.folder);
  g_free (run.path);
  g_free (run.folder);
  return n;
}

static void
test_uncut (void)
{
  unsigned n = run_once ("never", CLR_CUT_NEVER, 0);

  g_assert_cmpuint (n, >, 100);
  g_test_message ("%u changes of the disk", n);
}

/* -- questions to a disk that fails to read */

static void
on_lane (const char *key, const char *site, int64_t look_us, void *data)
{
  g_string_append_printf (data, "%s %" G_GINT64_FORMAT "\n", key, look_us);
}

static void
tell_recipients (GString *text, const ClrMessage *message)
{
  g_string_append_printf (text, "%d:", (int)message->id);
  for (unsigned i = 0; i < message->n_recipients; i++)
    g_string_append_printf (text, " %u %d", message->recipients[i].number, message->recipients[i].state);
  g_string_append_printf (text, ", %zu octets\n", message->content.size);
}

static gboolean
ask_page (ClrQueueStore *store, GString *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) messages = list (store, &error);

  for (unsigned i = 0; error == NULL && i < messages->len; i++)
    tell_recipients (text, messages->pdata[i]);
  return error == NULL;
}

static gboolean
ask_load (ClrQueueStore *store, GString *text)
{
  for (uint64_t id = 1; id <= lasts[STEPS] + BIG; id++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ClrMessage) message = store->klass->load (store, id, &error);

      if (error)
        return FALSE;
      if (message)
        tell_recipients (text, message);
    }
  return TRUE;
}

static gboolean
ask_has (ClrQueueStore *store, GString *text)
{
  /* Whoever cannot be looked for is there: its spool file must not be swept. */
  for (uint64_t id = lasts[STEPS] + 1; id <= lasts[STEPS] + BIG; id++)
    g_string_append (text, store->klass->has_message (store, id) ? "there " : "gone ");
  return TRUE;
}

static gboolean
ask_start (ClrQueueStore *store, GString *text)
{
  g_autoptr (GPtrArray) finished = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  ClrLaneCursor cursor = { 0, 0 };
  gboolean ok = store->klass->recover (store, 0, finished, NULL)
                && store->klass->visit_lanes (store, &cursor, 100, on_lane, text, NULL);

  for (unsigned i = 0; i < finished->len; i++)
    tell_recipients (text, finished->pdata[i]);
  return ok;
}

static gboolean
ask_claims (ClrQueueStore *store, GString *text)
{
  ClrBatch *batch = clr_batch_new ();
  g_autoptr (GError) error = NULL;
  gboolean ok;

  for (int lane = 0; lane < 3; lane++)
    {
      g_autofree char *key = g_strdup_printf ("smarthost:%d", lane);
      ClrClaim claim = { .lane = g_intern_string (key), .now_us = NOW + 999 * SECOND, .n = 100 };
      g_array_append_val (batch->claims, claim);
    }
  ok = apply (store, batch, &error);
  for (int lane = 0; ok && lane < 3; lane++)
    {
      ClrClaim *claim = &g_array_index (batch->claims, ClrClaim, lane);

      for (unsigned i = 0; i < claim->messages->len; i++)
        tell_recipients (text, claim->messages->pdata[i]);
      g_string_append_printf (text, "%" G_GINT64_FORMAT "\n", claim->next_due_us);
    }
  clr_batch_free (batch);
  return ok;
}

typedef gboolean (*Question) (ClrQueueStore *store, GString *text);

static const char *const files[] = { "queue.db", "queue.db-wal" };

/* Asks a fresh copy of the store, whose read number @at fails. Returns: the answer, or NULL when it said that
 * it cannot. */
static char *
ask (char *const *contents, const size_t *sizes, Question question, unsigned at, unsigned *n)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = clr_cut_make_folder ();
  g_autofree char *path = g_build_filename (folder, files[0], NULL);
  ClrQueueStore *store;
  GString *text = g_string_new (NULL);
  gboolean ok;

  for (unsigned i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename (folder, files[i], NULL);
      g_assert_true (
          g_file_set_contents_full (file, contents[i], sizes[i], G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
  clr_cut_begin (folder, CLR_CUT_NEVER, 0);
  store = clr_store_sqlite_new (path, &error);
  g_assert_no_error (error);
  clr_cut_change (CLR_CUT_READ, at);
  ok = question (store, text);
  *n = clr_cut_get_count ();
  clr_cut_heal ();
  store->klass->free (store);
  clr_cut_end (0);
  clr_cut_remove_folder (folder);
  return g_string_free (text, !ok);
}

/* More than SQLite keeps in memory. */
static void
add_big (const char *path)
{
  ClrQueueStore *store = clr_store_sqlite_new (path, NULL);
  ClrBatch *batch = clr_batch_new ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GError) error = NULL;
  static const char piece[100 * 1024];

  for (unsigned i = 1; i <= BIG; i++)
    {
      ClrMessage *message = make_message (rand, lasts[STEPS] + i);

      clr_rope_append (&message->content, piece, sizeof piece);
      g_ptr_array_add (batch->inserts, message);
    }
  apply (store, batch, &error);
  g_assert_no_error (error);
  clr_batch_free (batch);
  store->klass->free (store);
}

static void
test_answers (void)
{
  static const struct
  {
    const char *name;
    Question question;
  } questions[] = {
    { "page", ask_page },   { "load", ask_load },     { "has", ask_has },
    { "start", ask_start }, { "claims", ask_claims },
  };
  Run run = { .kind = CLR_CUT_NEVER, .folder = clr_cut_make_folder () };
  char *contents[G_N_ELEMENTS (files)];
  size_t sizes[G_N_ELEMENTS (files)];

  run.path = g_build_filename (run.folder, files[0], NULL);
  play (&run);
  add_big (run.path);
  for (unsigned i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename (run.folder, files[i], NULL);
      g_assert_true (g_file_get_contents (file, &contents[i], &sizes[i], NULL));
    }
  sqlite3_soft_heap_limit64 (1);
  for (unsigned q = 0; q < G_N_ELEMENTS (questions); q++)
    {
      unsigned n, unused;
      g_autofree char *right = ask (contents, sizes, questions[q].question, UINT_MAX, &n);

      g_assert_nonnull (right);
      g_assert_cmpuint (n, >, 0);
      for (unsigned at = 1; at <= n; at += stride + n / 50)
        {
          clr_cut_note ("the question %s, its read %u of %u fails", questions[q].name, at, n);
          g_autofree char *answer = ask (contents, sizes, questions[q].question, at, &unused);

          if (answer)
            expect_same (answer, right);
        }
      g_test_message ("%s: %u reads", questions[q].name, n);
    }
  sqlite3_soft_heap_limit64 (0);
  clr_cut_remove_folder (run.folder);
  for (unsigned i = 0; i < G_N_ELEMENTS (files); i++)
    g_free (contents[i]);
  g_free (run.path);
  g_free (run.folder);
}

typedef struct
{
  const char *name;
  ClrCutKind kind;
} Way;

static void
test_cut (const void *data)
{
  const Way *way = data;
  const char *seed = g_getenv ("CLR_CRASH_SEED");
  unsigned at = 1, runs = 0;

  if (seed)
    {
      run_once (way->name, way->kind, strtoul (seed, NULL, 10));
      return;
    }
  /* Until the script ends before the cut comes. */
  for (;; at += stride)
    {
      unsigned n = run_once (way->name, way->kind, at);

      runs++;
      if (n < at)
        break;
    }
  g_assert_cmpuint (at, >, 50);
  g_test_message ("%u runs", runs);
}

int
main (int argc, char **argv)
{
  static const Way ways[] = {
    { "error", CLR_CUT_ERROR }, { "once", CLR_CUT_ONCE },   { "full", CLR_CUT_FULL },
    { "read", CLR_CUT_READ },   { "power", CLR_CUT_POWER },
  };

  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("CLR_CRASH_QUICK"))
    stride = 25;
  write_script ();
  g_test_add_func ("/cut/never", test_uncut);
  g_test_add_func ("/cut/answers", test_answers);
  for (unsigned i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strconcat ("/cut/", ways[i].name, NULL);
      g_test_add_data_func (path, &ways[i], test_cut);
    }
  return g_test_run ();
}
