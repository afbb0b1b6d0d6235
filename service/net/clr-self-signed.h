/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A certificate that nobody vouches for, for a relay that was given none. Any thread.
 */
#pragma once

#include <glib.h>

typedef enum
{
  CLR_SELF_SIGNED_EC,  /* P-256 */
  CLR_SELF_SIGNED_RSA, /* 2048 bits; what devices before about 2012 can use */
} ClrSelfSignedKind;

/* Makes a key and a certificate for @hostname, valid for ten years, in two new PEM files (the key readable by
 * the owner only). */
gboolean clr_self_signed_make (ClrSelfSignedKind kind, const char *hostname, const char *certificate_file,
                               const char *key_file, GError **error);
