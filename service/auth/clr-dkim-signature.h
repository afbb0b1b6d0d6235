/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDkimSignature: what a DKIM-Signature field says (RFC 6376 section 3.5), or one of the two of ARC that
 * are like it (RFC 8617 section 4.1). Pure.
 */
#pragma once

#include "auth/clr-dkim-canon.h"
#include "auth/clr-dkim-record.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define CLR_DKIM_NAMES_MOST 1000 /* of one h= */

typedef enum
{
  CLR_DKIM_SIGNATURE,
  CLR_ARC_SIGNATURE, /* ARC-Message-Signature: i= is another thing, h= may hold nothing */
  CLR_ARC_SEAL,      /* ARC-Seal: no h=, bh= or c= */
} ClrDkimSignatureKind;

typedef struct
{
  gboolean unversioned; /* no v=: it was made before RFC 4871, and can never be valid */
  gnutls_pk_algorithm_t kind;
  gnutls_digest_algorithm_t hash; /* SHA-256 or SHA-1 */
  ClrCanon header_canon, body_canon;
  char *algorithm;
  char *domain;   /* d= */
  char *selector; /* s= */
  char *identity; /* i=, decoded; "@" and the domain when not given */
  char **names;   /* h= */
  uint8_t *body_hash;
  gsize body_hash_size;
  uint8_t *signature;
  gsize signature_size;
  int64_t length;        /* l=, -1 for none */
  int64_t time, expires; /* t= and x=, -1 for none */
} ClrDkimSignature;

/* @field: the whole field. What could be read stays readable after a failure.
 * Returns: NULL, or why the signature is invalid (static). */
const char *clr_dkim_signature_parse (ClrDkimSignature *signature, const ClrField *field,
                                      ClrDkimSignatureKind kind);
void clr_dkim_signature_clear (ClrDkimSignature *signature);

/* Whether @domain is @parent or lies below it. */
gboolean clr_dkim_is_below (const char *domain, const char *parent);

/* Appends the field as it was signed: the value of b= is nothing (section 3.7). */
void clr_dkim_signature_append_unsigned (const ClrField *field, ClrCanon canon, GString *into);

/* Whether @record may be used for it (section 6.1.2). Returns: NULL, or why not. */
const char *clr_dkim_signature_find_objection (const ClrDkimSignature *signature,
                                               const ClrDkimRecord *record);
/* RFC 8301: rsa-sha1, or an RSA key under 1024 bits. */
gboolean clr_dkim_signature_is_weak (const ClrDkimSignature *signature, const ClrDkimRecord *record);
/* @digest: over what was signed. Weak ones are checked too, so that "wrong" and "weak" can be told apart. */
gboolean clr_dkim_signature_fits (const ClrDkimSignature *signature, const ClrDkimRecord *record,
                                  const uint8_t *digest);
