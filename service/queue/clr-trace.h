/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTracer: finds mail, newest first, in what waits (queue.db) and in what is finished (history.db), over
 * read-only connections. A page looks at so many messages for so long at most, whatever the filter, in one
 * short transaction; the next page goes on where it stopped. Reader thread of the history.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "queue/clr-filter.h"

/* One attempt, as it is looked up. */
typedef struct
{
  unsigned recipient;
  int64_t started_us, ended_us;
  char *outcome, *phase, *enhanced, *text, *host, *tls;
  int code;
} ClrAttempt;

/* A message that was found. */
typedef struct
{
  ClrMessage *queued;   /* as it waits in the queue, NULL: it does not */
  ClrMessage *finished; /* as the history has it; of a queued one: those that were deleted from it */
  GArray *attempts;     /* of ClrAttempt, in order of time; the newest ones when they are many */
} ClrTraced;

typedef struct ClrTrace ClrTrace;

/* A question, which comes back to @reply_to with its answer. */
struct ClrTrace
{
  ClrLetter letter;
  ClrFilter *filter; /* NULL: all mail */
  uint64_t before; /* in, out: the cursor; 0: begin with the newest. What is from it on has been looked at */
  unsigned n;      /* messages wanted */
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *trace, void *owner);
  void *data;
  /* Makes @text of what was found, which is dropped then. In the reader's thread, which is in nobody's way.
   * NULL: what was found comes back as it is. */
  char *(*write) (const ClrTrace *trace);

  GPtrArray *found; /* of ClrTraced */
  char *text;
  gboolean more;   /* behind the cursor */
  unsigned looked; /* at so many messages */
  char *problem;
};

ClrTrace *clr_trace_new (ClrFilter *filter, uint64_t before, unsigned n);
void clr_trace_free (ClrTrace *trace);

ClrTraced *clr_traced_new (void);
void clr_traced_free (ClrTraced *traced);

typedef struct ClrTracer ClrTracer;

/* @queue_file: NULL when only the history is looked at. */
ClrTracer *clr_tracer_new (const char *history_file, const char *queue_file, GError **error);
void clr_tracer_free (ClrTracer *tracer);
/* What the history has of one message. */
gboolean clr_tracer_find (ClrTracer *tracer, uint64_t id, ClrTraced *into, GError **error);
/* Where it waits, or what became of it; without attempts. Neither when it is nowhere. */
gboolean clr_tracer_load (ClrTracer *tracer, uint64_t id, ClrTraced *into, GError **error);
/* The queue's place; NULL: only the history is looked at. */
struct ClrTracePlace *clr_tracer_get_queue (ClrTracer *tracer);
/* One page. */
gboolean clr_tracer_page (ClrTracer *tracer, ClrTrace *trace, GError **error);
