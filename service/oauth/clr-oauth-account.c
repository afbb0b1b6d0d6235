/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/clr-oauth-account.h"

#include "base/clr-error.h"
#include "oauth/clr-assertion.h"
#include "settings/clr-secret.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* An address of the settings, with {tenant} filled in. */
static char *
dup_url (ClrSection *section, const char *key)
{
  const char *url = clr_section_get_text (section, key), *tenant = clr_section_get_text (section, "tenant");

  if (url == NULL)
    return NULL;
  g_autofree char *escaped = g_uri_escape_string (tenant ? tenant : "", NULL, FALSE);
  g_auto (GStrv) parts = g_strsplit (url, "{tenant}", 5);
  return g_strjoinv (escaped, parts);
}

static ClrOauthGrant
read_grant (const char *word)
{
  static const char *const words[]
      = { "client-secret", "client-certificate", "authorization-code", "device-code" };

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i]))
      return i;
  g_assert_not_reached ();
}

ClrOauthAccount *
clr_oauth_account_new (ClrSection *section, const char *state_directory)
{
  ClrOauthAccount *account = g_new0 (ClrOauthAccount, 1);

  account->name = g_strdup (clr_section_get_name (section));
  account->grant = read_grant (clr_section_get_text (section, "grant"));
  account->client_id = g_strdup (clr_section_get_text (section, "client-id"));
  account->secret_name = g_strdup (clr_section_get_text (section, "client-secret"));
  if (account->secret_name)
    account->client_secret = clr_secret_load (state_directory, account->secret_name, NULL);
  account->certificate_file = g_strdup (clr_section_get_text (section, "certificate-file"));
  account->key_file = g_strdup (clr_section_get_text (section, "key-file"));
  account->scope = g_strdup (clr_section_get_text (section, "scope"));
  account->application_scope = g_strdup (clr_section_get_text (section, "application-scope"));
  account->token_url = dup_url (section, "token-url");
  account->authorization_url = dup_url (section, "authorization-url");
  account->device_url = dup_url (section, "device-url");
  account->proxy = g_strdup (clr_section_get_text (section, "proxy"));
  account->ca_file = g_strdup (clr_section_get_text (section, "ca-file"));
  account->redirect_port = clr_section_get_number (section, "redirect-port");
  account->timeout_s = clr_section_get_number (section, "timeout");
  account->login_timeout_s = clr_section_get_number (section, "login-timeout");
  return account;
}

void
clr_oauth_account_free (ClrOauthAccount *account)
{
  if (account->client_secret)
    explicit_bzero (account->client_secret, strlen (account->client_secret));
  g_free (account->client_secret);
  g_free (account->name);
  g_free (account->client_id);
  g_free (account->secret_name);
  g_free (account->certificate_file);
  g_free (account->key_file);
  g_free (account->scope);
  g_free (account->application_scope);
  g_free (account->token_url);
  g_free (account->authorization_url);
  g_free (account->device_url);
  g_free (account->proxy);
  g_free (account->ca_file);
  g_free (account);
}

gboolean
clr_oauth_account_equal (const ClrOauthAccount *a, const ClrOauthAccount *b)
{
  const char *const texts[][2] = {
    { a->name, b->name },
    { a->client_id, b->client_id },
    { a->client_secret, b->client_secret },
    { a->certificate_file, b->certificate_file },
    { a->key_file, b->key_file },
    { a->scope, b->scope },
    { a->application_scope, b->application_scope },
    { a->token_url, b->token_url },
    { a->authorization_url, b->authorization_url },
    { a->device_url, b->device_url },
    { a->proxy, b->proxy },
    { a->ca_file, b->ca_file },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_strcmp0 (texts[i][0], texts[i][1]) != 0)
      return FALSE;
  return a->grant == b->grant && a->redirect_port == b->redirect_port && a->timeout_s == b->timeout_s
         && a->login_timeout_s == b->login_timeout_s;
}

gboolean
clr_oauth_account_is_delegated (const ClrOauthAccount *account)
{
  return account->grant == CLR_GRANT_AUTHORIZATION_CODE || account->grant == CLR_GRANT_DEVICE_CODE;
}

char *
clr_oauth_account_dup_refresh_name (const ClrOauthAccount *account)
{
  return g_strconcat ("oauth-", account->name, NULL);
}

/* -- bodies */

static void
add (GString *form, const char *name, const char *value)
{
  g_autofree char *escaped = g_uri_escape_string (value, NULL, FALSE);

  g_string_append_printf (form, "%s%s=%s", form->len ? "&" : "", name, escaped);
  explicit_bzero (escaped, strlen (escaped));
}

static GString *
form_new (const ClrOauthAccount *account, const char *grant)
{
  GString *form = g_string_sized_new (4096);

  if (grant)
    add (form, "grant_type", grant);
  add (form, "client_id", account->client_id);
  return form;
}

/* RFC 6749 section 2.3.1: a public client has no secret. */
static GBytes *
finish (GString *form, const ClrOauthAccount *account)
{
  if (account->client_secret)
    add (form, "client_secret", account->client_secret);
  return g_string_free_to_bytes (form);
}

/* RFC 7523 section 2.2 */
static gboolean
add_assertion (GString *form, const ClrOauthAccount *account, GError **error)
{
  g_autofree char *assertion
      = clr_assertion_make (account->client_id, account->token_url, account->certificate_file,
                            account->key_file, g_get_real_time () / G_USEC_PER_SEC, error);

  if (assertion == NULL)
    return FALSE;
  add (form, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  add (form, "client_assertion", assertion);
  return TRUE;
}

GBytes *
clr_oauth_account_ask_as_client (const ClrOauthAccount *account, GError **error)
{
  GString *form = form_new (account, "client_credentials");

  add (form, "scope", account->application_scope);
  if (account->grant == CLR_GRANT_CLIENT_CERTIFICATE ? add_assertion (form, account, error)
                                                     : account->client_secret != NULL)
    return finish (form, account);
  if (account->grant == CLR_GRANT_CLIENT_SECRET)
    g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                 _ ("the secret %s is not set: set it with \"clrelay secret set %s\""), account->secret_name,
                 account->secret_name);
  g_string_free (form, TRUE);
  return NULL;
}

GBytes *
clr_oauth_account_ask_by_refresh (const ClrOauthAccount *account, const char *refresh_token)
{
  GString *form = form_new (account, "refresh_token");

  add (form, "refresh_token", refresh_token);
  add (form, "scope", account->scope);
  return finish (form, account);
}

GBytes *
clr_oauth_account_ask_by_code (const ClrOauthAccount *account, const char *code, const char *verifier,
                               const char *redirect_uri)
{
  GString *form = form_new (account, "authorization_code");

  add (form, "code", code);
  add (form, "code_verifier", verifier);
  add (form, "redirect_uri", redirect_uri);
  return finish (form, account);
}

GBytes *
clr_oauth_account_ask_by_device (const ClrOauthAccount *account, const char *device_code)
{
  GString *form = form_new (account, "urn:ietf:params:oauth:grant-type:device_code");

  add (form, "device_code", device_code);
  return finish (form, account);
}

GBytes *
clr_oauth_account_ask_device_code (const ClrOauthAccount *account)
{
  GString *form = form_new (account, NULL);

  add (form, "scope", account->scope);
  return finish (form, account);
}

char *
clr_oauth_account_make_login_url (const ClrOauthAccount *account, const char *redirect_uri, const char *state,
                                  const char *challenge)
{
  g_autoptr (GString) query = g_string_new (NULL);

  add (query, "response_type", "code");
  add (query, "client_id", account->client_id);
  add (query, "redirect_uri", redirect_uri);
  add (query, "scope", account->scope);
  add (query, "state", state);
  add (query, "code_challenge", challenge);
  add (query, "code_challenge_method", "S256");
  return g_strdup_printf ("%s%c%s", account->authorization_url,
                          strchr (account->authorization_url, '?') ? '&' : '?', query->str);
}
