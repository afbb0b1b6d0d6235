/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-unpack.h"

#include <gio/gio.h>
#include <stdint.h>
#include <string.h>

#define PIECE        (64u * 1024)
#define MEMBERS_MOST 100u /* of a gzip file */

/* Of a ZIP file: APPNOTE.TXT section 4.3.7. */
#define ZIP_HEADER     30u
#define ZIP_STORED     0
#define ZIP_DEFLATED   8
#define ZIP_ENCRYPTED  (1u << 0)
#define ZIP_DESCRIPTOR (1u << 3) /* sums and sizes stand behind the data */

static const char too_large[] = "what is packed is larger than it may be";
static const char damaged[] = "what is packed is damaged or cut off";

/* Unpacks one stream. @used: (out): octets of it. */
static gboolean
inflate_stream (GZlibCompressorFormat format, const uint8_t *bytes, size_t size, size_t most,
                GByteArray *into, size_t *used, const char **problem)
{
  g_autoptr (GZlibDecompressor) decompressor = g_zlib_decompressor_new (format);
  g_autofree uint8_t *piece = g_malloc (PIECE);
  GConverterResult result;

  *used = 0;
  do
    {
      gsize eaten = 0, made = 0;

      result = g_converter_convert (G_CONVERTER (decompressor), bytes + *used, size - *used, piece, PIECE,
                                    G_CONVERTER_INPUT_AT_END, &eaten, &made, NULL);
      if (result == G_CONVERTER_ERROR)
        {
          *problem = damaged;
          return FALSE;
        }
      *used += eaten;
      if (made > most - into->len)
        {
          *problem = too_large;
          return FALSE;
        }
      g_byte_array_append (into, piece, (guint)made);
    }
  while (result != G_CONVERTER_FINISHED);
  return TRUE;
}

static gboolean
is_gzip (const uint8_t *bytes, size_t size)
{
  return size > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* RFC 1952 section 2.2: members follow one another. What is no member behind the last one is padding. */
static gboolean
unpack_gzip (const uint8_t *bytes, size_t size, size_t most, GByteArray *into, const char **problem)
{
  size_t used;

  for (unsigned i = 0; i < MEMBERS_MOST; i++)
    {
      if (!inflate_stream (G_ZLIB_COMPRESSOR_FORMAT_GZIP, bytes, size, most, into, &used, problem))
        return FALSE;
      bytes += used;
      size -= used;
      if (!is_gzip (bytes, size))
        return TRUE;
    }
  *problem = damaged;
  return FALSE;
}

static uint32_t
read_number (const uint8_t *bytes, unsigned n)
{
  uint32_t number = 0;

  while (n-- > 0)
    number = number << 8 | bytes[n];
  return number;
}

static uint32_t
sum (const uint8_t *bytes, size_t size)
{
  uint32_t crc = 0xffffffff;

  for (size_t i = 0; i < size; i++)
    {
      crc ^= bytes[i];
      for (unsigned k = 0; k < 8; k++)
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
  return ~crc;
}

/* The sum that must come out: in the header, or behind the data, with a signature in front or without. */
static uint32_t
find_sum (const uint8_t *header, const uint8_t *behind, size_t size)
{
  if (!(read_number (header + 6, 2) & ZIP_DESCRIPTOR))
    return read_number (header + 14, 4);
  if (size >= 8 && memcmp (behind, "PK\7\10", 4) == 0)
    return read_number (behind + 4, 4);
  return size >= 4 ? read_number (behind, 4) : 0;
}

/* Its first file. */
static gboolean
unpack_zip (const uint8_t *bytes, size_t size, size_t most, GByteArray *into, const char **problem)
{
  const uint8_t *data;
  unsigned flags, method;
  size_t start, left, used;

  *problem = damaged;
  if (size < ZIP_HEADER)
    return FALSE;
  flags = read_number (bytes + 6, 2);
  method = read_number (bytes + 8, 2);
  start = ZIP_HEADER + read_number (bytes + 26, 2) + read_number (bytes + 28, 2);
  if (start > size)
    return FALSE;
  data = bytes + start;
  left = size - start;
  if (flags & ZIP_ENCRYPTED)
    {
      *problem = "the ZIP file is encrypted";
      return FALSE;
    }
  if (method == ZIP_DEFLATED)
    {
      if (!inflate_stream (G_ZLIB_COMPRESSOR_FORMAT_RAW, data, left, most, into, &used, problem))
        return FALSE;
    }
  else if (method == ZIP_STORED && !(flags & ZIP_DESCRIPTOR))
    {
      used = read_number (bytes + 18, 4);
      if (used > left)
        return FALSE;
      if (used > most)
        {
          *problem = too_large;
          return FALSE;
        }
      g_byte_array_append (into, data, (guint)used);
    }
  else
    {
      *problem = "the ZIP file is packed in a way that is not known here";
      return FALSE;
    }
  *problem = damaged;
  return sum (into->data, into->len) == find_sum (bytes, data + used, left - used);
}

GBytes *
clr_unpack (const void *bytes, size_t size, size_t most, const char **problem)
{
  g_autoptr (GByteArray) into = g_byte_array_new ();
  gboolean ok;

  most = MIN (most, (size_t)G_MAXINT);
  if (is_gzip (bytes, size))
    ok = unpack_gzip (bytes, size, most, into, problem);
  else if (size >= 4 && memcmp (bytes, "PK\3\4", 4) == 0)
    ok = unpack_zip (bytes, size, most, into, problem);
  else
    {
      ok = size <= most;
      *problem = "it is larger than it may be";
      if (ok && size > 0)
        g_byte_array_append (into, bytes, (guint)size);
    }
  return ok ? g_byte_array_free_to_bytes (g_steal_pointer (&into)) : NULL;
}
