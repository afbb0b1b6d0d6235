/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSite: the hosts behind a next hop, seen by one worker: the jobs that wait for them here, the connections
 * that carry these, and how many there may be. A smarthost is one site; all domains whose mail the same
 * exchangers take are one, too.
 */
#pragma once

#include "delivery/clr-delivery-plan.h"
#include "delivery/clr-place.h"
#include "queue/clr-job.h"

typedef struct ClrSite ClrSite;

/* @hosts: by rank; copied. @name: what the queue shall know it by, or NULL when the lane says it all. */
ClrSite *clr_site_new (const ClrDeliveryPlace *place, ClrDeliveryPlan *plan, const ClrNextHop *hop,
                       const ClrHost *hosts, unsigned n_hosts, const char *name);
void clr_site_free (ClrSite *site);

/* The job goes back to the queue when it is done. */
void clr_site_deliver (ClrSite *site, ClrJob *job);
/* Gives back at once what has not begun; cuts the rest when @now, else lets it end. */
void clr_site_cancel (ClrSite *site, gboolean now);
/* No job and no connection. */
/* A token is there, or gone. */
void clr_site_look (ClrSite *site);
gboolean clr_site_is_idle (const ClrSite *site);
