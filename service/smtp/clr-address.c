/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-address.h"

#include "system/clr-internet.h"

#include <string.h>

static gboolean
is_atext (unsigned char c, ClrAddressFlags flags)
{
  return g_ascii_isalnum (c) || (c && strchr ("!#$%&'*+-/=?^_`{|}~", c))
         || (c >= 0x80 && flags & CLR_ADDRESS_UTF8);
}

/* RFC 5321 section 4.1.3 */
static gboolean
is_address_literal (const char *text, size_t size)
{
  char address[INET6_ADDRSTRLEN + 1];
  uint8_t bytes[16];

  if (size > 5 && g_ascii_strncasecmp (text, "IPv6:", 5) == 0)
    {
      if (size - 5 >= sizeof address)
        return FALSE;
      memcpy (address, text + 5, size - 5);
      address[size - 5] = 0;
      return inet_pton (AF_INET6, address, bytes) == 1 && strlen (address) == size - 5;
    }
  if (memchr (text, ':', size))
    {
      /* General-address-literal: Standardized-tag ":" 1*dcontent */
      const char *colon = memchr (text, ':', size);
      size_t tag = colon - text;

      if (tag == 0 || tag + 1 == size || text[tag - 1] == '-' || g_ascii_strncasecmp (text, "IPv6", tag) == 0)
        return FALSE;
      for (size_t i = 0; i < tag; i++)
        if (!g_ascii_isalnum (text[i]) && text[i] != '-')
          return FALSE;
      /* Angle brackets and quotes are dcontent too, but a path with them in it has no clear end. */
      for (size_t i = tag + 1; i < size; i++)
        if (text[i] < 33 || text[i] > 126 || strchr ("[\\]<>\"", text[i]))
          return FALSE;
      return TRUE;
    }
  if (size >= sizeof address)
    return FALSE;
  memcpy (address, text, size);
  address[size] = 0;
  return inet_pton (AF_INET, address, bytes) == 1 && strlen (address) == size;
}

/* Valid UTF-8 without control characters (C1) and separators of lines in it. */
static gboolean
is_good_utf8 (const char *text, size_t size)
{
  if (!g_utf8_validate_len (text, size, NULL))
    return FALSE;
  for (const char *p = text; p < text + size; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if ((c >= 0x80 && c < 0xa0) || c == 0x2028 || c == 0x2029)
        return FALSE;
    }
  return TRUE;
}

gboolean
clr_domain_is_valid (const char *domain, size_t size, ClrAddressFlags flags)
{
  size_t label = 0;

  if (size == 0 || size > CLR_DOMAIN_MAX)
    return FALSE;
  if (domain[0] == '[')
    return size > 2 && domain[size - 1] == ']' && is_address_literal (domain + 1, size - 2);
  if ((flags & CLR_ADDRESS_UTF8) && !is_good_utf8 (domain, size))
    return FALSE;
  for (size_t i = 0; i < size; i++)
    {
      unsigned char c = domain[i];

      if (c == '.')
        {
          if (label == 0 || domain[i - 1] == '-')
            return FALSE;
          label = 0;
          continue;
        }
      gboolean letter = g_ascii_isalnum (c) || (c >= 0x80 && flags & CLR_ADDRESS_UTF8);
      /* The underscore is in no grammar and in many offices' host names. */
      if (!letter && (c != '-' || label == 0) && !(c == '_' && flags & CLR_ADDRESS_LENIENT))
        return FALSE;
      if (++label > 63)
        return FALSE;
    }
  return label > 0 && domain[size - 1] != '-';
}

/* Returns: the octets of the local part at the start of @text, 0 when there is none. */
static size_t
scan_local_part (const char *text, size_t size, ClrAddressFlags flags)
{
  size_t i = 0;

  if (size > 0 && text[0] == '"')
    {
      /* Quoted-string: qtextSMTP or a backslash and a printable character */
      for (i = 1; i < size && text[i] != '"'; i++)
        {
          unsigned char c = text[i];

          if (c == '\\')
            {
              if (++i == size || (unsigned char)text[i] < 32 || (unsigned char)text[i] > 126)
                return 0;
            }
          else if (c < 32 || c == 127 || (c >= 0x80 && !(flags & CLR_ADDRESS_UTF8)))
            return 0;
        }
      return i < size && i > 0 ? i + 1 : 0;
    }
  while (i < size && is_atext (text[i], flags))
    {
      i++;
      if (i + 1 < size && text[i] == '.' && is_atext (text[i + 1], flags))
        i++;
    }
  return i;
}

gboolean
clr_mailbox_is_valid (const char *address, size_t size, ClrAddressFlags flags)
{
  size_t local = scan_local_part (address, size, flags);

  return local > 0 && local <= CLR_LOCAL_PART_MAX && local < size && address[local] == '@'
         && size <= CLR_PATH_MAX && (!(flags & CLR_ADDRESS_UTF8) || is_good_utf8 (address, size))
         && clr_domain_is_valid (address + local + 1, size - local - 1, flags);
}

/* "@a,@b:" of RFC 5321 section 4.1.2: accepted and ignored. Returns: its octets, 0 when there is none. */
static size_t
scan_source_route (const char *text, size_t size, ClrAddressFlags flags)
{
  size_t i = 0;

  while (i < size && text[i] == '@')
    {
      size_t start = ++i;
      while (i < size && text[i] != ',' && text[i] != ':' && text[i] != '>')
        i++;
      if (i == size || !clr_domain_is_valid (text + start, i - start, flags))
        return 0;
      if (text[i++] == ':')
        return i;
    }
  return 0;
}

size_t
clr_path_parse (const char *text, size_t size, ClrAddressFlags flags, char address[CLR_PATH_MAX + 1])
{
  size_t start = 0, end, after, length;

  if (flags & CLR_ADDRESS_SPACES)
    while (start < size && text[start] == ' ')
      start++;
  if (start < size && text[start] == '<')
    {
      gboolean quoted = FALSE;

      start++;
      if (flags & CLR_ADDRESS_SPACES)
        while (start < size && text[start] == ' ')
          start++;
      start += scan_source_route (text + start, size - start, flags);
      for (end = start; end < size && (quoted || text[end] != '>'); end++)
        {
          if (text[end] == '"')
            quoted = !quoted;
          else if (text[end] == '\\' && quoted)
            end++;
        }
      if (end >= size)
        return 0;
      after = end + 1;
      if (flags & CLR_ADDRESS_SPACES)
        while (end > start && text[end - 1] == ' ')
          end--;
    }
  else if (flags & CLR_ADDRESS_NO_BRACKETS)
    {
      size_t local = scan_local_part (text + start, size - start, flags);

      for (end = start + local; end < size && text[end] != ' ' && text[end] != '>';)
        end++;
      /* "MAIL FROM: BODY=8BITMIME" has lost its address: a parameter is none. */
      if (!memchr (text + start, '@', end - start) && memchr (text + start, '=', end - start))
        return 0;
      after = end;
      if (end == start)
        return 0;
    }
  else
    return 0;

  length = end - start;
  if (length > CLR_PATH_MAX || memchr (text + start, 0, length))
    return 0;
  if (length > 0 && !clr_mailbox_is_valid (text + start, length, flags))
    {
      /* RFC 5321 section 4.1.1.3: <Postmaster> needs no domain. Devices also send bare user names; with
       * "=" it is a parameter behind a missing path. */
      gboolean postmaster = length == 10 && g_ascii_strncasecmp (text + start, "postmaster", 10) == 0;
      if (!postmaster
          && !((flags & CLR_ADDRESS_LENIENT) && length <= CLR_LOCAL_PART_MAX
               && !memchr (text + start, '=', length)
               && scan_local_part (text + start, length, flags) == length))
        return 0;
    }
  memcpy (address, text + start, length);
  address[length] = 0;
  return after;
}

ClrAddressFlags
clr_path_get_leniency (const char *text, size_t size)
{
  ClrAddressFlags needed = CLR_ADDRESS_STRICT;

  if (size > 0 && *text == ' ')
    needed |= CLR_ADDRESS_SPACES;
  for (; size > 0 && *text == ' '; size--)
    text++;
  if (size == 0 || *text != '<')
    return needed | CLR_ADDRESS_NO_BRACKETS;
  if (size > 2 && (text[1] == ' ' || text[size - 2] == ' '))
    needed |= CLR_ADDRESS_SPACES;
  return needed;
}

const char *
clr_address_get_domain (const char *address)
{
  const char *at = strrchr (address, '@');

  return at ? at + 1 : NULL;
}

gboolean
clr_address_is_ascii (const char *address)
{
  for (; *address; address++)
    if ((unsigned char)*address >= 0x80)
      return FALSE;
  return TRUE;
}
