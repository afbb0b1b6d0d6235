/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any octets as an aggregate report of DMARC: packed, or XML. Whole, or refused with a reason; bounded either
 * way.
 */
#include "auth/clr-dmarc-report.h"
#include "fuzz.h"
#include "mail/clr-unpack.h"

#define MOST 200000u

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  const char *problem = NULL;
  g_autoptr (GBytes) text = clr_unpack (bytes, size, MOST, &problem);
  g_autofree char *why = NULL;
  g_autoptr (ClrDmarcReport) report = NULL;
  const char *octets;
  gsize n;

  if (text == NULL)
    {
      fuzz_check (problem && *problem);
      return 0;
    }
  octets = g_bytes_get_data (text, &n);
  fuzz_check (n <= MOST);
  report = clr_dmarc_report_parse (octets ? octets : "", n, &why);
  fuzz_check ((report == NULL) == (why != NULL));
  if (report == NULL)
    {
      fuzz_check (g_utf8_validate (why, -1, NULL));
      return 0;
    }
  fuzz_check (report->domain && report->rows->len <= CLR_DMARC_REPORT_ROWS_MOST);
  for (unsigned i = 0; i < report->rows->len; i++)
    {
      const ClrDmarcReportRow *row = &g_array_index (report->rows, ClrDmarcReportRow, i);

      fuzz_check (row->source_ip && row->reasons && row->dkim_results && row->spf_results);
      fuzz_check (!row->header_from || g_utf8_validate (row->header_from, -1, NULL));
    }
  return 0;
}
