/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTokenSource: the tokens of one OAuth account: asked for, renewed ahead of their end, one request at a
 * time; told as frozen values to whoever uses them. Main thread.
 */
#pragma once

#include "base/clr-token.h"
#include "oauth/clr-oauth-account.h"
#include "oauth/clr-token-answer.h"
#include "web/clr-web-client.h"

typedef struct ClrTokenSource ClrTokenSource;

typedef struct
{
  const char *state_directory;
  ClrWebResolver *resolver;
  void (*publish) (ClrToken *token, void *data);
  void *data;
} ClrTokenPlace;

/* Takes @account. @place must outlive the source. @former: (nullable): the one of other settings whose place
 * it takes, and whose problem it has until it shows better. */
ClrTokenSource *clr_token_source_new (const ClrTokenPlace *place, ClrOauthAccount *account,
                                      const ClrTokenSource *former);
void clr_token_source_free (ClrTokenSource *source);

const ClrOauthAccount *clr_token_source_get_account (const ClrTokenSource *source);
/* NULL, with why, when its proxy or authorities cannot be used. */
ClrWebClient *clr_token_source_get_web (ClrTokenSource *source);
/* Never NULL. */
const ClrToken *clr_token_source_get_token (const ClrTokenSource *source);
/* What is wrong, in words with what to do; NULL when nothing is. Also while the last token is still good. */
const char *clr_token_source_get_problem (const ClrTokenSource *source);
/* When the next request is made: seconds from now; 0: one is under way, or none will be made. */
unsigned clr_token_source_get_wait (const ClrTokenSource *source);

/* Asks now: settings, a secret or a login are new. */
void clr_token_source_ask (ClrTokenSource *source);
/* A server refused the token of @generation with @reply: once a new one is had, then it is the account's
 * fault. */
void clr_token_source_refused (ClrTokenSource *source, uint64_t generation, const char *reply);
/* A login has brought this. */
void clr_token_source_take (ClrTokenSource *source, const ClrTokenAnswer *answer);
