/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDeliveryPlan: all that delivery takes from the settings, frozen. Built by the main thread, shared, never
 * changed.
 */
#pragma once

#include "auth/clr-dkim-signer.h"
#include "delivery/clr-next-hop.h"
#include "settings/clr-settings.h"

typedef struct ClrDeliveryPlan ClrDeliveryPlan;

/* @workers: among how many limits are divided. @own: our listeners' endpoints, of ClrEndpoint. */
ClrDeliveryPlan *clr_delivery_plan_new (ClrSettings *settings, unsigned workers, const GArray *own,
                                        GError **error);
ClrDeliveryPlan *clr_delivery_plan_ref (ClrDeliveryPlan *plan);
void clr_delivery_plan_unref (ClrDeliveryPlan *plan);

const char *clr_delivery_plan_get_hostname (const ClrDeliveryPlan *plan);
/* By the way a lane's key begins: "smarthost:NAME" or "mx:ROUTE". */
const ClrNextHop *clr_delivery_plan_find_next_hop (const ClrDeliveryPlan *plan, const char *way);
/* The text of a route via reject; NULL when the route is gone. */
const char *clr_delivery_plan_find_reply (const ClrDeliveryPlan *plan, const char *route);
/* Mail to @endpoint would come back to us. */
gboolean clr_delivery_plan_is_own (const ClrDeliveryPlan *plan, const ClrEndpoint *endpoint);

/* With what a message that is changed on its way out is signed again. Before the plan is shared, once.
 * @identities: (transfer container) of const ClrDkimIdentity. They and @style are @owner's, which is released
 * with the plan. */
void clr_delivery_plan_set_signing (ClrDeliveryPlan *plan, const ClrDkimStyle *style, GPtrArray *identities,
                                    void *owner, GDestroyNotify release);
const ClrDkimStyle *clr_delivery_plan_get_dkim_style (const ClrDeliveryPlan *plan);
/* @name: "SELECTOR._domainkey.DOMAIN". Returns: NULL when there is no such key. */
const ClrDkimIdentity *clr_delivery_plan_find_identity (const ClrDeliveryPlan *plan, const char *name);
