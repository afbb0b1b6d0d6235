/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-listener.h"

#include "base/clr-error.h"
#include "net/clr-socket.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define PAUSE_US (100 * 1000) /* after the system had no descriptor left */

typedef struct
{
  ClrLetter start; /* two letters: a stop may be posted before the start has been opened */
  ClrLetter stop;
  ClrWatch watch;
  ClrListener *listener;
  ClrWorker *worker;
  ClrTimer again;
} Seat;

struct ClrListener
{
  ClrEndpoint endpoint;
  int fd;
  ClrListenerFactory factory;
  void *data;
  void (*data_free) (void *data);
  Seat *seats; /* one a worker */
  unsigned n_seats;
  atomic_uint in_use;
};

ClrListener *
clr_listener_new (const ClrEndpoint *endpoint, int backlog, ClrListenerFactory factory, void *data,
                  GError **error)
{
  int fd = clr_socket_listen (endpoint, backlog);

  if (fd < 0)
    {
      g_set_error (error, CLR_ERROR, errno == EADDRINUSE ? CLR_ERROR_IN_USE : CLR_ERROR_FAILED,
                   "cannot listen: %s%s", clr_socket_describe (errno),
                   errno == EADDRINUSE ? "; another program has this port, stop it or choose another port"
                   : errno == EACCES   ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
                                       : "");
      return NULL;
    }

  ClrListener *listener = g_new0 (ClrListener, 1);
  listener->fd = fd;
  listener->factory = factory;
  listener->data = data;
  clr_socket_get_name (fd, &listener->endpoint);
  return listener;
}

const ClrEndpoint *
clr_listener_get_endpoint (ClrListener *listener)
{
  return &listener->endpoint;
}

static void
on_ready (ClrWatch *watch, ClrPollEvents events)
{
  Seat *seat = (Seat *)((char *)watch - offsetof (Seat, watch));
  ClrListener *listener = seat->listener;

  /* One a turn: the watch is told again while there are more, and nobody asks in vain. */
  ClrEndpoint peer;
  int fd = clr_socket_accept (listener->fd, &peer);

  if (fd >= 0)
    listener->factory (seat->worker, fd, &peer, listener->data);
  else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
    {
      /* Readiness stays: without a pause this would spin until somebody closes something. */
      clr_poller_remove (seat->worker->poller, &seat->watch);
      clr_timers_set (seat->worker->timers, &seat->again, seat->worker->now + PAUSE_US);
    }
}

static void
on_again (ClrTimer *timer, void *data)
{
  Seat *seat = data;

  clr_poller_add_shared (seat->worker->poller, &seat->watch);
}

static void
open_start (ClrLetter *letter, void *owner)
{
  Seat *seat = (Seat *)letter;

  seat->watch = (ClrWatch){ .ready = on_ready, .fd = seat->listener->fd };
  clr_timer_init (&seat->again, on_again, seat);
  if (!clr_poller_add_shared (seat->worker->poller, &seat->watch))
    g_warning ("a listener cannot be watched: %s", clr_socket_describe (errno));
}

void
clr_listener_start (ClrListener *listener, ClrWorker **workers, unsigned n_workers)
{
  listener->seats = g_new0 (Seat, n_workers);
  listener->n_seats = n_workers;
  atomic_store (&listener->in_use, n_workers);
  for (unsigned i = 0; i < n_workers; i++)
    {
      listener->seats[i].start.open = open_start;
      listener->seats[i].listener = listener;
      listener->seats[i].worker = workers[i];
      clr_worker_post (workers[i], &listener->seats[i].start);
    }
}

static void
listener_free (ClrListener *listener)
{
  clr_socket_close (listener->fd);
  if (listener->data_free)
    listener->data_free (listener->data);
  g_free (listener->seats);
  g_free (listener);
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  Seat *seat = (Seat *)((char *)letter - offsetof (Seat, stop));
  ClrListener *listener = seat->listener;

  clr_poller_remove (seat->worker->poller, &seat->watch);
  clr_timers_clear (seat->worker->timers, &seat->again);
  if (atomic_fetch_sub (&listener->in_use, 1) == 1)
    listener_free (listener);
}

void
clr_listener_stop (ClrListener *listener, void (*data_free) (void *data))
{
  unsigned n = listener->n_seats;

  listener->data_free = data_free;
  if (n == 0)
    {
      listener_free (listener);
      return;
    }
  for (unsigned i = 0; i < n; i++)
    {
      Seat *seat = &listener->seats[i];
      seat->stop.open = open_stop;
      clr_worker_post (seat->worker, &seat->stop);
    }
}
