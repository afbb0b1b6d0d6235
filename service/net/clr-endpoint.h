/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrEndpoint: an IP address and port, as a value.
 */
#pragma once

#include "system/clr-internet.h"

#include <glib.h>
#include <stdint.h>

#define CLR_ENDPOINT_TEXT 64

typedef struct
{
  union
  {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  };
} ClrEndpoint;

/* @text: "192.0.2.1:25" or "[2001:db8::1]:25"; without a port @default_port is taken. Returns: FALSE when
 * @text is not an address literal. */
gboolean clr_endpoint_parse (ClrEndpoint *endpoint, const char *text, unsigned default_port);
void clr_endpoint_from_bytes (ClrEndpoint *endpoint, int family, const void *bytes, unsigned port);
socklen_t clr_endpoint_size (const ClrEndpoint *endpoint);
unsigned clr_endpoint_get_port (const ClrEndpoint *endpoint);
/* 16 bytes, IPv4 mapped into IPv6. */
void clr_endpoint_get_bytes (const ClrEndpoint *endpoint, uint8_t bytes[16]);
gboolean clr_endpoint_is_loopback (const ClrEndpoint *endpoint);
/* Same address, and same port or @any_port. */
gboolean clr_endpoint_equal (const ClrEndpoint *a, const ClrEndpoint *b, gboolean any_port);
gboolean clr_endpoint_is_any (const ClrEndpoint *endpoint);
/* "192.0.2.1:25" or, without the port, "192.0.2.1"; IPv4-mapped addresses are shown as IPv4. */
void clr_endpoint_to_text (const ClrEndpoint *endpoint, char text[CLR_ENDPOINT_TEXT]);
void clr_endpoint_address_to_text (const ClrEndpoint *endpoint, char text[CLR_ENDPOINT_TEXT]);
