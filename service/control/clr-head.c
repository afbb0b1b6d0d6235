/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-head.h"

#include <gio/gio.h>
#include <string.h>

#define BEARER        "Bearer "
#define LONGEST_TOKEN 512

/* Without port and brackets. (transfer full); NULL: it is not one. */
static char *
read_host (const char *text)
{
  const char *end = text + strlen (text), *port;
  char *host;

  if (*text == '[')
    {
      const char *close = strchr (text, ']');

      if (close == NULL)
        return NULL;
      host = g_strndup (text + 1, close - text - 1);
      port = close + 1;
    }
  else
    {
      port = text + strcspn (text, ":");
      host = g_strndup (text, port - text);
    }
  if (port == end || (*port == ':' && port[1] && strspn (port + 1, "0123456789") == strlen (port + 1)))
    return host;
  g_free (host);
  return NULL;
}

gboolean
clr_head_allows_host (const char *host, const char *hostname, gboolean is_tcp)
{
  g_autofree char *name = NULL;

  if (host == NULL)
    return FALSE;
  if (!is_tcp)
    return g_str_equal (host, "localhost");
  name = read_host (host);
  return name
         && (g_ascii_strcasecmp (name, "localhost") == 0 || g_hostname_is_ip_address (name)
             || (hostname && g_ascii_strcasecmp (name, hostname) == 0));
}

const char *
clr_head_get_token (const char *authorization)
{
  size_t n = strlen (BEARER);

  if (authorization == NULL || g_ascii_strncasecmp (authorization, BEARER, n) != 0)
    return NULL;
  authorization += n;
  return *authorization && strlen (authorization) <= LONGEST_TOKEN ? authorization : NULL;
}
