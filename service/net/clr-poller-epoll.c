/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_RUN 128

struct ClrPoller
{
  int fd;
  ClrWatch waker;
  int n_events;
  struct epoll_event events[EVENTS_PER_RUN];
};

static gboolean
add (ClrPoller *poller, ClrWatch *watch, uint32_t flags)
{
  struct epoll_event event = { .events = flags, .data.ptr = watch };

  return epoll_ctl (poller->fd, EPOLL_CTL_ADD, watch->fd, &event) == 0;
}

/* Being woken is all: letters are opened in the worker's next turn. */
static void
on_woken (ClrWatch *watch, ClrPollEvents events)
{
}

ClrPoller *
clr_poller_new (ClrWaker *waker)
{
  ClrPoller *poller = g_new0 (ClrPoller, 1);

  poller->fd = epoll_create1 (EPOLL_CLOEXEC);
  if (poller->fd < 0)
    g_error ("epoll_create1: %s", g_strerror (errno));
  poller->waker = (ClrWatch){ .ready = on_woken, .fd = (int)clr_waker_get_handle (waker) };
  /* Told of edges, it need not be emptied. */
  if (!add (poller, &poller->waker, EPOLLIN | EPOLLET))
    g_error ("a worker cannot watch its mailbox: %s", g_strerror (errno));
  return poller;
}

void
clr_poller_free (ClrPoller *poller)
{
  close (poller->fd);
  g_free (poller);
}

gboolean
clr_poller_add (ClrPoller *poller, ClrWatch *watch)
{
  return add (poller, watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

gboolean
clr_poller_add_shared (ClrPoller *poller, ClrWatch *watch)
{
  return add (poller, watch, EPOLLIN | EPOLLEXCLUSIVE);
}

gboolean
clr_poller_add_level (ClrPoller *poller, ClrWatch *watch, ClrPollEvents events)
{
  return add (poller, watch, (events & CLR_POLL_IN ? EPOLLIN : 0) | (events & CLR_POLL_OUT ? EPOLLOUT : 0));
}

void
clr_poller_want_out (ClrPoller *poller, ClrWatch *watch)
{
  /* It is asked about always. */
}

void
clr_poller_remove (ClrPoller *poller, ClrWatch *watch)
{
  epoll_ctl (poller->fd, EPOLL_CTL_DEL, watch->fd, NULL);
  clr_poller_forget (poller, watch);
}

void
clr_poller_forget (ClrPoller *poller, ClrWatch *watch)
{
  for (int i = 0; i < poller->n_events; i++)
    if (poller->events[i].data.ptr == watch)
      poller->events[i].data.ptr = NULL;
}

void
clr_poller_wait (ClrPoller *poller, int64_t timeout_us)
{
  int timeout = timeout_us < 0 ? -1 : (int)MIN ((timeout_us + 999) / 1000, 3600 * 1000);

  poller->n_events = epoll_wait (poller->fd, poller->events, EVENTS_PER_RUN, timeout);
}

void
clr_poller_tell (ClrPoller *poller)
{
  for (int i = 0; i < poller->n_events; i++)
    {
      ClrWatch *watch = poller->events[i].data.ptr;
      uint32_t flags = poller->events[i].events;

      if (watch == NULL)
        continue;
      poller->events[i].data.ptr = NULL;
      watch->ready (watch, (flags & EPOLLIN ? CLR_POLL_IN : 0) | (flags & EPOLLOUT ? CLR_POLL_OUT : 0)
                               | (flags & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? CLR_POLL_HANGUP : 0));
    }
  poller->n_events = 0;
}
