/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-thread.h"

#include <windows.h>

void
clr_thread_step_back (void)
{
  SetThreadPriority (GetCurrentThread (), THREAD_PRIORITY_LOWEST);
}
