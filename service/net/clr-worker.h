/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrWorker: one of the threads that own connections. A worker has a poller, a mailbox and timers, and runs
 * them in that order until told to stop. It turns its own loop instead of a GMainContext: nothing on the mail
 * path uses GIO, and one system call less a turn is a tenth of a message's cost.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "base/clr-timer.h"
#include "net/clr-poller.h"

#define CLR_SCRATCH_SIZE (64u * 1024)

typedef struct ClrWorker ClrWorker;

struct ClrWorker
{
  unsigned index;
  ClrPoller *poller;
  ClrMailbox *mailbox;
  ClrTimers *timers;
  uint8_t *scratch; /* CLR_SCRATCH_SIZE bytes for one read; valid until the next */
  int64_t now;      /* monotonic time of this turn of the loop, microseconds */
  void *inbound;    /* set and used by the rooms above, in this thread only */
  void *delivery;
  void *reporter;
  void *resolver;
  void *roster;

  GThread *thread;
  gboolean stopping;
};

ClrWorker *clr_worker_new (unsigned index);
void clr_worker_start (ClrWorker *worker);
/* Any other thread: ends the loop after the letters posted so far, and joins. */
void clr_worker_stop (ClrWorker *worker);
void clr_worker_free (ClrWorker *worker);

/* One turn of the loop; tests turn a worker by hand. */
void clr_worker_turn (ClrWorker *worker, int64_t longest_us);

static inline void
clr_worker_post (ClrWorker *worker, ClrLetter *letter)
{
  clr_mailbox_post (worker->mailbox, letter);
}
