/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrToken: what a thread knows of an OAuth account at a moment: an access token, or why there is none.
 * Frozen and counted; the main thread makes them, workers get them by letter.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_TOKEN_AWAITED, /* it is being asked for: an answer comes within the time of a request */
  CLR_TOKEN_GOOD,
  CLR_TOKEN_DEAD, /* there is none until somebody does something, or the provider is back */
} ClrTokenState;

typedef struct
{
  char *account; /* the name of its section */
  ClrTokenState state;
  uint64_t generation; /* grows with each token of the account */
  char *text;          /* the access token when it is good; never logged */
  int64_t expires_us;  /* monotonic */
  char *why;           /* when it is dead, with what to do */
} ClrToken;

/* @text, @why: (nullable): as the state wants it. */
ClrToken *clr_token_new (const char *account, ClrTokenState state, uint64_t generation, const char *text,
                         int64_t expires_us, const char *why);
ClrToken *clr_token_ref (ClrToken *token);
/* The last one wipes the text. */
void clr_token_unref (ClrToken *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrToken, clr_token_unref)
