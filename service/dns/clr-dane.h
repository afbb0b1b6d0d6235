/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDane: whether the certificates that an SMTP server shows are those which its TLSA records name (RFC
 * 6698, 7671, 7672). Own matcher; GnuTLS reads certificates and checks signatures. Pure: records,
 * certificates and the time are fed in; frozen once made.
 */
#pragma once

#include "dns/clr-dns-answer.h"

#include <gnutls/gnutls.h>

#define CLR_DANE_CHAIN_MOST 16u /* certificates that are looked at */

typedef enum
{
  CLR_DANE_MATCH,
  CLR_DANE_FAIL,
  CLR_DANE_UNUSABLE, /* no record can be used: TLS is a must, who the server is stays open */
} ClrDaneVerdict;

typedef enum
{
  CLR_TLSA_USABLE,
  CLR_TLSA_USAGE,    /* PKIX-TA(0), PKIX-EE(1), or one that nobody knows */
  CLR_TLSA_SELECTOR, /* one that nobody knows */
  CLR_TLSA_MATCHING, /* the same */
  CLR_TLSA_DATA,     /* not the size of its digest; no certificate; no key */
  CLR_TLSA_WEAKER,   /* a stronger digest stands beside it (RFC 7671 section 9) */
} ClrTlsaUse;

typedef struct ClrDane ClrDane;

typedef struct
{
  ClrDaneVerdict verdict;
  int record;          /* which of the records matched, -1: none */
  int depth;           /* of the certificate it names: 0 the server's own; -1: none */
  const char *problem; /* unless matched; static */
  gboolean is_expired; /* what is in the way is a date */
  gboolean is_name;    /* what is in the way is the name */
} ClrDaneResult;

/* @records: (array length=n): TLSA records of a secure answer. They may go afterwards. */
ClrDane *clr_dane_new (const ClrDnsRecord *records, unsigned n);
void clr_dane_free (ClrDane *dane);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrDane, clr_dane_free)

/* Why record @index may or may not be used. */
ClrTlsaUse clr_dane_get_use (const ClrDane *dane, unsigned index);
gboolean clr_dane_is_usable (const ClrDane *dane); /* any of them */

/* The records as in a zone file. (transfer full) */
char **clr_dane_dup_texts (const ClrDane *dane);

/* @chain: (array length=n): DER, the server's own first. @names: NULL-terminated: any of them may stand in
 * the certificate; asked with DANE-TA(2) only. @now: seconds since 1970; asked with DANE-TA(2) only. */
void clr_dane_judge (const ClrDane *dane, const gnutls_datum_t *chain, unsigned n, const char *const *names,
                     int64_t now, ClrDaneResult *result);

/* "match", "fail", "unusable". */
const char *clr_dane_verdict_get_name (ClrDaneVerdict verdict);
const char *clr_tlsa_use_get_text (ClrTlsaUse use);

/* "3 1 1 0123abcd", as in a zone file; blanks may stand within the data. Returns: FALSE when it is none. */
gboolean clr_tlsa_parse (const char *text, ClrDnsRecord *record);
/* Returns: (transfer full) */
char *clr_tlsa_to_text (const ClrDnsRecord *record);
