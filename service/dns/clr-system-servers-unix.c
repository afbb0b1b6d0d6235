/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-system-servers.h"

#include "system/clr-file.h"

#include <unbound.h>

#define RESOLV_CONF "/etc/resolv.conf"

uint64_t
clr_system_servers_get_mark (const char *file)
{
  ClrFileFacts facts;

  if (!clr_file_look (file ? file : RESOLV_CONF, &facts))
    return 0;
  return (facts.place * 31 + facts.size) * 31 + facts.modified_us + 1;
}

void
clr_system_servers_give (struct ub_ctx *ctx, const char *file)
{
  ub_ctx_resolvconf (ctx, file ? file : RESOLV_CONF);
}
