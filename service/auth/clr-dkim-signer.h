/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The DKIM signer, RFC 6376 section 5. The body is hashed as it passes; the fields are hashed and signed when
 * it has ended. Several keys sign one message with one pass over the body. Runs in the workers.
 */
#pragma once

#include "auth/clr-dkim-canon.h"
#include "auth/clr-dkim-key.h"

/* A key with the name it signs for. */
typedef struct
{
  char *domain;
  char *selector;
  ClrDkimKey *key;
} ClrDkimIdentity;

/* How to sign; frozen, may be shared. */
typedef struct
{
  ClrCanon header_canon;
  ClrCanon body_canon;
  char **signed_fields;     /* names, each as often as it occurs */
  char **oversigned_fields; /* and once more, so that none can be added */
} ClrDkimStyle;

/* Appends one DKIM-Signature field for each of @identities (in order), to be put in front of the message.
 * @header: the header section as it will be sent. Returns: FALSE with @error when a key fails; then nothing
 * is appended. */
gboolean clr_dkim_sign (const ClrDkimStyle *style, const ClrDkimIdentity *const *identities,
                        unsigned n_identities, const ClrHeaderBlock *header, const uint8_t body_hash[32],
                        int64_t time_us, GString *into, GError **error);
