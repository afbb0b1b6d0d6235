/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-resolver.h"

#include "base/clr-error.h"
#include "dns/clr-unbound-base.h"

#include <arpa/inet.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#define TYPE_A         1
#define TYPE_AAAA      28
#define CLASS_IN       1
#define RCODE_OK       0
#define RCODE_NXDOMAIN 3

struct ClrResolver
{
  ClrWorker *worker;
  ClrUnboundBase *base;
  struct ub_ctx *ctx;
  int64_t timeout_us;
  GPtrArray *lookups; /* all that are alive */
};

typedef struct
{
  ClrLookup *lookup;
  int async_id;
  gboolean waiting;
} Question;

struct ClrLookup
{
  ClrResolver *resolver;
  void (*done) (const ClrDnsAnswer *answer, void *data);
  void *data;
  Question a, aaaa;
  ClrEndpoint v4[CLR_DNS_MOST], v6[CLR_DNS_MOST];
  unsigned n_v4, n_v6;
  gboolean any_failed;
  gboolean insecure;
  char *problem;
  ClrTimer timer; /* time-out; then, with nothing left to wait for, the moment to tell */
};

static void
lookup_free (ClrLookup *lookup)
{
  Question *questions[] = { &lookup->a, &lookup->aaaa };

  for (unsigned i = 0; i < G_N_ELEMENTS (questions); i++)
    if (questions[i]->waiting && lookup->resolver->ctx)
      ub_cancel (lookup->resolver->ctx, questions[i]->async_id);
  clr_timers_clear (lookup->resolver->worker->timers, &lookup->timer);
  g_ptr_array_remove_fast (lookup->resolver->lookups, lookup);
  g_free (lookup->problem);
  g_free (lookup);
}

static void
tell (ClrLookup *lookup)
{
  ClrDnsAnswer answer = { .status = CLR_DNS_FOUND, .secure = !lookup->insecure };
  char *problem;

  /* RFC 8305 section 4: families in turn, IPv6 first. */
  for (unsigned i = 0; i < MAX (lookup->n_v4, lookup->n_v6); i++)
    {
      if (i < lookup->n_v6 && answer.n_addresses < CLR_DNS_MOST)
        answer.addresses[answer.n_addresses++] = lookup->v6[i];
      if (i < lookup->n_v4 && answer.n_addresses < CLR_DNS_MOST)
        answer.addresses[answer.n_addresses++] = lookup->v4[i];
    }
  if (answer.n_addresses == 0)
    {
      answer.status = lookup->any_failed ? CLR_DNS_TEMPORARY : CLR_DNS_NOTHING;
      answer.problem = lookup->problem      ? lookup->problem
                       : lookup->any_failed ? "the name servers do not answer"
                                            : "there is no such name, or it has no address";
    }
  void (*done) (const ClrDnsAnswer *, void *) = lookup->done;
  void *data = lookup->data;

  problem = g_steal_pointer (&lookup->problem);
  lookup_free (lookup);
  done (&answer, data);
  g_free (problem);
}

static void
on_timer (ClrTimer *timer, void *data)
{
  ClrLookup *lookup = data;

  if (lookup->a.waiting || lookup->aaaa.waiting)
    {
      lookup->any_failed = TRUE;
      g_free (lookup->problem);
      lookup->problem = g_strdup ("the name servers did not answer in time");
    }
  tell (lookup);
}

static void
check_complete (ClrLookup *lookup)
{
  if (!lookup->a.waiting && !lookup->aaaa.waiting)
    clr_timers_set (lookup->resolver->worker->timers, &lookup->timer, lookup->resolver->worker->now);
}

/* The addresses of a packet's answer section. Compressed names are skipped, chains of CNAMEs have been
 * followed by libunbound: all records of the type in the answer belong to the name. */
static unsigned
read_packet (const uint8_t *packet, int size, unsigned type, ClrEndpoint *into)
{
  unsigned at = 12, n = 0;

  if (size < 12)
    return 0;
#define BE16(i) ((unsigned)packet[i] << 8 | packet[(i) + 1])
  unsigned questions = BE16 (4), answers = BE16 (6);
  for (unsigned record = 0; record < questions + answers; record++)
    {
      while (at < (unsigned)size && packet[at] != 0 && packet[at] < 0xc0)
        at += packet[at] + 1;
      at += at < (unsigned)size && packet[at] >= 0xc0 ? 2 : 1;
      if (record < questions)
        {
          at += 4;
          continue;
        }
      if (at + 10 > (unsigned)size)
        return n;
      unsigned this_type = BE16 (at), length = BE16 (at + 8);
      at += 10;
      if (at + length > (unsigned)size)
        return n;
      if (this_type == type && length == (type == TYPE_A ? 4 : 16) && n < CLR_DNS_MOST)
        clr_endpoint_from_bytes (&into[n++], type == TYPE_A ? AF_INET : AF_INET6, packet + at, 0);
      at += length;
    }
#undef BE16
  return n;
}

static void
on_answer (void *data, int rcode, void *packet, int size, int security, char *why_bogus, int was_ratelimited)
{
  Question *question = data;
  ClrLookup *lookup = question->lookup;
  gboolean is_a = question == &lookup->a;

  question->waiting = FALSE;
  if (security == 1 || (rcode != RCODE_OK && rcode != RCODE_NXDOMAIN))
    {
      lookup->any_failed = TRUE;
      g_free (lookup->problem);
      lookup->problem
          = g_strdup (security == 1 ? "its DNSSEC signature is wrong" : "the name servers report a failure");
    }
  else if (rcode == RCODE_OK)
    {
      if (is_a)
        lookup->n_v4 = read_packet (packet, size, TYPE_A, lookup->v4);
      else
        lookup->n_v6 = read_packet (packet, size, TYPE_AAAA, lookup->v6);
    }
  lookup->insecure = lookup->insecure || security != 2;
  check_complete (lookup);
}

static void
ask (Question *question, ClrLookup *lookup, const char *name, int type)
{
  question->lookup = lookup;
  question->waiting = TRUE;
  if (ub_resolve_event (lookup->resolver->ctx, name, type, CLASS_IN, question, on_answer, &question->async_id)
      != 0)
    {
      question->waiting = FALSE;
      lookup->any_failed = TRUE;
    }
}

ClrLookup *
clr_resolver_find_addresses (ClrResolver *resolver, const char *name,
                             void (*done) (const ClrDnsAnswer *answer, void *data), void *data)
{
  ClrLookup *lookup = g_new0 (ClrLookup, 1);

  lookup->resolver = resolver;
  lookup->done = done;
  lookup->data = data;
  clr_timer_init (&lookup->timer, on_timer, lookup);
  clr_timers_set (resolver->worker->timers, &lookup->timer, resolver->worker->now + resolver->timeout_us);
  g_ptr_array_add (resolver->lookups, lookup);
  /* The first question may be answered from the cache inside the call: the second must be seen to be open by
   * then. */
  lookup->aaaa.waiting = TRUE;
  ask (&lookup->a, lookup, name, TYPE_A);
  ask (&lookup->aaaa, lookup, name, TYPE_AAAA);
  check_complete (lookup);
  return lookup;
}

void
clr_lookup_cancel (ClrLookup *lookup)
{
  lookup_free (lookup);
}

static gboolean
set_up (ClrResolver *resolver, const char *const *servers, GError **error)
{
  static const char *const own_zones[] = { "test.", "localhost.", "home.arpa.", "invalid." };
  gboolean has_own = *servers != NULL;
  int code = 0;

  ub_ctx_set_option (resolver->ctx, "qname-minimisation:", "yes");
  ub_ctx_set_option (resolver->ctx, "msg-cache-size:", "256k");
  ub_ctx_set_option (resolver->ctx, "rrset-cache-size:", "512k");
  ub_ctx_set_option (resolver->ctx, "key-cache-size:", "64k");
  ub_ctx_set_option (resolver->ctx, "neg-cache-size:", "64k");
  ub_ctx_set_option (resolver->ctx, "outgoing-range:", "64");
  ub_ctx_set_option (resolver->ctx, "num-queries-per-thread:", "256");
  ub_ctx_set_option (resolver->ctx, "do-not-query-localhost:", "no");
  if (has_own)
    {
      ub_ctx_set_option (resolver->ctx, "unblock-lan-zones:", "yes");
      ub_ctx_set_option (resolver->ctx, "insecure-lan-zones:", "yes");
    }
  for (; *servers && code == 0; servers++)
    {
      ClrEndpoint endpoint;
      char address[CLR_ENDPOINT_TEXT];

      if (!clr_endpoint_parse (&endpoint, *servers, 53))
        continue;
      clr_endpoint_address_to_text (&endpoint, address);
      g_autofree char *text = g_strdup_printf ("%s@%u", address, clr_endpoint_get_port (&endpoint));
      code = ub_ctx_set_fwd (resolver->ctx, text);
    }
  /* An office's own server knows names that libunbound would answer itself. This comes last: it finalizes the
   * context. */
  for (unsigned i = 0; has_own && i < G_N_ELEMENTS (own_zones) && code == 0; i++)
    code = ub_ctx_zone_add (resolver->ctx, own_zones[i], "transparent");
  if (code == 0)
    return TRUE;
  g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "the resolver cannot be set up: %s", ub_strerror (code));
  return FALSE;
}

ClrResolver *
clr_resolver_new (ClrWorker *worker, const char *const *servers, int64_t timeout_us, GError **error)
{
  ClrResolver *resolver = g_new0 (ClrResolver, 1);
  gboolean ok;

  resolver->worker = worker;
  resolver->timeout_us = timeout_us;
  resolver->lookups = g_ptr_array_new ();
  resolver->base = clr_unbound_base_new (worker);
  resolver->ctx = ub_ctx_create_ub_event (clr_unbound_base_get (resolver->base));
  if (resolver->ctx == NULL)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "the resolver cannot be made");
      clr_resolver_free (resolver);
      return NULL;
    }
  ok = set_up (resolver, servers, error);
  if (ok && *servers == NULL && ub_ctx_resolvconf (resolver->ctx, NULL) != 0)
    g_debug ("no resolv.conf: asking the root servers");
  if (!ok)
    {
      clr_resolver_free (resolver);
      return NULL;
    }
  worker->resolver = resolver;
  return resolver;
}

void
clr_resolver_free (ClrResolver *resolver)
{
  while (resolver->lookups->len > 0)
    lookup_free (g_ptr_array_index (resolver->lookups, 0));
  if (resolver->ctx)
    ub_ctx_delete (resolver->ctx);
  clr_unbound_base_free (resolver->base);
  g_ptr_array_unref (resolver->lookups);
  g_free (resolver);
}
