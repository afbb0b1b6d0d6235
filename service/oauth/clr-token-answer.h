/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTokenAnswer: what a token endpoint said (RFC 6749 sections 5.1 and 5.2, RFC 8628 section 3.5), read from
 * JSON that may be anybody's. Pure.
 */
#pragma once

#include "oauth/clr-oauth-advice.h"

#include <stdint.h>

#define CLR_TOKEN_ANSWER_MOST (64u * 1024) /* octets of a body */
#define CLR_TOKEN_MOST        8192u        /* octets of a token; longer ones do not fit into SMTP */

typedef struct
{
  ClrOauthVerdict verdict;
  char *access_token;  /* with CLR_OAUTH_GOOD only */
  char *refresh_token; /* or NULL */
  unsigned expires_s;  /* 1 to 30 days */
  char *error; /* otherwise, in words, fit for a log: what the provider said, or what is wrong with it */
  const char *advice; /* what to do; static, translatable; or NULL */
} ClrTokenAnswer;

/* @status: of HTTP. @body need not end with a zero. */
void clr_token_answer_read (ClrTokenAnswer *answer, unsigned status, const char *body, size_t size);
/* The request itself failed. */
void clr_token_answer_fail (ClrTokenAnswer *answer, const char *why);
void clr_token_answer_clear (ClrTokenAnswer *answer);

/* What a device authorization endpoint said (RFC 8628 section 3.2). */
typedef struct
{
  char *device_code;
  char *user_code;
  char *url; /* where a person enters it: https */
  unsigned expires_s;
  unsigned interval_s; /* between two questions */
} ClrDeviceAnswer;

/* Returns: FALSE when there is no code: then @answer says why. */
gboolean clr_device_answer_read (ClrDeviceAnswer *device, ClrTokenAnswer *answer, unsigned status,
                                 const char *body, size_t size);
void clr_device_answer_clear (ClrDeviceAnswer *device);
