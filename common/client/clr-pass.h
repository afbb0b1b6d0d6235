/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPass: all that is needed to get into the control API over TCP, in a file: where it is, a token, and the
 * fingerprint of the certificate. The service writes one for its own machine at each start; `clrelay token
 * add
 * --out` writes others. Such a file is a secret. Any thread.
 */
#pragma once

#include <gio/gio.h>

#define CLR_PASS_SUFFIX ".pass"

typedef struct
{
  char *url;         /* "http://127.0.0.1:2580", "https://relay.example.com:2580" */
  char *token;       /* for Authorization: Bearer (RFC 6750) */
  char *fingerprint; /* "sha256:" and hex digits; NULL over plain HTTP, or where an authority vouches */
} ClrPass;

/* NULL: @error names the file and what is wrong. (transfer full) */
ClrPass *clr_pass_read (const char *path, GError **error);
/* Whole or not at all, readable by its owner only. */
gboolean clr_pass_write (const ClrPass *pass, const char *path, GError **error);
void clr_pass_free (ClrPass *pass);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrPass, clr_pass_free)

/* Over plain HTTP a token goes to this machine only. FALSE: @error says so, or that it is no URL. */
gboolean clr_pass_check_url (const char *url, GError **error);
/* Of a certificate, as ClrPass has it. (transfer full) */
char *clr_pass_make_fingerprint (GTlsCertificate *certificate);
