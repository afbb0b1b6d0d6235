/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-approach.h"

#include "base/clr-log.h"

struct ClrApproach
{
  const ClrDeliveryPlace *place;
  const ClrDeliveryPlan *plan;
  const ClrNextHop *hop;
  const ClrHost **hosts; /* in the order in which this approach tries them */
  unsigned n_hosts;
  unsigned at; /* which of them */
  ClrDialer *dialer;
  const ClrApproachEvents *events;
  void *data;

  ClrTimer step; /* the next host, from the loop */
  void (*drop_stream) (void *data);

  /* Why the hosts so far were given up: the last reason, a temporary one rather than one for good. */
  ClrOutcome outcome;
  ClrPhase phase;
  ClrSmtpReply reply;
  char *peer;
};

static void
remember (ClrApproach *approach, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply)
{
  if (approach->outcome == CLR_OUTCOME_DEFERRED && outcome == CLR_OUTCOME_FAILED)
    return;
  approach->outcome = outcome;
  approach->phase = phase;
  approach->reply = *reply;
  g_free (approach->peer);
  approach->peer = g_strdup (clr_dialer_get_peer (approach->dialer));
}

static void try_host (ClrApproach *approach);

static void
on_reached (ClrDialer *dialer, ClrStream *stream, void *data)
{
  ClrApproach *approach = data;

  approach->events->reached (approach, stream, approach->data);
}

static void
on_dial_failed (ClrDialer *dialer, ClrDialProblem problem, const char *why, void *data)
{
  ClrApproach *approach = data;
  /* A smarthost is the administrator's own word: it may be right tomorrow. */
  gboolean for_good = problem != CLR_DIAL_UNREACHABLE && approach->hop->is_mx;
  ClrSmtpReply reply;

  if (!for_good)
    clr_smtp_reply_set (&reply, 0, NULL, why);
  else if (problem == CLR_DIAL_OURSELVES)
    clr_smtp_reply_set (&reply, 554, "5.4.6", why);
  else
    clr_smtp_reply_set (&reply, 550, "5.4.4", why);
  remember (approach, for_good ? CLR_OUTCOME_FAILED : CLR_OUTCOME_DEFERRED, CLR_PHASE_CONNECT, &reply);
  g_clear_pointer (&approach->dialer, clr_dialer_free);
  /* RFC 5321 section 5.1: who is an exchanger itself hands mail only to better ones than itself; these have
   * been tried. */
  if (problem == CLR_DIAL_OURSELVES && approach->hop->is_mx)
    approach->at = approach->n_hosts - 1;
  try_host (approach);
}

static const ClrDialerEvents dialer_events = { on_reached, on_dial_failed };

static ClrDialer *
new_dialer (ClrApproach *approach)
{
  return clr_dialer_new (approach->place, approach->plan, approach->hop, approach->hosts[approach->at],
                         &dialer_events, approach);
}

/* The host's next address, or the next host, or the end. */
static void
try_host (ClrApproach *approach)
{
  if (approach->dialer == NULL || !clr_dialer_has_more (approach->dialer))
    {
      if (approach->at + 1 == approach->n_hosts)
        {
          approach->events->exhausted (approach, approach->outcome, approach->phase, &approach->reply,
                                       approach->peer, approach->data);
          return;
        }
      g_clear_pointer (&approach->dialer, clr_dialer_free);
      approach->at++;
      approach->dialer = new_dialer (approach);
    }
  clr_dialer_dial (approach->dialer);
}

static void
on_step (ClrTimer *timer, void *data)
{
  ClrApproach *approach = data;

  approach->drop_stream (approach->data);
  try_host (approach);
}

/* By what a host is remembered. Returns: (transfer full) */
static char *
make_host_key (const ClrApproach *approach)
{
  const ClrHost *host = clr_approach_get_host (approach);

  return g_strdup_printf ("%s:%u", host->name, host->port);
}

/* RFC 3207 section 5 leaves it to the client: where nothing asks for TLS, a handshake that fails is no reason
 * to keep mail back; the same address is called again, and spoken to in clear. */
static gboolean
fall_back_to_clear (ClrApproach *approach, ClrPhase phase, const ClrSmtpReply *reply)
{
  g_autofree char *key = NULL;

  if (phase != CLR_PHASE_TLS || reply->code != 0
      || clr_approach_choose_tls (approach).wanted != CLR_CLIENT_TLS_MAY)
    return FALSE;
  key = make_host_key (approach);
  clr_reach_memory_set_clear (approach->place->memory, key, approach->place->worker->now);
  clr_log_event (CLR_EVENT_TLS_GIVEN_UP, clr_approach_get_peer (approach), reply->text);
  clr_dialer_put_back (approach->dialer);
  return TRUE;
}

void
clr_approach_go_on (ClrApproach *approach, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply,
                    void (*drop_stream) (void *data))
{
  if (!fall_back_to_clear (approach, phase, reply))
    remember (approach, outcome, phase, reply);
  approach->drop_stream = drop_stream;
  clr_timers_set (approach->place->worker->timers, &approach->step, approach->place->worker->now);
}

const ClrHost *
clr_approach_get_host (const ClrApproach *approach)
{
  return approach->hosts[approach->at];
}

const char *
clr_approach_get_peer (const ClrApproach *approach)
{
  return clr_dialer_get_peer (approach->dialer);
}

ClrTlsChoice
clr_approach_choose_tls (const ClrApproach *approach)
{
  g_autofree char *key = make_host_key (approach);

  return clr_tls_choice_make (
      approach->hop, clr_approach_get_host (approach), clr_dialer_get_dane (approach->dialer),
      clr_reach_memory_is_clear (approach->place->memory, key, approach->place->worker->now));
}

/* RFC 5321 section 5.1: hosts of the same preference in random order, to spread the load. */
static void
shuffle_equals (const ClrHost **hosts, unsigned n)
{
  for (unsigned first = 0, i; first < n; first = i)
    {
      for (i = first + 1; i < n && hosts[i]->rank == hosts[first]->rank; i++)
        ;
      for (unsigned k = i - 1; k > first; k--)
        {
          unsigned other = g_random_int_range (first, k + 1);
          const ClrHost *host = hosts[k];

          hosts[k] = hosts[other];
          hosts[other] = host;
        }
    }
}

ClrApproach *
clr_approach_new (const ClrDeliveryPlace *place, const ClrDeliveryPlan *plan, const ClrNextHop *hop,
                  const ClrHost *hosts, unsigned n_hosts, const ClrApproachEvents *events, void *data)
{
  ClrApproach *approach = g_new0 (ClrApproach, 1);

  approach->place = place;
  approach->plan = plan;
  approach->hop = hop;
  approach->hosts = g_new (const ClrHost *, n_hosts);
  approach->n_hosts = n_hosts;
  for (unsigned i = 0; i < n_hosts; i++)
    approach->hosts[i] = &hosts[i];
  shuffle_equals (approach->hosts, n_hosts);
  approach->events = events;
  approach->data = data;
  clr_timer_init (&approach->step, on_step, approach);
  approach->dialer = new_dialer (approach);
  clr_dialer_dial (approach->dialer);
  return approach;
}

void
clr_approach_free (ClrApproach *approach)
{
  clr_timers_clear (approach->place->worker->timers, &approach->step);
  g_clear_pointer (&approach->dialer, clr_dialer_free);
  g_free (approach->hosts);
  g_free (approach->peer);
  g_free (approach);
}
