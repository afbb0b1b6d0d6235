/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An order about more mail than one slice holds, cut at every change of the disk. Opened again, so many whole
 * slices are done as were acknowledged, or one more; and the order, given again, does the rest.
 */
#include "clr-cut.h"
#include "clr-script.h"

#include "queue/clr-act.h"

#include <sqlite3.h>

#define MESSAGES (2 * CLR_ACT_CHANGE + 50)
#define SLICES   3

static unsigned stride = 1; /* quick: not every change */

typedef struct
{
  const char *name;
  ClrActKind act;
  ClrRecipientState state; /* of what the order has not yet changed */
} Order;

static void
fill (const char *path)
{
  ClrQueueStore *store = clr_store_sqlite_new (path, NULL);
  ClrBatch *batch = clr_batch_new ();
  g_autoptr (GError) error = NULL;
  sqlite3 *db;

  for (unsigned i = 1; i <= MESSAGES; i++)
    {
      ClrMessage *message = clr_message_new (1);

      message->id = i;
      message->sender = g_strdup ("s@example.com");
      message->recipients[0].address = g_strdup ("r@example.net");
      message->recipients[0].lane = g_strdup ("smarthost:0");
      message->recipients[0].due_us = CLR_SCRIPT_NOW;
      message->recipients[0].expires_us = INT64_MAX;
      g_ptr_array_add (batch->inserts, message);
    }
  clr_script_apply (store, batch, &error);
  g_assert_no_error (error);
  clr_batch_free (batch);
  store->klass->free (store);
  /* All of it into the one file that is copied. */
  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_exec (db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
  sqlite3_close (db);
}

/* Gives the order until it is done or the disk fails. Returns: slices that were acknowledged. */
static unsigned
give (ClrQueueStore *store, const Order *order)
{
  ClrAct *act = clr_act_new (order->act, 0, CLR_SCRIPT_NOW);
  unsigned done = 0;
  gboolean ok;

  do
    {
      ClrBatch *batch = clr_batch_new ();
      g_autoptr (GError) error = NULL;

      clr_act_reset (act);
      g_ptr_array_add (batch->acts, act);
      ok = clr_script_apply (store, batch, &error);
      done += ok;
      clr_batch_free (batch);
    }
  while (ok && act->more);
  clr_act_free (act);
  return done;
}

static uint64_t
count_left (ClrQueueStore *store, const Order *order)
{
  uint64_t n, by_state[CLR_RECIPIENT_STATES] = { 0 };

  store->klass->count (store, &n, by_state);
  return by_state[order->state];
}

/* Returns: how many changes of the disk there were. */
static unsigned
run_once (const char *content, size_t size, const Order *order, ClrCutKind kind, unsigned at)
{
  g_autofree char *folder = clr_cut_make_folder (), *path = g_build_filename (folder, "queue.db", NULL);
  g_autoptr (GError) error = NULL;
  ClrQueueStore *store;
  unsigned acked = 0, n;

  clr_cut_note ("%s, way %d, cut at change %u", order->name, kind, at);
  g_assert_true (g_file_set_contents_full (path, content, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  clr_cut_begin (folder, kind, at);
  store = clr_store_sqlite_new (path, NULL);
  if (store)
    {
      acked = give (store, order);
      store->klass->free (store);
    }
  n = clr_cut_get_count ();
  clr_cut_end (at);

  store = clr_store_sqlite_new (path, &error);
  g_assert_no_error (error);
  uint64_t left = count_left (store, order), wanted = MESSAGES - MIN (acked * CLR_ACT_CHANGE, MESSAGES);
  uint64_t or_else = wanted - MIN (CLR_ACT_CHANGE, wanted);
  g_assert_true (left == wanted || (acked < SLICES && left == or_else));
  give (store, order);
  g_assert_cmpuint (count_left (store, order), ==, 0);
  store->klass->free (store);
  clr_script_check_integrity (path);
  clr_cut_remove_folder (folder);
  return n;
}

static void
test_order (const void *data)
{
  static const ClrCutKind kinds[] = { CLR_CUT_ERROR, CLR_CUT_ONCE, CLR_CUT_FULL, CLR_CUT_POWER };
  const Order *order = data;
  g_autofree char *folder = clr_cut_make_folder (), *path = g_build_filename (folder, "queue.db", NULL);
  g_autofree char *content = NULL;
  size_t size;

  fill (path);
  g_assert_true (g_file_get_contents (path, &content, &size, NULL));
  clr_cut_remove_folder (folder);
  for (unsigned k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      unsigned at = 1;

      /* Until the order is done before the cut comes. */
      while (run_once (content, size, order, kinds[k], at) >= at)
        at += stride;
      g_assert_cmpuint (at, >, 20);
    }
}

int
main (int argc, char **argv)
{
  static const Order orders[] = {
    { "hold", CLR_ACT_HOLD, CLR_RECIPIENT_WAITING },
    { "delete", CLR_ACT_DELETE, CLR_RECIPIENT_WAITING },
    { "expire", CLR_ACT_EXPIRE, CLR_RECIPIENT_WAITING },
  };

  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("CLR_CRASH_QUICK"))
    stride = 25;
  for (unsigned i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_autofree char *path = g_strconcat ("/slices/", orders[i].name, NULL);

      g_test_add_data_func (path, &orders[i], test_order);
    }
  return g_test_run ();
}
