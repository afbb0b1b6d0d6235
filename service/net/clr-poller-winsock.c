/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Winsock says when something happens, but not what: every socket of a poller signals one shared event
 * (WSAEventSelect), and after it WSAPoll() with no time tells which sockets are ready. So a worker waits for
 * two handles, and one more for each listening socket, whatever the number of its connections; a handle for
 * each would end at 64.
 *
 * What is signalled once: FD_READ again after each receive that leaves something, FD_WRITE only after a send
 * that would have blocked. WSAPoll() looks at the state, so that nothing is missed between its call and the
 * event being reset before it. It is asked about sending only where somebody waits for it (clr_poller.h):
 * else nearly every socket would be told at every turn.
 */
#include "net/clr-poller.h"

#include <errno.h>
#include <winsock2.h>
#include <windows.h>

#define LISTENERS_MOST (MAXIMUM_WAIT_OBJECTS - 2)
#define LOOK_ANYWAY_MS 1000 /* in case a network filter of somebody keeps an event for itself */
#define ALL_EVENTS     (FD_READ | FD_WRITE | FD_CONNECT | FD_CLOSE | FD_OOB)

typedef enum
{
  KIND_EDGE,
  KIND_LEVEL,
} Kind;

typedef struct
{
  ClrWatch *watch; /* NULL: removed while watches are being told */
  Kind kind;
  gboolean fresh; /* connecting, or just accepted: has never been ready to send */
} Seat;

/* A listening socket has one event for all workers that watch it: it resets itself, so that one of them wakes
 * for a connection, and accept() sets it again when there are more. */
typedef struct
{
  int fd;
  HANDLE event;
  unsigned watchers;
} Shared;

static GMutex shared_lock; /* for the table; touched when a listener comes or goes */
static GArray *shared_table;

struct ClrPoller
{
  HANDLE handles[MAXIMUM_WAIT_OBJECTS]; /* the shared event, the waker, the listeners */
  ClrWatch *listeners[LISTENERS_MOST];
  unsigned n_listeners;

  WSAPOLLFD *polls; /* in the order of seats */
  Seat *seats;
  unsigned n_seats, capacity;
  gboolean telling;  /* seats must not move */
  gboolean has_gaps; /* some were removed meanwhile */
  gboolean again;    /* something may be ready that no event will tell */

  DWORD woken;   /* what the last wait said */
  gboolean look; /* sockets may be ready */
};

ClrPoller *
clr_poller_new (ClrWaker *waker)
{
  ClrPoller *poller = g_new0 (ClrPoller, 1);

  poller->handles[0] = CreateEventW (NULL, TRUE, FALSE, NULL);
  poller->handles[1] = (HANDLE)clr_waker_get_handle (waker);
  if (poller->handles[0] == NULL)
    g_error ("an event cannot be made: error %lu", GetLastError ());
  return poller;
}

void
clr_poller_free (ClrPoller *poller)
{
  CloseHandle (poller->handles[0]);
  g_free (poller->polls);
  g_free (poller->seats);
  g_free (poller);
}

static gboolean
add (ClrPoller *poller, ClrWatch *watch, Kind kind, short events)
{
  if (WSAEventSelect (watch->fd, poller->handles[0], ALL_EVENTS) != 0)
    {
      errno = EBADF;
      return FALSE;
    }
  if (poller->n_seats == poller->capacity)
    {
      poller->capacity = MAX (poller->capacity * 2, 64);
      poller->polls = g_renew (WSAPOLLFD, poller->polls, poller->capacity);
      poller->seats = g_renew (Seat, poller->seats, poller->capacity);
    }
  watch->place = poller->n_seats++;
  poller->polls[watch->place] = (WSAPOLLFD){ .fd = watch->fd, .events = events };
  poller->seats[watch->place] = (Seat){ watch, kind, kind == KIND_EDGE };
  poller->again = TRUE;
  return TRUE;
}

gboolean
clr_poller_add (ClrPoller *poller, ClrWatch *watch)
{
  return add (poller, watch, KIND_EDGE, POLLIN | POLLOUT);
}

gboolean
clr_poller_add_level (ClrPoller *poller, ClrWatch *watch, ClrPollEvents events)
{
  return add (poller, watch, KIND_LEVEL,
              (events & CLR_POLL_IN ? POLLIN : 0) | (events & CLR_POLL_OUT ? POLLOUT : 0));
}

void
clr_poller_want_out (ClrPoller *poller, ClrWatch *watch)
{
  poller->polls[watch->place].events |= POLLOUT;
}

/* -- listening sockets */

/* Returns: the event of @fd, with one more watcher. */
static HANDLE
take_shared (int fd)
{
  HANDLE event = NULL;

  g_mutex_lock (&shared_lock);
  if (shared_table == NULL)
    shared_table = g_array_new (FALSE, TRUE, sizeof (Shared));
  for (unsigned i = 0; i < shared_table->len && event == NULL; i++)
    if (g_array_index (shared_table, Shared, i).fd == fd)
      {
        g_array_index (shared_table, Shared, i).watchers++;
        event = g_array_index (shared_table, Shared, i).event;
      }
  if (event == NULL)
    {
      Shared shared = { fd, CreateEventW (NULL, FALSE, FALSE, NULL), 1 };

      if (shared.event && WSAEventSelect (fd, shared.event, FD_ACCEPT) == 0)
        {
          g_array_append_val (shared_table, shared);
          event = shared.event;
        }
      else if (shared.event)
        CloseHandle (shared.event);
    }
  g_mutex_unlock (&shared_lock);
  return event;
}

static void
let_go_of_shared (int fd)
{
  g_mutex_lock (&shared_lock);
  for (unsigned i = 0; shared_table && i < shared_table->len; i++)
    {
      Shared *shared = &g_array_index (shared_table, Shared, i);

      if (shared->fd != fd)
        continue;
      if (--shared->watchers == 0)
        {
          WSAEventSelect (fd, NULL, 0);
          CloseHandle (shared->event);
          g_array_remove_index_fast (shared_table, i);
        }
      else
        SetEvent (shared->event); /* if it was meant for the one who goes: another looks */
      break;
    }
  g_mutex_unlock (&shared_lock);
}

gboolean
clr_poller_add_shared (ClrPoller *poller, ClrWatch *watch)
{
  HANDLE event = poller->n_listeners < LISTENERS_MOST ? take_shared (watch->fd) : NULL;

  if (event == NULL)
    {
      errno = EMFILE;
      return FALSE;
    }
  poller->listeners[poller->n_listeners] = watch;
  poller->handles[2 + poller->n_listeners++] = event;
  /* Somebody may have come before, or while the worker paused. */
  SetEvent (event);
  return TRUE;
}

static gboolean
remove_listener (ClrPoller *poller, ClrWatch *watch)
{
  for (unsigned i = 0; i < poller->n_listeners; i++)
    if (poller->listeners[i] == watch)
      {
        poller->n_listeners--;
        poller->listeners[i] = poller->listeners[poller->n_listeners];
        poller->handles[2 + i] = poller->handles[2 + poller->n_listeners];
        let_go_of_shared (watch->fd);
        return TRUE;
      }
  return FALSE;
}

/* -- leaving */

static void
empty_seat (ClrPoller *poller, unsigned place)
{
  poller->n_seats--;
  if (place == poller->n_seats)
    return;
  poller->polls[place] = poller->polls[poller->n_seats];
  poller->seats[place] = poller->seats[poller->n_seats];
  if (poller->seats[place].watch)
    poller->seats[place].watch->place = place;
}

void
clr_poller_forget (ClrPoller *poller, ClrWatch *watch)
{
  if (remove_listener (poller, watch))
    return;
  if (watch->place >= poller->n_seats || poller->seats[watch->place].watch != watch)
    return;
  if (!poller->telling)
    {
      empty_seat (poller, watch->place);
      return;
    }
  poller->seats[watch->place].watch = NULL;
  poller->polls[watch->place].fd = INVALID_SOCKET;
  poller->has_gaps = TRUE;
}

void
clr_poller_remove (ClrPoller *poller, ClrWatch *watch)
{
  WSAEventSelect (watch->fd, NULL, 0);
  clr_poller_forget (poller, watch);
}

/* -- telling */

/* WSAPoll() does not tell of a connection that failed before Windows 10 2004; the event does. */
static gboolean
has_failed_to_connect (int fd)
{
  WSANETWORKEVENTS events;

  return WSAEnumNetworkEvents (fd, NULL, &events) == 0 && (events.lNetworkEvents & FD_CONNECT)
         && events.iErrorCode[FD_CONNECT_BIT] != 0;
}

static void
tell_seat (ClrPoller *poller, unsigned i)
{
  Seat *seat = &poller->seats[i];
  WSAPOLLFD *poll = &poller->polls[i];
  ClrPollEvents events = (poll->revents & POLLIN ? CLR_POLL_IN : 0)
                         | (poll->revents & POLLOUT ? CLR_POLL_OUT : 0)
                         | (poll->revents & (POLLHUP | POLLERR | POLLNVAL) ? CLR_POLL_HANGUP : 0);

  poll->revents = 0;
  if (events == 0 && seat->fresh && has_failed_to_connect (seat->watch->fd))
    events = CLR_POLL_HANGUP;
  if (events == 0)
    return;
  if (seat->kind == KIND_LEVEL)
    poller->again = TRUE;
  else if (events & (CLR_POLL_OUT | CLR_POLL_HANGUP))
    {
      poll->events &= ~POLLOUT;
      seat->fresh = FALSE;
    }
  seat->watch->ready (seat->watch, events);
}

static void
tell_sockets (ClrPoller *poller)
{
  unsigned n = poller->n_seats; /* what comes meanwhile waits for the next turn */

  poller->again = FALSE;
  ResetEvent (poller->handles[0]);
  if (n == 0 || WSAPoll (poller->polls, n, 0) < 0)
    return;
  poller->telling = TRUE;
  for (unsigned i = 0; i < n; i++)
    if (poller->seats[i].watch)
      tell_seat (poller, i);
  poller->telling = FALSE;
  if (!poller->has_gaps)
    return;
  poller->has_gaps = FALSE;
  for (unsigned i = poller->n_seats; i > 0; i--)
    if (poller->seats[i - 1].watch == NULL)
      empty_seat (poller, i - 1);
}

static void
tell_listener (ClrPoller *poller, unsigned i)
{
  ClrWatch *watch = poller->listeners[i];

  watch->ready (watch, CLR_POLL_IN);
}

void
clr_poller_wait (ClrPoller *poller, int64_t timeout_us)
{
  DWORD timeout = timeout_us < 0 ? INFINITE : (DWORD)MIN ((timeout_us + 999) / 1000, 3600 * 1000);

  if (poller->n_seats > 0)
    timeout = MIN (timeout, LOOK_ANYWAY_MS);
  poller->look = poller->again;
  poller->woken
      = WaitForMultipleObjects (2 + poller->n_listeners, poller->handles, FALSE, poller->look ? 0 : timeout);
  poller->look = poller->look || poller->woken == WAIT_OBJECT_0
                 || (poller->woken == WAIT_TIMEOUT && timeout == LOOK_ANYWAY_MS);
}

void
clr_poller_tell (ClrPoller *poller)
{
  unsigned n = 2 + poller->n_listeners;
  DWORD woken = poller->woken;

  /* The wait tells of the first handle only, and with busy sockets that is always theirs: so listeners are
   * asked one by one. The one that was told of has been reset by that. */
  if (woken >= WAIT_OBJECT_0 + 2 && woken < WAIT_OBJECT_0 + n)
    tell_listener (poller, woken - WAIT_OBJECT_0 - 2);
  for (unsigned i = 0; i < poller->n_listeners; i++)
    if (WaitForSingleObject (poller->handles[2 + i], 0) == WAIT_OBJECT_0)
      tell_listener (poller, i);
  if (poller->look || WaitForSingleObject (poller->handles[0], 0) == WAIT_OBJECT_0)
    tell_sockets (poller);
}
