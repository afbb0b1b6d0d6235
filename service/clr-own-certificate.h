/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The certificate that the relay shows: the files of a section, or the self-signed one, which is made at
 * first need and serves all who have none. Main thread; part of clr-service.
 */
#pragma once

#include "net/clr-self-signed.h"
#include "settings/clr-settings.h"

typedef struct
{
  char *certificate_file;
  char *key_file; /* NULL: in the former */
} ClrOwnCertificate;

/* The self-signed one. @own: (out): filled when this returns TRUE. */
gboolean clr_own_certificate_make (ClrOwnCertificate *own, ClrSelfSignedKind kind, const char *hostname,
                                   const char *state_directory, GError **error);
/* @own: (out): filled when this returns TRUE.
 * @section: with certificate-file and key-file. */
gboolean clr_own_certificate_find (ClrOwnCertificate *own, ClrSection *section, const char *hostname,
                                   const char *state_directory, GError **error);
void clr_own_certificate_clear (ClrOwnCertificate *own);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ClrOwnCertificate, clr_own_certificate_clear)
