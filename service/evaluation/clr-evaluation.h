/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrEvaluation: SPF, DKIM and DMARC of one message from outside, evaluated while it comes in. Belongs to one
 * worker; asks that worker's resolver, and never blocks.
 */
#pragma once

#include "auth/clr-dmarc.h"
#include "auth/clr-spf.h"
#include "net/clr-worker.h"

typedef struct ClrEvaluation ClrEvaluation;

/* Strings are copied. */
typedef struct
{
  const char *client;   /* IP address */
  const char *helo;     /* "" for none */
  const char *sender;   /* "" for the null sender */
  const char *hostname; /* ours: who says it */
  ClrSpfLimits spf;
  int64_t timeout_us; /* from clr_evaluation_finish() on */
} ClrEvaluationFacts;

/* The worker has a resolver. SPF begins. */
ClrEvaluation *clr_evaluation_new (ClrWorker *worker, const ClrEvaluationFacts *facts);
/* No callback comes any more. */
void clr_evaluation_free (ClrEvaluation *evaluation);

/* The header section with its empty line, as it came in. Copied. */
void clr_evaluation_take_header (ClrEvaluation *evaluation, const char *bytes, size_t size);
void clr_evaluation_feed_body (ClrEvaluation *evaluation, const uint8_t *bytes, size_t size);
/* @done: is called later, once, never inside this call; it may free the evaluation. */
void clr_evaluation_finish (ClrEvaluation *evaluation, void (*done) (void *data), void *data);

/* After @done. */
const ClrDmarcResult *clr_evaluation_get_dmarc (const ClrEvaluation *evaluation);
/* Whether mail like this should not go on without a person: it fails DMARC and its author's domain asks for
 * quarantine or reject, or it has no one author that could be checked. */
gboolean clr_evaluation_is_suspect (const ClrEvaluation *evaluation);
/* The Authentication-Results field, with its line end. */
void clr_evaluation_write_field (const ClrEvaluation *evaluation, GString *into);
/* "spf=pass", "dkim=fail", "dmarc=fail (reject)", each on its own. (transfer full) */
char **clr_evaluation_dup_words (const ClrEvaluation *evaluation);
