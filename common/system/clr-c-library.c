/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-c-library.h"

#include <string.h>
#include <windows.h>

void *
memmem (const void *where, size_t size, const void *what, size_t what_size)
{
  const char *p = where, *first = what;

  if (what_size == 0)
    return (void *)where;
  while (size >= what_size)
    {
      const char *found = memchr (p, *first, size - what_size + 1);

      if (found == NULL)
        return NULL;
      if (memcmp (found, what, what_size) == 0)
        return (void *)found;
      size -= found + 1 - p;
      p = found + 1;
    }
  return NULL;
}

void *
memrchr (const void *where, int what, size_t size)
{
  const unsigned char *bytes = where;

  while (size-- > 0)
    if (bytes[size] == (unsigned char)what)
      return (void *)(bytes + size);
  return NULL;
}

char *
strchrnul (const char *text, int what)
{
  while (*text && *text != (char)what)
    text++;
  return (char *)text;
}

char *
strcasestr (const char *text, const char *what)
{
  size_t size = strlen (what);

  for (; *text; text++)
    if (_strnicmp (text, what, size) == 0)
      return (char *)text;
  return size == 0 ? (char *)text : NULL;
}

void
explicit_bzero (void *bytes, size_t size)
{
  SecureZeroMemory (bytes, size);
}
