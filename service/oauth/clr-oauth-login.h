/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrOauthLogin: a person logs in for an account, once: by the authorization code with PKCE (RFC 7636), which
 * comes back to a port of loopback (RFC 8252 section 7.3) or is pasted; or by a device code (RFC 8628). Ends
 * by itself. Main thread.
 */
#pragma once

#include "oauth/clr-token-source.h"

typedef struct ClrOauthLogin ClrOauthLogin;

typedef enum
{
  CLR_LOGIN_STARTING, /* a device code is being asked for */
  CLR_LOGIN_WAITING,  /* for the person */
  CLR_LOGIN_DONE,
  CLR_LOGIN_FAILED,
} ClrOauthLoginState;

/* NULL with @error when it cannot begin. A token that comes is given to @source, which must outlive it. */
ClrOauthLogin *clr_oauth_login_new (ClrTokenSource *source, GError **error);
void clr_oauth_login_free (ClrOauthLogin *login);

ClrOauthLoginState clr_oauth_login_get_state (const ClrOauthLogin *login);
const char *clr_oauth_login_get_url (const ClrOauthLogin *login);  /* to be opened; NULL while starting */
const char *clr_oauth_login_get_code (const ClrOauthLogin *login); /* to be entered there; NULL: none */
const char *clr_oauth_login_get_why (const ClrOauthLogin *login);  /* why it failed */

/* The address to which a browser on another machine was led. Returns: FALSE when it is not the answer to this
 * login. */
gboolean clr_oauth_login_paste (ClrOauthLogin *login, const char *url);
