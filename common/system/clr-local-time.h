/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The time of day here. Any thread.
 */
#pragma once

#include <stdint.h>
#include <time.h>

/* @seconds: since 1970. Returns: how many minutes this place is ahead of UTC then. */
int clr_local_time (int64_t seconds, struct tm *tm);
