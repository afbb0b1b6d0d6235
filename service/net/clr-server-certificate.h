/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrServerCertificate: what a server shows, and the key that proves it, read from PEM files or from one file
 * of PKCS #12 (PFX). Any thread, one at a time.
 */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>

typedef struct ClrServerCertificate ClrServerCertificate;

/* @file: certificates in PEM, the server's own first, or PKCS #12; recognised by what it holds.
 * @key_file: the key in PEM; NULL: it stands in @file.
 * @password: of PKCS #12 or of an encrypted key; NULL: none.
 * A key that everybody on this machine can read is refused, and the error names the command that mends it. */
ClrServerCertificate *clr_server_certificate_load (const char *file, const char *key_file,
                                                   const char *password, GError **error);
void clr_server_certificate_free (ClrServerCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrServerCertificate, clr_server_certificate_free)

/* Into @credentials, which keep copies. Returns: FALSE when certificate and key do not belong together. */
gboolean clr_server_certificate_give (ClrServerCertificate *certificate,
                                      gnutls_certificate_credentials_t credentials, GError **error);

/* The first moment at which one of the chain is no longer valid, seconds since 1970. */
gint64 clr_server_certificate_get_expiry (ClrServerCertificate *certificate);
/* "CN=mail.example.com,O=Example" (transfer full) */
char *clr_server_certificate_dup_subject (ClrServerCertificate *certificate);
/* Nobody but itself vouches for it. */
gboolean clr_server_certificate_is_self_signed (ClrServerCertificate *certificate);
/* The names it is for, "mail.example.com, *.example.org"; its subject when it has none. (transfer full) */
char *clr_server_certificate_dup_names (ClrServerCertificate *certificate);
