/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrStamp: what stands in front of every message that enters the queue: our DKIM signatures, then Received.
 * The keys are chosen by the From domain, the body is hashed as it passes. Used by intake and by our own
 * reports; belongs to one worker.
 */
#pragma once

#include "mail/clr-received.h"
#include "policy/clr-policy.h"

typedef struct
{
  GPtrArray *identities; /* of const ClrDkimIdentity, that will sign; NULL for none */
  ClrDkimBody *body_hash;
} ClrStamp;

/* @header: the header section as it will be sent. @policy must outlive the stamp. */
void clr_stamp_begin (ClrStamp *stamp, const ClrPolicy *policy, const ClrHeaderBlock *header);
void clr_stamp_hash_body (ClrStamp *stamp, const uint8_t *bytes, size_t size);
/* Once, behind the last piece of the body. @header: as it will be sent. @prefix: is appended to. */
gboolean clr_stamp_write (ClrStamp *stamp, const ClrPolicy *policy, const GString *header,
                          const ClrReceived *received, GString *prefix, GError **error);
unsigned clr_stamp_count (const ClrStamp *stamp); /* signatures */
void clr_stamp_clear (ClrStamp *stamp);
