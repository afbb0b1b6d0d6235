/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrKeyring: who may use the API over TCP. A token is a random text that is shown once, when it is made;
 * kept are its SHA-256 and its role (256 random bits need no slow hash). One more, the local token, lives as
 * long as the process and lets this machine's own programs in. Main thread.
 */
#pragma once

#include "control/clr-access.h"
#include "queue/clr-state.h"

#include <stdint.h>

#define CLR_KEYRING_MOST         200
#define CLR_KEYRING_LONGEST_NAME 64

typedef struct ClrKeyring ClrKeyring;

/* Role and word; NULL and CLR_ROLE_NONE for what is none. */
const char *clr_role_to_text (ClrRole role);
ClrRole clr_role_from_text (const char *text);

/* Reads what @state keeps. */
ClrKeyring *clr_keyring_new (ClrState *state, GError **error);
void clr_keyring_free (ClrKeyring *keyring);

/* The local token, an administrator's. (transfer none) */
const char *clr_keyring_get_local (ClrKeyring *keyring);

/* @expires_us: wall clock, 0: never. Returns: (transfer full): the token, on disk when this returns; NULL
 * with CLR_ERROR_INVALID (a bad name) or CLR_ERROR_IN_USE (there is one of that name, or there are too many).
 */
char *clr_keyring_add (ClrKeyring *keyring, const char *name, ClrRole role, int64_t expires_us,
                       GError **error);
/* Returns: FALSE when there is none. */
gboolean clr_keyring_remove (ClrKeyring *keyring, const char *name);

/* Whose @token is: CLR_ROLE_NONE when nobody's, or no longer.
 * @name: (out) (transfer none) (nullable) */
ClrRole clr_keyring_check (ClrKeyring *keyring, const char *token, const char **name);

/* By name. */
void clr_keyring_visit (ClrKeyring *keyring,
                        void (*visit) (const char *name, ClrRole role, int64_t created_us, int64_t expires_us,
                                       void *data),
                        void *data);
