/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SMTP to the world: the mail exchangers of each recipient's domain are looked up, and the job goes to the
 * site that they are. Domains with the same exchangers share one site, its connections and its limits.
 */
#include "base/clr-clock.h"
#include "delivery/clr-site.h"
#include "delivery/clr-transport.h"
#include "dns/clr-mx.h"
#include "dns/clr-resolver.h"

#include <string.h>

#define DOMAINS_MOST 10000u /* remembered; the resolver has a cache of its own */
#define KEPT_MOST_S  300u
#define TIDY_US      (30 * (int64_t)G_USEC_PER_SEC)

typedef struct
{
  ClrTransport parent;
  ClrDeliveryPlan *plan;
  const ClrNextHop *hop;
  GHashTable *domains; /* name -> Domain */
  GHashTable *sites;   /* exchangers by preference -> ClrSite */
  ClrTimer tidy;
} Mx;

typedef struct
{
  Mx *mx;
  char *name;
  ClrLookup *lookup; /* while it is asked for */
  GQueue waiting;    /* of ClrJob */
  ClrMxPlan plan;
  int64_t until_us; /* the plan is good until then */
} Domain;

static void
give_back_waiting (Domain *domain)
{
  ClrJob *job;

  while ((job = g_queue_pop_head (&domain->waiting)))
    clr_transport_give_back (domain->mx->parent.place, job);
}

static void
domain_free (void *data)
{
  Domain *domain = data;

  if (domain->lookup)
    clr_lookup_cancel (domain->lookup);
  give_back_waiting (domain);
  clr_mx_plan_clear (&domain->plan);
  g_free (domain->name);
  g_free (domain);
}

static void
site_free (void *data)
{
  clr_site_free (data);
}

static ClrSite *
find_site (Mx *self, const ClrMxPlan *plan)
{
  ClrSite *site = g_hash_table_lookup (self->sites, plan->order);
  g_autofree ClrHost *hosts = NULL;

  if (site)
    return site;
  hosts = g_new0 (ClrHost, plan->n_hosts);
  for (unsigned i = 0; i < plan->n_hosts; i++)
    hosts[i] = (ClrHost){
      .name = plan->hosts[i].name,
      .port = self->hop->port,
      .rank = plan->hosts[i].preference,
      .is_literal = plan->hosts[i].is_literal,
      .may_be_loopback = self->hop->allow_loopback,
      .endpoint = plan->hosts[i].endpoint,
    };
  site = clr_site_new (self->parent.place, self->plan, self->hop, hosts, plan->n_hosts, plan->site);
  g_hash_table_insert (self->sites, g_strdup (plan->order), site);
  return site;
}

/* What the plan says becomes of all that wait for it. */
static void
settle (Domain *domain)
{
  Mx *self = domain->mx;
  const ClrMxPlan *plan = &domain->plan;
  ClrOutcome outcome = plan->verdict == CLR_MX_PERMANENT ? CLR_OUTCOME_FAILED : CLR_OUTCOME_DEFERRED;
  ClrSite *site = plan->verdict == CLR_MX_HOSTS ? find_site (self, plan) : NULL;
  ClrJob *job;

  while ((job = g_queue_pop_head (&domain->waiting)))
    {
      if (site)
        {
          clr_site_deliver (site, job);
          continue;
        }
      if (outcome != CLR_OUTCOME_UNTRIED)
        clr_observe_rest (job, outcome, "MX", 0, plan->enhanced, plan->why, domain->name, NULL,
                          clr_clock_wall ());
      if (plan->verdict == CLR_MX_TEMPORARY)
        {
          /* The first tells the story; the others have not been tried. */
          outcome = CLR_OUTCOME_UNTRIED;
          job->rest_us = 1;
          job->rest_reason = g_strdup (plan->why);
        }
      clr_transport_give_back (self->parent.place, job);
    }
}

static void
on_answer (const ClrDnsAnswer *answer, void *data)
{
  Domain *domain = data;
  Mx *self = domain->mx;
  unsigned kept = answer->status == CLR_DNS_TEMPORARY ? 0 : CLAMP (answer->ttl, 1, KEPT_MOST_S);

  domain->lookup = NULL;
  domain->until_us = self->parent.place->worker->now + kept * (int64_t)G_USEC_PER_SEC;
  clr_mx_plan_clear (&domain->plan);
  clr_mx_plan_from_answer (&domain->plan, domain->name, self->hop->port, answer,
                           clr_delivery_plan_get_hostname (self->plan));
  settle (domain);
}

/* -- remembering, and forgetting */

static gboolean
may_go (void *key, void *value, void *data)
{
  Domain *domain = value;

  return domain->lookup == NULL && domain->until_us <= *(int64_t *)data;
}

static void
forget (Mx *self, int64_t before_us)
{
  g_hash_table_foreach_remove (self->domains, may_go, &before_us);
}

static gboolean
site_may_go (void *key, void *value, void *data)
{
  return clr_site_is_idle (value);
}

static void
on_tidy (ClrTimer *timer, void *data)
{
  Mx *self = data;

  forget (self, self->parent.place->worker->now);
  g_hash_table_foreach_remove (self->sites, site_may_go, NULL);
  if (g_hash_table_size (self->domains) + g_hash_table_size (self->sites) > 0)
    clr_timers_set (self->parent.place->worker->timers, timer, self->parent.place->worker->now + TIDY_US);
}

static Domain *
find_domain (Mx *self, const char *name)
{
  Domain *domain = g_hash_table_lookup (self->domains, name);

  if (domain)
    return domain;
  if (g_hash_table_size (self->domains) >= DOMAINS_MOST)
    forget (self, INT64_MAX);
  domain = g_new0 (Domain, 1);
  domain->mx = self;
  domain->name = g_strdup (name);
  g_queue_init (&domain->waiting);
  g_hash_table_insert (self->domains, domain->name, domain);
  if (self->tidy.place == 0)
    clr_timers_set (self->parent.place->worker->timers, &self->tidy,
                    self->parent.place->worker->now + TIDY_US);
  return domain;
}

/* -- the transport */

static void
mx_deliver (ClrTransport *transport, ClrJob *job)
{
  Mx *self = (Mx *)transport;
  const char *slash = strchr (job->key, '/');
  Domain *domain = find_domain (self, slash ? slash + 1 : "");
  ClrWorker *worker = transport->place->worker;

  g_queue_push_tail (&domain->waiting, job);
  if (domain->lookup)
    return;
  if (domain->until_us <= worker->now)
    {
      clr_mx_plan_clear (&domain->plan);
      if (!clr_mx_plan_without_dns (&domain->plan, domain->name, self->hop->port))
        {
          domain->lookup = clr_resolver_ask (worker->resolver, domain->name, CLR_DNS_MX, on_answer, domain);
          return;
        }
      domain->until_us = worker->now + KEPT_MOST_S * (int64_t)G_USEC_PER_SEC;
    }
  settle (domain);
}

static void
mx_cancel (ClrTransport *transport, gboolean now)
{
  Mx *self = (Mx *)transport;
  GHashTableIter iter;
  void *value;

  g_hash_table_remove_all (self->domains);
  g_hash_table_iter_init (&iter, self->sites);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    clr_site_cancel (value, now);
}

static gboolean
mx_is_idle (ClrTransport *transport)
{
  Mx *self = (Mx *)transport;
  GHashTableIter iter;
  void *value;

  g_hash_table_iter_init (&iter, self->sites);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!clr_site_is_idle (value))
      return FALSE;
  return g_hash_table_size (self->domains) == 0;
}

static void
mx_free (ClrTransport *transport)
{
  Mx *self = (Mx *)transport;

  clr_timers_clear (transport->place->worker->timers, &self->tidy);
  g_hash_table_unref (self->domains);
  g_hash_table_unref (self->sites);
  clr_delivery_plan_unref (self->plan);
  g_free (self);
}

static const ClrTransportClass mx_class = { mx_deliver, mx_cancel, mx_is_idle, mx_free };

ClrTransport *
clr_transport_mx_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan, const ClrNextHop *hop)
{
  Mx *self = g_new0 (Mx, 1);

  self->parent = (ClrTransport){ &mx_class, place };
  self->plan = clr_delivery_plan_ref (plan);
  self->hop = hop;
  self->domains = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, domain_free);
  self->sites = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, site_free);
  clr_timer_init (&self->tidy, on_tidy, self);
  return &self->parent;
}
