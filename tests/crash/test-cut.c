/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store, cut at every change of the disk. A script of batches runs once on the store in memory, which
 * tells what the queue must hold after each; then on SQLite with a disk that fails at its k-th change, for
 * every k. Opened again, the file must hold all batches that were acknowledged, and of the one that was not,
 * all or nothing.
 */
#include "base/clr-error.h"
#include "clr-cut.h"
#include "clr-script.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static unsigned stride = 1; /* quick: not every k */

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
      ClrBatch *batch = clr_script_make_step (step);
      g_autoptr (GError) error = NULL;
      gboolean ok = clr_script_apply (run->store, batch, &error);

      clr_script_free_batch (batch);
      if (ok)
        return TRUE;
      /* SQLite does not tell why a file could not be made. */
      if (run->kind == CLR_CUT_FULL && clr_cut_has_come () && !strstr (error->message, "unable to open"))
        g_assert_error (error, CLR_ERROR, CLR_ERROR_NO_SPACE);
      /* Nothing that failed may be seen, nor stand in the way of what comes. */
      if (run->kind != CLR_CUT_ERROR && run->kind != CLR_CUT_POWER && try == 0)
        {
          g_autofree char *seen = clr_script_dump (run->store);
          clr_script_expect_same (seen, clr_script_expected[step]);
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
  for (unsigned step = 0; step < CLR_SCRIPT_STEPS; step++)
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
              = run->kind == CLR_CUT_READ && !clr_cut_has_come () ? NULL : clr_script_dump (run->store);
          if (seen)
            clr_script_expect_same (seen, clr_script_expected[run->acked]);
        }
    }
  run->store->klass->free (run->store);
}

static void
verify (Run *run)
{
  g_autoptr (GError) error = NULL;
  ClrQueueStore *store = clr_store_sqlite_new (run->path, &error);
  g_autoptr (GPtrArray) finished = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  uint64_t n, by_state[CLR_RECIPIENT_STATES] = { 0 };

  g_assert_no_error (error);
  g_autofree char *seen = clr_script_dump (store);
  if (!run->tried || !g_str_equal (seen, clr_script_expected[run->acked + 1]))
    clr_script_expect_same (seen, clr_script_expected[run->acked]);
  g_assert_true (store->klass->recover (store, 0, finished, &error));
  store->klass->count (store, &n, by_state);
  g_assert_cmpuint (by_state[CLR_RECIPIENT_ACTIVE], ==, 0);
  store->klass->free (store);
  clr_script_check_integrity (run->path);
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
  clr_script_write ();
  g_test_add_func ("/cut/never", test_uncut);
  for (unsigned i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strconcat ("/cut/", ways[i].name, NULL);
      g_test_add_data_func (path, &ways[i], test_cut);
    }
  return g_test_run ();
}
