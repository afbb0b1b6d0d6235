/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-thread.h"

#ifdef __linux__
#include <sched.h>
#endif

void
clr_thread_step_back (void)
{
#ifdef __linux__
  /* Here a thread has a policy of its own: what is idle to the system never holds up another that wakes. */
  static const struct sched_param none;
  sched_setscheduler (0, SCHED_IDLE, &none);
#endif
}
