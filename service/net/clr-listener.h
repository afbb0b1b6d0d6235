/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrListener: one bound address. It is made and closed by the main thread; every worker watches the same
 * socket and takes what it can, so no connection is ever handed over. What an accepted connection becomes is
 * the factory's matter.
 */
#pragma once

#include "net/clr-endpoint.h"
#include "net/clr-worker.h"

typedef struct ClrListener ClrListener;

/* In the worker's thread; takes @fd. */
typedef void (*ClrListenerFactory) (ClrWorker *worker, int fd, const ClrEndpoint *peer, void *data);

ClrListener *clr_listener_new (const ClrEndpoint *endpoint, int backlog, ClrListenerFactory factory,
                               void *data, GError **error);
/* The bound address, with the port the system chose when 0 was asked for. */
const ClrEndpoint *clr_listener_get_endpoint (ClrListener *listener);
/* Main thread: each of @workers begins to accept. */
void clr_listener_start (ClrListener *listener, ClrWorker **workers, unsigned n_workers);
/* Main thread: stops accepting, frees the listener when the last worker has let go of it. @data_free: for the
 * data. */
void clr_listener_stop (ClrListener *listener, void (*data_free) (void *data));
