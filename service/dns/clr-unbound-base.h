/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrUnboundBase: libunbound's event base, made of a worker's poller and timers.
 */
#pragma once

#include "net/clr-worker.h"

struct ub_event_base;
typedef struct ClrUnboundBase ClrUnboundBase;

ClrUnboundBase *clr_unbound_base_new (ClrWorker *worker);
struct ub_event_base *clr_unbound_base_get (ClrUnboundBase *base);
void clr_unbound_base_free (ClrUnboundBase *base);
