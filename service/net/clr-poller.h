/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrPoller: waits for many descriptors. The seam behind which epoll stands, and on Windows
 * an event and WSAPoll.
 *
 * Contract: readiness is told once per change (edge). A watch that was told POLLIN or POLLOUT must go on
 * until the descriptor would block. Being told twice, or for nothing, is allowed. Who could
 * not send says so (clr_poller_want_out()), to be told when it can. A shared watch (a listening
 * socket that several workers watch) is told to one of them, as long as it is ready.
 */
#pragma once

#include "base/clr-waker.h"

typedef enum
{
  CLR_POLL_IN = 1 << 0,
  CLR_POLL_OUT = 1 << 1,
  CLR_POLL_HANGUP = 1 << 2, /* the peer has closed, or an error waits to be read */
} ClrPollEvents;

typedef struct ClrWatch ClrWatch;
typedef struct ClrPoller ClrPoller;

struct ClrWatch
{
  void (*ready) (ClrWatch *watch, ClrPollEvents events);
  int fd;
  unsigned place; /* the poller's */
};

/* @waker: ends a wait; its owner empties it, where that is needed. */
ClrPoller *clr_poller_new (ClrWaker *waker);
void clr_poller_free (ClrPoller *poller);

/* The watch stays the caller's. Returns: FALSE with errno set. */
gboolean clr_poller_add (ClrPoller *poller, ClrWatch *watch);
gboolean clr_poller_add_shared (ClrPoller *poller, ClrWatch *watch);
/* For libraries that want level readiness of their own descriptors. */
gboolean clr_poller_add_level (ClrPoller *poller, ClrWatch *watch, ClrPollEvents events);
/* A send would have blocked. */
void clr_poller_want_out (ClrPoller *poller, ClrWatch *watch);
/* May be called from a ready function, also for another watch: that one is not told any more. */
void clr_poller_remove (ClrPoller *poller, ClrWatch *watch);

/* The same for a descriptor that is closed next, which saves a system call. */
void clr_poller_forget (ClrPoller *poller, ClrWatch *watch);

/* Waits at most @timeout_us microseconds (-1: for ever) until some watches are ready. */
void clr_poller_wait (ClrPoller *poller, int64_t timeout_us);
/* Tells those that were ready when the wait ended. */
void clr_poller_tell (ClrPoller *poller);
