/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers the questions of an evaluator from a check's zone.
 */
#pragma once

#include "auth/clr-auth-question.h"
#include "check/clr-zone.h"

/* @zone: NULL: there are no answers to be had. @records: (out) (transfer full): keeps what @answer points to.
 */
void clr_check_answer_question (const ClrAuthQuestion *question, ClrZone *zone, ClrAuthAnswer *answer,
                                GPtrArray **records);
/* A member of @object, as text that JSON can hold; none where @text is NULL. */
void clr_check_set_text (JsonObject *object, const char *name, const char *text);
