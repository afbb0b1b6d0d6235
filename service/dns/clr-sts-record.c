/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-sts-record.h"

#include "dns/clr-record-fields.h"

#include <string.h>

#define VERSION "v=STSv1"

static const char *
on_field (const char *name, size_t name_size, const char *value, size_t value_size, void *data)
{
  char *id = data;

  if (name_size != 2 || memcmp (name, "id", 2) != 0)
    return clr_record_check_extension (name, name_size, value, value_size);
  /* RFC 8461 section 3.2: of a field that stands twice the first counts. */
  if (*id)
    return NULL;
  if (value_size == 0 || value_size >= CLR_STS_ID_SIZE)
    return "its id is not 1 to 32 characters long";
  for (size_t i = 0; i < value_size; i++)
    if (!g_ascii_isalnum (value[i]))
      return "its id holds something else than letters and digits";
  memcpy (id, value, value_size);
  id[value_size] = 0;
  return NULL;
}

gboolean
clr_sts_record_parse (const char *text, size_t size, char id[CLR_STS_ID_SIZE], const char **problem)
{
  *id = 0;
  if (!clr_record_fields_parse (text, size, VERSION, on_field, id, problem))
    return FALSE;
  if (*id == 0)
    {
      *problem = "it has no id";
      return FALSE;
    }
  return TRUE;
}

ClrStsRecordStatus
clr_sts_record_choose (const ClrDnsAnswer *answer, char id[CLR_STS_ID_SIZE], const char **problem)
{
  const ClrDnsRecord *chosen = NULL;

  *problem = answer->problem;
  if (answer->status == CLR_DNS_TEMPORARY)
    return CLR_STS_RECORD_TEMPORARY;
  if (answer->status != CLR_DNS_FOUND)
    return CLR_STS_RECORD_NONE;
  for (unsigned i = 0; i < answer->n_records; i++)
    {
      const ClrDnsRecord *record = &answer->records[i];

      if (!clr_record_is_of ((const char *)record->bytes, record->size, VERSION))
        continue;
      /* RFC 8461 section 3.1: more than one is none. */
      if (chosen)
        {
          *problem = "there is more than one MTA-STS record";
          return CLR_STS_RECORD_INVALID;
        }
      chosen = record;
    }
  if (chosen == NULL)
    {
      *problem = "there is no MTA-STS record";
      return CLR_STS_RECORD_NONE;
    }
  return clr_sts_record_parse ((const char *)chosen->bytes, chosen->size, id, problem)
             ? CLR_STS_RECORD_FOUND
             : CLR_STS_RECORD_INVALID;
}
