/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-history-reader.h"

#include "base/clr-log.h"

#include <sys/resource.h>

#define NICE 15

struct ClrHistoryReader
{
  ClrMailbox *mailbox;
  GThread *thread;
  ClrTracer *tracer;
  gboolean stopping;
};

static void *
run (void *data)
{
  ClrHistoryReader *reader = data;

#ifdef __linux__
  /* Here a thread has a priority of its own. A look-up that takes longer harms nobody; late mail does. */
  setpriority (PRIO_PROCESS, 0, NICE);
#endif
  while (!reader->stopping)
    {
      clr_log_flush ();
      clr_mailbox_wait (reader->mailbox, -1);
      clr_mailbox_open_all (reader->mailbox);
    }
  return NULL;
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  ((ClrHistoryReader *)owner)->stopping = TRUE;
  g_free (letter);
}

static void
open_find (ClrLetter *letter, void *owner)
{
  ClrHistoryReader *reader = owner;
  ClrHistoryAnswer *answer = (ClrHistoryAnswer *)letter;
  g_autoptr (GError) error = NULL;

  if (!clr_tracer_find (reader->tracer, answer->id, answer->traced, &error))
    answer->problem = g_strdup (error->message);
  answer->letter.open = answer->open;
  clr_mailbox_post (answer->reply_to, &answer->letter);
}

static void
open_trace (ClrLetter *letter, void *owner)
{
  ClrHistoryReader *reader = owner;
  ClrTrace *trace = (ClrTrace *)letter;
  g_autoptr (GError) error = NULL;

  if (!clr_tracer_page (reader->tracer, trace, &error))
    trace->problem = g_strdup (error->message);
  trace->letter.open = trace->open;
  clr_mailbox_post (trace->reply_to, &trace->letter);
}

void
clr_history_reader_post_find (ClrHistoryReader *reader, ClrHistoryAnswer *answer)
{
  answer->letter.open = open_find;
  clr_mailbox_post (reader->mailbox, &answer->letter);
}

void
clr_history_reader_post_trace (ClrHistoryReader *reader, ClrTrace *trace)
{
  trace->letter.open = open_trace;
  clr_mailbox_post (reader->mailbox, &trace->letter);
}

ClrHistoryReader *
clr_history_reader_new (const char *history_file, const char *queue_file, GError **error)
{
  ClrTracer *tracer = clr_tracer_new (history_file, queue_file, error);

  if (tracer == NULL)
    return NULL;
  ClrHistoryReader *reader = g_new0 (ClrHistoryReader, 1);
  reader->tracer = tracer;
  reader->mailbox = clr_mailbox_new (reader);
  reader->thread = g_thread_new ("history-reader", run, reader);
  return reader;
}

void
clr_history_reader_free (ClrHistoryReader *reader)
{
  ClrLetter *stop = g_new0 (ClrLetter, 1);

  stop->open = open_stop;
  clr_mailbox_post (reader->mailbox, stop);
  g_thread_join (reader->thread);
  clr_mailbox_free (reader->mailbox);
  clr_tracer_free (reader->tracer);
  g_free (reader);
}
