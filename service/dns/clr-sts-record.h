/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The TXT record that says that a domain has an MTA-STS policy, and which (RFC 8461 section 3.1). Pure.
 */
#pragma once

#include "dns/clr-dns-answer.h"

#define CLR_STS_ID_SIZE 33 /* 32 characters and a NUL */

/* @id: (out): changes whenever the policy does. Returns: FALSE with @problem, static. */
gboolean clr_sts_record_parse (const char *text, size_t size, char id[CLR_STS_ID_SIZE], const char **problem);

typedef enum
{
  CLR_STS_RECORD_FOUND,
  CLR_STS_RECORD_NONE,      /* the domain has no policy */
  CLR_STS_RECORD_INVALID,   /* it counts as none, but somebody meant to have one */
  CLR_STS_RECORD_TEMPORARY, /* nobody can say now */
} ClrStsRecordStatus;

/* What the TXT records at "_mta-sts.DOMAIN" say. @problem: (out): unless found; valid as long as @answer. */
ClrStsRecordStatus clr_sts_record_choose (const ClrDnsAnswer *answer, char id[CLR_STS_ID_SIZE],
                                          const char **problem);
