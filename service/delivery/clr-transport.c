/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-transport.h"

#include "base/clr-clock.h"

void
clr_observe (ClrJob *job, unsigned index, ClrOutcome outcome, const char *phase, int code,
             const char *enhanced, const char *text, const char *host, const char *tls, int64_t started_us)
{
  ClrObservation *seen = &job->observations[index];

  if (seen->outcome != CLR_OUTCOME_UNTRIED)
    return;
  *seen = (ClrObservation){
    .outcome = outcome,
    .phase = phase,
    .code = code,
    .enhanced = enhanced && *enhanced ? g_strdup (enhanced) : NULL,
    .text = g_utf8_make_valid (text, -1),
    .host = g_strdup (host),
    .tls = g_strdup (tls),
    .started_us = started_us,
    .ended_us = clr_clock_wall (),
  };
}

void
clr_observe_rest (ClrJob *job, ClrOutcome outcome, const char *phase, int code, const char *enhanced,
                  const char *text, const char *host, const char *tls, int64_t started_us)
{
  for (unsigned i = 0; i < job->n_recipients; i++)
    clr_observe (job, i, outcome, phase, code, enhanced, text, host, tls, started_us);
}

void
clr_transport_give_back (const ClrDeliveryPlace *place, ClrJob *job)
{
  if (place->queue)
    clr_queue_post_result (place->queue, job);
  else
    clr_job_free (job); /* the relay is stopping; the next start takes its claim back */
}

/* -- transports that know the answer at once */

typedef struct
{
  ClrTransport parent;
  ClrOutcome outcome;
  const char *phase;
  int code;
  const char *enhanced;
  char *text;
  char *host;
} Simple;

static void
simple_deliver (ClrTransport *transport, ClrJob *job)
{
  Simple *self = (Simple *)transport;

  clr_observe_rest (job, self->outcome, self->phase, self->code, self->enhanced, self->text, self->host, NULL,
                    clr_clock_wall ());
  clr_transport_give_back (transport->place, job);
}

static void
simple_cancel (ClrTransport *transport, gboolean now)
{
}

static gboolean
simple_is_idle (ClrTransport *transport)
{
  return TRUE;
}

static void
simple_free (ClrTransport *transport)
{
  Simple *self = (Simple *)transport;

  g_free (self->text);
  g_free (self->host);
  g_free (self);
}

static const ClrTransportClass simple_class
    = { simple_deliver, simple_cancel, NULL, simple_is_idle, simple_free };

static ClrTransport *
simple_new (const ClrDeliveryPlace *place, ClrOutcome outcome, int code, const char *enhanced,
            const char *text, const char *host)
{
  Simple *self = g_new0 (Simple, 1);

  self->parent = (ClrTransport){ &simple_class, place };
  self->outcome = outcome;
  self->phase = "route";
  self->code = code;
  self->enhanced = enhanced;
  self->text = g_strdup (text);
  self->host = g_strdup (host);
  return &self->parent;
}

ClrTransport *
clr_transport_discard_new (const ClrDeliveryPlace *place)
{
  return simple_new (place, CLR_OUTCOME_DELIVERED, 250, "2.0.0", "discarded as the route says", "discard");
}

ClrTransport *
clr_transport_reject_new (const ClrDeliveryPlace *place, const char *text)
{
  return simple_new (place, CLR_OUTCOME_FAILED, 0, "5.7.1", text, "reject");
}

ClrTransport *
clr_transport_missing_new (const ClrDeliveryPlace *place, const char *key)
{
  g_autofree char *text
      = g_strdup_printf ("the way out \"%s\" is not in the settings any more; put it back, or delete "
                         "the message",
                         key);

  return simple_new (place, CLR_OUTCOME_DEFERRED, 0, NULL, text, key);
}
