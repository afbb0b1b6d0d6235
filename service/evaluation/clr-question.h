/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrQuestion: one question of an evaluator in auth/, put to a worker's resolver. Belongs to that worker.
 */
#pragma once

#include "auth/clr-auth-question.h"
#include "dns/clr-resolver.h"

typedef struct
{
  void (*done) (const ClrAuthAnswer *answer, void *data);
  void *data;
  ClrLookup *lookup; /* NULL: none is open */
  ClrDnsType type;
} ClrQuestion;

/* @done: is called later, once, never inside this call; the answer is valid during it. */
void clr_question_ask (ClrQuestion *question, ClrResolver *resolver, const ClrAuthQuestion *what,
                       void (*done) (const ClrAuthAnswer *answer, void *data), void *data);
/* The callback will not come. */
void clr_question_cancel (ClrQuestion *question);
