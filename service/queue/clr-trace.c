/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-trace.h"

#include "base/clr-clock.h"
#include "base/clr-id.h"
#include "queue/clr-trace-place.h"

#define LOOK          20000u      /* messages a page looks at */
#define LOOK_US       (10 * 1000) /* and for so long */
#define ROWS          5000u       /* rows a page brings */
#define ATTEMPTS_MOST "200"       /* of one message */
/* Between the time in an id and that at which the message began to come in. */
#define SLACK_US (3600 * (int64_t)G_USEC_PER_SEC)

struct ClrTracer
{
  ClrTracePlace *history, *queue;
  sqlite3_stmt *attempts;
};

ClrTrace *
clr_trace_new (ClrFilter *filter, uint64_t before, unsigned n)
{
  ClrTrace *trace = g_new0 (ClrTrace, 1);

  trace->filter = filter ? clr_filter_ref (filter) : NULL;
  trace->before = before;
  trace->n = n;
  trace->found = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_traced_free);
  return trace;
}

void
clr_trace_free (ClrTrace *trace)
{
  g_clear_pointer (&trace->filter, clr_filter_unref);
  g_ptr_array_unref (trace->found);
  g_free (trace->text);
  g_free (trace->problem);
  g_free (trace);
}

static void
clear_attempt (void *data)
{
  ClrAttempt *attempt = data;

  g_free (attempt->outcome);
  g_free (attempt->phase);
  g_free (attempt->enhanced);
  g_free (attempt->text);
  g_free (attempt->host);
  g_free (attempt->tls);
}

ClrTraced *
clr_traced_new (void)
{
  ClrTraced *traced = g_new0 (ClrTraced, 1);

  traced->attempts = g_array_new (FALSE, TRUE, sizeof (ClrAttempt));
  g_array_set_clear_func (traced->attempts, clear_attempt);
  return traced;
}

void
clr_traced_free (ClrTraced *traced)
{
  g_clear_pointer (&traced->queued, clr_message_unref);
  g_clear_pointer (&traced->finished, clr_message_unref);
  g_array_unref (traced->attempts);
  g_free (traced);
}

ClrTracer *
clr_tracer_new (const char *history_file, const char *queue_file, GError **error)
{
  ClrTracer *tracer = g_new0 (ClrTracer, 1);

  tracer->history = clr_trace_place_new (history_file, FALSE, error);
  if (queue_file)
    tracer->queue = clr_trace_place_new (queue_file, TRUE, error);
  if (tracer->history)
    tracer->attempts = clr_database_prepare (
        clr_trace_place_get_db (tracer->history),
        "SELECT * FROM (SELECT number,started,ended,outcome,phase,code,enhanced,text,host,tls FROM attempt"
        " WHERE message=?1 ORDER BY started DESC, number DESC LIMIT " ATTEMPTS_MOST
        ") ORDER BY started, number");
  if (tracer->history && tracer->attempts && (tracer->queue || queue_file == NULL))
    return tracer;
  if (tracer->history && tracer->attempts == NULL)
    clr_database_fail (clr_trace_place_get_db (tracer->history), history_file, error);
  clr_tracer_free (tracer);
  return NULL;
}

void
clr_tracer_free (ClrTracer *tracer)
{
  sqlite3_finalize (tracer->attempts);
  g_clear_pointer (&tracer->history, clr_trace_place_free);
  g_clear_pointer (&tracer->queue, clr_trace_place_free);
  g_free (tracer);
}

static const char *
outcome_name (int outcome)
{
  static const char *const names[] = { "untried", "delivered", "deferred", "failed" };

  return outcome >= 0 && outcome < (int)G_N_ELEMENTS (names) ? names[outcome] : "unknown";
}

static gboolean
load_attempts (ClrTracer *tracer, uint64_t id, GArray *attempts, GError **error)
{
  sqlite3_stmt *stmt = tracer->attempts;
  int code;
  gboolean ok;

  sqlite3_bind_int64 (stmt, 1, id);
  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      ClrAttempt attempt = {
        .recipient = sqlite3_column_int (stmt, 0),
        .started_us = sqlite3_column_int64 (stmt, 1),
        .ended_us = sqlite3_column_int64 (stmt, 2),
        .outcome = g_strdup (outcome_name (sqlite3_column_int (stmt, 3))),
        .phase = clr_database_dup_text (stmt, 4),
        .code = sqlite3_column_int (stmt, 5),
        .enhanced = clr_database_dup_text (stmt, 6),
        .text = clr_database_dup_text (stmt, 7),
        .host = clr_database_dup_text (stmt, 8),
        .tls = clr_database_dup_text (stmt, 9),
      };
      g_array_append_val (attempts, attempt);
    }
  ok = clr_database_ended (stmt, code, error);
  sqlite3_reset (stmt);
  return ok;
}

gboolean
clr_tracer_find (ClrTracer *tracer, uint64_t id, ClrTraced *into, GError **error)
{
  return clr_trace_place_load (tracer->history, id, &into->finished, error)
         && load_attempts (tracer, id, into->attempts, error);
}

gboolean
clr_tracer_load (ClrTracer *tracer, uint64_t id, ClrTraced *into, GError **error)
{
  if (tracer->queue && !clr_trace_place_load (tracer->queue, id, &into->queued, error))
    return FALSE;
  return into->queued || clr_trace_place_load (tracer->history, id, &into->finished, error);
}

ClrTracePlace *
clr_tracer_get_queue (ClrTracer *tracer)
{
  return tracer->queue;
}

/* -- pages */

/* A page under way: two walks down the ids, merged, so that a message that moves meanwhile is found once. */
typedef struct
{
  ClrTrace *trace;
  uint64_t next[2]; /* what each walk has come to; 0: its end */
  ClrTracePlace *places[2];
  unsigned rows;
} Page;

static gboolean
advance (Page *page, unsigned which, GError **error)
{
  uint64_t last = page->next[which];

  do
    if (!clr_trace_place_step (page->places[which], &page->next[which], error))
      return FALSE;
  while (page->next[which] != 0 && page->next[which] == last); /* more than one recipient of it */
  return TRUE;
}

static gboolean
take (ClrTracer *tracer, Page *page, uint64_t id, GError **error)
{
  ClrTraced *traced = clr_traced_new ();

  g_ptr_array_add (page->trace->found, traced);
  if (tracer->queue && !clr_trace_place_load (tracer->queue, id, &traced->queued, error))
    return FALSE;
  if (!clr_tracer_find (tracer, id, traced, error))
    return FALSE;
  page->rows += 1 + traced->attempts->len + (traced->queued ? traced->queued->n_recipients : 0)
                + (traced->finished ? traced->finished->n_recipients : 0);
  return TRUE;
}

static gboolean
look (ClrTracer *tracer, Page *page, uint64_t id, GError **error)
{
  gboolean fits = FALSE;

  for (unsigned i = 0; i < G_N_ELEMENTS (page->places); i++)
    if (page->next[i] == id)
      {
        if ((!fits && !clr_trace_place_fits (page->places[i], id, &fits, error)) || !advance (page, i, error))
          return FALSE;
      }
  page->trace->looked++;
  return !fits || take (tracer, page, id, error);
}

static gboolean
walk (ClrTracer *tracer, Page *page, uint64_t lowest, GError **error)
{
  ClrTrace *trace = page->trace;
  int64_t end_us = clr_clock_monotonic () + LOOK_US;

  trace->more = FALSE;
  for (unsigned i = 0; i < G_N_ELEMENTS (page->places); i++)
    if (page->places[i] && !advance (page, i, error))
      return FALSE;
  for (;;)
    {
      uint64_t id = MAX (page->next[0], page->next[1]);

      if (id == 0 || id < lowest)
        return TRUE;
      if (trace->found->len >= trace->n || page->rows >= ROWS || trace->looked >= LOOK
          || (trace->looked > 0 && trace->looked % 16 == 0 && clr_clock_monotonic () >= end_us))
        {
          trace->more = TRUE;
          return TRUE;
        }
      if (!look (tracer, page, id, error))
        return FALSE;
      trace->before = id;
    }
}

gboolean
clr_tracer_page (ClrTracer *tracer, ClrTrace *trace, GError **error)
{
  Page page = { .trace = trace, .places = { tracer->queue, tracer->history } };
  int64_t from_us = INT64_MIN, until_us = INT64_MAX;
  uint64_t before = trace->before ? trace->before : INT64_MAX, lowest = 0;
  gboolean ok = TRUE;

  if (trace->filter)
    clr_filter_get_times (trace->filter, &from_us, &until_us);
  if (from_us > SLACK_US)
    lowest = clr_id_from_time (from_us - SLACK_US);
  if (until_us < INT64_MAX - SLACK_US)
    before = MIN (before, clr_id_from_time (until_us + SLACK_US));
  /* The queue is looked at first: what leaves it then is in the history already. */
  for (unsigned i = 0; i < G_N_ELEMENTS (page.places); i++)
    ok = ok
         && (page.places[i] == NULL || clr_trace_place_begin (page.places[i], trace->filter, before, error));
  ok = ok && walk (tracer, &page, lowest, error);
  for (unsigned i = 0; i < G_N_ELEMENTS (page.places); i++)
    if (page.places[i])
      clr_trace_place_end (page.places[i]);
  return ok;
}
