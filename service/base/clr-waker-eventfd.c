/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-waker.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct ClrWaker
{
  int fd;
};

ClrWaker *
clr_waker_new (void)
{
  ClrWaker *waker = g_new0 (ClrWaker, 1);

  waker->fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (waker->fd < 0)
    g_error ("eventfd: %s; the limit of open files is too low to start", g_strerror (errno));
  return waker;
}

void
clr_waker_free (ClrWaker *waker)
{
  close (waker->fd);
  g_free (waker);
}

void
clr_waker_wake (ClrWaker *waker)
{
  uint64_t one = 1;
  ssize_t written = write (waker->fd, &one, sizeof one);

  (void)written; /* fails only when the counter is full, and then the owner is awake */
}

void
clr_waker_empty (ClrWaker *waker)
{
  uint64_t count;
  ssize_t got = read (waker->fd, &count, sizeof count);

  (void)got; /* EAGAIN: nobody has written */
}

void
clr_waker_wait (ClrWaker *waker, int64_t timeout_us)
{
  struct pollfd pfd = { .fd = waker->fd, .events = POLLIN };
  struct timespec timeout = { timeout_us / 1000000, timeout_us % 1000000 * 1000 };

  if (ppoll (&pfd, 1, timeout_us < 0 ? NULL : &timeout, NULL) > 0)
    clr_waker_empty (waker);
}

intptr_t
clr_waker_get_handle (ClrWaker *waker)
{
  return waker->fd;
}
