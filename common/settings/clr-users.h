/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrUsers: who may log in, and the verifiers of their passwords. A frozen, counted snapshot of the users
 * file, which stands in the state directory and is readable by the service's user only; a change makes a new
 * snapshot.
 */
#pragma once

#include "settings/clr-verifier.h"

G_BEGIN_DECLS

#define CLR_USERS_MOST 100000
#define CLR_LOGIN_MOST 100 /* octets */

typedef struct
{
  char *login; /* lower-case */
  ClrVerifier verifier;
  gint64 changed_us; /* when the password was set; microseconds since 1970 */
  char *password;    /* the password itself, which CRAM-MD5 needs; NULL for all others */
} ClrUser;

typedef struct _ClrUsers ClrUsers;

/* No users file means no users. */
ClrUsers *clr_users_load (const char *state_directory, GError **error);
gboolean clr_users_store (ClrUsers *users, const char *state_directory, GError **error);

ClrUsers *clr_users_new (void);
ClrUsers *clr_users_ref (ClrUsers *users);
void clr_users_unref (ClrUsers *users);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrUsers, clr_users_unref)

/* The text of the users file. */
ClrUsers *clr_users_from_text (const char *text, GError **error);
char *clr_users_to_text (ClrUsers *users);

/* Case does not matter. Returns: NULL when there is no such user. */
const ClrUser *clr_users_find (ClrUsers *users, const char *login);
unsigned clr_users_count (ClrUsers *users);
/* By login. Returns: (transfer container) of const ClrUser */
GPtrArray *clr_users_list (ClrUsers *users);

/* Copies with one user set, or without him. */
ClrUsers *clr_users_with (ClrUsers *users, const char *login, const ClrVerifier *verifier,
                          const char *password, gint64 changed_us);
ClrUsers *clr_users_without (ClrUsers *users, const char *login);

/* Letters, digits and - _ . @ +, 1 to %CLR_LOGIN_MOST. */
gboolean clr_login_is_valid (const char *login, GError **error);

G_END_DECLS
