/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-login.h"

#include "smtp/clr-bearer.h"

#include <string.h>

#define STEPS_MOST    4u
#define RESPONSE_MOST 12288u /* RFC 4954 section 4 */

static ClrSaslMechanism
choose (const ClrCredentials *credentials, const ClrOffers *offers)
{
  const char *offered = offers->mechanisms ? offers->mechanisms : "";

  return credentials->token ? clr_bearer_choose (offered) : clr_sasl_choose (offered);
}

static const char *
explain (const ClrCredentials *credentials, const ClrOffers *offers)
{
  if (!(offers->offers & CLR_OFFER_AUTH))
    return "a user is set for this smarthost, but the server offers no AUTH; remove the user, or choose "
           "the port and TLS mode the provider names for logging in";
  return credentials->token
             ? "the server offers no way to log in with OAuth (OAUTHBEARER, XOAUTH2); set auth "
               "= password, or choose the host the provider names for it"
             : "the server offers no way to log in that this relay knows (PLAIN, LOGIN)";
}

static char *
respond (const ClrLogin *login, const ClrCredentials *credentials)
{
  return credentials->token
             ? clr_bearer_respond (login->mechanism, login->step, credentials)
             : clr_sasl_respond (login->mechanism, login->step, credentials->user, credentials->password);
}

const char *
clr_login_begin (ClrLogin *login, const ClrCredentials *credentials, const ClrOffers *offers, ClrBuffer *into)
{
  *login = (ClrLogin){ choose (credentials, offers), 0 };
  if (login->mechanism == CLR_SASL_NONE)
    return explain (credentials, offers);
  char *response = respond (login, credentials);
  login->step = 1;
  if (response && strlen (response) > RESPONSE_MOST)
    {
      clr_sasl_wipe (response);
      return "the access token is longer than SMTP can carry (RFC 4954: 12288 octets)";
    }
  clr_buffer_printf (into, "AUTH %s", clr_sasl_get_name (login->mechanism));
  if (response)
    {
      clr_buffer_append (into, " ", 1);
      clr_buffer_append_string (into, response);
    }
  clr_buffer_append (into, "\r\n", 2);
  clr_sasl_wipe (response);
  return NULL;
}

const char *
clr_login_answer (ClrLogin *login, const ClrCredentials *credentials, ClrBuffer *into)
{
  char *response = respond (login, credentials);

  login->step++;
  /* RFC 4954 section 4: "*" gives up. */
  clr_buffer_append_string (into, response ? response : "*");
  clr_buffer_append (into, "\r\n", 2);
  clr_sasl_wipe (response);
  return login->step > STEPS_MOST ? "the server asks more than the way to log in has answers for" : NULL;
}
