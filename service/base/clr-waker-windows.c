/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-waker.h"

#include <windows.h>

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 0x2 /* Windows 10 1803 */
#endif
#define FINE_US 20000 /* waits up to here would be stretched by the system's tick, 15.6 ms */

struct ClrWaker
{
  HANDLE event; /* resets itself */
  HANDLE timer; /* for short waits */
};

ClrWaker *
clr_waker_new (void)
{
  ClrWaker *waker = g_new0 (ClrWaker, 1);

  waker->event = CreateEventW (NULL, FALSE, FALSE, NULL);
  waker->timer = CreateWaitableTimerExW (NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
  if (waker->timer == NULL)
    waker->timer = CreateWaitableTimerW (NULL, FALSE, NULL);
  if (waker->event == NULL || waker->timer == NULL)
    g_error ("an event cannot be made: error %lu", GetLastError ());
  return waker;
}

void
clr_waker_free (ClrWaker *waker)
{
  CloseHandle (waker->event);
  CloseHandle (waker->timer);
  g_free (waker);
}

void
clr_waker_wake (ClrWaker *waker)
{
  SetEvent (waker->event);
}

void
clr_waker_empty (ClrWaker *waker)
{
  ResetEvent (waker->event);
}

void
clr_waker_wait (ClrWaker *waker, int64_t timeout_us)
{
  HANDLE handles[] = { waker->event, waker->timer };
  LARGE_INTEGER due = { .QuadPart = -timeout_us * 10 }; /* of 100 ns, from now */

  if (timeout_us < 0)
    WaitForSingleObject (waker->event, INFINITE);
  else if (timeout_us > FINE_US || !SetWaitableTimer (waker->timer, &due, 0, NULL, NULL, FALSE))
    WaitForSingleObject (waker->event, (DWORD)MIN ((timeout_us + 999) / 1000, 3600 * 1000));
  else
    WaitForMultipleObjects (G_N_ELEMENTS (handles), handles, FALSE, INFINITE);
}

intptr_t
clr_waker_get_handle (ClrWaker *waker)
{
  return (intptr_t)waker->event;
}
