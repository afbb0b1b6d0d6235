/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The embedded store: SQLite in WAL mode with synchronous=FULL, one writer. queue.db holds only what is not
 * finished.
 */
#pragma once

#include "queue/clr-store.h"

/* @path: queue.db. A file that is corrupt, or written by a newer version, is refused and left as it is. */
ClrQueueStore *clr_store_sqlite_new (const char *path, GError **error);
