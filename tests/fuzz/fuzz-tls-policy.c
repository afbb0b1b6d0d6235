/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What strangers publish about TLS: MTA-STS records and policies, TLSRPT records, TLSA records as text.
 */
#include "fuzz.h"
#include "dns/clr-dane.h"
#include "dns/clr-sts-policy.h"
#include "dns/clr-sts-record.h"
#include "dns/clr-tlsrpt-record.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_autofree char *text = fuzz_dup_text (bytes, size);
  const char *problem = NULL;
  char id[CLR_STS_ID_SIZE];
  ClrDnsRecord record;

  if (clr_sts_record_parse ((const char *)bytes, size, id, &problem))
    fuzz_check (*id && strlen (id) < CLR_STS_ID_SIZE);
  else
    fuzz_check (problem);

  g_autoptr (ClrStsPolicy) policy = clr_sts_policy_parse ((const char *)bytes, size, &problem);
  if (policy)
    {
      fuzz_check (policy->max_age <= CLR_STS_MAX_AGE_MOST);
      fuzz_check (policy->mode == CLR_STS_MODE_NONE || *policy->patterns);
      for (char **pattern = policy->patterns; *pattern; pattern++)
        if (**pattern != '*')
          fuzz_check (clr_sts_policy_match (policy, *pattern));
    }

  g_autoptr (ClrTlsrptRecord) reports = clr_tlsrpt_record_parse ((const char *)bytes, size, &problem);
  if (reports)
    {
      fuzz_check (*reports->places && g_strv_length (reports->places) <= CLR_TLSRPT_PLACES_MOST);
      for (char **place = reports->places; *place; place++)
        {
          gboolean is_mail;
          g_autofree char *target = clr_tlsrpt_place_dup_target (*place, &is_mail);
          fuzz_check (fuzz_is_line (*place) && (target == NULL || *target));
        }
    }

  clr_sts_policy_is_type (text);
  if (clr_tlsa_parse (text, &record))
    {
      g_autoptr (ClrDane) dane = clr_dane_new (&record, 1);
      g_autofree char *again = clr_tlsa_to_text (&record);
      ClrDnsRecord reread;

      fuzz_check (dane != NULL);

      fuzz_check (clr_tlsa_parse (again, &reread) && reread.size == record.size);
      g_free (reread.bytes);
      g_free (record.bytes);
    }
  return 0;
}
