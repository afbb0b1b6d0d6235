/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SMTP to the world: the mail exchangers and the MTA-STS policy of each recipient's domain are looked up, and
 * the job goes to the site that they are. Domains with the same exchangers share one site, its connections
 * and its limits.
 */
#include "base/clr-clock.h"
#include "delivery/clr-site.h"
#include "delivery/clr-sts-inquiry.h"
#include "delivery/clr-tls-tally.h"
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
  GHashTable *sites;   /* exchangers by preference, and what is asked of them -> ClrSite */
  ClrTimer tidy;
} Mx;

typedef struct
{
  Mx *mx;
  char *name;
  ClrLookup *lookup;      /* while its exchangers are asked for */
  ClrStsInquiry *inquiry; /* while its policy is */
  GQueue waiting;         /* of ClrJob */
  ClrMxPlan plan;
  gboolean is_secure;   /* DNSSEC proves the plan */
  ClrStsPolicy *policy; /* what applies, or NULL */
  int64_t until_us;     /* the plan is good until then */
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
  if (domain->inquiry)
    clr_sts_inquiry_cancel (domain->inquiry);
  g_clear_pointer (&domain->policy, clr_sts_policy_free);
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

/* What the domain's policy asks of @host. Returns: FALSE when it must not get mail (RFC 8461 section 5). */
static gboolean
apply_policy (const Domain *domain, ClrHost *host)
{
  const ClrStsPolicy *policy = domain->policy;

  if (policy == NULL || host->is_literal)
    return TRUE;
  host->sts = policy->mode;
  return policy->mode != CLR_STS_MODE_ENFORCE || clr_sts_policy_match (policy, host->name);
}

/* The exchangers that may take the domain's mail. Returns: how many. */
static unsigned
list_hosts (const Domain *domain, ClrHost *hosts)
{
  const Mx *self = domain->mx;
  unsigned n = 0;

  for (unsigned i = 0; i < domain->plan.n_hosts; i++)
    {
      const ClrMxHost *exchanger = &domain->plan.hosts[i];

      hosts[n] = (ClrHost){
        .name = exchanger->name,
        .port = self->hop->port,
        .rank = exchanger->preference,
        .is_literal = exchanger->is_literal,
        .may_be_loopback = self->hop->allow_loopback,
        .endpoint = exchanger->endpoint,
        .is_secure = domain->is_secure && !exchanger->is_literal,
      };
      n += apply_policy (domain, &hosts[n]);
    }
  return n;
}

/* Domains share a site when the same is asked of the same hosts: "10 mx1.example.net enforce,20 ...". */
static char *
make_site_key (const ClrHost *hosts, unsigned n)
{
  GString *key = g_string_new (NULL);

  for (unsigned i = 0; i < n; i++)
    g_string_append_printf (key, "%u %s %s%s,", hosts[i].rank, hosts[i].name,
                            clr_sts_mode_get_name (hosts[i].sts), hosts[i].is_secure ? " secure" : "");
  return g_string_free (key, FALSE);
}

/* Returns: NULL when the domain's policy names none of its exchangers. */
static ClrSite *
find_site (const Domain *domain)
{
  Mx *self = domain->mx;
  g_autofree ClrHost *hosts = g_new0 (ClrHost, domain->plan.n_hosts);
  unsigned n = list_hosts (domain, hosts);
  g_autofree char *key = make_site_key (hosts, n);
  ClrSite *site = g_hash_table_lookup (self->sites, key);

  if (site || n == 0)
    return site;
  site = clr_site_new (self->parent.place, self->plan, self->hop, hosts, n, domain->plan.site);
  g_hash_table_insert (self->sites, g_steal_pointer (&key), site);
  return site;
}

/* What the plan says becomes of all that wait for it. */
static void
settle (Domain *domain)
{
  Mx *self = domain->mx;
  const ClrMxPlan *plan = &domain->plan;
  ClrOutcome outcome = plan->verdict == CLR_MX_PERMANENT ? CLR_OUTCOME_FAILED : CLR_OUTCOME_DEFERRED;
  ClrSite *site;
  const char *why = plan->why;
  ClrJob *job;

  if (domain->lookup || domain->inquiry)
    return;
  site = plan->verdict == CLR_MX_HOSTS ? find_site (domain) : NULL;
  if (plan->verdict == CLR_MX_HOSTS && site == NULL)
    why = "the domain's MTA-STS policy names none of its mail exchangers (mta-sts)";

  while ((job = g_queue_pop_head (&domain->waiting)))
    {
      if (site)
        {
          clr_site_deliver (site, job);
          continue;
        }
      if (outcome != CLR_OUTCOME_UNTRIED)
        clr_observe_rest (job, outcome, "MX", 0, plan->enhanced, why, domain->name, NULL, clr_clock_wall ());
      if (plan->verdict != CLR_MX_PERMANENT)
        {
          /* The first tells the story; the others have not been tried. */
          outcome = CLR_OUTCOME_UNTRIED;
          job->rest_us = 1;
          job->rest_reason = g_strdup (why);
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
  domain->is_secure = answer->secure;
  domain->until_us = self->parent.place->worker->now + kept * (int64_t)G_USEC_PER_SEC;
  clr_mx_plan_clear (&domain->plan);
  clr_mx_plan_from_answer (&domain->plan, domain->name, self->hop->port, answer,
                           clr_delivery_plan_get_hostname (self->plan));
  settle (domain);
}

/* RFC 8460 section 4.3.2.2: that a policy cannot be had is told, once for each time it is asked for. */
static void
count_problem (const Domain *domain, const ClrStsQuestion *answer)
{
  static const ClrTlsResult results[] = {
    [CLR_STS_FETCH_FAILED] = CLR_TLS_STS_FETCH_ERROR,
    [CLR_STS_POLICY_INVALID] = CLR_TLS_STS_INVALID,
    [CLR_STS_HOST_UNTRUSTED] = CLR_TLS_STS_WEBPKI_INVALID,
  };
  ClrTlsTally *tally = domain->mx->parent.place->tally;
  ClrTlsSession *session;

  if (tally == NULL || answer->problem == CLR_STS_NO_PROBLEM)
    return;
  session = g_new0 (ClrTlsSession, 1);
  session->domain = g_strdup (domain->name);
  session->kind = CLR_TLS_POLICY_STS;
  session->result = results[answer->problem];
  session->detail = g_strdup (answer->why);
  clr_tls_tally_post (tally, session);
}

static void
on_policy (ClrStsQuestion *answer, void *data)
{
  Domain *domain = data;

  domain->inquiry = NULL;
  count_problem (domain, answer);
  g_clear_pointer (&domain->policy, clr_sts_policy_free);
  domain->policy = g_steal_pointer (&answer->policy);
  settle (domain);
}

/* Both are asked for at the same time. */
static void
look_up (Domain *domain)
{
  const ClrDeliveryPlace *place = domain->mx->parent.place;

  domain->is_secure = FALSE;
  domain->lookup = clr_resolver_ask (place->worker->resolver, domain->name, CLR_DNS_MX, on_answer, domain);
  if (domain->mx->hop->mta_sts && place->sts)
    domain->inquiry = clr_sts_inquiry_new (place, domain->name, on_policy, domain);
}

/* -- remembering, and forgetting */

static gboolean
may_go (void *key, void *value, void *data)
{
  Domain *domain = value;

  return domain->lookup == NULL && domain->inquiry == NULL && domain->until_us <= *(int64_t *)data;
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
  if (domain->lookup || domain->inquiry)
    return;
  if (domain->until_us <= worker->now)
    {
      clr_mx_plan_clear (&domain->plan);
      if (!clr_mx_plan_without_dns (&domain->plan, domain->name, self->hop->port))
        {
          look_up (domain);
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

static const ClrTransportClass mx_class = { mx_deliver, mx_cancel, NULL, mx_is_idle, mx_free };

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
