/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One part of a message that is rendered: what its header section says of it (ClrRenditionEntity), what its
 * body turned out to hold (ClrRenditionFacts), and from both what becomes of it. Pure.
 */
#pragma once

#include "mail/clr-header-block.h"
#include "mail/clr-rendition-body.h"

typedef struct
{
  const ClrField *type, *encoding;
  char *media;         /* "text/plain", lower case */
  char *boundary;      /* of a multipart that is to be walked through, or NULL */
  gboolean is_message; /* a message whose parts are to be walked through */
  gboolean is_encoded; /* quoted-printable or base64 already */
} ClrRenditionEntity;

/* What a part without parts is made of. */
typedef struct
{
  uint64_t size, high;
  gboolean has_long_line;
  gboolean is_utf8;
  unsigned utf8_left; /* while it is looked at: octets that the last leader still wants */
} ClrRenditionFacts;

/* @in_digest: it is a message unless it says otherwise (RFC 2046 section 5.1.5). The entity points into
 * @block. */
void clr_rendition_entity_read (ClrRenditionEntity *entity, const ClrHeaderBlock *block, gboolean in_digest);
void clr_rendition_entity_clear (ClrRenditionEntity *entity);

/* The next octets of the body. */
void clr_rendition_facts_look (ClrRenditionFacts *facts, const uint8_t *bytes, size_t size);

/* What becomes of a part without parts. */
ClrBodyKind clr_rendition_choose_body (const ClrRenditionFacts *facts, const ClrRenditionEntity *entity);
/* The new Content-Transfer-Encoding; NULL: as it was. What has parts is never coded itself (RFC 2045
 * section 6.4). @facts: may be NULL. */
const char *clr_rendition_choose_encoding (const ClrRenditionFacts *facts, const ClrRenditionEntity *entity);

/* Appends the fields of @block, with what @encoding wants said. @is_top: of the message itself; its first
 * @signatures DKIM-Signature fields are left out. Returns: FALSE when an address cannot be written in ASCII.
 */
gboolean clr_rendition_write_fields (const ClrHeaderBlock *block, const ClrRenditionEntity *entity,
                                     const ClrRenditionFacts *facts, const char *encoding, gboolean is_top,
                                     unsigned signatures, GString *into);
