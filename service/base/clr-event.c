/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/clr-event.h"

#include <string.h>

#define LONGEST_VALUE 1000

static const ClrEventInfo events[] = {
#define ROW(id, level, name, fields, sentence) { CLR_LEVEL_##level, name, fields, sentence },
  CLR_EVENTS (ROW)
#undef ROW
};

const ClrEventInfo *
clr_event_get_info (ClrEventId id)
{
  return &events[id];
}

static size_t
word_length (const char *text)
{
  return strcspn (text, " ");
}

/* C0 and C1 controls (U+0080 to U+009F begin terminal sequences as ESC does) and octets that are not UTF-8.
 */
static void
append_printable (GString *into, const char *value)
{
  const char *end = value + strnlen (value, LONGEST_VALUE);

  while (value < end)
    {
      gunichar u = g_utf8_get_char_validated (value, end - value);

      if (u == (gunichar)-1 || u == (gunichar)-2 || u < 0x20 || u == 0x7f)
        g_string_append_printf (into, "\\x%02x", (unsigned char)*value++);
      else
        {
          size_t n = g_utf8_skip[(unsigned char)*value];

          if (u >= 0x80 && u < 0xa0)
            g_string_append_printf (into, "\\u%04x", u);
          else
            g_string_append_len (into, value, n);
          value += n;
        }
    }
}

static const char *
find_value (const ClrEventInfo *info, const char *const *values, const char *name, size_t length)
{
  for (const char *field = info->fields; *field; values++)
    {
      size_t n = word_length (field);

      if (n == length && memcmp (field, name, n) == 0)
        return *values ? *values : "-";
      field += n;
      field += *field == ' ';
    }
  return "?";
}

void
clr_event_to_sentence (ClrEventId id, const char *const *values, GString *into)
{
  const ClrEventInfo *info = &events[id];

  for (const char *p = info->sentence; *p;)
    {
      size_t plain = strcspn (p, "{");

      g_string_append_len (into, p, plain);
      p += plain;
      if (*p == '{')
        {
          size_t n = strcspn (++p, "}");
          append_printable (into, find_value (info, values, p, n));
          p += n + 1;
        }
    }
}

static void
append_json_string (GString *into, const char *value, size_t length)
{
  const char *end = value + length;

  g_string_append_c (into, '"');
  while (value < end)
    {
      unsigned char c = *value;

      if (c == '"' || c == '\\')
        g_string_append_printf (into, "\\%c", c);
      else if (c < 0x20 || c == 0x7f)
        g_string_append_printf (into, "\\u%04x", c);
      else if (c >= 0x80)
        {
          /* Strangers' bytes need not be UTF-8: what is not is shown as Latin-1. */
          gunichar u = g_utf8_get_char_validated (value, end - value);
          if (u == (gunichar)-1 || u == (gunichar)-2)
            g_string_append_printf (into, "\\u%04x", c);
          else
            {
              size_t n = g_utf8_next_char (value) - value;
              g_string_append_len (into, value, n);
              value += n;
              continue;
            }
        }
      else
        g_string_append_c (into, c);
      value++;
    }
  g_string_append_c (into, '"');
}

void
clr_event_to_json (ClrEventId id, const char *const *values, GString *into)
{
  for (const char *field = events[id].fields; *field; values++)
    {
      size_t n = word_length (field);

      if (*values)
        {
          g_string_append (into, ",");
          append_json_string (into, field, n);
          g_string_append (into, ":");
          append_json_string (into, *values, MIN (strlen (*values), LONGEST_VALUE));
        }
      field += n;
      field += *field == ' ';
    }
}
