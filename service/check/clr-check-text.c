/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check-text.h"

#include "dns/clr-dane.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static GPtrArray *
find (ClrZone *zone, const char *name, const char *type, ClrDnsAnswer *answer)
{
  static const struct
  {
    ClrDnsStatus status;
    const char *problem;
  } meanings[] = {
    [CLR_ZONE_FOUND] = { CLR_DNS_FOUND, NULL },
    [CLR_ZONE_NODATA] = { CLR_DNS_NO_DATA, N_ ("the name has no such record") },
    [CLR_ZONE_NXDOMAIN] = { CLR_DNS_NO_NAME, N_ ("there is no such name") },
    [CLR_ZONE_SERVFAIL]
    = { CLR_DNS_TEMPORARY, N_ ("the name servers report a failure, or a signature is wrong") },
    [CLR_ZONE_TIMEOUT] = { CLR_DNS_TEMPORARY, N_ ("the name servers do not answer") },
  };
  GPtrArray *values = NULL;
  ClrZoneStatus status = zone ? clr_zone_find (zone, name, type, &values) : CLR_ZONE_TIMEOUT;

  *answer = (ClrDnsAnswer){ .status = meanings[status].status };
  answer->problem = meanings[status].problem ? g_strdup (_ (meanings[status].problem)) : NULL;
  answer->secure = zone && clr_zone_is_secure (zone);
  if (values)
    answer->records = g_new0 (ClrDnsRecord, values->len + 1);
  return values;
}

void
clr_check_text_find (ClrZone *zone, const char *name, ClrDnsAnswer *answer)
{
  g_autoptr (GPtrArray) values = find (zone, name, "TXT", answer);

  for (unsigned i = 0; values && i < MIN (values->len, CLR_DNS_RECORDS_MOST); i++)
    {
      ClrDnsRecord *record = &answer->records[answer->n_records++];

      record->bytes = (uint8_t *)g_strdup (g_ptr_array_index (values, i));
      record->size = strlen ((const char *)record->bytes);
    }
}

void
clr_check_tlsa_find (ClrZone *zone, const char *name, ClrDnsAnswer *answer)
{
  g_autoptr (GPtrArray) values = find (zone, name, "TLSA", answer);

  for (unsigned i = 0; values && i < MIN (values->len, CLR_DNS_RECORDS_MOST); i++)
    if (clr_tlsa_parse (g_ptr_array_index (values, i), &answer->records[answer->n_records]))
      answer->n_records++;
}
