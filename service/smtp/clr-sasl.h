/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client's side of AUTH PLAIN (RFC 4616) and AUTH LOGIN. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_SASL_NONE,
  CLR_SASL_PLAIN,
  CLR_SASL_LOGIN,
  CLR_SASL_XOAUTH2,
  CLR_SASL_OAUTHBEARER,
} ClrSaslMechanism;

/* The mechanism to use of those a server lists ("PLAIN LOGIN XOAUTH2"); CLR_SASL_NONE when there is none we
 * know. */
ClrSaslMechanism clr_sasl_choose (const char *offered);
const char *clr_sasl_get_name (ClrSaslMechanism mechanism);

/* What to send in step @step (0: behind the mechanism's name), in base64; NULL when nothing more is to be
 * said. Returns: (transfer full); wipe it with clr_sasl_wipe(). */
char *clr_sasl_respond (ClrSaslMechanism mechanism, unsigned step, const char *user, const char *password);
void clr_sasl_wipe (char *secret);
