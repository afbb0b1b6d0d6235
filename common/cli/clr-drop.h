/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDrop: a message left in the folder from which the relay takes what this machine's own programs send. The
 * folder is writable for everybody but readable for the service only (mode 3733: sticky, files belong to the
 * service's group); names cannot be guessed; a file appears whole, synced, under its final name, or not at
 * all. Nothing of it needs a privilege, and the service need not run.
 */
#pragma once

#include <glib.h>

#define CLR_DROP_DIRECTORY "/var/spool/clrelay/drop"
/* In the folder while the service's settings take messages from it; belongs to the folder's owner. */
#define CLR_DROP_MARK ".open"

typedef struct ClrDrop ClrDrop;

/* Returns: NULL when the folder cannot be written to or nobody takes messages from it. */
ClrDrop *clr_drop_new (const char *directory, GError **error);
/* A failure is told by clr_drop_commit(). */
void clr_drop_write (ClrDrop *drop, const char *bytes, gsize size);
/* The message is on disk, and the relay's, when it returns TRUE. */
gboolean clr_drop_commit (ClrDrop *drop, GError **error);
/* Removes what was not committed. */
void clr_drop_free (ClrDrop *drop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrDrop, clr_drop_free)
