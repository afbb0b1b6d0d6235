/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "users/clr-hasher.h"

#include <stdatomic.h>

typedef struct
{
  ClrHasher *hasher;
  ClrMailbox *mailbox;
  GThread *thread;
  ClrLetter end;
  gboolean ended;
} Desk;

struct ClrHasher
{
  Desk *desks; /* one a thread */
  unsigned n_desks;
  unsigned most;
  atomic_uint n_jobs;
  atomic_uint next;
};

/* A crypto thread. */
static void
open_job (ClrLetter *letter, void *owner)
{
  ClrHasher *hasher = ((Desk *)owner)->hasher;
  ClrHashJob *job = (ClrHashJob *)letter;

  job->good = clr_verifier_check (&job->verifier, job->password);
  atomic_fetch_sub (&hasher->n_jobs, 1);
  job->letter.open = job->answered;
  clr_mailbox_post (job->reply_to, &job->letter);
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

ClrHasher *
clr_hasher_new (unsigned n_threads, unsigned most)
{
  ClrHasher *hasher = g_new0 (ClrHasher, 1);

  hasher->n_desks = n_threads;
  hasher->most = most;
  hasher->desks = g_new0 (Desk, n_threads);
  for (unsigned i = 0; i < n_threads; i++)
    {
      Desk *desk = &hasher->desks[i];

      desk->hasher = hasher;
      desk->mailbox = clr_mailbox_new (desk);
      desk->end.open = open_end;
      desk->thread = g_thread_new ("crypto", run, desk);
    }
  return hasher;
}

void
clr_hasher_free (ClrHasher *hasher)
{
  for (unsigned i = 0; i < hasher->n_desks; i++)
    clr_mailbox_post (hasher->desks[i].mailbox, &hasher->desks[i].end);
  for (unsigned i = 0; i < hasher->n_desks; i++)
    {
      g_thread_join (hasher->desks[i].thread);
      clr_mailbox_free (hasher->desks[i].mailbox);
    }
  g_free (hasher->desks);
  g_free (hasher);
}

gboolean
clr_hasher_post (ClrHasher *hasher, ClrHashJob *job)
{
  if (atomic_fetch_add (&hasher->n_jobs, 1) >= hasher->most)
    {
      atomic_fetch_sub (&hasher->n_jobs, 1);
      return FALSE;
    }
  job->letter.open = open_job;
  clr_mailbox_post (hasher->desks[atomic_fetch_add (&hasher->next, 1) % hasher->n_desks].mailbox,
                    &job->letter);
  return TRUE;
}
