/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-counter.h"

#include <stdatomic.h>
#include <string.h>

#define SLOTS 16384u

static _Atomic int64_t counters[CLR_COUNTER_LAST];
static atomic_int clients[SLOTS];

static const struct
{
  const char *name, *help;
} table[] = {
#define ROW(id, name, help) { name, help },
  CLR_COUNTERS (ROW)
#undef ROW
};

void
clr_counter_add (ClrCounterId id, int64_t n)
{
  atomic_fetch_add_explicit (&counters[id], n, memory_order_relaxed);
}

int64_t
clr_counter_get (ClrCounterId id)
{
  return atomic_load_explicit (&counters[id], memory_order_relaxed);
}

const char *
clr_counter_get_name (ClrCounterId id)
{
  return table[id].name;
}

const char *
clr_counter_get_help (ClrCounterId id)
{
  return table[id].help;
}

unsigned
clr_client_slot (const uint8_t address[16])
{
  static gsize seed;
  uint64_t hash, word[2];

  if (g_once_init_enter (&seed))
    g_once_init_leave (&seed, ((gsize)g_random_int () << 1) | 1);
  /* A client counts by /128 in IPv4 and by /64 in IPv6, which one host may own whole. */
  memcpy (word, address, sizeof word);
  if (memcmp (address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) != 0)
    word[1] = 0;
  /* The octets that tell neighbours apart are the uppermost bits here: a multiplication carries none of them
   * down, the shifts do (the finalizer of SplitMix64). */
  hash = (word[0] ^ seed) * 0x9e3779b97f4a7c15u ^ word[1];
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  return (hash ^ (hash >> 31)) % SLOTS;
}

gboolean
clr_client_enter (unsigned slot, int limit)
{
  if (atomic_fetch_add_explicit (&clients[slot], 1, memory_order_relaxed) < limit)
    return TRUE;
  clr_client_leave (slot);
  return FALSE;
}

void
clr_client_leave (unsigned slot)
{
  atomic_fetch_sub_explicit (&clients[slot], 1, memory_order_relaxed);
}
