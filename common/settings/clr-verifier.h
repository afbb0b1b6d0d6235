/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is kept of a password: a SCRAM-SHA-256 verifier (RFC 5802 section 3, RFC 7677). It proves a password,
 * given in clear or by SCRAM, and does not contain it. Any thread; a verifier is a value.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

#define CLR_VERIFIER_KEY             32
#define CLR_VERIFIER_SALT            16   /* octets of those we make */
#define CLR_VERIFIER_SALT_MOST       64   /* octets of those we read */
#define CLR_VERIFIER_ITERATIONS      4096 /* the least, RFC 7677 section 4 */
#define CLR_VERIFIER_ITERATIONS_MOST 10000000
#define CLR_PASSWORD_MOST            1024 /* octets */

typedef struct
{
  unsigned iterations;
  unsigned salt_size;
  uint8_t salt[CLR_VERIFIER_SALT_MOST];
  uint8_t stored_key[CLR_VERIFIER_KEY];
  uint8_t server_key[CLR_VERIFIER_KEY];
} ClrVerifier;

/**
 * clr_verifier_make: (skip)
 * @verifier: filled, with a new salt
 * @password: UTF-8, 1 to %CLR_PASSWORD_MOST octets without control characters
 * @iterations: at least %CLR_VERIFIER_ITERATIONS; what each guess costs, and each login
 *
 * Takes milliseconds.
 */
gboolean clr_verifier_make (ClrVerifier *verifier, const char *password, unsigned iterations, GError **error);

/**
 * clr_verifier_make_fake: (skip)
 * @secret: of this process, %CLR_VERIFIER_KEY octets
 *
 * A verifier that no password fits, the same for the same @login each time: so that strangers do not learn
 * from salts which logins there are.
 */
void clr_verifier_make_fake (ClrVerifier *verifier, const char *login, const uint8_t *secret,
                             unsigned iterations);

/**
 * clr_verifier_check: (skip)
 *
 * Takes milliseconds, and the same time whether it fits or not.
 *
 * Returns: whether @password, UTF-8 or not, is the verifier's
 */
gboolean clr_verifier_check (const ClrVerifier *verifier, const char *password);

/* RFC 5803: "SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY". (transfer full) */
char *clr_verifier_to_text (const ClrVerifier *verifier);
gboolean clr_verifier_from_text (ClrVerifier *verifier, const char *text);

/**
 * clr_password_generate: (skip)
 * @length: 8 to 64
 *
 * A random password that a printer's panel can take: lower-case letters and digits, none that looks like
 * another (31 symbols, 4.95 bits each).
 *
 * Returns: (transfer full): to be wiped by the caller
 */
char *clr_password_generate (unsigned length);

G_END_DECLS
