/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrGate: the service's part for logins: the crypto threads, the guard, the users file, and what each worker
 * knows of them. Main thread; part of clr-service.
 */
#pragma once

#include "net/clr-worker.h"
#include "queue/clr-state.h"
#include "settings/clr-settings.h"
#include "users/clr-guard.h"

typedef struct ClrGate ClrGate;

/* Before the workers start. @state keeps the bans, and must outlive the gate. */
ClrGate *clr_gate_new (ClrSettings *settings, ClrState *state, ClrWorker **workers, unsigned n_workers,
                       GError **error);
ClrLogins *clr_gate_get_logins (ClrGate *gate, unsigned worker);
ClrGuard *clr_gate_get_guard (ClrGate *gate);
/* Reads users and rules anew. Returns: FALSE when the users file cannot be read; then nothing changes. */
gboolean clr_gate_apply (ClrGate *gate, ClrSettings *settings, GError **error);
/* The workers have ended: their last questions are answered into their mailboxes. */
void clr_gate_stop (ClrGate *gate);
/* After these were opened. */
void clr_gate_free (ClrGate *gate);
