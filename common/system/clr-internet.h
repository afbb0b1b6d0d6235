/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Addresses of the internet, as every system declares them: sockaddr_in, sockaddr_in6, inet_pton, htons. Who
 * needs sockets themselves uses net/clr-socket.h.
 */
#pragma once

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#endif
