/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A stored message for a peer that takes 7 bits only. What comes out is ASCII in lines that are lines and no
 * longer than 998 octets; the parts are as many as before, and those that were coded can be read back to the
 * octet; the size of the pieces makes no difference, nor how often it is asked for.
 */
#include "fuzz.h"
#include "mail/clr-encoding.h"
#include "mail/clr-mime.h"
#include "mail/clr-rendition.h"
#include "smtp/clr-bdat.h"

#define LONGEST_LINE 998u

static void
sink (const uint8_t *bytes, size_t size, void *data)
{
  g_string_append_len (data, (const char *)bytes, size);
}

/* What intake lets in: lines that end with CRLF, no NUL. */
static GString *
make_content (const uint8_t *bytes, size_t size)
{
  ClrBdatDecoder decoder = CLR_BDAT_DECODER_INIT;
  GString *content = g_string_new (NULL);

  for (size_t at = 0; at < size; at++)
    if (bytes[at])
      clr_bdat_decode (&decoder, bytes + at, 1, sink, content);
  clr_bdat_decode_end (&decoder, sink, content);
  return content;
}

static void
give (ClrRendition *rendition, void (*take) (ClrRendition *rendition, const uint8_t *bytes, size_t size),
      const GString *content, uint32_t seed)
{
  for (size_t at = 0, piece; at < content->len; at += piece)
    {
      piece = fuzz_piece (&seed, content->len - at);
      uint8_t *copy = g_memdup2 (content->str + at, piece);
      take (rendition, copy, piece);
      g_free (copy);
    }
}

static GString *
render (ClrRendition *rendition, const GString *content, uint32_t seed)
{
  const GString *header = clr_rendition_get_header (rendition);
  GString *whole = g_string_new_len (header->str, header->len);

  clr_rendition_begin (rendition, sink, whole);
  give (rendition, clr_rendition_feed, content, seed);
  clr_rendition_end (rendition);
  return whole;
}

static void
check_lines (const GString *text)
{
  fuzz_check (clr_is_ascii (text->str, text->len));
  fuzz_check (fuzz_has_clean_lines ((const uint8_t *)text->str, text->len));
  fuzz_check (fuzz_ends_with ((const uint8_t *)text->str, text->len, "\r\n"));
  for (const char *at = text->str, *end = at + text->len, *lf; at < end; at = lf + 1)
    {
      lf = memchr (at, '\n', end - at);
      fuzz_check ((size_t)(lf - at) <= LONGEST_LINE + 1);
    }
}

/* -- parts */

typedef struct
{
  char *type, *encoding;
  GString *octets; /* decoded */
} Part;

static void
free_part (void *data)
{
  Part *part = data;

  g_free (part->type);
  g_free (part->encoding);
  g_string_free (part->octets, TRUE);
  g_free (part);
}

static gboolean
on_part (const ClrMimePart *from, void *data)
{
  const ClrField *field = clr_header_block_find (from->header, "Content-Transfer-Encoding");
  Part *part = g_new0 (Part, 1);
  size_t size = 0;
  const char *value = field ? clr_field_get_value (field, &size) : "";

  part->type = g_strdup (from->type);
  part->encoding = g_strndup (value, size);
  g_strstrip (part->encoding);
  part->octets = g_string_new (NULL);
  if (g_ascii_strcasecmp (part->encoding, "base64") == 0)
    clr_base64_read (from->bytes, from->size, part->octets);
  else if (g_ascii_strcasecmp (part->encoding, "quoted-printable") == 0)
    clr_quoted_printable_read (from->bytes, from->size, part->octets);
  else
    g_string_append_len (part->octets, from->bytes, from->size);
  g_ptr_array_add (data, part);
  return TRUE;
}

static gboolean
is_plain (const Part *part)
{
  static const char *const plain[] = { "", "7bit", "8bit", NULL };
  g_autofree char *lower = g_ascii_strdown (part->encoding, -1);

  return g_strv_contains (plain, lower) && !g_str_has_prefix (part->type, "m");
}

/* Whether there is at most one multipart, with a boundary that all readers understand alike. */
static gboolean
is_simple (const char *text, size_t size)
{
  static const char name[] = "boundary";
  const char *end = text + strlen (text), *body = text + clr_header_block_find_end (text, end - text);
  const char *found = NULL;
  size_t n;
  unsigned quotes = 0;

  if (strlen (text) < size)
    return FALSE; /* behind a zero we would not look */
  for (const char *at = strchr (text, '"'); at; at = strchr (at + 1, '"'))
    quotes++;
  if (quotes % 2)
    return FALSE; /* a quotation without an end: each reader has a parameter of his own there */
  for (const char *at = text; at + strlen (name) < end; at++)
    if (g_ascii_strncasecmp (at, name, strlen (name)) == 0)
      {
        if (found)
          return FALSE;
        found = at + strlen (name);
      }
  if (found == NULL)
    return TRUE;
  n = strspn (found + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  if (*found != '=' || n == 0 || n > 70 || !g_str_has_prefix (found + 1 + n, "\r\n"))
    return FALSE;
  /* It is there, behind the header section, and every line that begins like it is it. */
  g_autofree char *delimiter = g_strdup_printf ("\r\n--%.*s", (int)n, found + 1);
  const char *at = strstr (found, delimiter);
  if (at == NULL || at < body - strlen ("\r\n"))
    return FALSE;
  for (; at; at = strstr (at + 1, delimiter))
    {
      const char *rest = at + strlen (delimiter);

      if (!g_str_has_prefix (rest, "\r\n") && !g_str_has_prefix (rest, "--\r\n"))
        return FALSE;
    }
  return TRUE;
}

static void
check_parts (const GString *before, const GString *after)
{
  g_autoptr (GPtrArray) old = g_ptr_array_new_with_free_func (free_part);
  g_autoptr (GPtrArray) new = g_ptr_array_new_with_free_func (free_part);

  clr_mime_walk (before->str, before->len, on_part, old);
  clr_mime_walk (after->str, after->len, on_part, new);
  fuzz_check (old->len == new->len);
  for (unsigned i = 0; i < old->len; i++)
    {
      const Part *a = old->pdata[i], *b = new->pdata[i];

      if (is_plain (a) && g_str_equal (a->type, b->type))
        fuzz_check (g_string_equal (a->octets, b->octets));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  unsigned variant = fuzz_take (&bytes, &size);
  uint32_t seed = fuzz_take (&bytes, &size) + 1u;
  g_autoptr (GString) content = make_content (bytes, size);
  ClrRendition *one = clr_rendition_new (variant % 3), *other = clr_rendition_new (variant % 3);

  give (one, clr_rendition_look, content, 0);
  give (other, clr_rendition_look, content, seed);
  ClrRenditionVerdict verdict = clr_rendition_end_look (one);
  fuzz_check (verdict == clr_rendition_end_look (other));
  if (verdict == CLR_RENDITION_GOOD)
    {
      g_autoptr (GString) whole = render (one, content, 0), pieces = render (other, content, seed);
      g_autoptr (GString) again = render (one, content, seed);
      const GString *header = clr_rendition_get_header (one);

      fuzz_check (g_string_equal (whole, pieces) && g_string_equal (whole, again));
      fuzz_check (clr_header_block_find_end (header->str, header->len) == header->len);
      check_lines (whole);
      if (is_simple (content->str, content->len))
        check_parts (content, whole);
    }
  clr_rendition_free (one);
  clr_rendition_free (other);
  return 0;
}
