/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-system-servers.h"

#include "system/clr-file.h"
#include "system/clr-internet.h"

#include <iphlpapi.h>
#include <unbound.h>

#define ROOM (32u * 1024)

/* libunbound reads the same list. */
static uint64_t
mark_of_adapters (void)
{
  g_autofree FIXED_INFO *info = g_malloc0 (ROOM);
  ULONG size = ROOM;
  uint64_t mark = 1;

  if (GetNetworkParams (info, &size) != ERROR_SUCCESS)
    return 0;
  for (const IP_ADDR_STRING *server = &info->DnsServerList; server; server = server->Next)
    mark = mark * 31 + g_str_hash (server->IpAddress.String);
  return mark;
}

uint64_t
clr_system_servers_get_mark (const char *file)
{
  ClrFileFacts facts;

  if (file == NULL)
    return mark_of_adapters ();
  return clr_file_look (file, &facts) ? (facts.place * 31 + facts.size) * 31 + facts.modified_us + 1 : 0;
}

void
clr_system_servers_give (struct ub_ctx *ctx, const char *file)
{
  ub_ctx_resolvconf (ctx, file);
}
