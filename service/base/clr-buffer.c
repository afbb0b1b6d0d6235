/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SMALLEST 512u
#define KEEP     (4u * 1024) /* an empty buffer larger than this is freed */

uint8_t *
clr_buffer_reserve (ClrBuffer *buffer, size_t size)
{
  if (buffer->capacity - buffer->end >= size)
    return buffer->data + buffer->end;

  size_t used = clr_buffer_size (buffer);

  if (buffer->capacity - used >= size && buffer->start >= used)
    {
      memcpy (buffer->data, buffer->data + buffer->start, used);
    }
  else
    {
      size_t capacity = MAX (SMALLEST, buffer->capacity);

      while (capacity - used < size)
        capacity *= 2;
      uint8_t *data = g_malloc (capacity);
      if (used)
        memcpy (data, buffer->data + buffer->start, used);
      g_free (buffer->data);
      buffer->data = data;
      buffer->capacity = capacity;
    }
  buffer->start = 0;
  buffer->end = used;
  return buffer->data + used;
}

void
clr_buffer_append (ClrBuffer *buffer, const void *data, size_t size)
{
  if (size == 0)
    return;
  memcpy (clr_buffer_reserve (buffer, size), data, size);
  buffer->end += size;
}

void
clr_buffer_append_string (ClrBuffer *buffer, const char *string)
{
  clr_buffer_append (buffer, string, strlen (string));
}

void
clr_buffer_printf (ClrBuffer *buffer, const char *format, ...)
{
  va_list args;
  char small[512];

  va_start (args, format);
  int n = vsnprintf (small, sizeof small, format, args);
  va_end (args);
  g_assert (n >= 0);
  if ((size_t)n < sizeof small)
    {
      clr_buffer_append (buffer, small, n);
      return;
    }
  uint8_t *to = clr_buffer_reserve (buffer, (size_t)n + 1);
  va_start (args, format);
  vsnprintf ((char *)to, (size_t)n + 1, format, args);
  va_end (args);
  buffer->end += n;
}

void
clr_buffer_drop (ClrBuffer *buffer, size_t size)
{
  g_assert (size <= clr_buffer_size (buffer));
  buffer->start += size;
  if (buffer->start < buffer->end)
    return;
  buffer->start = buffer->end = 0;
  if (buffer->capacity > KEEP)
    clr_buffer_clear (buffer);
}

void
clr_buffer_clear (ClrBuffer *buffer)
{
  g_free (buffer->data);
  *buffer = (ClrBuffer)CLR_BUFFER_INIT;
}
