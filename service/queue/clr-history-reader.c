/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-history-reader.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-log.h"
#include "system/clr-thread.h"

/* While mail moves, a page is followed by a rest: so many times as long as the page took, and never less than
 * a page costs the threads that ask and answer. */
#define REST_TIMES 9
#define REST_LEAST (20 * 1000)
#define REST_MOST  (200 * 1000)

struct ClrHistoryReader
{
  ClrMailbox *mailbox;
  GThread *thread;
  ClrTracer *tracer;
  ClrRolls *rolls;
  int64_t moved;         /* mail, when the last page began */
  int64_t rest_until_us; /* if mail moves */
  gboolean stopping;
};

static void *
run (void *data)
{
  ClrHistoryReader *reader = data;

  /* A look-up that takes longer harms nobody; late mail does. */
  clr_thread_step_back ();
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

static int64_t
count_moved (void)
{
  return clr_counter_get (CLR_COUNTER_MESSAGES_ACCEPTED_TOTAL)
         + clr_counter_get (CLR_COUNTER_RECIPIENTS_DELIVERED_TOTAL)
         + clr_counter_get (CLR_COUNTER_RECIPIENTS_DEFERRED_TOTAL)
         + clr_counter_get (CLR_COUNTER_RECIPIENTS_FAILED_TOTAL);
}

/* A walk through the whole history is many pages, one right after the other: it takes a tenth of a core while
 * mail moves, and one when none does. */
static void
give_way (ClrHistoryReader *reader)
{
  int64_t moved = count_moved (), left_us = reader->rest_until_us - clr_clock_monotonic ();

  if (moved != reader->moved && left_us > 0)
    g_usleep (left_us);
  reader->moved = moved;
}

static void
open_trace (ClrLetter *letter, void *owner)
{
  ClrHistoryReader *reader = owner;
  ClrTrace *trace = (ClrTrace *)letter;
  g_autoptr (GError) error = NULL;

  give_way (reader);
  int64_t begin_us = clr_clock_monotonic ();
  if (!clr_tracer_page (reader->tracer, trace, &error))
    trace->problem = g_strdup (error->message);
  else if (trace->write)
    {
      trace->text = trace->write (trace);
      g_ptr_array_set_size (trace->found, 0);
    }
  int64_t end_us = clr_clock_monotonic ();
  reader->rest_until_us = end_us + CLAMP ((end_us - begin_us) * REST_TIMES, REST_LEAST, REST_MOST);
  trace->letter.open = trace->open;
  clr_mailbox_post (trace->reply_to, &trace->letter);
}

static void
open_roll (ClrLetter *letter, void *owner)
{
  ClrHistoryReader *reader = owner;
  ClrRollCall *call = (ClrRollCall *)letter;
  g_autoptr (GError) error = NULL;

  give_way (reader);
  int64_t begin_us = clr_clock_monotonic ();
  if (!clr_rolls_answer (reader->rolls, reader->tracer, call, begin_us, &error))
    call->problem = g_strdup (error->message);
  else if (!call->is_lost)
    call->text = call->write (call);
  int64_t end_us = clr_clock_monotonic ();
  reader->rest_until_us = end_us + CLAMP ((end_us - begin_us) * REST_TIMES, REST_LEAST, REST_MOST);
  call->letter.open = call->open;
  clr_mailbox_post (call->reply_to, &call->letter);
}

void
clr_history_reader_post_roll (ClrHistoryReader *reader, ClrRollCall *call)
{
  call->letter.open = open_roll;
  clr_mailbox_post (reader->mailbox, &call->letter);
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
  reader->rolls = clr_rolls_new ();
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
  clr_rolls_free (reader->rolls);
  clr_tracer_free (reader->tracer);
  g_free (reader);
}
