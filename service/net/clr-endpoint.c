/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-endpoint.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

void
clr_endpoint_from_bytes (ClrEndpoint *endpoint, int family, const void *bytes, unsigned port)
{
  memset (endpoint, 0, sizeof *endpoint);
  endpoint->any.sa_family = family;
  if (family == AF_INET)
    {
      memcpy (&endpoint->v4.sin_addr, bytes, 4);
      endpoint->v4.sin_port = htons (port);
    }
  else
    {
      memcpy (&endpoint->v6.sin6_addr, bytes, 16);
      endpoint->v6.sin6_port = htons (port);
    }
}

static gboolean
parse_port (const char *text, unsigned *port)
{
  char *end;

  if (!g_ascii_isdigit (*text))
    return FALSE;
  unsigned long value = strtoul (text, &end, 10);
  *port = value;
  return *end == 0 && value >= 1 && value <= 65535;
}

gboolean
clr_endpoint_parse (ClrEndpoint *endpoint, const char *text, unsigned default_port)
{
  char host[INET6_ADDRSTRLEN];
  uint8_t bytes[16];
  unsigned port = default_port;
  gboolean bracket = *text == '[';
  const char *end = bracket ? strchr (++text, ']') : strchr (text, ':');

  /* A bare IPv6 address has several colons and no port. */
  if (!bracket && end && strchr (end + 1, ':'))
    end = NULL;
  size_t length = end ? (size_t)(end - text) : strlen (text);
  if (length >= sizeof host || (bracket && end == NULL))
    return FALSE;
  memcpy (host, text, length);
  host[length] = 0;
  if (end)
    {
      const char *rest = end + bracket;
      if (*rest == ':' ? !parse_port (rest + 1, &port) : *rest != 0)
        return FALSE;
    }
  if (!bracket && inet_pton (AF_INET, host, bytes) == 1)
    clr_endpoint_from_bytes (endpoint, AF_INET, bytes, port);
  else if (inet_pton (AF_INET6, host, bytes) == 1)
    clr_endpoint_from_bytes (endpoint, AF_INET6, bytes, port);
  else
    return FALSE;
  return TRUE;
}

socklen_t
clr_endpoint_size (const ClrEndpoint *endpoint)
{
  return endpoint->any.sa_family == AF_INET ? sizeof endpoint->v4 : sizeof endpoint->v6;
}

unsigned
clr_endpoint_get_port (const ClrEndpoint *endpoint)
{
  return ntohs (endpoint->any.sa_family == AF_INET ? endpoint->v4.sin_port : endpoint->v6.sin6_port);
}

void
clr_endpoint_get_bytes (const ClrEndpoint *endpoint, uint8_t bytes[16])
{
  if (endpoint->any.sa_family == AF_INET)
    {
      memcpy (bytes, mapped_prefix, 12);
      memcpy (bytes + 12, &endpoint->v4.sin_addr, 4);
    }
  else
    memcpy (bytes, &endpoint->v6.sin6_addr, 16);
}

gboolean
clr_endpoint_is_loopback (const ClrEndpoint *endpoint)
{
  uint8_t bytes[16];

  clr_endpoint_get_bytes (endpoint, bytes);
  if (memcmp (bytes, mapped_prefix, 12) == 0)
    return bytes[12] == 127 || bytes[12] == 0;
  return memcmp (bytes, &in6addr_loopback, 16) == 0 || memcmp (bytes, &in6addr_any, 16) == 0;
}

gboolean
clr_endpoint_is_any (const ClrEndpoint *endpoint)
{
  uint8_t bytes[16];

  clr_endpoint_get_bytes (endpoint, bytes);
  return memcmp (bytes, &in6addr_any, 16) == 0
         || (memcmp (bytes, mapped_prefix, 12) == 0 && memcmp (bytes + 12, "\0\0\0", 4) == 0);
}

gboolean
clr_endpoint_equal (const ClrEndpoint *a, const ClrEndpoint *b, gboolean any_port)
{
  uint8_t x[16], y[16];

  clr_endpoint_get_bytes (a, x);
  clr_endpoint_get_bytes (b, y);
  return memcmp (x, y, 16) == 0 && (any_port || clr_endpoint_get_port (a) == clr_endpoint_get_port (b));
}

void
clr_endpoint_address_to_text (const ClrEndpoint *endpoint, char text[CLR_ENDPOINT_TEXT])
{
  uint8_t bytes[16];

  clr_endpoint_get_bytes (endpoint, bytes);
  if (memcmp (bytes, mapped_prefix, 12) == 0)
    inet_ntop (AF_INET, bytes + 12, text, CLR_ENDPOINT_TEXT);
  else
    inet_ntop (AF_INET6, bytes, text, CLR_ENDPOINT_TEXT);
}

void
clr_endpoint_to_text (const ClrEndpoint *endpoint, char text[CLR_ENDPOINT_TEXT])
{
  char address[CLR_ENDPOINT_TEXT];

  clr_endpoint_address_to_text (endpoint, address);
  g_snprintf (text, CLR_ENDPOINT_TEXT, strchr (address, ':') ? "[%.46s]:%u" : "%.46s:%u", address,
              clr_endpoint_get_port (endpoint));
}
