/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The codes of mail, there and back: quoted-printable, encoded words, xtext, international addresses. What is
 * written is ASCII, in lines of their lengths, and is read as what it was; what strangers wrote is read as
 * UTF-8 without control characters, or not at all.
 */
#include "fuzz.h"
#include "mail/clr-encoding.h"
#include "smtp/clr-xtext.h"

static void
check_lines (const char *text, size_t size, size_t most)
{
  fuzz_check (clr_is_ascii (text, size));
  for (const char *at = text, *end = text + size, *lf; at < end; at = lf + 1)
    {
      lf = memchr (at, '\n', end - at);
      lf = lf ? lf : end;
      fuzz_check ((size_t)(lf - at) <= most + (lf < end));
    }
}

static void
check_quoted_printable (const char *text, size_t size)
{
  g_autoptr (GString) code = g_string_new (NULL), back = g_string_new (NULL);

  clr_quoted_printable_write (text, size, code);
  check_lines (code->str, code->len, 76);
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)code->str, code->len));
  clr_quoted_printable_read (code->str, code->len, back);
  fuzz_check (back->len == size && (size == 0 || memcmp (back->str, text, size) == 0));
  /* And what is no code at all. */
  g_string_truncate (back, 0);
  clr_quoted_printable_read (text, size, back);
  fuzz_check (back->len <= size);
  clr_base64_read (text, size, back);
}

static void
check_words (const char *text, size_t size, size_t longest)
{
  g_autofree char *read = clr_words_read (text, size, longest), *again = NULL;
  g_autoptr (GString) code = g_string_new (NULL);

  fuzz_check (g_utf8_validate (read, -1, NULL) && strlen (read) <= longest);
  for (const char *at = read; *at; at = g_utf8_next_char (at))
    fuzz_check (!g_unichar_iscntrl (g_utf8_get_char (at)));
  clr_words_write (read, 20, code);
  check_lines (code->str, code->len, 998 - 20);
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)code->str, code->len));
  again = clr_words_read (code->str, code->len, strlen (read) * 2 + 100);
  fuzz_check (g_str_equal (again, read));
}

static void
check_addresses (const char *text)
{
  g_autofree char *decoded = clr_xtext_decode (text), *utf8 = clr_address_read_utf8 (text);

  if (decoded)
    fuzz_check (fuzz_is_line (decoded));
  if (utf8)
    fuzz_check (g_utf8_validate (utf8, -1, NULL));
  for (unsigned unitext = 0; unitext < 2; unitext++)
    {
      g_autoptr (GString) into = g_string_new (NULL);

      clr_address_write_utf8 (text, unitext, into);
      fuzz_check (unitext || clr_is_ascii (into->str, into->len));
      fuzz_check (fuzz_is_line (into->str) && g_utf8_validate (into->str, -1, NULL));
      g_autofree char *back = clr_address_read_utf8 (into->str);
      if (fuzz_is_line (text) && g_utf8_validate (text, -1, NULL))
        fuzz_check (back && g_str_equal (back, text));
    }
}

static void
check_xtext (const char *text)
{
  ClrBuffer into = CLR_BUFFER_INIT;

  if (clr_xtext_is_valid (text, strlen (text), TRUE))
    {
      clr_xtext_append_orcpt (&into, text);
      fuzz_check (clr_buffer_size (&into) == 0
                  || clr_is_ascii ((const char *)clr_buffer_peek (&into), clr_buffer_size (&into)));
      clr_buffer_clear (&into);
    }
  if (clr_xtext_is_valid (text, strlen (text), FALSE))
    fuzz_check (clr_is_ascii (text, strlen (text)));
  if (!*text || !fuzz_is_line (text) || !g_utf8_validate (text, -1, NULL))
    return;
  clr_xtext_append_address (&into, text);
  g_autofree char *code = g_strndup ((const char *)clr_buffer_peek (&into), clr_buffer_size (&into));
  clr_buffer_clear (&into);
  gboolean is_ascii = g_str_has_prefix (code, "rfc822;");
  fuzz_check (is_ascii || g_str_has_prefix (code, "utf-8;"));
  fuzz_check (clr_xtext_is_valid (strchr (code, ';') + 1, strlen (strchr (code, ';') + 1), FALSE));
  g_autofree char *back
      = is_ascii ? clr_xtext_decode (strchr (code, ';') + 1) : clr_address_read_utf8 (strchr (code, ';') + 1);
  fuzz_check (back && g_str_equal (back, text));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static const char *const charsets[]
      = { NULL, "utf-8", "iso-8859-1", "utf-16", "iso-2022-jp", "utf-7", "x" };
  unsigned variant = fuzz_take (&bytes, &size);
  g_autofree char *text = fuzz_dup_text (bytes, size);
  g_autofree char *utf8 = clr_text_to_utf8 (text, size, charsets[variant % G_N_ELEMENTS (charsets)]);

  fuzz_check (g_utf8_validate (utf8, -1, NULL));
  check_quoted_printable (text, size);
  check_words (text, size, 1u + variant * 16);
  check_addresses (text);
  check_xtext (text);
  return 0;
}
