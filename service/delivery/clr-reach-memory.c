/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-reach-memory.h"

#include "system/clr-internet.h"

typedef struct
{
  unsigned failures; /* in a row */
  int64_t broken_until_us;
} Family;

struct ClrReachMemory
{
  Family families[2];      /* IPv4, IPv6 */
  GHashTable *clear_hosts; /* "name:port" -> int64_t: until when */
};

ClrReachMemory *
clr_reach_memory_new (void)
{
  ClrReachMemory *memory = g_new0 (ClrReachMemory, 1);

  memory->clear_hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return memory;
}

void
clr_reach_memory_free (ClrReachMemory *memory)
{
  g_hash_table_unref (memory->clear_hosts);
  g_free (memory);
}

void
clr_reach_memory_reached (ClrReachMemory *memory, int family, gboolean other_failed, int64_t now_us)
{
  Family *this = &memory->families[family == AF_INET6], *other = &memory->families[family != AF_INET6];

  *this = (Family){ 0 };
  if (other_failed && ++other->failures >= CLR_REACH_FAMILY_FAILURES)
    other->broken_until_us = now_us + CLR_REACH_FAMILY_US;
}

gboolean
clr_reach_memory_is_broken (const ClrReachMemory *memory, int family, int64_t now_us)
{
  return memory->families[family == AF_INET6].broken_until_us > now_us;
}

static gboolean
is_past (void *key, void *value, void *data)
{
  return *(int64_t *)value <= *(int64_t *)data;
}

void
clr_reach_memory_set_clear (ClrReachMemory *memory, const char *host, int64_t now_us)
{
  if (g_hash_table_size (memory->clear_hosts) >= CLR_REACH_CLEAR_MOST)
    g_hash_table_foreach_remove (memory->clear_hosts, is_past, &now_us);
  /* Still full: so many broken hosts in an hour are rather one broken path of ours; learn anew. */
  if (g_hash_table_size (memory->clear_hosts) >= CLR_REACH_CLEAR_MOST)
    g_hash_table_remove_all (memory->clear_hosts);
  int64_t *until = g_new (int64_t, 1);
  *until = now_us + CLR_REACH_CLEAR_US;
  g_hash_table_insert (memory->clear_hosts, g_strdup (host), until);
}

gboolean
clr_reach_memory_is_clear (const ClrReachMemory *memory, const char *host, int64_t now_us)
{
  const int64_t *until = g_hash_table_lookup (memory->clear_hosts, host);

  return until && *until > now_us;
}
