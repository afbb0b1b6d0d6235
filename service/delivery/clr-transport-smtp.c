/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SMTP to a smarthost: the jobs that wait in this shard, its connections, and how many of these there may be.
 */
#include "delivery/clr-concurrency.h"
#include "delivery/clr-smtp-connection.h"

#include "base/clr-clock.h"

typedef struct
{
  ClrTransport parent;
  ClrDeliveryPlan *plan;
  const ClrNextHop *hop;
  GQueue pending;         /* of ClrJob */
  GPtrArray *connections; /* of ClrSmtpConnection */
  GPtrArray *ended;       /* to be freed when nobody is inside them any more */
  ClrTimer reap;
  ClrConcurrency concurrency;
  gboolean ending;
} Smtp;

static void open_connections (Smtp *self);

static ClrJob *
on_take_job (ClrSmtpConnection *connection, void *data)
{
  Smtp *self = data;

  return self->ending ? NULL : g_queue_pop_head (&self->pending);
}

static void
on_job_done (ClrSmtpConnection *connection, ClrJob *job, gboolean clean, void *data)
{
  Smtp *self = data;

  if (clean)
    clr_concurrency_succeeded (&self->concurrency);
  else
    clr_concurrency_failed (&self->concurrency);
  clr_transport_give_back (self->parent.place, job);
}

static void
on_job_undone (ClrSmtpConnection *connection, ClrJob *job, void *data)
{
  g_queue_push_head (&((Smtp *)data)->pending, job);
}

static gboolean
another_works (Smtp *self, ClrSmtpConnection *than)
{
  for (unsigned i = 0; i < self->connections->len; i++)
    {
      ClrSmtpConnection *connection = g_ptr_array_index (self->connections, i);

      if (connection != than && clr_smtp_connection_works (connection))
        return TRUE;
    }
  return FALSE;
}

static void
on_unreachable (ClrSmtpConnection *connection, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply,
                const char *host, void *data)
{
  Smtp *self = data;
  g_autofree char *text = clr_smtp_reply_to_text (reply);
  g_autofree char *reason = g_strdup_printf ("%s: %s: %s", host ? host : self->hop->hosts[0].name,
                                             clr_phase_get_name (phase), text);
  ClrJob *job;

  clr_concurrency_failed (&self->concurrency);
  /* Others get through: this host just wants no more connections. */
  if (another_works (self, connection))
    return;
  /* The first job tells the story; the others have not been tried. */
  clr_concurrency_probe (&self->concurrency);
  while ((job = g_queue_pop_head (&self->pending)))
    {
      if (outcome != CLR_OUTCOME_UNTRIED)
        clr_observe_rest (job, outcome, clr_phase_get_name (phase), reply->code, reply->enhanced, reply->text,
                          host, NULL, clr_clock_wall ());
      outcome = CLR_OUTCOME_UNTRIED;
      job->rest_us = 1;
      job->rest_reason = g_strdup (reason);
      clr_transport_give_back (self->parent.place, job);
    }
}

static void
on_ended (ClrSmtpConnection *connection, void *data)
{
  Smtp *self = data;

  g_ptr_array_remove_fast (self->connections, connection);
  g_ptr_array_add (self->ended, connection);
  clr_timers_set (self->parent.place->worker->timers, &self->reap, self->parent.place->worker->now);
}

static void
on_reap (ClrTimer *timer, void *data)
{
  Smtp *self = data;

  g_ptr_array_set_size (self->ended, 0);
  open_connections (self);
}

static const ClrSmtpConnectionEvents connection_events
    = { on_take_job, on_job_done, on_job_undone, on_unreachable, on_ended };

/* Idle connections first, then new ones, no more than there are jobs and than the next hop may have. */
static void
open_connections (Smtp *self)
{
  unsigned starting = 0;

  for (unsigned i = 0; i < self->connections->len && self->pending.length > 0; i++)
    {
      ClrSmtpConnection *connection = g_ptr_array_index (self->connections, i);

      if (!clr_smtp_connection_poke (connection) && !clr_smtp_connection_works (connection))
        starting++;
    }
  while (!self->ending && self->pending.length > starting && self->connections->len < self->concurrency.limit)
    {
      g_ptr_array_add (self->connections,
                       clr_smtp_connection_new (self->parent.place, self->plan, self->hop, self->hop->hosts,
                                                self->hop->n_hosts, &connection_events, self));
      starting++;
    }
}

static void
smtp_deliver (ClrTransport *transport, ClrJob *job)
{
  Smtp *self = (Smtp *)transport;

  g_queue_push_tail (&self->pending, job);
  open_connections (self);
}

static void
smtp_cancel (ClrTransport *transport, gboolean now)
{
  Smtp *self = (Smtp *)transport;
  ClrJob *job;

  self->ending = TRUE;
  while ((job = g_queue_pop_head (&self->pending)))
    clr_transport_give_back (transport->place, job);
  for (unsigned i = self->connections->len; i-- > 0;)
    clr_smtp_connection_end (g_ptr_array_index (self->connections, i), now);
}

static gboolean
smtp_is_idle (ClrTransport *transport)
{
  Smtp *self = (Smtp *)transport;

  return self->connections->len == 0 && self->pending.length == 0;
}

static void
smtp_free (ClrTransport *transport)
{
  Smtp *self = (Smtp *)transport;

  clr_timers_clear (transport->place->worker->timers, &self->reap);
  g_ptr_array_set_free_func (self->connections, (GDestroyNotify)clr_smtp_connection_free);
  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->ended);
  clr_delivery_plan_unref (self->plan);
  g_free (self);
}

static const ClrTransportClass smtp_class = { smtp_deliver, smtp_cancel, smtp_is_idle, smtp_free };

ClrTransport *
clr_transport_smtp_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan, const ClrNextHop *hop)
{
  Smtp *self = g_new0 (Smtp, 1);

  self->parent = (ClrTransport){ &smtp_class, place };
  self->plan = clr_delivery_plan_ref (plan);
  self->hop = hop;
  self->connections = g_ptr_array_new ();
  self->ended = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_smtp_connection_free);
  g_queue_init (&self->pending);
  clr_timer_init (&self->reap, on_reap, self);
  clr_concurrency_init (&self->concurrency, hop->max_connections);
  return &self->parent;
}
