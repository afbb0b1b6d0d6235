/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrStsKeeper: the MTA-STS policies that have been fetched (RFC 8461), for all workers. Lives in the main
 * thread, where HTTPS is; questions come as posts and go back as letters. A policy is kept until it expires,
 * whatever the DNS and the policy host say meanwhile, and is renewed ahead of that.
 */
#pragma once

#include "dns/clr-sts-policy.h"
#include "dns/clr-sts-record.h"
#include "net/clr-worker.h"
#include "queue/clr-state.h"
#include "web/clr-web-client.h"

#define CLR_STS_DOMAINS_MOST 10000u /* that are remembered; those nobody asked about for longest go first */

typedef struct ClrStsKeeper ClrStsKeeper;

/* Why a policy that should be there is not (RFC 8460 section 4.3.2.2). */
typedef enum
{
  CLR_STS_NO_PROBLEM,
  CLR_STS_FETCH_FAILED,
  CLR_STS_POLICY_INVALID,
  CLR_STS_HOST_UNTRUSTED,
} ClrStsProblem;

/* Comes back to @worker as a letter opened by @open, which frees it by clr_sts_question_free(). */
typedef struct
{
  ClrLetter letter;
  void (*open) (ClrLetter *question, void *owner);
  ClrWorker *worker;
  char *domain; /* A-labels, lower case */
  ClrStsRecordStatus status;
  char id[CLR_STS_ID_SIZE]; /* when the record was found */
  void *data;               /* the asker's */

  ClrStsPolicy *policy; /* the answer: what applies, or NULL */
  ClrStsProblem problem;
  char *why; /* with a problem, in words */
} ClrStsQuestion;

void clr_sts_question_free (ClrStsQuestion *question);

typedef struct
{
  ClrWebClient *client;
  unsigned port;
  unsigned timeout_s; /* of one fetch */
  unsigned retry_s;   /* rest after one that failed */
  ClrState *state;    /* where policies outlive a restart, or NULL */
} ClrStsKeeperOptions;

/* Main thread. The client and the state must outlive it. Reads what was kept before. */
ClrStsKeeper *clr_sts_keeper_new (const ClrStsKeeperOptions *options, GError **error);
/* After the workers have ended: what is still asked is answered with nothing. */
void clr_sts_keeper_free (ClrStsKeeper *keeper);

/* Any thread. */
void clr_sts_keeper_post (ClrStsKeeper *keeper, ClrStsQuestion *question);

/* Main thread: the policy that is kept for @domain: its lines, and its "mx" values. (out) (transfer full)
 * (nullable): NULL when there is none. */
void clr_sts_keeper_tell_policy (ClrStsKeeper *keeper, const char *domain, char ***lines, char ***patterns);
