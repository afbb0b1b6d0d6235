/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The TXT record that says where a domain wants reports on TLS to go (RFC 8460 section 3). Pure.
 */
#pragma once

#include "dns/clr-dns-answer.h"

#define CLR_TLSRPT_PLACES_MOST 10u /* of one record; those behind are not served */

typedef struct
{
  char **places; /* URIs as they stand in it: at least one. Only mailto: and https: can be served */
} ClrTlsrptRecord;

/* @problem: (out): why it is none, static. Returns: (transfer full) (nullable) */
ClrTlsrptRecord *clr_tlsrpt_record_parse (const char *text, size_t size, const char **problem);
void clr_tlsrpt_record_free (ClrTlsrptRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrTlsrptRecord, clr_tlsrpt_record_free)

/* What the TXT records at "_smtp._tls.DOMAIN" say; one that is not valid, or more than one, is none.
 * Returns: (transfer full) (nullable): NULL with @problem, valid as long as @answer. */
ClrTlsrptRecord *clr_tlsrpt_record_choose (const ClrDnsAnswer *answer, const char **problem);

/* The address of a "mailto:" URI, unescaped, its headers left out; the URI of "https:" as it is. @is_mail:
 * (out). Returns: (transfer full) (nullable): NULL when the place cannot be served. */
char *clr_tlsrpt_place_dup_target (const char *place, gboolean *is_mail);
