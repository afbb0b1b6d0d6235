/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-unbound-base.h"

#include <sys/time.h>
#include <unbound-event.h>
#include <unbound.h>

struct ClrUnboundBase
{
  struct ub_event_base parent;
  ClrWorker *worker;
};

typedef void (*Callback) (int fd, short bits, void *arg);

/* Freed by libunbound from inside its own callbacks, hence the count. */
typedef struct
{
  struct ub_event parent;
  ClrUnboundBase *base;
  ClrWatch watch;
  ClrTimer timer;
  short bits;
  Callback callback;
  void *arg;
  gboolean active;
  gboolean freed;
  unsigned inside;
} Event;

static void
unwatch (Event *event)
{
  if (event->active && event->watch.fd >= 0)
    clr_poller_remove (event->base->worker->poller, &event->watch);
  event->active = FALSE;
  clr_timers_clear (event->base->worker->timers, &event->timer);
}

static void
call (Event *event, short bits)
{
  event->inside++;
  if (!(event->bits & UB_EV_PERSIST))
    unwatch (event);
  event->callback (event->watch.fd, bits, event->arg);
  if (--event->inside == 0 && event->freed)
    g_free (event);
}

static void
on_ready (ClrWatch *watch, ClrPollEvents events)
{
  Event *event = (Event *)((char *)watch - offsetof (Event, watch));
  short bits = (events & (CLR_POLL_IN | CLR_POLL_HANGUP) ? UB_EV_READ : 0)
               | (events & (CLR_POLL_OUT | CLR_POLL_HANGUP) ? UB_EV_WRITE : 0);

  bits &= event->bits;
  if (bits)
    call (event, bits);
}

static void
on_timer (ClrTimer *timer, void *data)
{
  call (data, UB_EV_TIMEOUT);
}

static void
event_add_bits (struct ub_event *parent, short bits)
{
  ((Event *)parent)->bits |= bits;
}

static void
event_del_bits (struct ub_event *parent, short bits)
{
  ((Event *)parent)->bits &= ~bits;
}

static void
event_set_fd (struct ub_event *parent, int fd)
{
  ((Event *)parent)->watch.fd = fd;
}

static void
event_free (struct ub_event *parent)
{
  Event *event = (Event *)parent;

  unwatch (event);
  event->freed = TRUE;
  if (event->inside == 0)
    g_free (event);
}

static int
event_add (struct ub_event *parent, struct timeval *timeout)
{
  Event *event = (Event *)parent;
  ClrWorker *worker = event->base->worker;

  unwatch (event);
  if (event->watch.fd >= 0 && (event->bits & (UB_EV_READ | UB_EV_WRITE)))
    {
      ClrPollEvents events
          = (event->bits & UB_EV_READ ? CLR_POLL_IN : 0) | (event->bits & UB_EV_WRITE ? CLR_POLL_OUT : 0);
      if (!clr_poller_add_level (worker->poller, &event->watch, events))
        return -1;
      event->active = TRUE;
    }
  if (timeout && (event->bits & UB_EV_TIMEOUT))
    clr_timers_set (worker->timers, &event->timer,
                    g_get_monotonic_time () + timeout->tv_sec * (int64_t)G_USEC_PER_SEC + timeout->tv_usec);
  return 0;
}

static int
event_del (struct ub_event *parent)
{
  unwatch ((Event *)parent);
  return 0;
}

static int
event_add_timer (struct ub_event *parent, struct ub_event_base *base, Callback callback, void *arg,
                 struct timeval *timeout)
{
  Event *event = (Event *)parent;

  event->callback = callback;
  event->arg = arg;
  event->bits |= UB_EV_TIMEOUT;
  return event_add (parent, timeout);
}

static int
event_no_signal (struct ub_event *parent, struct timeval *timeout)
{
  return -1;
}

static int
event_no_signal_del (struct ub_event *parent)
{
  return -1;
}

static void
event_no_wsaevent (struct ub_event *parent)
{
}

static void
event_no_wouldblock (struct ub_event *parent, int bits)
{
}

static struct ub_event_vmt event_class = {
  event_add_bits,  event_del_bits,      event_set_fd,      event_free,
  event_add,       event_del,           event_add_timer,   event_del,
  event_no_signal, event_no_signal_del, event_no_wsaevent, event_no_wouldblock,
};

static struct ub_event *
base_new_event (struct ub_event_base *parent, int fd, short bits, Callback callback, void *arg)
{
  Event *event = g_new0 (Event, 1);

  event->parent.magic = UB_EVENT_MAGIC;
  event->parent.vmt = &event_class;
  event->base = (ClrUnboundBase *)parent;
  event->watch = (ClrWatch){ .ready = on_ready, .fd = fd };
  event->bits = bits;
  event->callback = callback;
  event->arg = arg;
  clr_timer_init (&event->timer, on_timer, event);
  return &event->parent;
}

static void
base_free (struct ub_event_base *parent)
{
}

static int
base_dispatch (struct ub_event_base *parent)
{
  return -1;
}

static int
base_loopexit (struct ub_event_base *parent, struct timeval *timeout)
{
  return 0;
}

static struct ub_event *
base_no_signal (struct ub_event_base *parent, int fd, Callback callback, void *arg)
{
  return NULL;
}

static struct ub_event *
base_no_wsaevent (struct ub_event_base *parent, void *wsaevent, Callback callback, void *arg)
{
  return NULL;
}

static struct ub_event_base_vmt base_class
    = { base_free, base_dispatch, base_loopexit, base_new_event, base_no_signal, base_no_wsaevent };

ClrUnboundBase *
clr_unbound_base_new (ClrWorker *worker)
{
  ClrUnboundBase *base = g_new0 (ClrUnboundBase, 1);

  base->parent.magic = UB_EVENT_MAGIC;
  base->parent.vmt = &base_class;
  base->worker = worker;
  return base;
}

struct ub_event_base *
clr_unbound_base_get (ClrUnboundBase *base)
{
  return &base->parent;
}

void
clr_unbound_base_free (ClrUnboundBase *base)
{
  g_free (base);
}
