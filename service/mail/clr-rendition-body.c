/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-rendition-body.h"

#include <string.h>

#define CODE_LINE 76u /* RFC 2045 */

/* RFC 2045 section 6.7 */
static void
write_quoted_printable (ClrRenditionBody *body, const uint8_t *bytes, size_t size, gboolean ends_line,
                        GString *into)
{
  static const char digits[] = "0123456789ABCDEF";

  for (size_t i = 0; i < size; i++)
    {
      uint8_t c = bytes[i];
      gboolean last = ends_line && i + 1 == size;
      gboolean plain = (c > 32 && c < 127 && c != '=') || ((c == ' ' || c == '\t') && i + 1 < size);
      size_t n = plain ? 1 : 3;

      /* A soft line break takes the last place. */
      if (body->column + n > CODE_LINE - !last)
        {
          g_string_append_len (into, "=\r\n", 3);
          body->column = 0;
        }
      /* Transports that treat a line with one dot, or "From ", in a way of their own need not see any. */
      if (body->column == 0
          && (c == '.' || (c == 'F' && size - i > 4 && memcmp (bytes + i, "From ", 5) == 0)))
        {
          plain = FALSE;
          n = 3;
        }
      if (plain)
        g_string_append_c (into, c);
      else
        {
          g_string_append_c (into, '=');
          g_string_append_c (into, digits[c >> 4]);
          g_string_append_c (into, digits[c & 15]);
        }
      body->column += n;
    }
}

static void
write_group (ClrRenditionBody *body, GString *into)
{
  char code[CLR_BASE64_INPUT * 2];
  int state = 0, save = 0;
  size_t n;

  if (body->group_size == 0)
    return;
  n = g_base64_encode_step (body->group, body->group_size, FALSE, code, &state, &save);
  n += g_base64_encode_close (FALSE, code + n, &state, &save);
  g_string_append_len (into, code, n);
  g_string_append_len (into, "\r\n", 2);
  body->group_size = 0;
}

static void
write_base64 (ClrRenditionBody *body, const uint8_t *bytes, size_t size, GString *into)
{
  while (size > 0)
    {
      size_t n = MIN (size, CLR_BASE64_INPUT - body->group_size);

      memcpy (body->group + body->group_size, bytes, n);
      body->group_size += n;
      bytes += n;
      size -= n;
      if (body->group_size == CLR_BASE64_INPUT)
        write_group (body, into);
    }
}

static void
write_line_end (ClrRenditionBody *body, GString *into)
{
  if (!body->crlf)
    return;
  body->crlf = FALSE;
  body->column = 0;
  if (body->kind == CLR_BODY_BASE64)
    write_base64 (body, (const uint8_t *)"\r\n", 2, into);
  else
    g_string_append_len (into, "\r\n", 2);
}

static void
write_ignored (ClrRenditionBody *body, const uint8_t *bytes, size_t size, GString *into)
{
  for (size_t i = 0; i < size; i++)
    {
      if (body->column == CLR_RENDITION_LONGEST_LINE)
        {
          g_string_append_len (into, "\r\n", 2);
          body->column = 0;
        }
      g_string_append_c (into, bytes[i] < 0x80 ? bytes[i] : '?');
      body->column++;
    }
}

void
clr_rendition_body_write (ClrRenditionBody *body, const uint8_t *bytes, size_t size, gboolean ends_line,
                          GString *into)
{
  write_line_end (body, into);
  switch (body->kind)
    {
    case CLR_BODY_AS_IS:
      g_string_append_len (into, (const char *)bytes, size);
      break;
    case CLR_BODY_QUOTED_PRINTABLE:
      write_quoted_printable (body, bytes, size, ends_line, into);
      break;
    case CLR_BODY_BASE64:
      write_base64 (body, bytes, size, into);
      break;
    case CLR_BODY_IGNORED:
      write_ignored (body, bytes, size, into);
      break;
    }
  body->crlf = ends_line;
}

void
clr_rendition_body_end (ClrRenditionBody *body, gboolean boundary, GString *into)
{
  if (!boundary)
    write_line_end (body, into);
  if (body->kind == CLR_BODY_BASE64 && body->group_size > 0)
    {
      write_group (body, into);
      /* The code has ended its own line. */
      body->crlf = FALSE;
    }
  if (body->crlf)
    g_string_append_len (into, "\r\n", 2);
  body->crlf = FALSE;
  body->column = 0;
}
