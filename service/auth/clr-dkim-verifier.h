/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDkimVerifier: the DKIM verifier, RFC 6376 section 6 with RFC 8301 and RFC 8463. Pure: it says which keys
 * it needs, and they are fed in; the body passes through. Header, keys and body may come in any order, all
 * before the end.
 */
#pragma once

#include "auth/clr-dkim-queries.h"

#define CLR_DKIM_SIGNATURES_MOST 8 /* of one message that are looked at, from the top */

/* The words of RFC 8601 section 2.7.1 that we use. */
typedef enum
{
  CLR_DKIM_NONE, /* no signature */
  CLR_DKIM_PASS,
  CLR_DKIM_FAIL,      /* a signature or body hash that is wrong */
  CLR_DKIM_NEUTRAL,   /* not looked at */
  CLR_DKIM_TEMPERROR, /* the key cannot be had now */
  CLR_DKIM_PERMERROR, /* it can never be valid */
} ClrDkimVerdict;

typedef struct
{
  int64_t now;           /* seconds since 1970 */
  gboolean weak_allowed; /* for canonicalization vectors only: rsa-sha1 and short keys may pass */
} ClrDkimRules;

/* One signature; strings belong to the verifier, and may be NULL when the field did not tell. */
typedef struct
{
  ClrDkimVerdict verdict;
  char *reason; /* one sentence for people */
  const char *domain, *selector, *identity, *algorithm;
  gboolean fits;    /* neither header nor body were changed; what is no pass all the same is not admissible */
  unsigned bits;    /* of the key, 0 when it is not known */
  gboolean weak;    /* RFC 8301: rsa-sha1, or a key under 1024 bits */
  gboolean testing; /* the key says t=y: treat as unsigned when it is no pass */
  int64_t length;   /* l=: octets of the body that are signed, -1 for all */
  uint64_t unsigned_size; /* octets of the canonical body behind them */
  int64_t time, expires;  /* -1 for none */
  char **names;           /* h= */
  char *start;            /* the first octets of b=, to tell signatures apart (RFC 6008) */
} ClrDkimResult;

typedef struct ClrDkimVerifier ClrDkimVerifier;

/* @header: kept by the caller until the end. */
ClrDkimVerifier *clr_dkim_verifier_new (const ClrHeaderBlock *header, const ClrDkimRules *rules);
void clr_dkim_verifier_free (ClrDkimVerifier *verifier);

/* The TXT records that are needed, each name once. */
unsigned clr_dkim_verifier_get_n_queries (const ClrDkimVerifier *verifier);
const char *clr_dkim_verifier_get_query (const ClrDkimVerifier *verifier, unsigned index);
/* @records: the strings of each record joined; copied. */
void clr_dkim_verifier_feed_key (ClrDkimVerifier *verifier, unsigned index, ClrDkimKeyStatus status,
                                 const char *const *records, unsigned n_records);

/* Lines end with CRLF; the pieces may be cut anywhere. */
void clr_dkim_verifier_feed_body (ClrDkimVerifier *verifier, const uint8_t *bytes, size_t size);

/* Returns: the verdict of the signature that came nearest to a pass: pass, temperror, permerror when it fits,
 * fail, permerror; none. */
ClrDkimVerdict clr_dkim_verifier_end (ClrDkimVerifier *verifier);
const ClrDkimResult *clr_dkim_verifier_get_results (const ClrDkimVerifier *verifier, unsigned *n_results);

/* The one that decided; NULL when there is none. */
const ClrDkimResult *clr_dkim_verifier_get_nearest (const ClrDkimVerifier *verifier);

const char *clr_dkim_verdict_get_name (ClrDkimVerdict verdict);
