/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secrets: one file each below STATE/secrets, readable by the service's user only. They stand in no settings
 * file and leave through no API.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

#define CLR_SECRET_MAX 4096

/**
 * clr_secret_load: (skip)
 * @state_directory: the relay's state directory
 * @name: the secret's name
 * @error: why it cannot be read
 *
 * Returns: (transfer full) (nullable): the secret, to be wiped by the caller
 */
char *clr_secret_load (const char *state_directory, const char *name, GError **error);

/**
 * clr_secret_store: (skip)
 *
 * Writes, syncs and renames, so that a former secret is replaced whole or not at all.
 */
gboolean clr_secret_store (const char *state_directory, const char *name, const char *secret, gsize size,
                           GError **error);

/* The users file, STATE/users/list, kept as the secrets are. clr-users reads and writes its text. */
char *clr_secret_load_users (const char *state_directory, GError **error);
gboolean clr_secret_store_users (const char *state_directory, const char *text, GError **error);

G_END_DECLS
