/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-socket.h"

#include <errno.h>
#include <limits.h>
#include <windows.h>

static const struct
{
  int code;
  int number;
  const char *words;
} meanings[] = {
  { WSAEWOULDBLOCK, EAGAIN, "would block" },
  { WSAEINTR, EINTR, "interrupted" },
  { WSAEACCES, EACCES, "permission denied, or held by another program for itself" },
  { WSAEADDRINUSE, EADDRINUSE, "address already in use" },
  { WSAEADDRNOTAVAIL, EADDRNOTAVAIL, "this machine does not have this address" },
  { WSAEAFNOSUPPORT, EAFNOSUPPORT, "this kind of address is not supported" },
  { WSAECONNREFUSED, ECONNREFUSED, "connection refused" },
  { WSAECONNRESET, ECONNRESET, "connection reset by peer" },
  { WSAECONNABORTED, ECONNABORTED, "connection aborted" },
  { WSAESHUTDOWN, EPIPE, "the connection was closed" },
  { WSAENOTCONN, ENOTCONN, "not connected" },
  { WSAETIMEDOUT, ETIMEDOUT, "connection timed out" },
  { WSAENETDOWN, ENETDOWN, "network is down" },
  { WSAENETUNREACH, ENETUNREACH, "network is unreachable" },
  { WSAENETRESET, ENETRESET, "connection reset by network" },
  { WSAEHOSTUNREACH, EHOSTUNREACH, "no route to host" },
  { WSAEHOSTDOWN, EHOSTUNREACH, "host is down" },
  { WSAEMFILE, EMFILE, "too many sockets" },
  { WSAENOBUFS, ENOBUFS, "no buffer space" },
  { WSAEINVAL, EINVAL, "invalid argument" },
  { WSAENOTSOCK, ENOTSOCK, "not a socket" },
};

static int
meaning_of (int code)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].code == code)
      return meanings[i].number;
  return code ? EIO : 0;
}

/* Returns: -1 with errno. */
static int
fail (int fd)
{
  int problem = meaning_of (WSAGetLastError ());

  if (fd >= 0)
    closesocket (fd);
  errno = problem;
  return -1;
}

/* Before the first socket, in whichever thread makes it; until the process ends. */
static void
start_winsock (void)
{
  static gsize started;

  if (g_once_init_enter (&started))
    {
      WSADATA data;
      int code = WSAStartup (MAKEWORD (2, 2), &data);

      if (code != 0)
        g_error ("Winsock does not start: error %d", code);
      g_once_init_leave (&started, 1);
    }
}

static void
set_up (SOCKET socket)
{
  u_long on = 1;
  BOOL one = TRUE;

  ioctlsocket (socket, FIONBIO, &on);
  setsockopt (socket, IPPROTO_TCP, TCP_NODELAY, (char *)&one, sizeof one);
}

static int
make (const ClrEndpoint *endpoint)
{
  SOCKET socket;

  start_winsock ();
  socket = WSASocketW (endpoint->any.sa_family, SOCK_STREAM, 0, NULL, 0,
                       WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (socket == INVALID_SOCKET || socket > INT_MAX)
    return fail (-1);
  set_up (socket);
  return (int)socket;
}

int
clr_socket_listen (const ClrEndpoint *endpoint, int backlog)
{
  int fd = make (endpoint);
  BOOL one = TRUE;

  if (fd < 0)
    return -1;
  /* Without it, another program could bind the same address and take our connections. */
  setsockopt (fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char *)&one, sizeof one);
  if (endpoint->any.sa_family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, (char *)&one, sizeof one);
  if (bind (fd, &endpoint->any, clr_endpoint_size (endpoint)) != 0 || listen (fd, backlog) != 0)
    return fail (fd);
  return fd;
}

int
clr_socket_accept (int listener, ClrEndpoint *peer)
{
  int size = sizeof *peer;
  SOCKET socket = accept (listener, &peer->any, &size);

  if (socket == INVALID_SOCKET || socket > INT_MAX)
    return fail (-1);
  SetHandleInformation ((HANDLE)socket, HANDLE_FLAG_INHERIT, 0);
  set_up (socket);
  return (int)socket;
}

int
clr_socket_connect (const ClrEndpoint *peer, const ClrEndpoint *local)
{
  int fd = make (peer);

  if (fd < 0)
    return -1;
  if ((local && bind (fd, &local->any, clr_endpoint_size (local)) != 0)
      || (connect (fd, &peer->any, clr_endpoint_size (peer)) != 0 && WSAGetLastError () != WSAEWOULDBLOCK))
    return fail (fd);
  return fd;
}

void
clr_socket_close (int fd)
{
  closesocket (fd);
}

ssize_t
clr_socket_send (int fd, const void *bytes, size_t size)
{
  int n = send (fd, bytes, (int)MIN (size, INT_MAX), 0);

  return n >= 0 ? n : fail (-1);
}

ssize_t
clr_socket_receive (int fd, void *into, size_t size)
{
  int n = recv (fd, into, (int)MIN (size, INT_MAX), 0);

  return n >= 0 ? n : fail (-1);
}

const char *
clr_socket_describe (int problem)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].number == problem)
      return meanings[i].words;
  return g_strerror (problem);
}

int
clr_socket_get_problem (int fd)
{
  int code = 0, size = sizeof code;

  getsockopt (fd, SOL_SOCKET, SO_ERROR, (char *)&code, &size);
  return meaning_of (code);
}

gboolean
clr_socket_get_name (int fd, ClrEndpoint *endpoint)
{
  int size = sizeof *endpoint;

  return getsockname (fd, &endpoint->any, &size) == 0;
}

gboolean
clr_socket_may_come_from (const ClrEndpoint *local)
{
  int fd = make (local);
  gboolean ok = fd >= 0 && bind (fd, &local->any, clr_endpoint_size (local)) == 0;

  fail (fd);
  return ok;
}
