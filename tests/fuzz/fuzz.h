/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the fuzz targets share. A target is one function over octets; what must always hold it says with
 * fuzz_check(). The first octets of an input choose the variant, the rest is what a stranger sends.
 */
#pragma once

#include "base/clr-buffer.h"

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

#define fuzz_check(what)                                                                                     \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    if (!(what))                                                                                             \
      {                                                                                                      \
        g_printerr ("%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what);                                \
        abort ();                                                                                            \
      }                                                                                                      \
  }                                                                                                          \
  G_STMT_END

/* The next octet of the variant, 0 when there is none. */
static inline uint8_t
fuzz_take (const uint8_t **bytes, size_t *size)
{
  if (*size == 0)
    return 0;
  --*size;
  return *(*bytes)++;
}

/* The size of the next piece of @left octets: an own small generator, so that an input always runs the same.
 * With @seed 0 all is one piece. */
static inline size_t
fuzz_piece (uint32_t *seed, size_t left)
{
  if (*seed == 0)
    return left;
  *seed = *seed * 1664525u + 1013904223u;
  *seed += *seed == 0;
  return MIN (left, 1 + (*seed >> 24) % ((*seed >> 16) % 3 == 0 ? 40 : 3));
}

/* No CR without LF, no LF without CR. */
static inline gboolean
fuzz_has_clean_lines (const uint8_t *bytes, size_t size)
{
  for (size_t i = 0; i < size; i++)
    if ((bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))
        || (bytes[i] == '\r' && (i + 1 == size || bytes[i + 1] != '\n')))
      return FALSE;
  return TRUE;
}

static inline gboolean
fuzz_ends_with (const uint8_t *bytes, size_t size, const char *end)
{
  size_t n = strlen (end);

  return size >= n && memcmp (bytes + size - n, end, n) == 0;
}

/* Without control characters: fit for a protocol line. */
static inline gboolean
fuzz_is_line (const char *text)
{
  for (; *text; text++)
    if ((unsigned char)*text < 32 || *text == 127)
      return FALSE;
  return TRUE;
}

/* A copy of its own with a final zero, so that reading behind the end is seen. */
static inline char *
fuzz_dup_text (const uint8_t *bytes, size_t size)
{
  return g_strndup ((const char *)bytes, size);
}
