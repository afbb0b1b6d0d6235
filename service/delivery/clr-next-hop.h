/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrNextHop: how to speak SMTP to whom, frozen: a [smarthost] with its hosts, or a [route] via mx, whose
 * hosts are found in the DNS for each domain. Built by the main thread, shared, never changed.
 */
#pragma once

#include "dns/clr-sts-policy.h"
#include "net/clr-endpoint.h"
#include "net/clr-tls.h"
#include "settings/clr-section.h"
#include "smtp/clr-client.h"

typedef enum
{
  CLR_NEXT_HOP_TLS_NONE,
  CLR_NEXT_HOP_TLS_MAY,
  CLR_NEXT_HOP_TLS_DANE, /* as may, but as TLSA records say where there are some (RFC 7672) */
  CLR_NEXT_HOP_TLS_ENCRYPT,
  CLR_NEXT_HOP_TLS_DANE_ONLY,
  CLR_NEXT_HOP_TLS_VERIFY,
  CLR_NEXT_HOP_TLS_IMPLICIT,
} ClrNextHopTls;

typedef struct
{
  char *name; /* as it stands in the settings or in the DNS, without port; of a literal its address */
  unsigned port;
  unsigned rank; /* lower is tried first; equals in random order */
  gboolean is_literal;
  gboolean may_be_loopback;
  ClrEndpoint endpoint; /* of a literal */
  gboolean is_secure;   /* who it is has been proven: by DNSSEC, or by the administrator */
  ClrStsMode sts;       /* what the domain's MTA-STS policy asks of it */
} ClrHost;

typedef struct
{
  char *name;
  gboolean is_mx; /* the hosts are a domain's mail exchangers */
  ClrHost *hosts; /* otherwise */
  unsigned n_hosts;
  unsigned port; /* of mail exchangers */
  int family;    /* AF_UNSPEC, AF_INET, AF_INET6 */
  ClrNextHopTls tls;
  gboolean mta_sts;           /* policies of recipients' domains count */
  ClrTlsContext *tls_context; /* NULL with CLR_NEXT_HOP_TLS_NONE */
  char *user;
  char *password;
  char *secret; /* the name of the password */
  char *oauth;  /* the account whose token is used instead of a password; NULL: none */
  char *helo;   /* NULL: the relay's own name */
  gboolean allow_loopback;
  unsigned shards;          /* workers that carry it: no more than it may have connections */
  unsigned max_connections; /* of all shards, as the next one */
  unsigned max_per_minute;  /* messages in any minute; 0: no limit */
  unsigned max_recipients;
  unsigned max_messages;
  int64_t connect_timeout_us;
  int64_t wait_us[CLR_N_WAITS]; /* RFC 5321 section 4.5.3.2 */
  int64_t idle_us;
  gboolean has_source;
  ClrEndpoint source;
} ClrNextHop;

/* @section: [smarthost] or [route]. @workers: among how many its limits may be divided. */
ClrNextHop *clr_next_hop_new (ClrSection *section, const char *state_directory, unsigned workers,
                              GError **error);
void clr_next_hop_free (ClrNextHop *hop);
/* The share of the limit @most that the worker of this index has; the shares add up to it. */
unsigned clr_next_hop_get_share (const ClrNextHop *hop, unsigned most, unsigned worker);

/* Frees what is in @hosts, and the array. */
void clr_hosts_free (ClrHost *hosts, unsigned n_hosts);
