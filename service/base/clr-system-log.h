/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The log of the system, beside the relay's own: on Windows the event log, where administrators and their
 * monitoring look first. Only what asks for somebody goes there, and that the service came and went; each
 * with an identifier of its own (service/base/clr-messages.mc). On Unix standard error is the system's log.
 * Any thread.
 */
#pragma once

#include "base/clr-event.h"

/* The service runs under the service manager; before this nothing is written. Main thread. */
void clr_system_log_open (void);
void clr_system_log_tell (ClrEventId id, const char *const *values);
/* The service does not start. */
void clr_system_log_tell_failure (const char *why);
