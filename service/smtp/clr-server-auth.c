/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-server-private.h"

#include <string.h>

gboolean
clr_smtp_server_offers_auth (ClrSmtpServer *server)
{
  return server->config->mechanisms && !server->authenticated
         && (server->secure || server->config->auth_in_clear);
}

static void
say_challenge (ClrSmtpServer *server)
{
  clr_smtp_server_reply (server, 334, NULL, clr_sasl_server_get_challenge (server->sasl));
}

/* What the machine of the mechanism says of the client's words. */
static void
act (ClrSmtpServer *server, ClrSaslStep step)
{
  switch (step)
    {
    case CLR_SASL_CHALLENGE:
      say_challenge (server);
      break;
    case CLR_SASL_CLAIMED:
      clr_smtp_server_ask (server, CLR_VERB_AUTH);
      server->handler->ask_login (server, clr_sasl_server_get_claim (server->sasl), server->data);
      break;
    case CLR_SASL_MALFORMED:
      clr_smtp_server_end_auth (server, 501, "5.5.2", "this is not the base64 of a response");
      break;
    case CLR_SASL_CANCELLED:
      /* RFC 4954 section 4 */
      clr_smtp_server_end_auth (server, 501, "5.7.0", "the login was given up");
      break;
    }
}

void
clr_smtp_server_begin_auth (ClrSmtpServer *server, const char *argument, size_t size)
{
  const ClrSmtpServerConfig *config = server->config;
  size_t name = 0, initial;
  ClrSaslOffers mechanism;

  while (name < size && argument[name] != ' ' && argument[name] != '\t')
    name++;
  for (initial = name; initial < size && (argument[initial] == ' ' || argument[initial] == '\t');)
    initial++;
  mechanism = clr_sasl_offers_find (argument, name);
  if (server->authenticated)
    clr_smtp_server_complain (server, 503, "5.5.1", "you are logged in already");
  else if (config->mechanisms == 0)
    clr_smtp_server_complain (server, 502, "5.5.1", "nobody logs in here; AUTH is not offered");
  else if (!clr_smtp_server_offers_auth (server))
    clr_smtp_server_complain (server, 538, "5.7.11", "AUTH needs TLS here, send STARTTLS first");
  else if (name == 0)
    clr_smtp_server_complain (server, 501, "5.5.4", "the form is AUTH mechanism [initial-response]");
  else if (!(mechanism & config->mechanisms))
    clr_smtp_server_complain (server, 504, "5.5.4",
                              "this mechanism is not offered; EHLO lists those that are");
  else
    {
      server->sasl = clr_sasl_server_new (mechanism, &server->handler->sasl, server->data);
      clr_smtp_server_enter_state (server, STATE_AUTH);
      act (server,
           clr_sasl_server_begin (server->sasl, initial < size ? argument + initial : NULL, size - initial));
    }
}

void
clr_smtp_server_feed_auth (ClrSmtpServer *server, const char *line, size_t size)
{
  act (server, clr_sasl_server_feed (server->sasl, line, size));
}

void
clr_smtp_server_end_auth (ClrSmtpServer *server, int code, const char *enhanced, const char *text)
{
  g_clear_pointer (&server->sasl, clr_sasl_server_free);
  clr_smtp_server_enter_state (server, STATE_GREETED);
  if (code < 400)
    {
      server->authenticated = TRUE;
      clr_smtp_server_reply (server, code, enhanced, text);
    }
  else if (code < 500)
    clr_smtp_server_reply (server, code, enhanced, text);
  /* RFC 4954 section 4 lets a server close after failures: it makes guessing dear. */
  else if (++server->failed_logins >= server->config->max_failed_logins)
    clr_smtp_server_goodbye (server, "4.7.0", "too many failed logins, closing the connection");
  else
    clr_smtp_server_complain (server, code, enhanced, text);
}
