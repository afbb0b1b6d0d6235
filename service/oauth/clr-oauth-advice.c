/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/clr-oauth-advice.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const char *mark; /* "AADSTS7000222" at the begin of a word of the description, or the error word */
  ClrOauthVerdict verdict;
  const char *advice;
} Row;

#define LOG_IN N_ ("log in again: clrelay oauth login NAME")

/* The more precise ones first: Microsoft's numbers stand in descriptions of general errors. */
static const Row rows[] = {
  { "AADSTS7000222", CLR_OAUTH_SETTINGS,
    N_ ("the application's secret has expired: make a new one at the provider, then clrelay secret set "
        "NAME") },
  { "AADSTS7000215", CLR_OAUTH_SETTINGS,
    N_ ("the client secret is wrong: set its value, not its id, with clrelay secret set NAME") },
  { "AADSTS7000218", CLR_OAUTH_SETTINGS,
    N_ ("the application wants a secret: set client-secret, or allow public client flows at the provider") },
  { "AADSTS700027", CLR_OAUTH_SETTINGS,
    N_ ("the certificate is not the one registered with the application: upload it at the provider") },
  { "AADSTS700024", CLR_OAUTH_SETTINGS,
    N_ ("the assertion's times do not fit: set the clock of this machine right") },
  { "AADSTS700016", CLR_OAUTH_SETTINGS,
    N_ ("the provider does not know the application in this tenant: check client-id and tenant") },
  { "AADSTS700082", CLR_OAUTH_LOGIN, LOG_IN },
  { "AADSTS700084", CLR_OAUTH_LOGIN, LOG_IN },
  { "AADSTS70008", CLR_OAUTH_LOGIN, LOG_IN },
  { "AADSTS70043", CLR_OAUTH_LOGIN,
    N_ ("a sign-in frequency of Conditional Access ended the login: log in again, or exempt the "
        "application") },
  { "AADSTS70011", CLR_OAUTH_SETTINGS, N_ ("the scope is wrong: check scope and application-scope") },
  { "AADSTS7000112", CLR_OAUTH_SETTINGS, N_ ("the application is disabled: enable it at the provider") },
  { "AADSTS90002", CLR_OAUTH_SETTINGS, N_ ("there is no such tenant: check the setting tenant") },
  { "AADSTS900023", CLR_OAUTH_SETTINGS, N_ ("there is no such tenant: check the setting tenant") },
  { "AADSTS500011", CLR_OAUTH_SETTINGS,
    N_ ("the scope's resource is not known in this tenant: check scope") },
  { "AADSTS65001", CLR_OAUTH_SETTINGS,
    N_ ("consent is missing: let an administrator grant SMTP.Send (or SMTP.SendAsApp) to the application") },
  { "AADSTS65004", CLR_OAUTH_LOGIN, N_ ("the person declined: log in again and consent") },
  { "AADSTS90094", CLR_OAUTH_SETTINGS,
    N_ ("an administrator of the tenant has to consent to the application") },
  { "AADSTS50105", CLR_OAUTH_SETTINGS, N_ ("the user is not assigned to the application: assign it") },
  { "AADSTS50173", CLR_OAUTH_LOGIN, N_ ("the password was changed, or logins were revoked: log in again") },
  { "AADSTS50133", CLR_OAUTH_LOGIN, N_ ("the password was changed, or logins were revoked: log in again") },
  { "AADSTS50078", CLR_OAUTH_LOGIN, N_ ("the second factor has to be shown again: log in again") },
  { "AADSTS50076", CLR_OAUTH_LOGIN, N_ ("a second factor is wanted: log in again") },
  { "AADSTS50079", CLR_OAUTH_LOGIN, N_ ("a second factor has to be set up: log in again") },
  { "AADSTS50053", CLR_OAUTH_SETTINGS, N_ ("the account is locked: unlock it at the provider") },
  { "AADSTS50055", CLR_OAUTH_LOGIN, N_ ("the password has expired: change it, then log in again") },
  { "AADSTS50057", CLR_OAUTH_SETTINGS, N_ ("the account is disabled: enable it at the provider") },
  { "AADSTS50034", CLR_OAUTH_SETTINGS,
    N_ ("the account does not exist in this tenant: check user and tenant") },
  { "AADSTS53003", CLR_OAUTH_SETTINGS,
    N_ ("Conditional Access blocks the login: let an administrator exempt this application or network") },
  { "AADSTS53000", CLR_OAUTH_SETTINGS,
    N_ ("Conditional Access wants a managed device: let an administrator exempt this application") },
  { "AADSTS53001", CLR_OAUTH_SETTINGS,
    N_ ("Conditional Access wants a joined device: let an administrator exempt this application") },
  { "AADSTS50020", CLR_OAUTH_SETTINGS, N_ ("the account belongs to another tenant: check tenant and user") },
  { "AADSTS90033", CLR_OAUTH_TEMPORARY, NULL },
  { "AADSTS50196", CLR_OAUTH_TEMPORARY, NULL },
  /* RFC 8628 section 3.5 */
  { "authorization_pending", CLR_OAUTH_PENDING, NULL },
  { "slow_down", CLR_OAUTH_SLOW_DOWN, NULL },
  { "expired_token", CLR_OAUTH_LOGIN, N_ ("the code was not entered in time: begin again") },
  /* Google */
  { "admin_policy_enforced", CLR_OAUTH_SETTINGS,
    N_ ("the domain's administrator forbids the scope: allow the application in the Admin console") },
  { "org_internal", CLR_OAUTH_SETTINGS,
    N_ ("the application is for another organisation only: check client-id") },
  { "invalid_rapt", CLR_OAUTH_LOGIN, LOG_IN },
  { "deleted_client", CLR_OAUTH_SETTINGS,
    N_ ("the application was deleted at the provider: register it anew") },
  { "disabled_client", CLR_OAUTH_SETTINGS, N_ ("the application is disabled: enable it at the provider") },
  /* Microsoft, beside its numbers */
  { "interaction_required", CLR_OAUTH_LOGIN, LOG_IN },
  { "consent_required", CLR_OAUTH_SETTINGS, N_ ("an administrator has to consent to the application") },
  { "authorization_declined", CLR_OAUTH_LOGIN, N_ ("the person declined: log in again and consent") },
  { "bad_verification_code", CLR_OAUTH_LOGIN, N_ ("the code is not known: begin again") },
  /* RFC 6749 sections 4.1.2.1 and 5.2 */
  { "invalid_grant", CLR_OAUTH_LOGIN,
    N_ ("the grant has expired or was revoked: log in again with clrelay oauth login NAME") },
  { "invalid_client", CLR_OAUTH_SETTINGS,
    N_ ("the provider does not accept the application's id, secret or certificate: check [oauth NAME]") },
  { "unauthorized_client", CLR_OAUTH_SETTINGS,
    N_ ("the application may not use this grant: allow it at the provider, or choose another grant") },
  { "unsupported_grant_type", CLR_OAUTH_SETTINGS,
    N_ ("the provider does not have this grant: choose another") },
  { "invalid_scope", CLR_OAUTH_SETTINGS, N_ ("the scope is wrong: check scope and application-scope") },
  { "invalid_request", CLR_OAUTH_SETTINGS,
    N_ ("the provider does not understand the request: check [oauth NAME]") },
  { "access_denied", CLR_OAUTH_LOGIN, N_ ("access was refused: log in again and consent") },
  { "unsupported_response_type", CLR_OAUTH_SETTINGS,
    N_ ("the login address is wrong: check authorization-url") },
  { "temporarily_unavailable", CLR_OAUTH_TEMPORARY, NULL },
  { "server_error", CLR_OAUTH_TEMPORARY, NULL },
};

/* A number of Microsoft's is a whole word: 70008 is not in 700082. */
static gboolean
names (const char *description, const char *mark)
{
  const char *found = strstr (description, mark);

  return found && !g_ascii_isalnum (found[strlen (mark)]);
}

ClrOauthVerdict
clr_oauth_judge (const char *error, const char *description, const char **advice)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_has_prefix (rows[i].mark, "AADSTS") ? description && names (description, rows[i].mark)
                                                  : g_str_equal (error, rows[i].mark))
      {
        *advice = rows[i].advice;
        return rows[i].verdict;
      }
  *advice = NULL;
  return CLR_OAUTH_SETTINGS;
}

const char *
clr_oauth_judge_refusal (const char *reply)
{
  static const struct
  {
    const char *mark, *advice;
  } refusals[] = {
    { "SmtpClientAuthentication is disabled for the Tenant",
      N_ ("switch SMTP AUTH on for the tenant: Set-TransportConfig -SmtpClientAuthenticationDisabled "
          "$false") },
    { "SmtpClientAuthentication is disabled for the Mailbox",
      N_ ("switch SMTP AUTH on for the mailbox: Set-CASMailbox -SmtpClientAuthenticationDisabled $false") },
    { "SmtpClientAuthentication is disabled",
      N_ ("switch SMTP AUTH on for the mailbox: Set-CASMailbox -SmtpClientAuthenticationDisabled $false") },
    { "security defaults",
      N_ ("the tenant's security defaults forbid SMTP AUTH: exempt the mailbox by Conditional Access") },
    { "5.7.139",
      N_ ("a policy of the tenant forbids the login: exempt the application by Conditional Access") },
    { "5.7.3", N_ ("the token is not for this mailbox: check user, and give the application rights to it "
                   "(Add-MailboxPermission, SMTP.SendAsApp)") },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (strstr (reply, refusals[i].mark))
      return refusals[i].advice;
  return N_ ("check that user is the mailbox that logged in, and that the application may send for it");
}
