/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers the questions of an evaluator from a check's zone.
 */
#pragma once

#include "auth/clr-auth-question.h"
#include "auth/clr-dkim-verifier.h"
#include "auth/clr-spf.h"
#include "check/clr-zone.h"

/* @zone: NULL: there are no answers to be had. @records: (out) (transfer full): keeps what @answer points to.
 */
void clr_check_answer_question (const ClrAuthQuestion *question, ClrZone *zone, ClrAuthAnswer *answer,
                                GPtrArray **records);
/* Runs to the end. (transfer full) */
ClrSpf *clr_check_run_spf (const ClrSpfRequest *request, ClrZone *zone);
/* All keys that the verifier needs. */
void clr_check_feed_keys (ClrDkimVerifier *verifier, ClrZone *zone);
/* A member of @object, as text that JSON can hold; none where @text is NULL. */
void clr_check_set_text (JsonObject *object, const char *name, const char *text);
/* The same with a list of char*. */
void clr_check_set_texts (JsonObject *object, const char *name, const GPtrArray *texts);
