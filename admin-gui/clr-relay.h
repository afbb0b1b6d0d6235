/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRelay: the relay that the app looks at; its status is asked every two seconds. Main thread.
 */
#pragma once

#include "client/clr-client.h"
#include "model/clr-model.h"

G_BEGIN_DECLS

#define CLR_TYPE_RELAY (clr_relay_get_type ())
G_DECLARE_FINAL_TYPE (ClrRelay, clr_relay, CLR, RELAY, GObject)

/* Starts asking. (transfer full) */
ClrRelay *clr_relay_new (ClrClient *client);
/* Nothing is asked any more. */
void clr_relay_stop (ClrRelay *self);
/* Asks now: something has been changed. */
void clr_relay_ask (ClrRelay *self);

ClrClient *clr_relay_get_client (ClrRelay *self);
/* (nullable): before the first answer. It is the same object as long as the relay is looked at. */
ClrStatusInfo *clr_relay_get_status (ClrRelay *self);
/* (nullable): why the service cannot be reached, in words. */
const char *clr_relay_get_problem (ClrRelay *self);
G_END_DECLS
