/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secrets as they lie on the disk. On Windows they are sealed with a key of this machine (the data protection
 * API, machine scope): a copy of the disk or a backup alone does not give them away. Who may read the file
 * on the machine itself is the access list's matter. On Unix the file's mode is all there is, and secrets lie
 * there as they are. Any thread.
 */
#pragma once

#include <glib.h>

/* Returns: (transfer full): what is written, @sealed_size octets and a zero; NULL with @error. */
char *clr_seal_close (const char *secret, gsize size, gsize *sealed_size, GError **error);
/* What is not sealed, because an administrator put it there, is taken as it is.
 * Returns: (transfer full): the secret and a zero; NULL with @error when another machine has sealed it. */
char *clr_seal_open (const char *sealed, gsize size, gsize *secret_size, GError **error);
