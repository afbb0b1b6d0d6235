/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

static int
make (const ClrEndpoint *endpoint)
{
  int fd = socket (endpoint->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int one = 1;

  if (fd >= 0)
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted sockets inherit it */
  return fd;
}

static int
fail (int fd)
{
  int problem = errno;

  if (fd >= 0)
    close (fd);
  errno = problem;
  return -1;
}

int
clr_socket_listen (const ClrEndpoint *endpoint, int backlog)
{
  int fd = make (endpoint);
  int one = 1;

  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (endpoint->any.sa_family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind (fd, &endpoint->any, clr_endpoint_size (endpoint)) != 0 || listen (fd, backlog) != 0)
    return fail (fd);
  return fd;
}

int
clr_socket_accept (int listener, ClrEndpoint *peer)
{
  socklen_t size = sizeof *peer;

  return accept4 (listener, &peer->any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int
clr_socket_connect (const ClrEndpoint *peer, const ClrEndpoint *local)
{
  int fd = make (peer);
  int one = 1;

  if (fd < 0)
    return -1;
  if (local)
    {
      setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
      if (bind (fd, &local->any, clr_endpoint_size (local)) != 0)
        return fail (fd);
    }
  if (connect (fd, &peer->any, clr_endpoint_size (peer)) != 0 && errno != EINPROGRESS)
    return fail (fd);
  return fd;
}

void
clr_socket_close (int fd)
{
  close (fd);
}

ssize_t
clr_socket_send (int fd, const void *bytes, size_t size)
{
  return send (fd, bytes, size, MSG_NOSIGNAL);
}

ssize_t
clr_socket_receive (int fd, void *into, size_t size)
{
  return recv (fd, into, size, 0);
}

const char *
clr_socket_describe (int problem)
{
  return g_strerror (problem);
}

int
clr_socket_get_problem (int fd)
{
  int problem = 0;
  socklen_t size = sizeof problem;

  getsockopt (fd, SOL_SOCKET, SO_ERROR, &problem, &size);
  return problem;
}

gboolean
clr_socket_get_name (int fd, ClrEndpoint *endpoint)
{
  socklen_t size = sizeof *endpoint;

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
