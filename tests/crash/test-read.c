/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions to a store whose disk fails to read: each read of each question fails once. The store says so, or
 * answers right; an error is never taken for the end of the rows.
 */
#include "clr-cut.h"
#include "clr-script.h"

#include <sqlite3.h>

#define SECOND G_GINT64_CONSTANT (1000000)
#define BIG    60 /* large messages */

static unsigned stride = 1; /* quick: not every read */

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
  g_autoptr (GPtrArray) messages = clr_script_list (store, &error);

  for (unsigned i = 0; error == NULL && i < messages->len; i++)
    tell_recipients (text, messages->pdata[i]);
  return error == NULL;
}

static gboolean
ask_load (ClrQueueStore *store, GString *text)
{
  for (uint64_t id = 1; id <= clr_script_lasts[CLR_SCRIPT_STEPS] + BIG; id++)
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
  for (uint64_t id = clr_script_lasts[CLR_SCRIPT_STEPS] + 1; id <= clr_script_lasts[CLR_SCRIPT_STEPS] + BIG;
       id++)
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
      ClrClaim claim = { .lane = g_intern_string (key), .now_us = CLR_SCRIPT_NOW + 999 * SECOND, .n = 100 };
      g_array_append_val (batch->claims, claim);
    }
  ok = clr_script_apply (store, batch, &error);
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

static void
play (const char *path)
{
  ClrQueueStore *store = clr_store_sqlite_new (path, NULL);

  for (unsigned step = 0; step < CLR_SCRIPT_STEPS; step++)
    {
      ClrBatch *batch = clr_script_make_step (step);
      g_autoptr (GError) error = NULL;

      clr_script_apply (store, batch, &error);
      g_assert_no_error (error);
      clr_script_free_batch (batch);
    }
  store->klass->free (store);
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
      ClrMessage *message = clr_script_make_message (rand, clr_script_lasts[CLR_SCRIPT_STEPS] + i);

      clr_rope_append (&message->content, piece, sizeof piece);
      g_ptr_array_add (batch->inserts, message);
    }
  clr_script_apply (store, batch, &error);
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
  g_autofree char *folder = clr_cut_make_folder (), *path = g_build_filename (folder, files[0], NULL);
  char *contents[G_N_ELEMENTS (files)];
  size_t sizes[G_N_ELEMENTS (files)];

  play (path);
  add_big (path);
  for (unsigned i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename (folder, files[i], NULL);
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
            clr_script_expect_same (answer, right);
        }
      g_test_message ("%s: %u reads", questions[q].name, n);
    }
  sqlite3_soft_heap_limit64 (0);
  clr_cut_remove_folder (folder);
  for (unsigned i = 0; i < G_N_ELEMENTS (files); i++)
    g_free (contents[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("CLR_CRASH_QUICK"))
    stride = 25;
  clr_script_write ();
  g_test_add_func ("/read/answers", test_answers);
  return g_test_run ();
}
