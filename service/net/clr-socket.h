/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * TCP sockets where systems differ. All are non-blocking and not inherited by children; with TCP_NODELAY.
 * Calls return -1 with errno as on Unix, on Windows too: EAGAIN when nothing can be had now.
 *
 * A socket is an int. Windows has handles, of which 32 bits count ("Interprocess Communication Between 32-bit
 * and 64-bit Applications"), and libunbound does the same.
 */
#pragma once

#include "net/clr-endpoint.h"

#include <sys/types.h>

/* Bound to @endpoint and listening. IPv6 sockets take IPv6 only: both families are two addresses. Nobody else
 * may bind the same address as long as it is open. */
int clr_socket_listen (const ClrEndpoint *endpoint, int backlog);
/* @peer: (out). */
int clr_socket_accept (int listener, ClrEndpoint *peer);
/* Begins to connect. @local: the address to come from, or NULL. */
int clr_socket_connect (const ClrEndpoint *peer, const ClrEndpoint *local);
void clr_socket_close (int fd);

ssize_t clr_socket_send (int fd, const void *bytes, size_t size);
/* Returns: 0 when the peer has ended. */
ssize_t clr_socket_receive (int fd, void *into, size_t size);
/* What errno says of a socket; the C library of Windows has no words for it. As long as g_strerror(). */
const char *clr_socket_describe (int problem);
/* The errno with which connecting failed; 0 when it did not. */
int clr_socket_get_problem (int fd);
gboolean clr_socket_get_name (int fd, ClrEndpoint *endpoint);
/* Can this address be had for an outgoing connection? Returns: FALSE with errno. */
gboolean clr_socket_may_come_from (const ClrEndpoint *local);
