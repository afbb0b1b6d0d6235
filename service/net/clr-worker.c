/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-worker.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"

typedef struct
{
  ClrLetter letter;
} StopLetter;

ClrWorker *
clr_worker_new (unsigned index)
{
  ClrWorker *worker = g_new0 (ClrWorker, 1);

  worker->index = index;
  worker->mailbox = clr_mailbox_new (worker);
  worker->poller = clr_poller_new (clr_mailbox_get_waker (worker->mailbox));
  worker->timers = clr_timers_new ();
  worker->scratch = g_malloc (CLR_SCRATCH_SIZE);
  worker->now = clr_clock_monotonic ();
  return worker;
}

void
clr_worker_turn (ClrWorker *worker, int64_t longest_us)
{
  worker->now = clr_clock_monotonic ();
  while (clr_mailbox_open_all (worker->mailbox) > 0)
    if (worker->stopping)
      return;

  int64_t next = clr_timers_run (worker->timers, worker->now);
  int64_t wait = next < 0 ? -1 : MAX (next - worker->now, 0);

  if (longest_us >= 0 && (wait < 0 || wait > longest_us))
    wait = longest_us;
  if (wait != 0)
    {
      clr_log_flush ();
      if (!clr_mailbox_may_sleep (worker->mailbox))
        wait = 0;
    }
  clr_poller_wait (worker->poller, wait);
  if (wait != 0)
    {
      /* Who was asleep for an hour would give its next client the time-outs of then. */
      worker->now = clr_clock_monotonic ();
      clr_mailbox_wake_up (worker->mailbox);
    }
  clr_poller_tell (worker->poller);
}

static void *
run (void *data)
{
  ClrWorker *worker = data;

  while (!worker->stopping)
    clr_worker_turn (worker, -1);
  clr_log_flush ();
  return NULL;
}

void
clr_worker_start (ClrWorker *worker)
{
  g_autofree char *name = g_strdup_printf ("worker %u", worker->index + 1);

  worker->thread = g_thread_new (name, run, worker);
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  ((ClrWorker *)owner)->stopping = TRUE;
  g_free (letter);
}

void
clr_worker_stop (ClrWorker *worker)
{
  StopLetter *stop = g_new0 (StopLetter, 1);

  stop->letter.open = open_stop;
  clr_worker_post (worker, &stop->letter);
  if (worker->thread)
    g_thread_join (worker->thread);
  worker->thread = NULL;
}

void
clr_worker_free (ClrWorker *worker)
{
  clr_poller_free (worker->poller);
  clr_mailbox_free (worker->mailbox);
  clr_timers_free (worker->timers);
  g_free (worker->scratch);
  g_free (worker);
}
