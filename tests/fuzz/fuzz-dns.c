/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DNS packets, and the plan of mail exchangers that is made of one.
 */
#include "fuzz.h"
#include "dns/clr-dns-packet.h"
#include "dns/clr-mx.h"

static void
check_plan (const ClrDnsAnswer *answer)
{
  ClrMxPlan plan = { 0 };

  clr_mx_plan_from_answer (&plan, "example.com", 25, answer, "relay.example.net");
  fuzz_check (plan.n_hosts <= CLR_MX_MOST);
  fuzz_check ((plan.verdict == CLR_MX_HOSTS) == (plan.n_hosts > 0));
  for (unsigned i = 0; i < plan.n_hosts; i++)
    {
      fuzz_check (fuzz_is_line (plan.hosts[i].name) && strlen (plan.hosts[i].name) < CLR_DNS_NAME_SIZE);
      fuzz_check (i == 0 || plan.hosts[i - 1].preference <= plan.hosts[i].preference);
    }
  if (plan.n_hosts > 0)
    fuzz_check (plan.site && fuzz_is_line (plan.site) && plan.order);
  else
    fuzz_check (plan.why);
  clr_mx_plan_clear (&plan);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static const ClrDnsType types[]
      = { CLR_DNS_MX, CLR_DNS_A, CLR_DNS_AAAA, CLR_DNS_PTR, CLR_DNS_TXT, CLR_DNS_TLSA };
  ClrDnsType type = types[fuzz_take (&bytes, &size) % G_N_ELEMENTS (types)];
  ClrDnsAnswer answer = { .ttl = G_MAXUINT };

  if (clr_dns_packet_read (bytes, size, type, &answer))
    {
      fuzz_check (answer.n_records <= CLR_DNS_RECORDS_MOST);
      for (unsigned i = 0; i < answer.n_records; i++)
        {
          const ClrDnsRecord *record = &answer.records[i];

          if (type == CLR_DNS_MX || type == CLR_DNS_PTR)
            fuzz_check (record->name && strlen (record->name) < CLR_DNS_NAME_SIZE
                        && fuzz_is_line (record->name));
          if (type == CLR_DNS_TXT)
            fuzz_check (record->bytes && record->bytes[record->size] == 0 && record->size <= 65535);
        }
      answer.status = answer.n_records ? CLR_DNS_FOUND : CLR_DNS_NO_DATA;
      if (type == CLR_DNS_MX)
        check_plan (&answer);
    }
  clr_dns_answer_clear (&answer);
  return 0;
}
