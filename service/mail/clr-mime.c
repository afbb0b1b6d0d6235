/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-mime.h"

#include "mail/clr-encoding.h"

#include <string.h>

typedef struct
{
  gboolean (*on_part) (const ClrMimePart *part, void *data);
  void *data;
  unsigned n_parts;
  gboolean ended;
} Walk;

char *
clr_field_dup_parameter (const ClrField *field, const char *name)
{
  size_t size, length = strlen (name);
  const char *at = clr_field_get_value (field, &size), *end = at + size;

  while ((at = memchr (at, ';', end - at)))
    {
      GString *value;
      gboolean quoted;

      for (at++; at < end && g_ascii_isspace (*at);)
        at++;
      if ((size_t)(end - at) <= length || g_ascii_strncasecmp (at, name, length) != 0)
        continue;
      for (at += length; at < end && g_ascii_isspace (*at);)
        at++;
      if (at == end || *at != '=')
        continue;
      for (at++; at < end && g_ascii_isspace (*at);)
        at++;
      quoted = at < end && *at == '"';
      value = g_string_new (NULL);
      for (at += quoted; at < end; at++)
        {
          if (quoted ? *at == '"' : *at == ';' || g_ascii_isspace (*at))
            break;
          if (quoted && *at == '\\' && at + 1 < end)
            at++;
          g_string_append_c (value, *at);
        }
      return g_string_free (value, FALSE);
    }
  return NULL;
}

/* The word in front of the parameters, in small letters. (transfer full) */
static char *
dup_word (const ClrHeaderBlock *header, const char *name, const char *otherwise)
{
  const ClrField *field = clr_header_block_find (header, name);
  size_t size;
  const char *value = field ? clr_field_get_value (field, &size) : NULL;
  g_autofree char *text = NULL;

  if (value == NULL)
    return g_strdup (otherwise);
  text = g_strndup (value, MIN (size, 100u));
  text[strcspn (text, ";(")] = 0;
  g_strstrip (text);
  return g_ascii_strdown (text, -1);
}

/* The next line at or behind @at that begins with the delimiter. Returns: NULL when there is none. */
static const char *
find_delimiter (const char *at, const char *start, const char *end, const char *delimiter, size_t size)
{
  for (; (at = memmem (at, end - at, delimiter, size)); at++)
    if ((at == start || at[-1] == '\n') && (at + size == end || strchr ("\r\n \t-", at[size])))
      return at;
  return NULL;
}

static void walk (Walk *walk, const char *bytes, size_t size, const char *otherwise, unsigned depth);

/* RFC 2046 section 5.1.1 */
static gboolean
walk_multipart (Walk *self, const char *bytes, size_t size, const char *boundary, const char *otherwise,
                unsigned depth)
{
  g_autofree char *delimiter = g_strconcat ("--", boundary, NULL);
  size_t length = strlen (delimiter);
  const char *end = bytes + size, *at = find_delimiter (bytes, bytes, end, delimiter, length);

  if (at == NULL)
    return FALSE;
  while (at && !self->ended)
    {
      const char *start, *next;

      if (end - at >= (ptrdiff_t)length + 2 && at[length] == '-' && at[length + 1] == '-')
        return TRUE;
      start = memchr (at, '\n', end - at);
      if (start == NULL)
        return TRUE;
      start++;
      next = find_delimiter (start, bytes, end, delimiter, length);
      const char *stop = next ? next : end;
      /* The line end in front of a delimiter belongs to it. */
      if (next && stop > start && stop[-1] == '\n')
        stop -= stop - 1 > start && stop[-2] == '\r' ? 2 : 1;
      walk (self, start, stop - start, otherwise, depth + 1);
      at = next;
    }
  return TRUE;
}

static void
walk (Walk *self, const char *bytes, size_t size, const char *otherwise, unsigned depth)
{
  ClrHeaderBlock header;
  size_t body = clr_header_block_find_end (bytes, size);

  body = body ? body : size;
  clr_header_block_parse (&header, bytes, body);
  g_autofree char *type = dup_word (&header, "Content-Type", otherwise);
  const ClrField *field = clr_header_block_find (&header, "Content-Type");
  g_autofree char *boundary
      = field && g_str_has_prefix (type, "multipart/") ? clr_field_dup_parameter (field, "boundary") : NULL;

  gboolean has_parts
      = boundary && *boundary && depth < CLR_MIME_DEPTH_MOST
        && walk_multipart (self, bytes + body, size - body, boundary,
                           g_str_equal (type, "multipart/digest") ? "message/rfc822" : "text/plain", depth);
  if (!has_parts && self->n_parts++ >= CLR_MIME_PARTS_MOST)
    self->ended = TRUE;
  else if (!has_parts)
    {
      /* A multipart without any delimiter is told as the text that it is. */
      ClrMimePart part = { g_str_has_prefix (type, "multipart/") ? "text/plain" : type, &header, bytes + body,
                           size - body };
      self->ended = !self->on_part (&part, self->data);
    }
  clr_header_block_clear (&header);
}

void
clr_mime_walk (const char *bytes, size_t size, gboolean (*on_part) (const ClrMimePart *part, void *data),
               void *data)
{
  Walk self = { on_part, data, 0, FALSE };

  walk (&self, bytes, size, "text/plain", 0);
}

GString *
clr_mime_part_dup_octets (const ClrMimePart *part, size_t longest)
{
  g_autofree char *encoding = dup_word (part->header, "Content-Transfer-Encoding", "7bit");
  GString *decoded = g_string_new (NULL);
  size_t size = MIN (part->size, longest);

  if (g_str_equal (encoding, "base64"))
    clr_base64_read (part->bytes, MIN (part->size, longest / 3 * 4), decoded);
  else if (g_str_equal (encoding, "quoted-printable"))
    clr_quoted_printable_read (part->bytes, size, decoded);
  else
    g_string_append_len (decoded, part->bytes, size);
  return decoded;
}

char *
clr_mime_part_dup_text (const ClrMimePart *part, size_t longest)
{
  const ClrField *field = clr_header_block_find (part->header, "Content-Type");
  g_autofree char *charset = field ? clr_field_dup_parameter (field, "charset") : NULL;
  g_autoptr (GString) decoded = clr_mime_part_dup_octets (part, longest);

  return clr_text_to_utf8 (decoded->str, decoded->len, charset);
}
