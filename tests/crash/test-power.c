/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The whole queue (its thread, SQLite, the spool, the history) on a disk that loses its power. A run hands in
 * mail, delivers some of it, asks what is known, until the power fails at a random moment; that happens twice
 * on the same disk, then all is delivered. The ledger says what was acknowledged: it must be there, whole;
 * what was told to be delivered must not be delivered again; what has left the queue must stand in the
 * history. Of what has failed exactly one report arrives, of a delay at the most one. An administrator holds,
 * releases, expires and deletes meanwhile.
 *
 * The process has a child for each share of the runs, for they mostly wait. A seed fixes the choices and the
 * moment, though not how the threads of the queue take turns: CLR_CRASH_SEED plays it again ten times.
 */
#include "base/clr-log.h"
#include "clr-cut.h"
#include "clr-world.h"
#include "queue/clr-store-sqlite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN    10
#define MAILS_AHEAD 8

static gboolean
start (ClrWorld *world, GError **error)
{
  ClrQueueOptions options = {
    .history_file = world->history_file,
    .queue_file = world->queue_file,
    .history_rule = { .keep_us = G_USEC_PER_SEC * G_GINT64_CONSTANT (86400) },
    .window = 100,
    .n_workers = 1,
    .retry = { 2000, 4000, G_USEC_PER_SEC * G_GINT64_CONSTANT (86400), 1000 },
    .post_job = clr_world_post_job,
    .post_report = clr_world_post_report,
    .data = world,
  };

  if (!clr_disk_make_folder (world->state, 0750, error))
    return FALSE;
  world->disk = clr_disk_new (world->spool, error);
  if (world->disk == NULL)
    return FALSE;
  options.disk = world->disk;
  options.store = clr_store_sqlite_new (world->queue_file, error);
  if (options.store == NULL)
    return FALSE;
  world->queue = clr_queue_new (&options, error);
  return world->queue != NULL;
}

static void
work (ClrWorld *world, unsigned n_new, int64_t until_us)
{
  int64_t next_question = 0;

  while (world->once || !clr_cut_has_come ())
    {
      int64_t now = g_get_monotonic_time ();

      if (world->once && clr_cut_has_come ())
        {
          world->once = FALSE;
          clr_cut_change (CLR_CUT_POWER, g_rand_int_range (world->rand, 1, 12));
        }
      clr_mailbox_wait (world->mailbox, 1000);
      clr_mailbox_open_all (world->mailbox);
      if (n_new > 0 && world->on_way < MAILS_AHEAD && g_rand_boolean (world->rand))
        {
          clr_world_hand_in (world);
          n_new--;
        }
      if (now > next_question)
        {
          ClrWorldMail *mail
              = world->n_mails ? &world->mails[g_rand_int_range (world->rand, 0, world->n_mails)] : NULL;

          next_question = now + 10 * 1000;
          clr_world_ask (world, CLR_REQUEST_STATUS, 0);
          clr_world_order_something (world, mail);
          if (mail && mail->accepted && !mail->gone)
            clr_world_ask (world, CLR_REQUEST_SHOW, mail->id);
        }
      if (now > until_us)
        {
          if (world->is_last)
            g_error ("the queue does not become empty: %d messages", (int)world->n_messages);
          if (world->once)
            clr_cut_change (CLR_CUT_POWER, UINT_MAX);
          world->once = FALSE;
          clr_cut_now ();
        }
      if (world->is_last && world->n_messages <= world->n_failed && world->asked == 0)
        return;
    }
}

static void
stop (ClrWorld *world)
{
  world->closing = TRUE;
  g_clear_pointer (&world->queue, clr_queue_free);
  clr_mailbox_open_all (world->mailbox);
  g_clear_pointer (&world->disk, clr_disk_free);
  clr_mailbox_open_all (world->mailbox);
  world->closing = FALSE;
  world->on_way = world->asked = 0;
}

static void
live (ClrWorld *world, unsigned n_new, ClrCutKind kind)
{
  g_autoptr (GError) error = NULL;
  /* The moment is a change of the disk, or a time, which meets what happens later. */
  unsigned at = g_rand_boolean (world->rand) ? (unsigned)g_rand_int_range (world->rand, 1, 250) : UINT_MAX;
  int64_t wait = kind == CLR_CUT_NEVER ? 30 * G_USEC_PER_SEC : g_rand_int_range (world->rand, 1000, 500000);
  uint32_t seed = g_rand_int (world->rand);

  world->troubled = kind == CLR_CUT_POWER && at != UINT_MAX && g_rand_int_range (world->rand, 0, 3) == 0;
  world->once = world->troubled;
  clr_cut_begin (world->folder, world->troubled ? CLR_CUT_ONCE : kind, at);
  if (start (world, &error))
    work (world, n_new, g_get_monotonic_time () + wait);
  else if (!clr_cut_has_come ())
    g_error ("after a power cut: %s", error->message);
  stop (world);
  clr_cut_end (seed);
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

typedef struct
{
  unsigned runs, accepted, recipients, again, reports, delays;
} Figures;

/* Of what is over, and not deleted, the sender knows what he wanted to know. */
static void
judge_reports (const ClrWorldMail *mail, unsigned i)
{
  unsigned failed = mail->reports[i][0], delayed = mail->reports[i][1], delivered = mail->reports[i][2];
  gboolean exact = mail->accepted && !mail->deleted;

  if (failed + delivered > 1 || delayed > 1 || (mail->notify && delayed)
      || (mail->notify == CLR_TELL_NEVER && failed + delivered) || (mail->notify == 0 && delivered)
      || (failed && !mail->failed[i] && !mail->expired) || (delivered && !mail->delivered[i]))
    g_error ("message %" G_GUINT64_FORMAT
             ", recipient %u (NOTIFY %u): %u reports of failure, %u of delay, %u of "
             "delivery",
             mail->id, i, mail->notify, failed, delayed, delivered);
  if (exact
      && ((mail->notify == 0 && mail->delivered[i] == 0 && failed == 0)
          || (mail->notify & CLR_TELL_SUCCESS && failed + delivered == 0)))
    g_error ("LOST: the report about message %" G_GUINT64_FORMAT ", recipient %u (NOTIFY %u)", mail->id, i,
             mail->notify);
}

static void
run_once (uint32_t seed, Figures *figures)
{
  ClrWorld world = { .rand = g_rand_new_with_seed (seed), .folder = clr_cut_make_folder () };

  clr_cut_note ("again: CLR_CRASH_SEED=%u", seed);
  world.state = g_build_filename (world.folder, "state", NULL);
  world.spool = g_build_filename (world.state, "spool", NULL);
  world.queue_file = g_build_filename (world.state, "queue.db", NULL);
  world.history_file = g_build_filename (world.state, "history.db", NULL);
  world.mailbox = clr_mailbox_new (&world);
  live (&world, CLR_WORLD_MAILS / 2, CLR_CUT_POWER);
  live (&world, CLR_WORLD_MAILS / 2, CLR_CUT_POWER);
  world.is_last = TRUE;
  world.n_messages = UINT64_MAX;
  live (&world, 0, CLR_CUT_NEVER);

  figures->runs++;
  for (unsigned m = 0; m < world.n_mails; m++)
    {
      ClrWorldMail *mail = &world.mails[m];

      figures->accepted += mail->accepted;
      for (unsigned i = 0; i < mail->n; i++)
        {
          figures->recipients += mail->accepted;
          figures->again += mail->delivered[i] > 1 ? mail->delivered[i] - 1 : 0;
          figures->reports += mail->reports[i][0] + mail->reports[i][2];
          figures->delays += mail->reports[i][1];
          judge_reports (mail, i);
          if (mail->accepted && mail->delivered[i] == 0 && !mail->failed[i] && !mail->expired
              && !mail->deleted)
            g_error ("LOST: message %" G_GUINT64_FORMAT ", recipient %u", mail->id, i);
        }
    }
  check_integrity (world.queue_file);
  check_integrity (world.history_file);
  clr_mailbox_free (world.mailbox);
  g_rand_free (world.rand);
  clr_cut_remove_folder (world.folder);
  g_free (world.folder);
  g_free (world.state);
  g_free (world.spool);
  g_free (world.queue_file);
  g_free (world.history_file);
}

int
main (int argc, char **argv)
{
  const char *again = g_getenv ("CLR_CRASH_SEED");
  unsigned n = g_getenv ("CLR_CRASH_QUICK") ? 100 : 1000;
  uint32_t first = g_random_int () & 0xffffff;
  Figures all = { 0 };
  int pipes[2];
  gboolean good = TRUE;

  clr_log_setup (CLR_LOG_HUMAN, CLR_LEVEL_ERROR, "/dev/null", NULL);
  if (again)
    {
      for (int i = 0; i < 10; i++)
        run_once (strtoul (again, NULL, 10), &all);
      printf ("ok 1 /power/again\n1..1\n");
      return 0;
    }
  g_assert_cmpint (pipe (pipes), ==, 0);
  for (unsigned c = 0; c < CHILDREN; c++)
    if (fork () == 0)
      {
        Figures mine = { 0 };

        for (uint32_t i = c; i < n; i += CHILDREN)
          run_once (first + i, &mine);
        _exit (write (pipes[1], &mine, sizeof mine) == sizeof mine ? 0 : 1);
      }
  close (pipes[1]);
  for (unsigned c = 0; c < CHILDREN; c++)
    {
      int status;

      wait (&status);
      good = good && status == 0;
    }
  for (Figures figures; read (pipes[0], &figures, sizeof figures) == sizeof figures;)
    {
      all.runs += figures.runs;
      all.accepted += figures.accepted;
      all.recipients += figures.recipients;
      all.again += figures.again;
      all.reports += figures.reports;
      all.delays += figures.delays;
    }
  printf (
      "# %u runs with two power cuts each: %u messages accepted, %u recipients, %u reports, %u notices of "
      "delay, delivered again %u\n",
      all.runs, all.accepted, all.recipients, all.reports, all.delays, all.again);
  printf ("%s 1 /power/%u\n1..1\n", good && all.runs == n ? "ok" : "not ok", n);
  return !good;
}
