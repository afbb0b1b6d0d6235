/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDmarcReport: an aggregate report of DMARC as others send them (RFC 9990, and RFC 7489 appendix C with
 * its drafts). Strangers write it: no entities, no document type, depth, rows and texts bounded; what is
 * damaged, or lacks what a report is about, is refused whole, with the line. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_DMARC_REPORT_ROWS_MOST 100000u
#define CLR_DMARC_REPORT_TEXT_MOST 1000u /* octets of one text; the rest is left out */

/* What one check said: of DKIM, or of SPF. Texts are NULL where nothing was said. */
typedef struct
{
  char *domain, *selector, *scope, *result, *human_result;
} ClrDmarcReportResult;

/* Why a policy was not applied. */
typedef struct
{
  char *type, *comment;
} ClrDmarcReportReason;

/* Mail from one address with one outcome. */
typedef struct
{
  char *source_ip;
  uint64_t count; /* messages */
  char *disposition, *dkim, *spf;
  GArray *reasons; /* of ClrDmarcReportReason */
  char *header_from, *envelope_from, *envelope_to;
  GArray *dkim_results, *spf_results; /* of ClrDmarcReportResult */
} ClrDmarcReportRow;

typedef struct
{
  char *version, *org_name, *email, *contact, *report_id, *generator;
  int64_t begin, end; /* seconds since 1970 */
  /* The policy as it was published. */
  char *domain, *adkim, *aspf, *p, *sp, *np, *pct, *fo, *testing, *discovery_method, *version_published;
  GPtrArray *errors; /* of char*: what the reporter says went wrong on its side */
  GPtrArray *notes;  /* of char*: what is odd in it, and was borne */
  GArray *rows;      /* of ClrDmarcReportRow */
} ClrDmarcReport;

/* @problem: (out) (transfer full): why not. Returns: (transfer full) (nullable) */
ClrDmarcReport *clr_dmarc_report_parse (const char *text, size_t size, char **problem);
void clr_dmarc_report_free (ClrDmarcReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrDmarcReport, clr_dmarc_report_free)

/* All its messages. */
uint64_t clr_dmarc_report_count (const ClrDmarcReport *report);
