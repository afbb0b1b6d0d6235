/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrListeners: what the [listener] sections are bound to, and how a new set takes the place of the former
 * without dropping a connection. Main thread; part of clr-service.
 */
#pragma once

#include "clr-certificates.h"
#include "inbound/clr-inbound.h"
#include "net/clr-listener.h"

typedef struct ClrListeners ClrListeners;

/* Binds all addresses, but takes over those that @former has bound already. Makes the self-signed certificate
 * where one is needed and none is set. */
ClrListeners *clr_listeners_new (ClrSettings *settings, ClrPolicy *policy, const char *state_directory,
                                 ClrListeners *former, GError **error);
void clr_listeners_start (ClrListeners *listeners, ClrWorker **workers, unsigned n_workers);
/* Puts the new set to work and ends what of @former is not taken over. */
void clr_listeners_replace (ClrListeners *former, ClrListeners *listeners, ClrWorker **workers,
                            unsigned n_workers);
/* Forgets a new set; @former goes on. */
void clr_listeners_cancel (ClrListeners *listeners, ClrListeners *former);
void clr_listeners_stop (ClrListeners *listeners);

/* Of ClrEndpoint. */
const GArray *clr_listeners_get_endpoints (ClrListeners *listeners);
/* What they show; as long as @listeners. */
ClrCertificates *clr_listeners_get_certificates (ClrListeners *listeners);
/* "office 127.0.0.1:25" (transfer full) */
char **clr_listeners_list (ClrListeners *listeners);
