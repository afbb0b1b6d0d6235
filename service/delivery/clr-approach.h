/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrApproach: the way to some host of a next hop: one after the other in their order, each by a dialer,
 * until one is found that takes mail; and why the others were given up. Belongs to a connection, in its
 * worker.
 */
#pragma once

#include "delivery/clr-dialer.h"
#include "delivery/clr-tls-choice.h"
#include "queue/clr-job.h"
#include "smtp/clr-client.h"

typedef struct ClrApproach ClrApproach;

typedef struct
{
  /* @stream stands, and is the owner's now; it ends with clr_dialer_hang_up(). */
  void (*reached) (ClrApproach *approach, ClrStream *stream, void *data);
  /* No host is left. @outcome: deferred, or failed when it is certain that none will ever be. @reply: what
   * the last one said or what failed, in words if code is 0. The approach may be freed inside. */
  void (*exhausted) (ClrApproach *approach, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply,
                     const char *peer, void *data);
} ClrApproachEvents;

/* @hosts: by rank; they must outlive the approach, as all else. The first event comes later, by itself. */
ClrApproach *clr_approach_new (const ClrDeliveryPlace *place, const ClrDeliveryPlan *plan,
                               const ClrNextHop *hop, const ClrHost *hosts, unsigned n_hosts,
                               const ClrApproachEvents *events, void *data);
void clr_approach_free (ClrApproach *approach);

/* The host reached last would not have us, now or (@outcome failed) ever: the next one. May be called inside
 * the client that tells it:
 * @drop_stream is called from the loop, before anything else happens. */
void clr_approach_go_on (ClrApproach *approach, ClrOutcome outcome, ClrPhase phase, const ClrSmtpReply *reply,
                         void (*drop_stream) (void *data));

/* Of the host reached last. */
const ClrHost *clr_approach_get_host (const ClrApproach *approach);
const char *clr_approach_get_peer (const ClrApproach *approach); /* "name (address:port)" */
ClrTlsChoice clr_approach_choose_tls (const ClrApproach *approach);
