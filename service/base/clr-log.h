/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The log. Any thread writes; lines gather in a buffer of the thread and go out before it sleeps
 * (clr_log_flush()), so that a busy relay makes one write for many lines. Errors go out at once.
 */
#pragma once

#include "base/clr-event.h"

typedef enum
{
  CLR_LOG_HUMAN,
  CLR_LOG_JSON,
} ClrLogFormat;

/* Main thread, before the others start or on a reload. @path: a file to append to, or NULL for standard
 * error. Opening it anew is how log rotation is followed. */
gboolean clr_log_setup (ClrLogFormat format, ClrLevel level, const char *path, GError **error);

gboolean clr_log_wants (ClrEventId id);

/* One string for each field of the event, in the table's order; NULL where there is none. */
#define clr_log_event(id, ...) clr_log_event_values ((id), (const char *const[]){ __VA_ARGS__ })
void clr_log_event_values (ClrEventId id, const char *const *values);

void clr_log_flush (void);
