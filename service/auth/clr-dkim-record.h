/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDkimRecord: a published key, the TXT record of RFC 6376 section 3.6.1 and RFC 8463 section 4. Pure;
 * immutable.
 */
#pragma once

#include <gnutls/abstract.h>
#include <glib.h>
#include <stdint.h>

typedef struct
{
  gnutls_pk_algorithm_t kind; /* GNUTLS_PK_UNKNOWN: a k= that is not ours */
  unsigned bits;
  gboolean revoked;      /* p= is empty */
  gboolean sha1, sha256; /* h=: hashes it may be used with */
  gboolean for_mail;     /* s=: * or email */
  gboolean strict;       /* t=s: i= has the domain of d= itself */
  gboolean testing;      /* t=y */
  gnutls_pubkey_t key;   /* NULL when revoked or of an unknown kind */
} ClrDkimRecord;

/* Returns: (transfer full): the record; NULL with @problem (static) when it is not valid.
 * @is_dkim: (out) (optional): whether it means to be a DKIM record at all. */
ClrDkimRecord *clr_dkim_record_parse (const char *text, size_t size, gboolean *is_dkim, const char **problem);
void clr_dkim_record_free (ClrDkimRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrDkimRecord, clr_dkim_record_free)
