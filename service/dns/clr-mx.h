/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrMxPlan: which hosts take mail for a domain, in which order, or why none does (RFC 5321 section 5.1, RFC
 * 7505). Pure: the DNS answer is fed in.
 */
#pragma once

#include "dns/clr-dns-answer.h"

/* Exchangers that are tried, the best ones. Nobody has more for a reason, and an answer could name hundreds
 * to keep us busy. */
#define CLR_MX_MOST 20u

typedef enum
{
  CLR_MX_HOSTS,
  CLR_MX_TEMPORARY,
  CLR_MX_PERMANENT,
} ClrMxVerdict;

typedef struct
{
  char *name; /* lower case */
  unsigned preference;
  gboolean is_literal;
  ClrEndpoint endpoint; /* of a literal, port 0 */
} ClrMxHost;

typedef struct
{
  ClrMxVerdict verdict;
  ClrMxHost *hosts; /* by preference, equals by name: whoever connects shuffles these */
  unsigned n_hosts;
  char *site;  /* the set of hosts, whatever their preferences: "mx1.example.net,mx2.example.net:25" */
  char *order; /* the same by preference: "mx2.example.net<mx1.example.net:25" */
  /* Unless there are hosts. */
  int code; /* 0: nothing for good */
  const char *enhanced;
  char *why;
} ClrMxPlan;

/* What can be told without the DNS: address literals, and what is no domain. @domain: A-labels in lower case,
 * or a literal with its brackets. Returns: FALSE when the MX records of @domain must be asked for. */
gboolean clr_mx_plan_without_dns (ClrMxPlan *plan, const char *domain, unsigned port);

/* @answer: to the question for the MX of @domain. @own_name: our own host name. */
void clr_mx_plan_from_answer (ClrMxPlan *plan, const char *domain, unsigned port, const ClrDnsAnswer *answer,
                              const char *own_name);

void clr_mx_plan_clear (ClrMxPlan *plan);
