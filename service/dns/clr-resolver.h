/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrResolver: name resolution of one worker over libunbound: caching, validating, many waiters for one
 * question. It runs on the worker's own poller and timers (ub_ctx_create_ub_event); no hidden thread.
 */
#pragma once

#include "net/clr-endpoint.h"
#include "net/clr-worker.h"

typedef enum
{
  CLR_DNS_FOUND,
  CLR_DNS_NOTHING,   /* the name, or the type, does not exist */
  CLR_DNS_TEMPORARY, /* no answer, SERVFAIL, or a signature that is wrong: try again later */
} ClrDnsStatus;

#define CLR_DNS_MOST 32 /* addresses of one answer that are looked at */

typedef struct
{
  ClrDnsStatus status;
  ClrEndpoint addresses[CLR_DNS_MOST]; /* port 0 */
  unsigned n_addresses;
  gboolean secure; /* DNSSEC proved all of it */
  const char *problem;
} ClrDnsAnswer;

typedef struct ClrResolver ClrResolver;
typedef struct ClrLookup ClrLookup;

/* @servers: "address:port", or none for the system's. */
ClrResolver *clr_resolver_new (ClrWorker *worker, const char *const *servers, int64_t timeout_us,
                               GError **error);
void clr_resolver_free (ClrResolver *resolver);

/* A and AAAA of @name, interleaved. @done is called later, once, never inside this call. */
ClrLookup *clr_resolver_find_addresses (ClrResolver *resolver, const char *name,
                                        void (*done) (const ClrDnsAnswer *answer, void *data), void *data);
/* The callback will not come. */
void clr_lookup_cancel (ClrLookup *lookup);
