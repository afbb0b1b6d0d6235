/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDkimKey: a private key to sign with (RSA of 2048 bits and more by RFC 8301, Ed25519 by RFC 8463), and
 * the TXT record that publishes it. Immutable after loading; signing is allowed from several threads.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_DKIM_RSA_SHA256,
  CLR_DKIM_ED25519_SHA256,
} ClrDkimAlgorithm;

typedef struct ClrDkimKey ClrDkimKey;

ClrDkimKey *clr_dkim_key_load (const char *file, GError **error);
/* A new key, written to @file (0600), which must not exist. @bits: for RSA, 2048 to 4096. */
ClrDkimKey *clr_dkim_key_generate (ClrDkimAlgorithm algorithm, unsigned bits, const char *file,
                                   GError **error);
void clr_dkim_key_free (ClrDkimKey *key);

ClrDkimAlgorithm clr_dkim_key_get_algorithm (const ClrDkimKey *key);
const char *clr_dkim_algorithm_get_name (ClrDkimAlgorithm algorithm);
/* Signs a SHA-256 hash. Returns: the signature in base64 (transfer full). */
char *clr_dkim_key_sign (const ClrDkimKey *key, const uint8_t hash[32], GError **error);
/* "v=DKIM1; k=rsa; p=..." (transfer full) */
char *clr_dkim_key_dup_record (const ClrDkimKey *key);

/* The record as a line of a zone file, its text cut into strings of at most 255 octets (RFC 1035
 * section 3.3.14). (transfer full) */
char *clr_dkim_record_to_zone (const char *record, const char *selector, const char *domain);
