/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-encoding.h"

#include <string.h>

#define LINE       76u
#define WORD_BYTES 39u /* octets of UTF-8 in one encoded word: 52 letters of base64, 64 in all */

gboolean
clr_is_ascii (const char *bytes, size_t size)
{
  for (size_t i = 0; i < size; i++)
    if ((unsigned char)bytes[i] >= 0x80)
      return FALSE;
  return TRUE;
}

/* Two hexadecimal digits at @text, or -1. */
static int
read_octet (const char *text)
{
  int high = g_ascii_xdigit_value (text[0]);
  int low = high < 0 ? -1 : g_ascii_xdigit_value (text[1]);

  return low < 0 ? -1 : high * 16 + low;
}

char *
clr_xtext_decode (const char *text)
{
  g_autoptr (GString) decoded = g_string_new (NULL);

  for (; *text; text++)
    {
      int octet = (unsigned char)*text;

      if (octet == '+')
        {
          octet = read_octet (text + 1);
          text += octet < 0 ? 0 : 2;
        }
      /* What would break a line of the report out of its field is never let in. */
      if (octet < 32 || octet == 127)
        return NULL;
      g_string_append_c (decoded, octet);
    }
  return g_string_free (g_steal_pointer (&decoded), FALSE);
}

void
clr_address_write_utf8 (const char *address, gboolean utf8, GString *into)
{
  while (*address)
    {
      gunichar c = g_utf8_get_char_validated (address, -1);
      gboolean valid = c != (gunichar)-1 && c != (gunichar)-2;

      if (!valid) /* not UTF-8 at all: the octet is shown */
        g_string_append_printf (into, "\\x{%X}", (unsigned char)*address);
      else if (c <= 32 || c == 127 || c == '+' || c == '=' || c == '\\' || (c >= 128 && (!utf8 || c < 160)))
        g_string_append_printf (into, "\\x{%X}", c);
      else
        g_string_append_unichar (into, c);
      address = valid ? g_utf8_next_char (address) : address + 1;
    }
}

char *
clr_address_read_utf8 (const char *text)
{
  g_autoptr (GString) read = g_string_new (NULL);

  while (*text)
    {
      gunichar c = 0;
      unsigned digits = 0;

      if (!g_str_has_prefix (text, "\\x{"))
        {
          g_string_append_c (read, *text++);
          continue;
        }
      for (text += 3; g_ascii_isxdigit (*text) && digits < 6; text++, digits++)
        c = c * 16 + g_ascii_xdigit_value (*text);
      if (*text++ != '}' || digits == 0 || c < 32 || c == 127 || !g_unichar_validate (c))
        return NULL;
      g_string_append_unichar (read, c);
    }
  return g_utf8_validate (read->str, read->len, NULL) ? g_string_free (g_steal_pointer (&read), FALSE) : NULL;
}

void
clr_quoted_printable_write (const char *text, size_t size, GString *into)
{
  size_t column = 0;

  for (size_t i = 0; i < size; i++)
    {
      unsigned char c = text[i];
      gboolean ends = i + 1 == size || (text[i + 1] == '\r' && i + 2 < size && text[i + 2] == '\n');
      gboolean plain = (c >= 33 && c <= 126 && c != '=') || ((c == ' ' || c == '\t') && !ends);

      if (c == '\r' && i + 1 < size && text[i + 1] == '\n')
        {
          g_string_append (into, "\r\n");
          column = 0;
          i++;
          continue;
        }
      /* A soft line break needs the last place of a line. */
      if (column + (plain ? 1 : 3) > LINE - !ends)
        {
          g_string_append (into, "=\r\n");
          column = 0;
        }
      if (plain)
        g_string_append_c (into, c);
      else
        g_string_append_printf (into, "=%02X", c);
      column += plain ? 1 : 3;
    }
}

void
clr_quoted_printable_read (const char *text, size_t size, GString *into)
{
  for (size_t i = 0; i < size; i++)
    {
      int octet = text[i] == '=' && i + 2 < size ? read_octet (text + i + 1) : -1;

      if (octet >= 0)
        {
          g_string_append_c (into, octet);
          i += 2;
        }
      else if (text[i] == '=' && i + 1 < size && text[i + 1] == '\n')
        i++;
      else if (text[i] == '=' && i + 2 < size && text[i + 1] == '\r' && text[i + 2] == '\n')
        i += 2;
      else
        g_string_append_c (into, text[i]);
    }
}

void
clr_base64_read (const char *text, size_t size, GString *into)
{
  int state = 0;
  unsigned save = 0;
  size_t before = into->len;

  g_string_set_size (into, before + size / 4 * 3 + 6);
  size_t n = g_base64_decode_step (text, size, (guchar *)into->str + before, &state, &save);
  g_string_truncate (into, before + n);
}

char *
clr_text_to_utf8 (const char *bytes, size_t size, const char *charset)
{
  char *text = NULL;

  if (charset && g_ascii_strcasecmp (charset, "utf-8") != 0 && g_ascii_strcasecmp (charset, "us-ascii") != 0)
    text = g_convert_with_fallback (bytes, size, "UTF-8", charset, "?", NULL, NULL, NULL);
  return text ? text : g_utf8_make_valid (bytes, size);
}

/* "=?charset?B?text?=" at @word. Returns: its octets, 0 when there is none. */
static size_t
read_word (const char *word, size_t size, GString *into)
{
  const char *end = word + MIN (size, 300), *charset = word + 2, *encoding, *text, *stop;

  if (size < 8 || word[0] != '=' || word[1] != '?')
    return 0;
  encoding = memchr (charset, '?', end - charset);
  if (encoding == NULL || encoding == charset || encoding + 3 > end || encoding[2] != '?')
    return 0;
  text = encoding + 3;
  stop = memmem (text, end - text, "?=", 2);
  if (stop == NULL)
    return 0;

  g_autoptr (GString) octets = g_string_new (NULL);
  if (g_ascii_toupper (encoding[1]) == 'B')
    clr_base64_read (text, stop - text, octets);
  else if (g_ascii_toupper (encoding[1]) == 'Q')
    {
      g_autofree char *spaced = g_strndup (text, stop - text);

      g_strdelimit (spaced, "_", ' ');
      clr_quoted_printable_read (spaced, strlen (spaced), octets);
    }
  else
    return 0;
  /* RFC 2231 section 5: a language may stand behind the character set. */
  g_autofree char *name = g_strndup (charset, strcspn (charset, "?*"));
  g_autofree char *utf8 = clr_text_to_utf8 (octets->str, octets->len, name);
  g_string_append (into, utf8);
  return stop + 2 - word;
}

char *
clr_words_read (const char *value, size_t size, size_t longest)
{
  g_autoptr (GString) raw = g_string_new (NULL);
  g_autofree char *valid = NULL;
  GString *text;
  size_t spaces = 0; /* octets of white space since an encoded word */
  gboolean after_word = FALSE;

  for (size_t i = 0; i < size && raw->len < longest * 2;)
    {
      size_t before = raw->len, n = read_word (value + i, size - i, raw);

      if (n > 0)
        {
          /* RFC 2047 section 6.2: white space between two encoded words is not shown. */
          if (after_word)
            g_string_erase (raw, before - spaces, spaces);
          after_word = TRUE;
          spaces = 0;
          i += n;
          continue;
        }
      if (value[i] == ' ' || value[i] == '\t')
        spaces++;
      else if (value[i] != '\r' && value[i] != '\n')
        after_word = FALSE;
      if (value[i] != '\r' && value[i] != '\n')
        g_string_append_c (raw, value[i]);
      i++;
    }
  valid = g_utf8_make_valid (raw->str, raw->len);
  text = g_string_new (NULL);
  for (const char *at = valid; *at && text->len + 6 <= longest; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (g_unichar_iscntrl (c) || g_unichar_isspace (c))
        c = ' ';
      /* Marks that turn the direction of writing could make a line say something else. */
      if (g_unichar_type (c) != G_UNICODE_FORMAT && (c != ' ' || text->len > 0))
        g_string_append_unichar (text, c);
    }
  return g_strchomp (g_string_free (text, FALSE));
}

static void
write_encoded (const char *text, size_t column, GString *into)
{
  gboolean first = TRUE;

  while (*text)
    {
      size_t n = 0;

      while (text[n]
             && n + g_utf8_skip[(unsigned char)text[n]] <= (first ? MIN (WORD_BYTES, 30u) : WORD_BYTES))
        n += g_utf8_skip[(unsigned char)text[n]];
      g_autofree char *word = g_base64_encode ((const guchar *)text, n);
      if (!first || column > LINE - 56)
        {
          while (into->len > 0 && into->str[into->len - 1] == ' ')
            g_string_truncate (into, into->len - 1);
          g_string_append (into, "\r\n ");
        }
      g_string_append_printf (into, "=?utf-8?B?%s?=", word);
      text += n;
      first = FALSE;
    }
}

void
clr_words_write (const char *text, size_t column, GString *into)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  /* A text that looks like an encoded word has to be encoded, or it would be taken for one; so has a word
   * that no line can hold. */
  for (char **word = words; *word; word++)
    if (!clr_is_ascii (*word, strlen (*word)) || strstr (*word, "=?") || strlen (*word) > 900)
      {
        write_encoded (text, column, into);
        return;
      }
  for (char **word = words; *word; word++)
    {
      if (word > words && **word && column + 1 + strlen (*word) > LINE)
        {
          g_string_append (into, "\r\n");
          column = 0;
        }
      if (word > words)
        g_string_append_c (into, ' ');
      g_string_append (into, *word);
      column += strlen (*word) + 1;
    }
}
