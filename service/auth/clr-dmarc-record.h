/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDmarcRecord: a DMARC record, RFC 9989 section 4.7 and 4.8; those written for RFC 7489 are read by the
 * same rules. Pure.
 */
#pragma once

#include <glib.h>

#define CLR_DMARC_URIS_MOST 16u /* of one list that are kept */

typedef enum
{
  CLR_DMARC_ASKS_NONE,
  CLR_DMARC_ASKS_QUARANTINE,
  CLR_DMARC_ASKS_REJECT,
} ClrDmarcPolicy;

typedef enum
{
  CLR_DMARC_PSD_UNKNOWN,
  CLR_DMARC_PSD_YES,
  CLR_DMARC_PSD_NO,
} ClrDmarcPsd;

typedef struct
{
  ClrDmarcPolicy policy;           /* p= */
  ClrDmarcPolicy subdomain_policy; /* sp=, else p= */
  ClrDmarcPolicy absent_policy;    /* np=, else as for subdomains */
  gboolean has_subdomain_policy, has_absent_policy;
  gboolean dkim_strict, spf_strict;
  gboolean testing; /* t=y */
  ClrDmarcPsd psd;
  gboolean applies;     /* FALSE: a policy is not valid, and there is no address to tell (section 4.10.1) */
  GPtrArray *rua, *ruf; /* of char*, without sizes */
  char *ignored;        /* names of tags that are not valid, "sp, adkim"; NULL: none */
} ClrDmarcRecord;

/* Whether a TXT record is one for us: it begins with v=DMARC1. */
gboolean clr_dmarc_record_is_one (const char *text);

/* @problem: (out): why not, static. Returns: (transfer full) (nullable) */
ClrDmarcRecord *clr_dmarc_record_parse (const char *text, const char **problem);
void clr_dmarc_record_free (ClrDmarcRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrDmarcRecord, clr_dmarc_record_free)

/* "none", "quarantine", "reject" */
const char *clr_dmarc_policy_get_name (ClrDmarcPolicy policy);
