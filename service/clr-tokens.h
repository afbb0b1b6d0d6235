/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrTokens: the service's part for OAuth: tokens go to the workers, refusals come back, the queue is woken
 * when tokens are given again, and the control API is answered. Main thread.
 */
#pragma once

#include "control/clr-control.h"
#include "delivery/clr-delivery.h"
#include "oauth/clr-oauth.h"

typedef struct ClrTokens ClrTokens;

/* Before the workers start. All must outlive it; @deliveries: one a worker. */
ClrTokens *clr_tokens_new (ClrWorker **workers, ClrDelivery **deliveries, unsigned n_workers);
/* When all runs. */
void clr_tokens_start (ClrTokens *tokens, ClrQueue *queue, ClrSettings *settings);
void clr_tokens_apply (ClrTokens *tokens, ClrSettings *settings);
/* No token is asked for any more; what workers still say is heard by nobody. */
void clr_tokens_stop (ClrTokens *tokens);
/* After the workers have ended. */
void clr_tokens_free (ClrTokens *tokens);

/* One line for each account without a new token, and what to do. (transfer full) */
char **clr_tokens_list_warnings (ClrTokens *tokens);
/* See ClrControlHost. */
JsonNode *clr_tokens_ask (ClrTokens *tokens, ClrControlOauth what, const char *account, const char *text,
                          GError **error);
