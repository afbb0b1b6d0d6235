/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-dns-answer.h"

#include <string.h>

void
clr_dns_answer_clear (ClrDnsAnswer *answer)
{
  for (unsigned i = 0; i < answer->n_records; i++)
    {
      g_free (answer->records[i].name);
      g_free (answer->records[i].bytes);
    }
  g_free (answer->records);
  g_free (answer->problem);
  *answer = (ClrDnsAnswer){ 0 };
}

void
clr_dns_answer_free (ClrDnsAnswer *answer)
{
  clr_dns_answer_clear (answer);
  g_free (answer);
}

char *
clr_dns_reverse_name (const ClrEndpoint *endpoint)
{
  uint8_t bytes[16];
  GString *name;

  clr_endpoint_get_bytes (endpoint, bytes);
  if (memcmp (bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0)
    return g_strdup_printf ("%u.%u.%u.%u.in-addr.arpa", bytes[15], bytes[14], bytes[13], bytes[12]);
  name = g_string_sized_new (73);
  for (unsigned i = 16; i-- > 0;)
    g_string_append_printf (name, "%x.%x.", bytes[i] & 15, bytes[i] >> 4);
  return g_string_free (g_string_append (name, "ip6.arpa"), FALSE);
}

char *
clr_dns_escape_name (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "\\", -1);

  return g_strjoinv ("\\\\", parts);
}
