/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrOauthAccount: what [oauth NAME] says, frozen, and the bodies of the requests that follow from it
 * (RFC 6749, RFC 7636, RFC 8628). Main thread.
 */
#pragma once

#include "settings/clr-section.h"

typedef enum
{
  CLR_GRANT_CLIENT_SECRET,
  CLR_GRANT_CLIENT_CERTIFICATE,
  CLR_GRANT_AUTHORIZATION_CODE,
  CLR_GRANT_DEVICE_CODE,
} ClrOauthGrant;

typedef struct
{
  char *name;
  ClrOauthGrant grant;
  char *client_id;
  char *client_secret; /* itself; NULL: none, or it has not been set */
  char *secret_name;
  char *certificate_file, *key_file;
  char *scope, *application_scope;
  char *token_url, *authorization_url, *device_url;
  char *proxy, *ca_file;
  unsigned redirect_port;
  unsigned timeout_s, login_timeout_s;
} ClrOauthAccount;

ClrOauthAccount *clr_oauth_account_new (ClrSection *section, const char *state_directory);
void clr_oauth_account_free (ClrOauthAccount *account);
gboolean clr_oauth_account_equal (const ClrOauthAccount *a, const ClrOauthAccount *b);
/* A person logs in, and a refresh token is kept. */
gboolean clr_oauth_account_is_delegated (const ClrOauthAccount *account);
/* The name of the secret that is the refresh token. (transfer full) */
char *clr_oauth_account_dup_refresh_name (const ClrOauthAccount *account);

/* Bodies in application/x-www-form-urlencoded, which hold secrets. NULL with @error when the relay itself
 * lacks something: a secret, a certificate. (transfer full) */
GBytes *clr_oauth_account_ask_as_client (const ClrOauthAccount *account, GError **error);
GBytes *clr_oauth_account_ask_by_refresh (const ClrOauthAccount *account, const char *refresh_token);
GBytes *clr_oauth_account_ask_by_code (const ClrOauthAccount *account, const char *code, const char *verifier,
                                       const char *redirect_uri);
GBytes *clr_oauth_account_ask_by_device (const ClrOauthAccount *account, const char *device_code);
GBytes *clr_oauth_account_ask_device_code (const ClrOauthAccount *account);
/* The address at which a person logs in. @challenge: of PKCE, S256. (transfer full) */
char *clr_oauth_account_make_login_url (const ClrOauthAccount *account, const char *redirect_uri,
                                        const char *state, const char *challenge);
