/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-id.h"

#include <stdatomic.h>
#include <string.h>

#define EPOCH_MS     INT64_C (1577836800000) /* 2020-01-01 */
#define COUNTER_BITS 14
#define NODE_BITS    8

static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static _Atomic uint64_t last; /* milliseconds << COUNTER_BITS | counter */

void
clr_id_keep_above (uint64_t id)
{
  uint64_t previous = atomic_load (&last);
  uint64_t taken = id >> (COUNTER_BITS + NODE_BITS) << COUNTER_BITS | (id & ((1u << COUNTER_BITS) - 1));

  while (previous < taken && !atomic_compare_exchange_weak (&last, &previous, taken))
    continue;
}

uint64_t
clr_id_new (unsigned node, int64_t now_us)
{
  uint64_t previous = atomic_load (&last), next, now;

  now = (uint64_t)MAX (now_us / 1000 - EPOCH_MS, 0) << COUNTER_BITS;
  do
    next = MAX (now, previous + 1);
  while (!atomic_compare_exchange_weak (&last, &previous, next));

  /* The top bit stays free: the store's integers are signed. */
  return ((next >> COUNTER_BITS << (COUNTER_BITS + NODE_BITS)) | ((uint64_t)(node & 0xff) << COUNTER_BITS)
          | (next & ((1u << COUNTER_BITS) - 1)))
         & INT64_MAX;
}

void
clr_id_to_text (uint64_t id, char text[CLR_ID_TEXT])
{
  for (int i = CLR_ID_TEXT - 2; i >= 0; i--, id >>= 5)
    text[i] = letters[id & 31];
  text[CLR_ID_TEXT - 1] = 0;
}

gboolean
clr_id_from_text (const char *text, uint64_t *id)
{
  uint64_t value = 0;

  if (strlen (text) != CLR_ID_TEXT - 1)
    return FALSE;
  for (const char *p = text; *p; p++)
    {
      const char *found = strchr (letters, g_ascii_toupper (*p));
      if (found == NULL)
        return FALSE;
      value = value << 5 | (uint64_t)(found - letters);
    }
  *id = value;
  return value <= INT64_MAX;
}

int64_t
clr_id_get_time (uint64_t id)
{
  return ((int64_t)(id >> (COUNTER_BITS + NODE_BITS)) + EPOCH_MS) * 1000;
}

uint64_t
clr_id_from_time (int64_t time_us)
{
  int64_t ms = CLAMP (time_us / 1000 - EPOCH_MS, 0, INT64_MAX >> (COUNTER_BITS + NODE_BITS));

  return (uint64_t)ms << (COUNTER_BITS + NODE_BITS);
}
