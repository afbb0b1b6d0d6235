/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-dialer.h"

#include "base/clr-counter.h"
#include "dns/clr-resolver.h"

#include <string.h>

#define APART_US (250 * INT64_C (1000)) /* RFC 8305 section 5: between one attempt and the next */

typedef enum
{
  ATTEMPT_UNTRIED,
  ATTEMPT_OPEN, /* connecting */
  ATTEMPT_DONE,
} AttemptState;

typedef struct
{
  ClrDialer *dialer;
  AttemptState state;
  gboolean was_dialled;
  ClrEndpoint endpoint;
  ClrStream *stream; /* while open */
} Attempt;

struct ClrDialer
{
  const ClrDeliveryPlace *place;
  const ClrDeliveryPlan *plan;
  const ClrNextHop *hop;
  const ClrHost *host;
  const ClrDialerEvents *events;
  void *data;

  ClrLookup *lookup;
  gboolean looked_up;
  ClrDane *dane;
  Attempt attempts[CLR_DIALER_MOST];
  unsigned n_attempts;
  unsigned reached; /* which attempt was handed over last */
  unsigned last;    /* begun last */
  ClrTimer step;    /* the next thing to do */
  ClrTimer limit;   /* what is open has taken too long */
  ClrDialProblem problem;
  char *why;
  char *peer;
};

static void
set_why (ClrDialer *dialer, ClrDialProblem problem, const char *why)
{
  /* What may be better tomorrow counts for more than what will not. */
  if (dialer->why && dialer->problem == CLR_DIAL_UNREACHABLE && problem != CLR_DIAL_UNREACHABLE)
    return;
  char *copy = g_strdup (why);
  g_free (dialer->why);
  dialer->why = copy;
  dialer->problem = problem;
}

static void
set_peer (ClrDialer *dialer, const ClrEndpoint *endpoint)
{
  char text[CLR_ENDPOINT_TEXT];

  clr_endpoint_to_text (endpoint, text);
  g_free (dialer->peer);
  dialer->peer
      = dialer->host->is_literal ? g_strdup (text) : g_strdup_printf ("%s (%s)", dialer->host->name, text);
}

void
clr_dialer_hang_up (ClrStream *stream)
{
  clr_counter_add (CLR_COUNTER_CONNECTIONS_OUT, -1);
  clr_stream_free (stream);
}

static void
close_attempt (Attempt *attempt, AttemptState state)
{
  attempt->state = state;
  if (attempt->stream)
    clr_dialer_hang_up (g_steal_pointer (&attempt->stream));
}

static gboolean
any_open (const ClrDialer *dialer)
{
  for (unsigned i = 0; i < dialer->n_attempts; i++)
    if (dialer->attempts[i].state == ATTEMPT_OPEN)
      return TRUE;
  return FALSE;
}

static Attempt *
next_untried (const ClrDialer *dialer)
{
  for (unsigned i = 0; i < dialer->n_attempts; i++)
    if (dialer->attempts[i].state == ATTEMPT_UNTRIED)
      return (Attempt *)&dialer->attempts[i];
  return NULL;
}

static void advance (ClrDialer *dialer);

/* -- attempts */

/* RFC 8305 section 5: what did not answer while another family did counts against it. */
static void
learn (ClrDialer *dialer, const Attempt *winner)
{
  gboolean other_failed = FALSE;

  for (unsigned i = 0; i < dialer->n_attempts; i++)
    other_failed = other_failed
                   || (dialer->attempts[i].was_dialled
                       && dialer->attempts[i].endpoint.any.sa_family != winner->endpoint.any.sa_family);
  clr_reach_memory_reached (dialer->place->memory, winner->endpoint.any.sa_family, other_failed,
                            dialer->place->worker->now);
}

static void
on_connected (ClrStream *stream, void *data)
{
  Attempt *attempt = data;
  ClrDialer *dialer = attempt->dialer;

  learn (dialer, attempt);
  attempt->stream = NULL;
  attempt->state = ATTEMPT_DONE;
  dialer->reached = attempt - dialer->attempts;
  for (unsigned i = 0; i < dialer->n_attempts; i++)
    if (dialer->attempts[i].state == ATTEMPT_OPEN)
      close_attempt (&dialer->attempts[i], ATTEMPT_UNTRIED);
  clr_timers_clear (dialer->place->worker->timers, &dialer->step);
  clr_timers_clear (dialer->place->worker->timers, &dialer->limit);
  set_peer (dialer, &attempt->endpoint);
  dialer->events->reached (dialer, stream, dialer->data);
}

static void
on_closed (ClrStream *stream, gboolean orderly, const char *why, void *data)
{
  Attempt *attempt = data;
  ClrDialer *dialer = attempt->dialer;

  set_why (dialer, CLR_DIAL_UNREACHABLE, why);
  set_peer (dialer, &attempt->endpoint);
  close_attempt (attempt, ATTEMPT_DONE);
  advance (dialer);
}

/* Only a stream that stands has the other events, and that one has a new owner. */
static const ClrStreamEvents stream_events = { .on_connected = on_connected, .on_closed = on_closed };

/* Returns: FALSE when the address must not be used. */
static gboolean
check_address (ClrDialer *dialer, const ClrEndpoint *endpoint)
{
  if (clr_delivery_plan_is_own (dialer->plan, endpoint))
    set_why (dialer, CLR_DIAL_OURSELVES, "this is one of our own listeners: mail would go round in circles");
  else if (!dialer->host->may_be_loopback && clr_endpoint_is_loopback (endpoint))
    set_why (dialer, CLR_DIAL_OURSELVES,
             "the name leads to this machine; if that is meant, set allow-loopback = true");
  else
    return TRUE;
  return FALSE;
}

static void
open_attempt (ClrDialer *dialer, Attempt *attempt)
{
  ClrWorker *worker = dialer->place->worker;

  dialer->last = attempt - dialer->attempts;
  attempt->state = ATTEMPT_OPEN;
  attempt->was_dialled = TRUE;
  clr_counter_add (CLR_COUNTER_CONNECTIONS_OUT, 1);
  clr_counter_add (CLR_COUNTER_CONNECTIONS_OUT_TOTAL, 1);
  attempt->stream = clr_stream_new_connect (worker, &attempt->endpoint,
                                            dialer->hop->has_source ? &dialer->hop->source : NULL,
                                            &stream_events, attempt);
  clr_timers_set (worker->timers, &dialer->limit, worker->now + dialer->hop->connect_timeout_us);
}

/* The next address, or the end. */
static void
advance (ClrDialer *dialer)
{
  ClrWorker *worker = dialer->place->worker;
  Attempt *attempt;

  while ((attempt = next_untried (dialer)) != NULL)
    {
      if (!check_address (dialer, &attempt->endpoint))
        {
          attempt->state = ATTEMPT_DONE;
          set_peer (dialer, &attempt->endpoint);
          continue;
        }
      open_attempt (dialer, attempt);
      if (next_untried (dialer))
        clr_timers_set (worker->timers, &dialer->step, worker->now + APART_US);
      return;
    }
  clr_timers_clear (worker->timers, &dialer->step);
  if (any_open (dialer))
    return;
  clr_timers_clear (worker->timers, &dialer->limit);
  dialer->events->failed (dialer, dialer->problem, dialer->why, dialer->data);
}

static void
on_limit (ClrTimer *timer, void *data)
{
  ClrDialer *dialer = data;

  set_why (dialer, CLR_DIAL_UNREACHABLE, "the connect took too long");
  set_peer (dialer, &dialer->attempts[dialer->last].endpoint);
  for (unsigned i = 0; i < dialer->n_attempts; i++)
    if (dialer->attempts[i].state == ATTEMPT_OPEN)
      close_attempt (&dialer->attempts[i], ATTEMPT_DONE);
  advance (dialer);
}

/* -- addresses */

static void
add_address (ClrDialer *dialer, const ClrEndpoint *endpoint)
{
  Attempt *attempt;
  unsigned port = dialer->host->port;

  if (dialer->n_attempts == CLR_DIALER_MOST)
    return;
  attempt = &dialer->attempts[dialer->n_attempts++];
  *attempt = (Attempt){ .dialer = dialer, .endpoint = *endpoint };
  if (endpoint->any.sa_family == AF_INET)
    attempt->endpoint.v4.sin_port = g_htons (port);
  else
    attempt->endpoint.v6.sin6_port = g_htons (port);
}

/* RFC 7672 section 2.2: mail waits rather than going to a host of which DANE cannot be had. */
static void
give_up (ClrDialer *dialer, const char *why)
{
  g_autofree char *full = g_strdup_printf ("%s: %s", dialer->host->name, why);

  set_why (dialer, CLR_DIAL_UNREACHABLE, full);
  dialer->n_attempts = 0;
  advance (dialer);
}

static void
on_tlsa (const ClrDnsAnswer *answer, void *data)
{
  ClrDialer *dialer = data;

  dialer->lookup = NULL;
  if (answer->status == CLR_DNS_TEMPORARY)
    {
      g_autofree char *why = g_strdup_printf ("dane: its TLSA records cannot be had: %s", answer->problem);
      give_up (dialer, why);
      return;
    }
  /* Only what DNSSEC proves counts. */
  if (answer->status == CLR_DNS_FOUND && answer->secure)
    dialer->dane = clr_dane_new (answer->records, answer->n_records);
  if (dialer->hop->tls == CLR_NEXT_HOP_TLS_DANE_ONLY
      && (dialer->dane == NULL || !clr_dane_is_usable (dialer->dane)))
    give_up (dialer, "dane: it has no TLSA records that count, and the route asks for them");
  else
    advance (dialer);
}

/* RFC 7672 section 2.2.2: only below addresses that are proven, for servers of other zones often answer such
 * questions wrongly. */
static void
ask_for_tlsa (ClrDialer *dialer, gboolean is_secure)
{
  gboolean only = dialer->hop->tls == CLR_NEXT_HOP_TLS_DANE_ONLY;
  g_autofree char *name = NULL;

  if (dialer->n_attempts == 0 || (!only && dialer->hop->tls != CLR_NEXT_HOP_TLS_DANE))
    advance (dialer);
  else if (!is_secure || !dialer->host->is_secure)
    {
      if (only)
        give_up (dialer, "dane: its name is not proven by DNSSEC, and the route asks for that");
      else
        advance (dialer);
    }
  else
    {
      name = g_strdup_printf ("_%u._tcp.%s", dialer->host->port, dialer->host->name);
      dialer->lookup
          = clr_resolver_ask (dialer->place->worker->resolver, name, CLR_DNS_TLSA, on_tlsa, dialer);
    }
}

static void
on_addresses (const ClrDnsAddresses *answer, void *data)
{
  ClrDialer *dialer = data;
  const ClrReachMemory *memory = dialer->place->memory;
  int64_t now = dialer->place->worker->now;

  dialer->lookup = NULL;
  dialer->looked_up = TRUE;
  if (answer->status != CLR_DNS_FOUND)
    {
      g_autofree char *why
          = g_strdup_printf ("the name %s cannot be resolved: %s", dialer->host->name, answer->problem);
      set_why (dialer, answer->status == CLR_DNS_TEMPORARY ? CLR_DIAL_UNREACHABLE : CLR_DIAL_NO_ADDRESS, why);
    }
  /* A family that leads nowhere comes last. */
  for (int broken = 0; broken < 2; broken++)
    for (unsigned i = 0; i < answer->n_addresses; i++)
      if (clr_reach_memory_is_broken (memory, answer->addresses[i].any.sa_family, now) == broken)
        add_address (dialer, &answer->addresses[i]);
  ask_for_tlsa (dialer, answer->secure);
}

static void
on_step (ClrTimer *timer, void *data)
{
  ClrDialer *dialer = data;

  if (!dialer->looked_up && dialer->host->is_literal)
    {
      dialer->looked_up = TRUE;
      add_address (dialer, &dialer->host->endpoint);
      ask_for_tlsa (dialer, FALSE);
      return;
    }
  if (dialer->looked_up)
    advance (dialer);
  else if (dialer->lookup == NULL)
    dialer->lookup = clr_resolver_find_addresses (dialer->place->worker->resolver, dialer->host->name,
                                                  dialer->hop->family, on_addresses, dialer);
}

/* -- for the owner */

void
clr_dialer_dial (ClrDialer *dialer)
{
  clr_timers_set (dialer->place->worker->timers, &dialer->step, dialer->place->worker->now);
}

gboolean
clr_dialer_has_more (const ClrDialer *dialer)
{
  return next_untried (dialer) != NULL;
}

void
clr_dialer_put_back (ClrDialer *dialer)
{
  Attempt again = dialer->attempts[dialer->reached];

  again.state = ATTEMPT_UNTRIED;
  memmove (dialer->attempts + 1, dialer->attempts, dialer->reached * sizeof *dialer->attempts);
  dialer->attempts[0] = again;
  dialer->reached = 0;
}

const ClrDane *
clr_dialer_get_dane (const ClrDialer *dialer)
{
  return dialer->dane;
}

const char *
clr_dialer_get_peer (const ClrDialer *dialer)
{
  return dialer->peer;
}

ClrDialer *
clr_dialer_new (const ClrDeliveryPlace *place, const ClrDeliveryPlan *plan, const ClrNextHop *hop,
                const ClrHost *host, const ClrDialerEvents *events, void *data)
{
  ClrDialer *dialer = g_new0 (ClrDialer, 1);

  dialer->place = place;
  dialer->plan = plan;
  dialer->hop = hop;
  dialer->host = host;
  dialer->events = events;
  dialer->data = data;
  dialer->peer = g_strdup (host->name);
  clr_timer_init (&dialer->step, on_step, dialer);
  clr_timer_init (&dialer->limit, on_limit, dialer);
  return dialer;
}

void
clr_dialer_free (ClrDialer *dialer)
{
  clr_timers_clear (dialer->place->worker->timers, &dialer->step);
  clr_timers_clear (dialer->place->worker->timers, &dialer->limit);
  if (dialer->lookup)
    clr_lookup_cancel (dialer->lookup);
  g_clear_pointer (&dialer->dane, clr_dane_free);
  for (unsigned i = 0; i < dialer->n_attempts; i++)
    close_attempt (&dialer->attempts[i], ATTEMPT_DONE);
  g_free (dialer->why);
  g_free (dialer->peer);
  g_free (dialer);
}
