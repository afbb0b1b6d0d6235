/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrJob: some recipients of one message, on their way through one lane. The queue posts it to the worker
 * that owns the lane's shard; the worker fills in one observation for each recipient and posts the same job
 * back.
 */
#pragma once

#include "base/clr-mailbox.h"
#include "queue/clr-message.h"

typedef enum
{
  CLR_OUTCOME_UNTRIED, /* given back without an attempt, because the next hop rests */
  CLR_OUTCOME_DELIVERED,
  CLR_OUTCOME_DEFERRED,
  CLR_OUTCOME_FAILED,
} ClrOutcome;

/* What one attempt for one recipient showed. */
typedef struct
{
  ClrOutcome outcome;
  const char *phase; /* static: "connect", "RCPT", ... */
  int code;          /* 0: no reply; the text says what happened here */
  char *enhanced;
  char *text;
  char *host;          /* name and address of the peer */
  char *tls;           /* NULL in clear */
  gboolean relays_dsn; /* delivered to a next hop that offers DSN: reports of success are its duty (RFC 3461
                          §5.2.2) */
  int64_t started_us;
  int64_t ended_us; /* microseconds since 1970 */
} ClrObservation;

typedef struct ClrJob ClrJob;
typedef struct ClrLane ClrLane;
typedef struct ClrLimitGroup ClrLimitGroup;

struct ClrJob
{
  ClrLetter letter; /* first: a job travels by mailbox */
  ClrMessage *message;
  unsigned n_recipients;
  unsigned *recipients; /* indices into message->recipients */
  ClrObservation *observations;
  ClrLane *lane; /* queue thread only, as the next two */
  ClrLimitGroup *group;
  unsigned shard;
  char *key; /* the lane's key */
  /* Set by the worker: the site behind the lane (the normalised set of its mail exchangers); lanes of one
   * site share limits and rest. NULL: the lane is its own. */
  char *site;
  /* Set by the worker: the whole next hop failed, do not send to it for so long. 0: it works. */
  int64_t rest_us;
  char *rest_reason;
};

ClrJob *clr_job_new (ClrMessage *message, unsigned n_recipients);
void clr_job_free (ClrJob *job);
