/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The seam behind which ways out stand: SMTP, MX, capture, discard, reject; later Graph and LMTP. A transport
 * belongs to one worker and serves one lane there, or all lanes of a route via mx. It gets jobs, and must
 * give each back once, with an observation for every recipient.
 */
#pragma once

#include "delivery/clr-delivery-plan.h"
#include "delivery/clr-place.h"
#include "queue/clr-job.h"

typedef struct ClrTransport ClrTransport;

typedef struct
{
  /* Begin the batch of recipients; the content is in the job's message, and in its spool file. */
  void (*deliver) (ClrTransport *transport, ClrJob *job);
  /* Give back at once what has not begun; cut the rest when @now, else let it end. */
  void (*cancel) (ClrTransport *transport, gboolean now);
  /* Something it may have waited for is there: a token. NULL: it waits for none. */
  void (*look) (ClrTransport *transport);
  gboolean (*is_idle) (ClrTransport *transport);
  void (*free) (ClrTransport *transport);
} ClrTransportClass;

struct ClrTransport
{
  const ClrTransportClass *klass;
  const ClrDeliveryPlace *place;
};

/* The transports. @argument: what stands behind the colon of the lane's key. */
ClrTransport *clr_transport_smtp_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan,
                                      const ClrNextHop *hop);
/* For all domains of a route via mx. */
ClrTransport *clr_transport_mx_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan,
                                    const ClrNextHop *hop);
ClrTransport *clr_transport_capture_new (const ClrDeliveryPlace *place, const char *directory);
ClrTransport *clr_transport_discard_new (const ClrDeliveryPlace *place);
ClrTransport *clr_transport_reject_new (const ClrDeliveryPlace *place, const char *text);
/* For a lane whose route is gone: defers, and says why. */
ClrTransport *clr_transport_missing_new (const ClrDeliveryPlace *place, const char *key);

/* Fills in the observation of recipient @index of @job, unless it has one. @tls: NULL in clear. */
void clr_observe (ClrJob *job, unsigned index, ClrOutcome outcome, const char *phase, int code,
                  const char *enhanced, const char *text, const char *host, const char *tls,
                  int64_t started_us);
void clr_observe_rest (ClrJob *job, ClrOutcome outcome, const char *phase, int code, const char *enhanced,
                       const char *text, const char *host, const char *tls, int64_t started_us);
/* Gives the job back to the queue. Any thread. */
void clr_transport_give_back (const ClrDeliveryPlace *place, ClrJob *job);
