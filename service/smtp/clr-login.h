/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrLogin: the client's side of AUTH (RFC 4954): the mechanism that fits what we have and what the server
 * offers, and what it says in turn. With a password PLAIN or LOGIN; with an OAuth access token OAUTHBEARER
 * (RFC 7628) or XOAUTH2. Lies inside its client. Pure.
 */
#pragma once

#include "base/clr-buffer.h"
#include "smtp/clr-offers.h"
#include "smtp/clr-sasl.h"

typedef struct
{
  const char *user; /* NULL: no AUTH */
  const char *password;
  const char *token; /* an OAuth access token, which is used instead of a password; NULL: none */
  const char *host;  /* as it was connected to, said to OAUTHBEARER; or NULL */
  unsigned port;
} ClrCredentials;

typedef struct
{
  ClrSaslMechanism mechanism;
  unsigned step;
} ClrLogin;

/* Writes the AUTH command. Returns: NULL, or why it cannot be done, in words. */
const char *clr_login_begin (ClrLogin *login, const ClrCredentials *credentials, const ClrOffers *offers,
                             ClrBuffer *into);
/* Answers a 334. Returns: as clr_login_begin() */
const char *clr_login_answer (ClrLogin *login, const ClrCredentials *credentials, ClrBuffer *into);
