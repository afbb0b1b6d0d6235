/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-token-box.h"

struct ClrTokenBox
{
  GHashTable *tokens; /* account -> ClrToken */
};

static void
token_unref (void *data)
{
  clr_token_unref (data);
}

ClrTokenBox *
clr_token_box_new (void)
{
  ClrTokenBox *box = g_new0 (ClrTokenBox, 1);

  box->tokens = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, token_unref);
  return box;
}

void
clr_token_box_free (ClrTokenBox *box)
{
  g_hash_table_unref (box->tokens);
  g_free (box);
}

void
clr_token_box_put (ClrTokenBox *box, ClrToken *token)
{
  g_hash_table_replace (box->tokens, token->account, token);
}

void
clr_token_box_refuse (ClrTokenBox *box, const ClrToken *token)
{
  const ClrToken *now = g_hash_table_lookup (box->tokens, token->account);

  if (now && now->generation == token->generation && now->state == CLR_TOKEN_GOOD)
    clr_token_box_put (box,
                       clr_token_new (token->account, CLR_TOKEN_AWAITED, token->generation, NULL, 0, NULL));
}

ClrTokenState
clr_token_box_look (const ClrTokenBox *box, const char *account, int64_t now_us, ClrToken **token)
{
  ClrToken *found = g_hash_table_lookup (box->tokens, account);

  *token = found;
  if (found == NULL || (found->state == CLR_TOKEN_GOOD && found->expires_us <= now_us))
    return CLR_TOKEN_AWAITED;
  return found->state;
}
