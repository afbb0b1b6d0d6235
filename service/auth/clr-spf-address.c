/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-spf-address.h"

#include <stdio.h>
#include <string.h>

#define GROUPS 8u

/* Returns: the octets of @text that are a dotted quad, all or none. */
static gboolean
parse_v4 (const char *text, uint8_t bytes[4])
{
  for (unsigned i = 0; i < 4; i++)
    {
      unsigned value = 0, digits = 0;

      for (; g_ascii_isdigit (*text) && digits < 4; digits++)
        value = value * 10 + (*text++ - '0');
      if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text[-(int)digits] == '0'))
        return FALSE;
      bytes[i] = value;
      if (*text++ != (i < 3 ? '.' : 0))
        return FALSE;
    }
  return TRUE;
}

static gboolean
parse_v6 (const char *text, uint8_t bytes[16])
{
  uint16_t groups[GROUPS] = { 0 };
  unsigned n = 0;
  int gap = -1; /* where the :: stands */

  if (text[0] == ':' && text[1] == ':')
    {
      gap = 0;
      text += 2;
    }
  while (*text && n < GROUPS)
    {
      unsigned value = 0, digits = 0;
      uint8_t quad[4];

      if (n <= GROUPS - 2 && strchr (text, ':') == NULL && parse_v4 (text, quad))
        {
          groups[n++] = quad[0] << 8 | quad[1];
          groups[n++] = quad[2] << 8 | quad[3];
          text = "";
          break;
        }
      for (; g_ascii_isxdigit (*text) && digits < 5; digits++)
        value = value << 4 | g_ascii_xdigit_value (*text++);
      if (digits == 0 || digits > 4)
        return FALSE;
      groups[n++] = value;
      if (*text == 0)
        break;
      if (*text++ != ':' || *text == 0)
        return FALSE;
      if (*text == ':')
        {
          if (gap >= 0)
            return FALSE;
          gap = n;
          text++;
        }
    }
  if (*text || (gap < 0 && n != GROUPS) || (gap >= 0 && n == GROUPS))
    return FALSE;
  for (unsigned i = 0; i < GROUPS; i++)
    {
      unsigned behind = gap >= 0 ? n - gap : 0; /* groups behind the gap */
      uint16_t group = gap < 0 || i < (unsigned)gap ? groups[i]
                       : i >= GROUPS - behind       ? groups[i - (GROUPS - n)]
                                                    : 0;
      bytes[2 * i] = group >> 8;
      bytes[2 * i + 1] = group & 0xff;
    }
  return TRUE;
}

gboolean
clr_spf_address_parse_literally (ClrSpfAddress *address, const char *text)
{
  memset (address, 0, sizeof *address);
  address->is_v6 = strchr (text, ':') != NULL;
  return address->is_v6 ? parse_v6 (text, address->bytes) : parse_v4 (text, address->bytes);
}

gboolean
clr_spf_address_parse (ClrSpfAddress *address, const char *text)
{
  static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

  if (!clr_spf_address_parse_literally (address, text))
    return FALSE;
  if (address->is_v6 && memcmp (address->bytes, mapped, sizeof mapped) == 0)
    {
      address->is_v6 = FALSE;
      memmove (address->bytes, address->bytes + 12, 4);
      memset (address->bytes + 4, 0, 12);
    }
  return TRUE;
}

gboolean
clr_spf_address_is_within (const ClrSpfAddress *address, const ClrSpfAddress *network, unsigned bits)
{
  unsigned whole = bits / 8, rest = bits % 8;

  return address->is_v6 == network->is_v6 && memcmp (address->bytes, network->bytes, whole) == 0
         && (rest == 0 || (address->bytes[whole] ^ network->bytes[whole]) >> (8 - rest) == 0);
}

void
clr_spf_address_to_text (const ClrSpfAddress *address, char text[CLR_SPF_ADDRESS_TEXT])
{
  const uint8_t *b = address->bytes;
  unsigned longest = 0, start = 0, length;
  char *to = text;

  if (!address->is_v6)
    {
      g_snprintf (text, CLR_SPF_ADDRESS_TEXT, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
      return;
    }
  for (unsigned i = 0; i < GROUPS; i += MAX (length, 1))
    {
      for (length = 0; i + length < GROUPS && b[2 * (i + length)] == 0 && b[2 * (i + length) + 1] == 0;)
        length++;
      if (length > longest)
        {
          longest = length;
          start = i;
        }
    }
  for (unsigned i = 0; i < GROUPS;)
    if (longest > 1 && i == start)
      {
        to += sprintf (to, "::");
        i += longest;
      }
    else
      {
        to += sprintf (to, "%s%x", i == 0 || (longest > 1 && i == start + longest) ? "" : ":",
                       b[2 * i] << 8 | b[2 * i + 1]);
        i++;
      }
}

char *
clr_spf_address_dup_dotted (const ClrSpfAddress *address)
{
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < 4 && !address->is_v6; i++)
    g_string_append_printf (text, "%s%u", i ? "." : "", address->bytes[i]);
  for (unsigned i = 0; i < 32 && address->is_v6; i++)
    g_string_append_printf (text, "%s%x", i ? "." : "", address->bytes[i / 2] >> (i % 2 ? 0 : 4) & 15);
  return g_string_free (text, FALSE);
}

char *
clr_spf_address_dup_reverse_name (const ClrSpfAddress *address)
{
  GString *text = g_string_new (NULL);

  for (unsigned i = 4; i > 0 && !address->is_v6; i--)
    g_string_append_printf (text, "%u.", address->bytes[i - 1]);
  for (unsigned i = 32; i > 0 && address->is_v6; i--)
    g_string_append_printf (text, "%x.", address->bytes[(i - 1) / 2] >> ((i - 1) % 2 ? 0 : 4) & 15);
  return g_string_free (g_string_append (text, address->is_v6 ? "ip6.arpa" : "in-addr.arpa"), FALSE);
}
