/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDmarc: DMARC, RFC 9989, as a machine: it says what to ask of the DNS, one question at a time, and is fed
 * the answer, until there is a verdict. The policy and the organizational domains are found by walking up the
 * tree (section 4.10); no list of public suffixes is needed. Pure; a walk asks at the most 8 questions, and
 * only identifiers below the author's organizational domain are walked from.
 */
#pragma once

#include "auth/clr-auth-question.h"
#include "auth/clr-dmarc-record.h"
#include "mail/clr-header-block.h"

#define CLR_DMARC_IDENTIFIERS_MOST 16u

/* The words of RFC 8601 section 2.7.4. */
typedef enum
{
  CLR_DMARC_NONE, /* no record that applies */
  CLR_DMARC_PASS,
  CLR_DMARC_FAIL,
  CLR_DMARC_TEMPERROR,
  CLR_DMARC_PERMERROR, /* there is no one domain of an author */
} ClrDmarcVerdict;

/* Strings are copied. */
typedef struct
{
  const char *author_domain;       /* of the From field; NULL: there is none to be had */
  const char *const *spf_domains;  /* that passed SPF; NULL-terminated, or NULL */
  const char *const *dkim_domains; /* d= of signatures that pass */
} ClrDmarcRequest;

/* Strings belong to the machine. */
typedef struct
{
  ClrDmarcVerdict verdict;
  char *reason;                 /* one sentence for people */
  char *author_domain;          /* A-labels in lower case */
  char *organizational_domain;  /* NULL: not known */
  char *record_domain, *record; /* which applies; NULL: none */
  ClrDmarcPolicy published;     /* what the record asks for, for this author */
  ClrDmarcPolicy policy;        /* the same after t=y: what to do with a fail */
  const ClrDmarcRecord *parsed;
  gboolean absent;   /* the author's domain does not exist (np= was looked at) */
  char *spf_aligned; /* the domain; NULL: none */
  char *dkim_aligned;
  GPtrArray *questions; /* names of TXT, in the order they were asked */
} ClrDmarcResult;

typedef struct ClrDmarc ClrDmarc;

ClrDmarc *clr_dmarc_new (const ClrDmarcRequest *request);
void clr_dmarc_free (ClrDmarc *dmarc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrDmarc, clr_dmarc_free)

/* What to ask now; NULL: there is a verdict. Valid until it is answered. */
const ClrAuthQuestion *clr_dmarc_get_question (const ClrDmarc *dmarc);
void clr_dmarc_feed (ClrDmarc *dmarc, const ClrAuthAnswer *answer);
/* No more questions: a temporary error, unless there is a verdict. */
void clr_dmarc_give_up (ClrDmarc *dmarc, const char *reason);
/* NULL: not yet. */
const ClrDmarcResult *clr_dmarc_get_result (const ClrDmarc *dmarc);

const char *clr_dmarc_verdict_get_name (ClrDmarcVerdict verdict);

/* The one domain of the authors of a message: one From field, all of whose addresses have that domain
 * (section 5.3.1). Returns: (transfer full) (nullable): NULL, and @problem (static) says why. */
char *clr_dmarc_find_author (const ClrHeaderBlock *header, const char **problem);
