/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrProbe: a look at the hosts of a smarthost, step by step, with the settings, the token and the code by
 * which mail is delivered: name, connect, greeting, EHLO, TLS, AUTH, and with an envelope MAIL and RCPT,
 * which RSET or QUIT take back. No content is sent. Runs in one worker; travels by letter.
 */
#pragma once

#include "delivery/clr-delivery-plan.h"
#include "delivery/clr-place.h"

#include <json-glib/json-glib.h>

typedef struct ClrProbe ClrProbe;

/* @to: NULL: no envelope. @open is called in the thread of @reply_to; it takes the probe. */
ClrProbe *clr_probe_new (const char *smarthost, const char *from, const char *to, ClrMailbox *reply_to,
                         void (*open) (ClrLetter *probe, void *owner), void *data);
void clr_probe_free (ClrProbe *probe);
/* In the worker. @ended is called once, from the loop, before it goes back to who asked. */
void clr_probe_run (ClrProbe *probe, const ClrDeliveryPlace *place, ClrDeliveryPlan *plan,
                    void (*ended) (ClrProbe *probe, void *data), void *ended_data);

void *clr_probe_get_data (ClrProbe *probe);
/* {"result": "ok" | "failed" | "error", "reason", "steps": [{"host", "step", "ok", "text", "advice"}]}.
 * (transfer full) */
JsonNode *clr_probe_tell (ClrProbe *probe);
