/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrBuffer: a first-in first-out byte buffer for protocol output and unread input. It gives its memory back
 * when it runs empty after having grown, so that thousands of idle sessions cost nothing. Owned by one
 * thread; never shared.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct
{
  uint8_t *data;
  size_t capacity;
  size_t start; /* first unread byte */
  size_t end;   /* one past the last byte */
} ClrBuffer;

#define CLR_BUFFER_INIT                                                                                      \
  {                                                                                                          \
    NULL, 0, 0, 0                                                                                            \
  }

static inline size_t
clr_buffer_size (const ClrBuffer *buffer)
{
  return buffer->end - buffer->start;
}

static inline const uint8_t *
clr_buffer_peek (const ClrBuffer *buffer)
{
  return buffer->data ? buffer->data + buffer->start : NULL;
}

/* Room for @size more bytes at the returned place; follow with clr_buffer_added(). */
uint8_t *clr_buffer_reserve (ClrBuffer *buffer, size_t size);

static inline void
clr_buffer_added (ClrBuffer *buffer, size_t size)
{
  buffer->end += size;
}

void clr_buffer_append (ClrBuffer *buffer, const void *data, size_t size);
void clr_buffer_append_string (ClrBuffer *buffer, const char *string);
void clr_buffer_printf (ClrBuffer *buffer, const char *format, ...) G_GNUC_PRINTF (2, 3);
void clr_buffer_drop (ClrBuffer *buffer, size_t size);
void clr_buffer_clear (ClrBuffer *buffer);
