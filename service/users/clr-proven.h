/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrProven: passwords that were proved a short while ago. It keeps an HMAC of password and verifier under a
 * key that dies with the process, never the password, and only ever says yes. Belongs to one worker; bounded.
 */
#pragma once

#include "settings/clr-users.h"

#define CLR_PROVEN_TAG 32

typedef struct ClrProven ClrProven;

/* @key: CLR_PROVEN_TAG octets, the same in all workers. @most: logins that are kept. */
ClrProven *clr_proven_new (const uint8_t *key, unsigned most);
void clr_proven_free (ClrProven *proven);

/* What stands for @password with @verifier; of no use without the key. */
void clr_proven_make_tag (ClrProven *proven, const ClrVerifier *verifier, const char *password,
                          uint8_t tag[CLR_PROVEN_TAG]);
/* Whether @tag was added for @login, and @now is before its end. Times are microseconds of the monotonic
 * clock. */
gboolean clr_proven_has (ClrProven *proven, const char *login, const uint8_t tag[CLR_PROVEN_TAG],
                         int64_t now);
void clr_proven_add (ClrProven *proven, const char *login, const uint8_t tag[CLR_PROVEN_TAG], int64_t now,
                     int64_t until);
