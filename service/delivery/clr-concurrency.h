/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrConcurrency: how many connections a next hop may have. Grows by one after each window of successes,
 * halves on a 4xx or a failed connection, and begins with one after a rest. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  unsigned limit;     /* connections allowed now */
  unsigned most;      /* the setting */
  unsigned successes; /* since the limit last changed */
} ClrConcurrency;

void clr_concurrency_init (ClrConcurrency *concurrency, unsigned most);
void clr_concurrency_succeeded (ClrConcurrency *concurrency);
void clr_concurrency_failed (ClrConcurrency *concurrency);
void clr_concurrency_probe (ClrConcurrency *concurrency);
