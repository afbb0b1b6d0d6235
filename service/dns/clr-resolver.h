/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrResolver: name resolution of one worker over libunbound: caching, validating, many waiters for one
 * question. It runs on the worker's own poller and timers (ub_ctx_create_ub_event); no hidden thread.
 */
#pragma once

#include "dns/clr-dns-answer.h"
#include "net/clr-worker.h"

#define CLR_DNS_ADDRESSES_MOST 32 /* of one name */

typedef struct
{
  ClrDnsStatus status;
  ClrEndpoint addresses[CLR_DNS_ADDRESSES_MOST]; /* port 0 */
  unsigned n_addresses;
  gboolean secure; /* DNSSEC proves all of it */
  const char *problem;
} ClrDnsAddresses;

typedef struct
{
  const char *const *servers; /* "address:port"; none: the system's */
  const char *resolv_conf;    /* NULL: the system's; read again when it has changed */
  const char *trust_anchor;   /* a file of DS or DNSKEY records, or NULL: DNSSEC is not asked for */
  int64_t timeout_us;         /* for one question */
} ClrResolverOptions;

typedef struct ClrResolver ClrResolver;
typedef struct ClrLookup ClrLookup;

/* No server is asked yet: one that is down does not matter here. */
ClrResolver *clr_resolver_new (ClrWorker *worker, const ClrResolverOptions *options, GError **error);
void clr_resolver_free (ClrResolver *resolver);

/* The records of @type at @name, through CNAMEs. @done is called later, once, never inside this call; the
 * answer is valid during it. */
ClrLookup *clr_resolver_ask (ClrResolver *resolver, const char *name, ClrDnsType type,
                             void (*done) (const ClrDnsAnswer *answer, void *data), void *data);
/* A and AAAA of @name, interleaved; one of them with @family AF_INET or AF_INET6. */
ClrLookup *clr_resolver_find_addresses (ClrResolver *resolver, const char *name, int family,
                                        void (*done) (const ClrDnsAddresses *answer, void *data), void *data);
/* The callback will not come. */
void clr_lookup_cancel (ClrLookup *lookup);

/* For the command line: the same, waiting. The worker is turned inside the call, and must not have been
 * started. Returns: (transfer full) */
ClrDnsAnswer *clr_resolver_ask_now (ClrResolver *resolver, const char *name, ClrDnsType type);
