/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-pulse.h"

#include "base/clr-mailbox.h"

#include <stdatomic.h>

typedef struct
{
  ClrLetter letter; /* first */
  atomic_bool answered;
} Question;

struct ClrPulse
{
  ClrService *service;
  Question *questions; /* one for each thread */
  unsigned n_questions;
};

/* The thread that is asked. */
static void
open_question (ClrLetter *letter, void *owner)
{
  atomic_store_explicit (&((Question *)letter)->answered, TRUE, memory_order_release);
}

static void
ask (ClrPulse *pulse)
{
  for (unsigned i = 0; i < pulse->n_questions; i++)
    {
      Question *question = &pulse->questions[i];

      atomic_store_explicit (&question->answered, FALSE, memory_order_relaxed);
      question->letter.open = open_question;
      clr_service_post_to_thread (pulse->service, i, &question->letter);
    }
}

ClrPulse *
clr_pulse_new (ClrService *service)
{
  ClrPulse *pulse = g_new0 (ClrPulse, 1);

  pulse->service = service;
  pulse->n_questions = clr_service_count_threads (service);
  pulse->questions = g_new0 (Question, pulse->n_questions);
  ask (pulse);
  return pulse;
}

gboolean
clr_pulse_check (ClrPulse *pulse)
{
  for (unsigned i = 0; i < pulse->n_questions; i++)
    if (!atomic_load_explicit (&pulse->questions[i].answered, memory_order_acquire))
      return FALSE;
  ask (pulse);
  return TRUE;
}

void
clr_pulse_free (ClrPulse *pulse)
{
  g_free (pulse->questions);
  g_free (pulse);
}
