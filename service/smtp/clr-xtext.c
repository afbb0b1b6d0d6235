/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/clr-xtext.h"

#include <string.h>

gboolean
clr_xtext_is_valid (const char *text, size_t size, gboolean utf8)
{
  for (size_t i = 0; i < size; i++)
    {
      if (text[i] == '+')
        {
          if (i + 2 >= size || !g_ascii_isxdigit (text[i + 1]) || !g_ascii_isxdigit (text[i + 2]))
            return FALSE;
          i += 2;
        }
      else if ((unsigned char)text[i] >= 0x80 ? !utf8 : text[i] < 33 || text[i] > 126 || text[i] == '=')
        return FALSE;
    }
  return size > 0;
}

/* The characters of @text one by one: ASCII by @ascii, others as \x{HEX} (EmbeddedUnicodeChar). */
static void
append_characters (ClrBuffer *into, const char *text, void (*ascii) (ClrBuffer *into, char c))
{
  for (const char *p = text; *p;)
    {
      gunichar c = g_utf8_get_char_validated (p, -1);

      if ((unsigned char)*p < 0x80)
        ascii (into, *p++);
      else if (c < 0x110000)
        {
          clr_buffer_printf (into, "\\x{%X}", c);
          p = g_utf8_next_char (p);
        }
      else
        p++; /* no character; addresses and values are valid UTF-8 long before they come here */
    }
}

static void
append_plain (ClrBuffer *into, char c)
{
  clr_buffer_append (into, &c, 1);
}

static void
append_xtext (ClrBuffer *into, char c)
{
  if (c < 33 || c > 126 || c == '+' || c == '=')
    clr_buffer_printf (into, "+%02X", (unsigned char)c);
  else
    clr_buffer_append (into, &c, 1);
}

/* RFC 6533 section 3: QCHAR has no "\", "+" and "=". */
static void
append_utf8_xtext (ClrBuffer *into, char c)
{
  if (c < 33 || c > 126 || c == '+' || c == '=' || c == '\\')
    clr_buffer_printf (into, "\\x{%X}", (unsigned char)c);
  else
    clr_buffer_append (into, &c, 1);
}

void
clr_xtext_append_address (ClrBuffer *into, const char *address)
{
  gboolean ascii = TRUE;

  for (const char *p = address; *p; p++)
    ascii = ascii && (unsigned char)*p < 0x80;
  clr_buffer_append_string (into, ascii ? "rfc822;" : "utf-8;");
  append_characters (into, address, ascii ? append_xtext : append_utf8_xtext);
}

void
clr_xtext_append_orcpt (ClrBuffer *into, const char *orcpt)
{
  append_characters (into, orcpt, append_plain);
}
