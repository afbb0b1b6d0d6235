/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-local-time.h"

int
clr_local_time (int64_t seconds, struct tm *tm)
{
  time_t time = seconds;
  struct tm copy;

  localtime_r (&time, tm);
  copy = *tm;
  return (int)((_mkgmtime (&copy) - time) / 60);
}
