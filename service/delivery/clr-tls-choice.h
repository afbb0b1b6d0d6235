/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTlsChoice: how TLS is used with one host, settled before the first word is said to it, and frozen for
 * this attempt: by the route, by the host's TLSA records (RFC 7672), by the MTA-STS policy of the domain (RFC
 * 8461). What came of it stands in the observation. Pure.
 */
#pragma once

#include "delivery/clr-next-hop.h"
#include "dns/clr-dane.h"
#include "net/clr-tls.h"
#include "smtp/clr-client.h"

typedef enum
{
  CLR_TLS_PROOF_NOTHING, /* beyond what the context asks for */
  CLR_TLS_PROOF_NAME,    /* a trusted certificate for the host's name */
  CLR_TLS_PROOF_DANE,    /* what its TLSA records name */
} ClrTlsProof;

/* What a domain or host publishes counts, in this order: DANE, MTA-STS, nothing (RFC 8460 section 4.2). */
typedef enum
{
  CLR_TLS_POLICY_NONE,
  CLR_TLS_POLICY_STS,
  CLR_TLS_POLICY_DANE,
} ClrTlsPolicyKind;

typedef struct
{
  ClrClientTls wanted;
  gboolean implicit;      /* from the first octet (RFC 8314 section 3) */
  ClrTlsContext *context; /* of the next hop; NULL when TLS is not wanted */
  const char *name;       /* asked for (SNI), and verified where the context verifies */
  ClrTlsProof proof;
  const ClrDane *dane; /* the host's; NULL: it has no TLSA records that count */
  gboolean is_test;    /* what is not proven is noted, and stops nothing */
  const char *policy;  /* what asks for it, as attempts show it; static */
  ClrTlsPolicyKind kind;
} ClrTlsChoice;

/* Why a session failed by RFC 8460 section 4.3; CLR_TLS_GOOD: it did not. */
typedef enum
{
  CLR_TLS_GOOD,
  CLR_TLS_NOT_SUPPORTED,
  CLR_TLS_HOST_MISMATCH,
  CLR_TLS_EXPIRED,
  CLR_TLS_NOT_TRUSTED,
  CLR_TLS_VALIDATION_FAILURE,
  CLR_TLS_TLSA_INVALID,
  CLR_TLS_DNSSEC_INVALID,
  CLR_TLS_DANE_REQUIRED,
  CLR_TLS_STS_FETCH_ERROR,
  CLR_TLS_STS_INVALID,
  CLR_TLS_STS_WEBPKI_INVALID,
} ClrTlsResult;

typedef struct
{
  gboolean ok; /* mail may go */
  ClrTlsResult result;
  char *text; /* in words, for a person: "dane: match" */
} ClrTlsVerdict;

/* @dane: (nullable): a secure answer. @is_clear: its TLS broke a while ago. The choice points to all three.
 */
ClrTlsChoice clr_tls_choice_make (const ClrNextHop *hop, const ClrHost *host, const ClrDane *dane,
                                  gboolean is_clear);
/* After the handshake. @now_s: seconds since 1970. Clear the verdict with clr_tls_verdict_clear(). */
void clr_tls_choice_judge (const ClrTlsChoice *choice, ClrTls *tls, int64_t now_s, ClrTlsVerdict *verdict);
void clr_tls_verdict_clear (ClrTlsVerdict *verdict);

/* "certificate-expired", ... */
const char *clr_tls_result_get_name (ClrTlsResult result);
