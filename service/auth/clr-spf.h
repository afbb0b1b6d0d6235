/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSpf: check_host() of RFC 7208 as a machine: it says what to ask of the DNS, one question at a time, and
 * is fed the answer, until there is a verdict. Pure; the work is bounded by section 4.6.4: at the most about
 * 120 questions, and what time they may take is for the caller to say.
 */
#pragma once

#include "auth/clr-auth-question.h"
#include "auth/clr-spf-address.h"

/* The words of section 2.6. */
typedef enum
{
  CLR_SPF_NONE, /* no record, or no domain that could have one */
  CLR_SPF_NEUTRAL,
  CLR_SPF_PASS,
  CLR_SPF_FAIL,
  CLR_SPF_SOFTFAIL,
  CLR_SPF_TEMPERROR,
  CLR_SPF_PERMERROR,
} ClrSpfVerdict;

/* Section 4.6.4. */
typedef struct
{
  unsigned terms;      /* that cause look-ups, in all */
  unsigned voids;      /* terms whose look-up finds nothing */
  unsigned exchangers; /* of one mx whose addresses are asked for */
  unsigned pointers;   /* names of one client that are looked at */
} ClrSpfLimits;
#define CLR_SPF_LIMITS                                                                                       \
  {                                                                                                          \
    .terms = 10, .voids = 2, .exchangers = 10, .pointers = 10                                                \
  }

typedef struct
{
  ClrSpfAddress address;
  const char *mail_from; /* without brackets; NULL or "": the HELO identity is checked (section 2.4) */
  const char *helo;
  const char *receiver; /* our host name, for macro r; NULL: "unknown" */
  int64_t now;          /* seconds since 1970, for macro t */
  ClrSpfLimits limits;
} ClrSpfRequest;

/* Strings belong to the machine. */
typedef struct
{
  ClrSpfVerdict verdict;
  char *reason;      /* one sentence for people */
  char *explanation; /* of a fail: what the domain has to say (section 6.2); NULL: nothing */
  char *domain;      /* of the identity that was checked, A-labels; NULL when it has none */
  gboolean is_helo;
  char *record;      /* the domain's own, NULL: none was found */
  char *term;        /* what decided; NULL: none */
  char *term_domain; /* in whose record it stands */
  unsigned n_terms;  /* that caused look-ups */
  unsigned n_voids;
  unsigned n_questions;
} ClrSpfResult;

typedef struct ClrSpf ClrSpf;

ClrSpf *clr_spf_new (const ClrSpfRequest *request);
void clr_spf_free (ClrSpf *spf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrSpf, clr_spf_free)

/* What to ask now; NULL: there is a verdict. Valid until it is answered. */
const ClrAuthQuestion *clr_spf_get_question (const ClrSpf *spf);
void clr_spf_feed (ClrSpf *spf, const ClrAuthAnswer *answer);
/* No more questions: a temporary error, unless there is a verdict. */
void clr_spf_give_up (ClrSpf *spf, const char *reason);
/* NULL: not yet. */
const ClrSpfResult *clr_spf_get_result (const ClrSpf *spf);

const char *clr_spf_verdict_get_name (ClrSpfVerdict verdict);
/* Returns: FALSE when @name is no such word. */
gboolean clr_spf_verdict_from_name (const char *name, ClrSpfVerdict *verdict);
