/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-retry.h"

#define REST_FIRST   (5 * G_USEC_PER_SEC)
#define REST_LONGEST (300 * (int64_t)G_USEC_PER_SEC)

static int64_t
double_up (int64_t first, int64_t longest, unsigned times)
{
  int64_t wait = MAX (first, 1);

  while (times-- > 0 && wait < longest)
    wait *= 2;
  return MIN (wait, MAX (longest, 1));
}

static int64_t
jitter (int64_t wait, uint32_t random)
{
  int64_t span = wait / 4;

  return wait - span / 2 + (span > 0 ? (int64_t)random % span : 0);
}

int64_t
clr_retry_get_wait (const ClrRetryRule *rule, unsigned attempts, uint32_t random)
{
  return jitter (double_up (rule->first_us, rule->longest_us, MAX (attempts, 1) - 1), random);
}

int64_t
clr_retry_get_longest (const ClrRetryRule *rule)
{
  int64_t longest = MAX (rule->longest_us, 1);

  return longest + longest / 8;
}

int64_t
clr_retry_get_rest (unsigned failures, uint32_t random)
{
  return jitter (double_up (REST_FIRST, REST_LONGEST, MAX (failures, 1) - 1), random);
}
