/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDnsAnswer: what the DNS says about one name and type, as a plain struct. Pure.
 */
#pragma once

#include "net/clr-endpoint.h"

#define CLR_DNS_RECORDS_MOST 128u /* of one answer; more are left out */
#define CLR_DNS_NAME_SIZE    1024 /* 255 octets on the wire, each as \DDD at the worst */

typedef enum
{
  CLR_DNS_A = 1,
  CLR_DNS_PTR = 12,
  CLR_DNS_MX = 15,
  CLR_DNS_TXT = 16,
  CLR_DNS_AAAA = 28,
  CLR_DNS_TLSA = 52,
} ClrDnsType;

typedef enum
{
  CLR_DNS_FOUND,
  CLR_DNS_NO_NAME,   /* NXDOMAIN: the name does not exist */
  CLR_DNS_NO_DATA,   /* the name has no record of this type */
  CLR_DNS_TEMPORARY, /* no answer, SERVFAIL, or a signature that is wrong: try again later */
} ClrDnsStatus;

typedef struct
{
  ClrEndpoint address; /* A, AAAA; port 0 */
  unsigned preference; /* MX */
  char *name;          /* MX, PTR: without a dot at the end, "" for the root; odd octets as \DDD */
  uint8_t *bytes;      /* TXT: the strings joined, and a NUL behind; TLSA: the certificate's data */
  size_t size;
  uint8_t usage, selector, matching; /* TLSA */
} ClrDnsRecord;

typedef struct
{
  ClrDnsStatus status;
  ClrDnsRecord *records;
  unsigned n_records;
  gboolean is_cut; /* there were more */
  gboolean secure; /* DNSSEC proves it, also an absence */
  unsigned ttl;    /* seconds it may be kept, also an absence */
  char *problem;   /* in words, unless found */
} ClrDnsAnswer;

void clr_dns_answer_clear (ClrDnsAnswer *answer);
void clr_dns_answer_free (ClrDnsAnswer *answer);

/* "1.2.0.192.in-addr.arpa" and its like for IPv6 (RFC 1035 section 3.5, RFC 3596 section 2.5), to ask for
 * PTR. Returns: (transfer full) */
char *clr_dns_reverse_name (const ClrEndpoint *endpoint);

/* A name whose octets are meant as they are, for a question: names are asked for as zone files write them,
 * where a backslash means something else. Returns: (transfer full) */
char *clr_dns_escape_name (const char *name);
