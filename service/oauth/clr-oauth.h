/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrOauth: all OAuth accounts of the settings: their tokens, and the logins under way. Main thread, but for
 * what is named _post.
 */
#pragma once

#include "base/clr-token.h"
#include "oauth/clr-oauth-login.h"
#include "settings/clr-settings.h"

typedef struct ClrOauth ClrOauth;

typedef struct
{
  ClrWebResolver *resolver;
  /* A token is new, or gone. */
  void (*publish) (ClrToken *token, void *data);
  void *data;
} ClrOauthHost;

/* Without accounts, until clr_oauth_apply(). */
ClrOauth *clr_oauth_new (const ClrOauthHost *host);
void clr_oauth_free (ClrOauth *oauth);
/* Without accounts again, and deaf. */
void clr_oauth_stop (ClrOauth *oauth);
/* Tokens are asked for at once. Accounts that did not change keep their tokens; what had failed is tried
 * again. */
void clr_oauth_apply (ClrOauth *oauth, ClrSettings *settings);

/* Any thread: a mail server refused the token of @generation. */
void clr_oauth_post_refused (ClrOauth *oauth, const char *account, uint64_t generation, const char *reply);

/* Of ClrTokenSource, in the order of the settings. */
GPtrArray *clr_oauth_get_sources (ClrOauth *oauth);
ClrTokenSource *clr_oauth_find (ClrOauth *oauth, const char *account);
/* One a time for an account: a former one ends. Returns: (transfer none) */
ClrOauthLogin *clr_oauth_begin_login (ClrOauth *oauth, ClrTokenSource *source, GError **error);
/* The last one that was begun, or NULL. */
ClrOauthLogin *clr_oauth_find_login (ClrOauth *oauth, const char *account);
