/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-errands.h"

#include <stdatomic.h>

typedef struct
{
  ClrErrands *errands;
  ClrMailbox *mailbox;
  GThread *thread;
  ClrLetter end;
  gboolean ended;
} Desk;

struct ClrErrands
{
  Desk *desks; /* one a thread */
  unsigned n_desks;
  unsigned most;
  atomic_uint n_open;
  atomic_uint next;
  atomic_bool ending;
};

static void
open_errand (ClrLetter *letter, void *owner)
{
  ClrErrands *errands = ((Desk *)owner)->errands;
  ClrErrand *errand = (ClrErrand *)letter;

  errand->was_dropped = clr_errands_are_ending (errands);
  if (!errand->was_dropped)
    errand->run (errand, errands);
  atomic_fetch_sub (&errands->n_open, 1);
  errand->letter.open = errand->open;
  clr_mailbox_post (errand->reply_to, &errand->letter);
}

static void
open_end (ClrLetter *letter, void *owner)
{
  ((Desk *)owner)->ended = TRUE;
}

static void *
run (void *data)
{
  Desk *desk = data;

  while (!desk->ended)
    {
      clr_mailbox_wait (desk->mailbox, -1);
      clr_mailbox_open_all (desk->mailbox);
    }
  return NULL;
}

ClrErrands *
clr_errands_new (unsigned n_threads, unsigned most)
{
  ClrErrands *errands = g_new0 (ClrErrands, 1);

  errands->n_desks = n_threads;
  errands->most = most;
  errands->desks = g_new0 (Desk, n_threads);
  for (unsigned i = 0; i < n_threads; i++)
    {
      Desk *desk = &errands->desks[i];

      desk->errands = errands;
      desk->mailbox = clr_mailbox_new (desk);
      desk->end.open = open_end;
      desk->thread = g_thread_new ("errands", run, desk);
    }
  return errands;
}

void
clr_errands_free (ClrErrands *errands)
{
  atomic_store (&errands->ending, TRUE);
  for (unsigned i = 0; i < errands->n_desks; i++)
    clr_mailbox_post (errands->desks[i].mailbox, &errands->desks[i].end);
  for (unsigned i = 0; i < errands->n_desks; i++)
    {
      g_thread_join (errands->desks[i].thread);
      clr_mailbox_free (errands->desks[i].mailbox);
    }
  g_free (errands->desks);
  g_free (errands);
}

gboolean
clr_errands_post (ClrErrands *errands, ClrErrand *errand)
{
  if (atomic_fetch_add (&errands->n_open, 1) >= errands->most)
    {
      atomic_fetch_sub (&errands->n_open, 1);
      return FALSE;
    }
  errand->letter.open = open_errand;
  clr_mailbox_post (errands->desks[atomic_fetch_add (&errands->next, 1) % errands->n_desks].mailbox,
                    &errand->letter);
  return TRUE;
}

gboolean
clr_errands_are_ending (const ClrErrands *errands)
{
  return atomic_load (&errands->ending);
}
