/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the errors of providers mean, and what to do about each: one table of codes of Microsoft (AADSTS…),
 * of Google and of the RFCs. Pure.
 */
#pragma once

#include <glib.h>

typedef enum
{
  CLR_OAUTH_GOOD,
  CLR_OAUTH_PENDING,   /* nobody has logged in yet (RFC 8628) */
  CLR_OAUTH_SLOW_DOWN, /* and we ask too often */
  CLR_OAUTH_TEMPORARY, /* it may be better in a while, by itself */
  CLR_OAUTH_LOGIN,     /* a person has to log in again */
  CLR_OAUTH_SETTINGS,  /* the settings here, or the application there, must change */
} ClrOauthVerdict;

/* @error: the provider's error word; @description: its text. @advice: (out): static, translatable; NULL:
 * none. */
ClrOauthVerdict clr_oauth_judge (const char *error, const char *description, const char **advice);

/* What to do when a mail server refuses a fresh token with @reply. Returns: static, translatable */
const char *clr_oauth_judge_refusal (const char *reply);
