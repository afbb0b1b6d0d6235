/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/clr-import-network.h"

#include <gio/gio.h>
#include <string.h>

#define OCTETS 16

typedef struct
{
  guint8 octets[OCTETS];
  unsigned size; /* 4 or 16 */
} Address;

static gboolean
read_address (const char *text, Address *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (text);

  if (inet == NULL)
    return FALSE;
  address->size = g_inet_address_get_native_size (inet);
  memcpy (address->octets, g_inet_address_to_bytes (inet), address->size);
  return TRUE;
}

static void
append (GPtrArray *networks, const Address *address, unsigned prefix)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_bytes (
      address->octets, address->size == 4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_autofree char *text = g_inet_address_to_string (inet);

  g_ptr_array_add (networks,
                   prefix == address->size * 8 ? g_strdup (text) : g_strdup_printf ("%s/%u", text, prefix));
}

/* The last address of the network; FALSE when @address has a bit behind @prefix. */
static gboolean
find_last (const Address *address, unsigned prefix, Address *last)
{
  *last = *address;
  for (unsigned bit = prefix; bit < address->size * 8; bit++)
    {
      guint8 mask = 0x80 >> (bit % 8);

      if (address->octets[bit / 8] & mask)
        return FALSE;
      last->octets[bit / 8] |= mask;
    }
  return TRUE;
}

static gboolean
step (Address *address)
{
  for (unsigned i = address->size; i-- > 0;)
    if (++address->octets[i])
      return TRUE;
  return FALSE;
}

gboolean
clr_import_network_add_range (GPtrArray *networks, const char *first, const char *last)
{
  Address a, b, end;

  if (!read_address (first, &a) || !read_address (last, &b) || a.size != b.size
      || memcmp (a.octets, b.octets, a.size) > 0)
    return FALSE;
  /* The largest network that begins at @a and does not go beyond @b; at most two for each bit. */
  for (unsigned n = 0; n < 2 * 8 * OCTETS; n++)
    {
      unsigned prefix = 0;

      while (!find_last (&a, prefix, &end) || memcmp (end.octets, b.octets, a.size) > 0)
        prefix++;
      append (networks, &a, prefix);
      a = end;
      if (memcmp (end.octets, b.octets, a.size) == 0 || !step (&a))
        return TRUE;
    }
  return TRUE;
}

gboolean
clr_import_network_add_mask (GPtrArray *networks, const char *address, const char *mask)
{
  Address a, m, end;
  unsigned prefix = 0;

  if (!read_address (address, &a) || !read_address (mask, &m) || a.size != m.size)
    return FALSE;
  while (prefix < m.size * 8 && m.octets[prefix / 8] & (0x80 >> (prefix % 8)))
    prefix++;
  for (unsigned i = prefix; i < m.size * 8; i++)
    if (m.octets[i / 8] & (0x80 >> (i % 8)))
      return FALSE;
  for (unsigned i = 0; i < a.size; i++)
    a.octets[i] &= m.octets[i];
  if (!find_last (&a, prefix, &end))
    return FALSE;
  append (networks, &a, prefix);
  return TRUE;
}

gboolean
clr_import_network_add (GPtrArray *networks, const char *text)
{
  g_autofree char *copy = g_strdup (text);
  char *slash = strchr (copy, '/'), *start = copy;
  Address a, end;
  guint64 prefix;

  if (slash)
    *slash++ = 0;
  if (*start == '[' && g_str_has_suffix (start, "]"))
    {
      start[strlen (start) - 1] = 0;
      start++;
    }
  if (!read_address (start, &a))
    return FALSE;
  prefix = a.size * 8;
  if (slash && !g_ascii_string_to_unsigned (slash, 10, 0, a.size * 8, &prefix, NULL))
    return clr_import_network_add_mask (networks, start, slash);
  if (!find_last (&a, prefix, &end))
    return FALSE;
  append (networks, &a, prefix);
  return TRUE;
}

static gboolean
is_host_word (const char *text)
{
  if (*text == 0 || strlen (text) > 253)
    return FALSE;
  for (const char *p = text; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr (".-_:", *p))
      return FALSE;
  return TRUE;
}

char *
clr_import_read_host (const char *text, unsigned default_port)
{
  g_autofree char *host = g_strstrip (g_strdup (text));
  char *port = NULL, *start = host;
  guint64 number = default_port;
  Address a;

  if (*start == '[')
    {
      char *close = strchr (start, ']');

      if (close == NULL || (close[1] && close[1] != ':'))
        return NULL;
      port = close[1] ? close + 2 : NULL;
      *close = 0;
      start++;
      if (g_ascii_strncasecmp (start, "ipv6:", 5) == 0)
        start += 5;
    }
  else if (!read_address (start, &a) && (port = strrchr (start, ':')))
    *port++ = 0;
  if (!is_host_word (start) || (strchr (start, ':') && !read_address (start, &a)))
    return NULL;
  if (port && g_ascii_strcasecmp (port, "smtp") == 0)
    number = 25;
  else if (port && (g_ascii_strcasecmp (port, "submission") == 0))
    number = 587;
  else if (port && (g_ascii_strcasecmp (port, "smtps") == 0 || g_ascii_strcasecmp (port, "submissions") == 0))
    number = 465;
  else if (port && !g_ascii_string_to_unsigned (port, 10, 1, 65535, &number, NULL))
    return NULL;
  if (number == 0)
    return g_strdup (start);
  return strchr (start, ':') ? g_strdup_printf ("[%s]:%u", start, (unsigned)number)
                             : g_strdup_printf ("%s:%u", start, (unsigned)number);
}
