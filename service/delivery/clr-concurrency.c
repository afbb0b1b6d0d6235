/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-concurrency.h"

#define FIRST 4u

void
clr_concurrency_init (ClrConcurrency *concurrency, unsigned most)
{
  *concurrency = (ClrConcurrency){ MIN (FIRST, MAX (most, 1)), MAX (most, 1), 0 };
}

void
clr_concurrency_succeeded (ClrConcurrency *concurrency)
{
  if (++concurrency->successes < concurrency->limit)
    return;
  concurrency->successes = 0;
  if (concurrency->limit < concurrency->most)
    concurrency->limit++;
}

void
clr_concurrency_failed (ClrConcurrency *concurrency)
{
  concurrency->limit = MAX (concurrency->limit / 2, 1);
  concurrency->successes = 0;
}

void
clr_concurrency_probe (ClrConcurrency *concurrency)
{
  concurrency->limit = 1;
  concurrency->successes = 0;
}
