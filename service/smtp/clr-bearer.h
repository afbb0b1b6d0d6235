/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client's side of logging in with an OAuth access token: OAUTHBEARER (RFC 7628) and XOAUTH2, which
 * Google and Microsoft had before it. Pure.
 */
#pragma once

#include "smtp/clr-login.h"

/* Of those a server lists; the standard one rather than the other. */
ClrSaslMechanism clr_bearer_choose (const char *offered);
/* As clr_sasl_respond(). A challenge behind the first response is always an error in JSON: it is
 * acknowledged, so that the server can refuse with its reply (RFC 7628 section 3.2.3). */
char *clr_bearer_respond (ClrSaslMechanism mechanism, unsigned step, const ClrCredentials *credentials);
