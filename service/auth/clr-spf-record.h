/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSpfRecord: an SPF record, taken apart (RFC 7208 section 4.5 to 6 and 12). An error anywhere makes the
 * whole record one (section 4.6). Pure.
 */
#pragma once

#include "auth/clr-spf-address.h"

#define CLR_SPF_TERMS_MOST 1000u /* of one record; the longest lists of networks have a few hundred */

typedef enum
{
  CLR_SPF_ALL,
  CLR_SPF_INCLUDE,
  CLR_SPF_A,
  CLR_SPF_MX,
  CLR_SPF_PTR,
  CLR_SPF_IP4,
  CLR_SPF_IP6,
  CLR_SPF_EXISTS,
} ClrSpfMechanism;

typedef struct
{
  ClrSpfMechanism mechanism;
  char qualifier;        /* one of + - ~ ? */
  char *text;            /* as it is written */
  char *target;          /* domain-spec; NULL: the domain itself */
  uint32_t wants;        /* letters of its macros, see clr-spf-macro.h */
  unsigned bits4, bits6; /* of the prefix */
  ClrSpfAddress network; /* ip4, ip6 */
} ClrSpfTerm;

typedef struct
{
  GArray *terms;  /* of ClrSpfTerm */
  char *redirect; /* domain-spec; NULL: none */
  char *explanation;
  uint32_t redirect_wants, explanation_wants;
} ClrSpfRecord;

/* Whether a TXT record is one for us: "v=spf1" and nothing, or a blank (section 4.5). */
gboolean clr_spf_record_is_one (const char *text);

/* @problem: (out): why not. (transfer full). Returns: (transfer full) (nullable) */
ClrSpfRecord *clr_spf_record_parse (const char *text, char **problem);
void clr_spf_record_free (ClrSpfRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrSpfRecord, clr_spf_record_free)
