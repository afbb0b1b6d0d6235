/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Copies of the databases as of one moment, made while the relay works, and what is done to such a copy: it
 * belongs to whoever made it. Every function opens the file anew; waits for the disk. Any thread.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* Asked now and then whether a long copying shall end. Any thread. */
typedef gboolean (*ClrSnapshotStop) (void *data);

/* @to must not be there. Mail is taken and delivered meanwhile; the log grows until it is done. */
gboolean clr_snapshot_make (const char *from, const char *to, ClrSnapshotStop stop, void *data,
                            GError **error);

typedef struct
{
  uint64_t id;
  uint64_t size; /* of the spool file */
} ClrSpooled;

/* Of a queue: the messages that have spool files, by id. (transfer full) (element-type ClrSpooled) */
GArray *clr_snapshot_list_spooled (const char *path, GError **error);
gboolean clr_snapshot_count (const char *path, uint64_t *n_messages, uint64_t *n_recipients, GError **error);
/* Takes messages (uint64_t) out that have left the relay since. */
gboolean clr_snapshot_drop (const char *path, const GArray *ids, GError **error);

/* The queue of a relay that does not run: all that would leave is held, and says @why. @n: (out): recipients.
 * The file is brought to the present format before. */
gboolean clr_snapshot_hold (const char *path, const char *why, uint64_t *n, GError **error);
