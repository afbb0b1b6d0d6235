/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-token.h"

#include <stdatomic.h>
#include <string.h>

typedef struct
{
  ClrToken token; /* first */
  atomic_int references;
} Counted;

ClrToken *
clr_token_new (const char *account, ClrTokenState state, uint64_t generation, const char *text,
               int64_t expires_us, const char *why)
{
  Counted *counted = g_new0 (Counted, 1);

  counted->token = (ClrToken){ .account = g_strdup (account),
                               .state = state,
                               .generation = generation,
                               .text = g_strdup (text),
                               .expires_us = expires_us,
                               .why = g_strdup (why) };
  atomic_init (&counted->references, 1);
  return &counted->token;
}

ClrToken *
clr_token_ref (ClrToken *token)
{
  atomic_fetch_add (&((Counted *)token)->references, 1);
  return token;
}

void
clr_token_unref (ClrToken *token)
{
  if (atomic_fetch_sub (&((Counted *)token)->references, 1) != 1)
    return;
  if (token->text)
    explicit_bzero (token->text, strlen (token->text));
  g_free (token->text);
  g_free (token->account);
  g_free (token->why);
  g_free (token);
}
