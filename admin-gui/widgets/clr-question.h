/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrQuestion: a small question to the person: one of some choices, a text, or both.
 */
#pragma once

#include "pages/clr-page.h"

G_BEGIN_DECLS

typedef struct
{
  const char *heading, *body, *label; /* label: of the button that does it */
  const char *choice_title;           /* NULL: nothing is chosen */
  const char *const *choices;
  guint choice;                  /* that stands there first */
  const char *text_title, *text; /* text_title: NULL: nothing is typed */
} ClrQuestion;

/* @text: without white space around it; never NULL. */
typedef void (*ClrQuestionAnswer) (ClrPage *page, guint choice, const char *text, gpointer data);

/* @on_answer is not called when the person leaves it. @data: freed by @free, in any case. */
void clr_question_ask (ClrPage *page, const ClrQuestion *question, ClrQuestionAnswer on_answer, gpointer data,
                       GDestroyNotify free);

G_END_DECLS
