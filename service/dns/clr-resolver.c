/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-resolver.h"

#include "base/clr-error.h"
#include "dns/clr-dns-packet.h"
#include "dns/clr-system-servers.h"
#include "dns/clr-trust-anchor.h"
#include "dns/clr-unbound-base.h"
#include "system/clr-file.h"

#include <errno.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#define CLASS_IN       1
#define RCODE_OK       0
#define RCODE_NXDOMAIN 3
#define SECURITY_BOGUS 1
#define SECURITY_GOOD  2
#define TTL_MOST       86400u
#define LOOK_US        G_USEC_PER_SEC /* between two looks for other servers */

/* libunbound's context. Its servers cannot change after the first question: when the system's do, another one
 * takes the new questions, and this one lasts until the old are answered. */
typedef struct
{
  struct ub_ctx *ctx;
  unsigned waiting; /* questions */
} Context;

struct ClrResolver
{
  ClrWorker *worker;
  ClrUnboundBase *base;
  char **servers;
  char **trust_anchors; /* records, or NULL */
  char *resolv_conf;
  int64_t timeout_us;
  Context *context;
  GPtrArray *former;  /* of Context */
  GPtrArray *lookups; /* all that are alive */
  int64_t next_look_us;
  uint64_t seen; /* the mark of the servers that the context was made with */
};

typedef struct
{
  ClrLookup *lookup;
  Context *context; /* while it is waiting */
  ClrDnsType type;
  int async_id;
  gboolean waiting;
  ClrDnsAnswer answer;
} Question;

struct ClrLookup
{
  ClrResolver *resolver;
  Question questions[2];
  unsigned n_questions;
  /* One of them is told. */
  void (*done) (const ClrDnsAnswer *answer, void *data);
  void (*done_addresses) (const ClrDnsAddresses *answer, void *data);
  void *data;
  ClrTimer timer; /* time-out; then, with nothing left to wait for, the moment to tell */
};

/* -- libunbound's contexts */

static void
context_free (void *data)
{
  Context *context = data;

  ub_ctx_delete (context->ctx);
  g_free (context);
}

/* Returns: an error of libunbound, 0 for none. */
static int
set_servers (struct ub_ctx *ctx, char **servers)
{
  int code = 0;

  for (; *servers && code == 0; servers++)
    {
      ClrEndpoint endpoint;
      char address[CLR_ENDPOINT_TEXT];

      if (!clr_endpoint_parse (&endpoint, *servers, 53))
        continue;
      clr_endpoint_address_to_text (&endpoint, address);
      g_autofree char *text = g_strdup_printf ("%s@%u", address, clr_endpoint_get_port (&endpoint));
      code = ub_ctx_set_fwd (ctx, text);
    }
  return code;
}

static int
set_up (ClrResolver *resolver, struct ub_ctx *ctx)
{
  static const char *const options[][2] = {
    { "qname-minimisation:", "yes" },
    { "msg-cache-size:", "256k" },
    { "rrset-cache-size:", "512k" },
    { "key-cache-size:", "64k" },
    { "neg-cache-size:", "64k" },
    { "outgoing-range:", "64" },
    { "num-queries-per-thread:", "256" },
    { "do-not-query-localhost:", "no" },
    /* A server that was down is asked again soon, not after minutes. */
    { "infra-host-ttl:", "60" },
    { "infra-keep-probing:", "yes" },
    { "infra-cache-max-rtt:", "4000" },
  };
  /* An office's own server knows names that libunbound would answer itself. */
  static const char *const own_options[][2]
      = { { "unblock-lan-zones:", "yes" }, { "insecure-lan-zones:", "yes" } };
  static const char *const own_zones[] = { "test.", "localhost.", "home.arpa.", "invalid." };
  gboolean has_own = *resolver->servers != NULL;
  int code = 0;

  for (unsigned i = 0; i < G_N_ELEMENTS (options); i++)
    ub_ctx_set_option (ctx, options[i][0], options[i][1]);
  for (unsigned i = 0; has_own && i < G_N_ELEMENTS (own_options); i++)
    ub_ctx_set_option (ctx, own_options[i][0], own_options[i][1]);
  for (char **record = resolver->trust_anchors; record && *record && code == 0; record++)
    code = ub_ctx_add_ta (ctx, *record);
  if (code != 0)
    return code;
  /* Without servers of its own and without a resolv.conf the root servers are asked. */
  if (!has_own)
    {
      clr_system_servers_give (ctx, resolver->resolv_conf);
      return 0;
    }
  code = set_servers (ctx, resolver->servers);
  /* This comes last: it finalizes the context. */
  for (unsigned i = 0; i < G_N_ELEMENTS (own_zones) && code == 0; i++)
    code = ub_ctx_zone_add (ctx, own_zones[i], "transparent");
  return code;
}

static Context *
context_new (ClrResolver *resolver, GError **error)
{
  Context *context = g_new0 (Context, 1);
  int code;

  context->ctx = ub_ctx_create_ub_event (clr_unbound_base_get (resolver->base));
  code = context->ctx ? set_up (resolver, context->ctx) : UB_NOMEM;
  if (code == 0)
    return context;
  g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "the resolver cannot be set up: %s", ub_strerror (code));
  if (context->ctx)
    ub_ctx_delete (context->ctx);
  g_free (context);
  return NULL;
}

/* The network has changed when its servers have. Not to be called by libunbound: contexts end here. */
static void
look_for_new_servers (ClrResolver *resolver)
{
  uint64_t now;
  Context *context;

  if (*resolver->servers || resolver->worker->now < resolver->next_look_us)
    return;
  resolver->next_look_us = resolver->worker->now + LOOK_US;
  for (unsigned i = resolver->former->len; i-- > 0;)
    if (((Context *)g_ptr_array_index (resolver->former, i))->waiting == 0)
      g_ptr_array_remove_index_fast (resolver->former, i);
  now = clr_system_servers_get_mark (resolver->resolv_conf);
  if (now == 0 || now == resolver->seen || (context = context_new (resolver, NULL)) == NULL)
    return;
  g_ptr_array_add (resolver->former, resolver->context);
  resolver->context = context;
  resolver->seen = now;
}

static void
end_waiting (Question *question)
{
  question->waiting = FALSE;
  question->context->waiting--;
}

static void
lookup_free (ClrLookup *lookup)
{
  for (unsigned i = 0; i < lookup->n_questions; i++)
    {
      Question *question = &lookup->questions[i];

      if (question->waiting)
        {
          ub_cancel (question->context->ctx, question->async_id);
          end_waiting (question);
        }
      clr_dns_answer_clear (&question->answer);
    }
  clr_timers_clear (lookup->resolver->worker->timers, &lookup->timer);
  g_ptr_array_remove_fast (lookup->resolver->lookups, lookup);
  g_free (lookup);
}

static void
set_problem (Question *question, ClrDnsStatus status, const char *problem)
{
  clr_dns_answer_clear (&question->answer);
  question->answer.status = status;
  question->answer.problem = g_strdup (problem);
}

/* RFC 8305 section 4: families in turn, IPv6 first. */
static void
merge_addresses (const ClrLookup *lookup, ClrDnsAddresses *into)
{
  const ClrDnsAnswer *failed = NULL;

  into->secure = TRUE;
  for (unsigned i = 0; i < lookup->n_questions; i++)
    {
      const ClrDnsAnswer *answer = &lookup->questions[i].answer;

      into->secure = into->secure && answer->secure;
      if (answer->status != CLR_DNS_FOUND && (failed == NULL || answer->status == CLR_DNS_TEMPORARY))
        failed = answer;
    }
  for (unsigned n = 0; n < CLR_DNS_ADDRESSES_MOST; n++)
    for (unsigned i = 0; i < lookup->n_questions; i++)
      if (n < lookup->questions[i].answer.n_records && into->n_addresses < CLR_DNS_ADDRESSES_MOST)
        into->addresses[into->n_addresses++] = lookup->questions[i].answer.records[n].address;
  if (into->n_addresses > 0 || failed == NULL)
    return;
  into->status = failed->status;
  into->problem = failed->status == CLR_DNS_NO_DATA ? "it has no address" : failed->problem;
}

static void
tell (ClrLookup *lookup)
{
  ClrLookup told = *lookup;
  ClrDnsAddresses addresses = { .status = CLR_DNS_FOUND };

  /* The owner may do anything inside its callback: nothing of ours is left by then. */
  for (unsigned i = 0; i < lookup->n_questions; i++)
    lookup->questions[i].answer = (ClrDnsAnswer){ 0 };
  lookup_free (lookup);
  if (told.done)
    told.done (&told.questions[0].answer, told.data);
  else
    {
      merge_addresses (&told, &addresses);
      told.done_addresses (&addresses, told.data);
    }
  for (unsigned i = 0; i < told.n_questions; i++)
    clr_dns_answer_clear (&told.questions[i].answer);
}

static void
on_timer (ClrTimer *timer, void *data)
{
  ClrLookup *lookup = data;

  for (unsigned i = 0; i < lookup->n_questions; i++)
    {
      Question *question = &lookup->questions[i];

      if (!question->waiting)
        continue;
      ub_cancel (question->context->ctx, question->async_id);
      end_waiting (question);
      set_problem (question, CLR_DNS_TEMPORARY, "the name servers did not answer in time");
    }
  tell (lookup);
}

static void
check_complete (ClrLookup *lookup)
{
  for (unsigned i = 0; i < lookup->n_questions; i++)
    if (lookup->questions[i].waiting)
      return;
  clr_timers_set (lookup->resolver->worker->timers, &lookup->timer, lookup->resolver->worker->now);
}

static void
on_answer (void *data, int rcode, void *packet, int size, int security, char *why_bogus, int was_ratelimited)
{
  Question *question = data;
  ClrDnsAnswer *answer = &question->answer;

  end_waiting (question);
  answer->ttl = TTL_MOST;
  /* @rcode tells only what went wrong on the way; what the servers say stands in the packet. */
  if (rcode == RCODE_OK && size > 3)
    rcode = ((const uint8_t *)packet)[3] & 15;
  if (security == SECURITY_BOGUS)
    set_problem (question, CLR_DNS_TEMPORARY, "its DNSSEC signature is wrong");
  else if (rcode != RCODE_OK && rcode != RCODE_NXDOMAIN)
    set_problem (question, CLR_DNS_TEMPORARY, "the name servers report a failure, or do not answer");
  else if (!clr_dns_packet_read (packet, MAX (size, 0), question->type, answer))
    set_problem (question, CLR_DNS_TEMPORARY, "the answer of the name servers cannot be read");
  else if (rcode == RCODE_NXDOMAIN)
    {
      answer->status = CLR_DNS_NO_NAME;
      answer->problem = g_strdup ("there is no such name");
    }
  else if (answer->n_records == 0)
    {
      answer->status = CLR_DNS_NO_DATA;
      answer->problem = g_strdup ("the name has no such record");
    }
  answer->secure = security == SECURITY_GOOD;
  check_complete (question->lookup);
}

static void
ask (Question *question, const char *name)
{
  int code = ub_resolve_event (question->context->ctx, name, question->type, CLASS_IN, question, on_answer,
                               &question->async_id);

  if (code == 0)
    return;
  end_waiting (question);
  /* RFC 1035 section 2.3.4: too long, or an empty label. Nobody has such a name. */
  if (code == UB_SYNTAX)
    set_problem (question, CLR_DNS_NO_NAME, "this cannot be a name");
  else
    set_problem (question, CLR_DNS_TEMPORARY, ub_strerror (code));
}

static ClrLookup *
lookup_new (ClrResolver *resolver, const char *name, unsigned n_types, const ClrDnsType *types, void *data)
{
  ClrLookup *lookup = g_new0 (ClrLookup, 1);

  look_for_new_servers (resolver);
  lookup->resolver = resolver;
  lookup->data = data;
  lookup->n_questions = n_types;
  clr_timer_init (&lookup->timer, on_timer, lookup);
  clr_timers_set (resolver->worker->timers, &lookup->timer, resolver->worker->now + resolver->timeout_us);
  g_ptr_array_add (resolver->lookups, lookup);
  /* A question may be answered from the cache inside the call: the others must be seen to be open by then. */
  for (unsigned i = 0; i < n_types; i++)
    {
      lookup->questions[i]
          = (Question){ .lookup = lookup, .context = resolver->context, .type = types[i], .waiting = TRUE };
      resolver->context->waiting++;
    }
  for (unsigned i = 0; i < n_types; i++)
    ask (&lookup->questions[i], name);
  check_complete (lookup);
  return lookup;
}

ClrLookup *
clr_resolver_ask (ClrResolver *resolver, const char *name, ClrDnsType type,
                  void (*done) (const ClrDnsAnswer *answer, void *data), void *data)
{
  ClrLookup *lookup = lookup_new (resolver, name, 1, &type, data);

  lookup->done = done;
  return lookup;
}

ClrLookup *
clr_resolver_find_addresses (ClrResolver *resolver, const char *name, int family,
                             void (*done) (const ClrDnsAddresses *answer, void *data), void *data)
{
  static const ClrDnsType types[] = { CLR_DNS_AAAA, CLR_DNS_A };
  ClrLookup *lookup
      = lookup_new (resolver, name, family == AF_UNSPEC ? 2 : 1, types + (family == AF_INET), data);

  lookup->done_addresses = done;
  return lookup;
}

void
clr_lookup_cancel (ClrLookup *lookup)
{
  lookup_free (lookup);
}

/* -- waiting */

typedef struct
{
  ClrWorker *worker;
  ClrDnsAnswer *answer;
  ClrTimer wake; /* the worker, which would sleep after it has told */
} Waiter;

static void
on_wake (ClrTimer *timer, void *data)
{
}

static void
on_answer_now (const ClrDnsAnswer *answer, void *data)
{
  Waiter *waiter = data;
  ClrDnsAnswer *copy = g_new (ClrDnsAnswer, 1);

  *copy = *answer;
  copy->problem = g_strdup (answer->problem);
  copy->records = g_memdup2 (answer->records, answer->n_records * sizeof *answer->records);
  for (unsigned i = 0; i < copy->n_records; i++)
    {
      ClrDnsRecord *record = &copy->records[i];

      record->name = g_strdup (record->name);
      /* With the NUL behind a text. */
      if (record->bytes)
        {
          uint8_t *bytes = g_malloc0 (record->size + 1);
          memcpy (bytes, record->bytes, record->size);
          record->bytes = bytes;
        }
    }
  waiter->answer = copy;
  clr_timers_set (waiter->worker->timers, &waiter->wake, waiter->worker->now + 1); /* not in this turn */
}

ClrDnsAnswer *
clr_resolver_ask_now (ClrResolver *resolver, const char *name, ClrDnsType type)
{
  Waiter waiter = { .worker = resolver->worker };

  g_assert (resolver->worker->thread == NULL);
  clr_timer_init (&waiter.wake, on_wake, NULL);
  clr_worker_turn (resolver->worker, 0); /* its clock may stand still since long */
  clr_resolver_ask (resolver, name, type, on_answer_now, &waiter);
  while (waiter.answer == NULL)
    clr_worker_turn (resolver->worker, -1);
  clr_timers_clear (resolver->worker->timers, &waiter.wake);
  return waiter.answer;
}

/* -- for the owner */

ClrResolver *
clr_resolver_new (ClrWorker *worker, const ClrResolverOptions *options, GError **error)
{
  ClrResolver *resolver = g_new0 (ClrResolver, 1);

  resolver->worker = worker;
  resolver->servers = g_strdupv ((char **)options->servers);
  resolver->resolv_conf = g_strdup (options->resolv_conf);
  resolver->timeout_us = options->timeout_us;
  resolver->former = g_ptr_array_new_with_free_func (context_free);
  resolver->lookups = g_ptr_array_new ();
  resolver->base = clr_unbound_base_new (worker);
  resolver->seen = clr_system_servers_get_mark (resolver->resolv_conf);
  if (options->trust_anchor)
    resolver->trust_anchors = clr_trust_anchor_read (options->trust_anchor, error);
  if (options->trust_anchor == NULL || resolver->trust_anchors)
    resolver->context = context_new (resolver, error);
  if (resolver->context == NULL)
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
  g_ptr_array_unref (resolver->former);
  g_clear_pointer (&resolver->context, context_free);
  clr_unbound_base_free (resolver->base);
  g_ptr_array_unref (resolver->lookups);
  g_strfreev (resolver->servers);
  g_strfreev (resolver->trust_anchors);
  g_free (resolver->resolv_conf);
  g_free (resolver);
}
