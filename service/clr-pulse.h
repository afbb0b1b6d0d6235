/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPulse: whether the threads that carry mail still open their letters. The main thread asks them all,
 * round after round; what a service manager is told about the relay's health comes from here, so that a
 * thread that hangs is as noticeable as a process that died. Main thread.
 */
#pragma once

#include "clr-service.h"

typedef struct ClrPulse ClrPulse;

/* Asks for the first time. */
ClrPulse *clr_pulse_new (ClrService *service);
/* Returns: whether every thread has answered the last round; only then the next one is asked. */
gboolean clr_pulse_check (ClrPulse *pulse);
/* After the service was freed: until then its threads may hold letters of it. */
void clr_pulse_free (ClrPulse *pulse);
