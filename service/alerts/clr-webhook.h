/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrWebhooks: alerts on their way to web hooks: each is tried a few times, then given up; how many may be
 * under way is bounded. Main thread.
 */
#pragma once

#include "web/clr-web-client.h"

typedef struct ClrWebhooks ClrWebhooks;

#define CLR_WEBHOOKS_MOST 50u

/* @client: taken. */
ClrWebhooks *clr_webhooks_new (ClrWebClient *client);
void clr_webhooks_free (ClrWebhooks *hooks);
/* @alert: for the log. */
void clr_webhooks_send (ClrWebhooks *hooks, const char *url, const char *alert, GBytes *json);
