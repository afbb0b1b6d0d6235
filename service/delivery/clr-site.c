/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-site.h"

#include "base/clr-clock.h"
#include "delivery/clr-concurrency.h"
#include "delivery/clr-pace.h"
#include "delivery/clr-smtp-connection.h"

#include <string.h>

struct ClrSite
{
  const ClrDeliveryPlace *place;
  ClrDeliveryPlan *plan;
  const ClrNextHop *hop;
  ClrHost *hosts;
  unsigned n_hosts;
  char *name;
  GQueue pending;         /* of ClrJob */
  GPtrArray *connections; /* of ClrSmtpConnection */
  GPtrArray *ended;       /* to be freed when nobody is inside them any more */
  ClrTimer reap;
  ClrConcurrency concurrency;
  ClrPace pace;
  ClrTimer paced; /* until the pace allows more */
  gboolean ending;
};

static void open_connections (ClrSite *site);

static void
give_back (ClrSite *site, ClrJob *job)
{
  job->site = g_strdup (site->name);
  clr_transport_give_back (site->place, job);
}

/* A message goes in as many pieces as the next hop wants. */
static unsigned
count_pieces (const ClrSite *site, const ClrJob *job)
{
  return (job->n_recipients + site->hop->max_recipients - 1) / site->hop->max_recipients;
}

/* Returns: FALSE when nothing may leave now: then a timer waits for the time. */
static gboolean
is_within_pace (ClrSite *site)
{
  int64_t now = site->place->worker->now, next = clr_pace_get_next (&site->pace, now);

  if (next <= now)
    return TRUE;
  clr_timers_set (site->place->worker->timers, &site->paced, next);
  return FALSE;
}

static ClrJob *
on_take_job (ClrSmtpConnection *connection, void *data)
{
  ClrSite *site = data;
  ClrJob *job;

  if (site->ending || site->pending.length == 0 || !is_within_pace (site))
    return NULL;
  job = g_queue_pop_head (&site->pending);
  clr_pace_note (&site->pace, count_pieces (site, job), site->place->worker->now);
  return job;
}

static const char *
peek_domain (void *data)
{
  const ClrJob *job = g_queue_peek_head (&((ClrSite *)data)->pending);
  const char *slash = job ? strchr (job->key, '/') : NULL;

  return slash && slash[1] && slash[1] != '[' ? slash + 1 : NULL;
}

static void
on_job_done (ClrSmtpConnection *connection, ClrJob *job, gboolean clean, void *data)
{
  ClrSite *site = data;

  if (clean)
    clr_concurrency_succeeded (&site->concurrency);
  else
    clr_concurrency_failed (&site->concurrency);
  give_back (site, job);
}

static void
on_job_undone (ClrSmtpConnection *connection, ClrJob *job, void *data)
{
  g_queue_push_head (&((ClrSite *)data)->pending, job);
}

static gboolean
another_works (ClrSite *site, ClrSmtpConnection *than)
{
  for (unsigned i = 0; i < site->connections->len; i++)
    {
      ClrSmtpConnection *connection = g_ptr_array_index (site->connections, i);

      if (connection != than && clr_smtp_connection_works (connection))
        return TRUE;
    }
  return FALSE;
}

static void
on_unreachable (ClrSmtpConnection *connection, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply,
                const char *host, void *data)
{
  ClrSite *site = data;
  g_autofree char *text = clr_smtp_reply_to_text (reply);
  g_autofree char *reason
      = g_strdup_printf ("%s: %s: %s", host ? host : site->hosts[0].name, clr_phase_get_name (phase), text);
  ClrJob *job;

  clr_concurrency_failed (&site->concurrency);
  /* Others get through: this host just wants no more connections. */
  if (another_works (site, connection))
    return;
  clr_concurrency_probe (&site->concurrency);
  while ((job = g_queue_pop_head (&site->pending)))
    {
      if (outcome != CLR_OUTCOME_UNTRIED)
        clr_observe_rest (job, outcome, clr_phase_get_name (phase), clr_smtp_reply_get_said (reply),
                          reply->enhanced, reply->text, host, NULL, clr_clock_wall ());
      if (outcome != CLR_OUTCOME_FAILED)
        {
          /* The first job tells the story; the others have not been tried. */
          outcome = CLR_OUTCOME_UNTRIED;
          job->rest_us = 1;
          job->rest_reason = g_strdup (reason);
        }
      give_back (site, job);
    }
}

static void
on_token_refused (ClrSmtpConnection *connection, const ClrToken *token, const ClrSmtpReply *reply, void *data)
{
  const ClrDeliveryPlace *place = ((ClrSite *)data)->place;
  g_autofree char *text = clr_smtp_reply_to_text (reply);

  clr_token_box_refuse (place->tokens, token);
  if (place->refuse_token)
    place->refuse_token (token, text, place->token_data);
}

/* The queue rests, and says why. Nothing has been tried, so nothing grows older. */
static void
give_all_back (ClrSite *site, const char *why)
{
  ClrJob *job;

  while ((job = g_queue_pop_head (&site->pending)))
    {
      job->rest_us = 1;
      job->rest_reason = g_strdup (why);
      give_back (site, job);
    }
}

/* Returns: FALSE when mail waits for a token, or has gone back for the want of one. */
static gboolean
may_log_in (ClrSite *site)
{
  ClrToken *token;

  if (site->hop->oauth == NULL)
    return TRUE;
  switch (clr_token_box_look (site->place->tokens, site->hop->oauth, site->place->worker->now, &token))
    {
    case CLR_TOKEN_GOOD:
      return TRUE;
    case CLR_TOKEN_DEAD:
      give_all_back (site, token->why);
      return FALSE;
    default:
      return FALSE;
    }
}

static void
on_ended (ClrSmtpConnection *connection, void *data)
{
  ClrSite *site = data;

  g_ptr_array_remove_fast (site->connections, connection);
  g_ptr_array_add (site->ended, connection);
  clr_timers_set (site->place->worker->timers, &site->reap, site->place->worker->now);
}

static void
on_reap (ClrTimer *timer, void *data)
{
  ClrSite *site = data;

  g_ptr_array_set_size (site->ended, 0);
  open_connections (site);
}

static const ClrSmtpConnectionEvents connection_events
    = { on_take_job, peek_domain, on_job_done, on_job_undone, on_unreachable, on_token_refused, on_ended };

/* Idle connections first, then new ones, no more than there are jobs and than the next hop may have. */
static void
open_connections (ClrSite *site)
{
  unsigned starting = 0;

  if (site->pending.length == 0 || !may_log_in (site))
    return;
  for (unsigned i = 0; i < site->connections->len && site->pending.length > 0; i++)
    {
      ClrSmtpConnection *connection = g_ptr_array_index (site->connections, i);

      if (!clr_smtp_connection_poke (connection) && !clr_smtp_connection_works (connection))
        starting++;
    }
  if (site->pending.length == 0 || !is_within_pace (site))
    return;
  while (!site->ending && site->pending.length > starting && site->connections->len < site->concurrency.limit)
    {
      g_ptr_array_add (site->connections,
                       clr_smtp_connection_new (site->place, site->plan, site->hop, site->hosts,
                                                site->n_hosts, &connection_events, site));
      starting++;
    }
}

void
clr_site_deliver (ClrSite *site, ClrJob *job)
{
  g_queue_push_tail (&site->pending, job);
  open_connections (site);
}

void
clr_site_look (ClrSite *site)
{
  open_connections (site);
}

static void
on_paced (ClrTimer *timer, void *data)
{
  open_connections (data);
}

void
clr_site_cancel (ClrSite *site, gboolean now)
{
  ClrJob *job;

  site->ending = TRUE;
  while ((job = g_queue_pop_head (&site->pending)))
    give_back (site, job);
  for (unsigned i = site->connections->len; i-- > 0;)
    clr_smtp_connection_end (g_ptr_array_index (site->connections, i), now);
}

gboolean
clr_site_is_idle (const ClrSite *site)
{
  return site->connections->len == 0 && site->pending.length == 0;
}

ClrSite *
clr_site_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan, const ClrNextHop *hop,
              const ClrHost *hosts, unsigned n_hosts, const char *name)
{
  ClrSite *site = g_new0 (ClrSite, 1);

  site->place = place;
  site->plan = clr_delivery_plan_ref (plan);
  site->hop = hop;
  site->hosts = g_memdup2 (hosts, n_hosts * sizeof *hosts);
  site->n_hosts = n_hosts;
  for (unsigned i = 0; i < n_hosts; i++)
    site->hosts[i].name = g_strdup (hosts[i].name);
  site->name = g_strdup (name);
  site->connections = g_ptr_array_new ();
  site->ended = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_smtp_connection_free);
  g_queue_init (&site->pending);
  clr_timer_init (&site->reap, on_reap, site);
  clr_timer_init (&site->paced, on_paced, site);
  clr_concurrency_init (&site->concurrency,
                        clr_next_hop_get_share (hop, hop->max_connections, place->worker->index));
  clr_pace_init (&site->pace, clr_next_hop_get_share (hop, hop->max_per_minute, place->worker->index));
  return site;
}

void
clr_site_free (ClrSite *site)
{
  clr_timers_clear (site->place->worker->timers, &site->reap);
  clr_timers_clear (site->place->worker->timers, &site->paced);
  clr_pace_clear (&site->pace);
  g_ptr_array_set_free_func (site->connections, (GDestroyNotify)clr_smtp_connection_free);
  g_ptr_array_unref (site->connections);
  g_ptr_array_unref (site->ended);
  clr_hosts_free (site->hosts, site->n_hosts);
  clr_delivery_plan_unref (site->plan);
  g_free (site->name);
  g_free (site);
}
