/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTokenBox: the OAuth tokens that a worker knows, the newest of each account. Belongs to one worker.
 */
#pragma once

#include "base/clr-token.h"

typedef struct ClrTokenBox ClrTokenBox;

ClrTokenBox *clr_token_box_new (void);
void clr_token_box_free (ClrTokenBox *box);

/* Takes @token, which replaces the account's former one. */
void clr_token_box_put (ClrTokenBox *box, ClrToken *token);
/* Of no use any more: awaited, until another one is put. */
void clr_token_box_refuse (ClrTokenBox *box, const ClrToken *token);
/* @token: (out) (transfer none) (nullable): the good one, or the dead one that says why. One whose time is
 * over is awaited: the next word about it is on its way. */
ClrTokenState clr_token_box_look (const ClrTokenBox *box, const char *account, int64_t now_us,
                                  ClrToken **token);
