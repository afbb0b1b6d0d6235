/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-header-block.h"

#include <string.h>

size_t
clr_header_block_find_end (const char *bytes, size_t size)
{
  if (size >= 2 && bytes[0] == '\r' && bytes[1] == '\n')
    return 2;
  const char *found = memmem (bytes, size, "\r\n\r\n", 4);
  return found ? (size_t)(found - bytes) + 4 : 0;
}

/* RFC 5322 section 3.6.8: printable, no colon; blanks before the colon are obsolete and met. */
static size_t
scan_name (const char *line, size_t size)
{
  size_t n = 0, i;

  while (n < size && line[n] > 32 && line[n] < 127 && line[n] != ':')
    n++;
  for (i = n; i < size && (line[i] == ' ' || line[i] == '\t');)
    i++;
  return i < size && line[i] == ':' ? n : 0;
}

void
clr_header_block_parse (ClrHeaderBlock *block, const char *bytes, size_t size)
{
  GArray *fields = g_array_sized_new (FALSE, FALSE, sizeof (ClrField), 24);
  size_t i = 0;

  while (i < size)
    {
      const char *line = bytes + i, *lf = memchr (line, '\n', size - i);
      size_t n = lf ? (size_t)(lf - line) + 1 : size - i;

      if (n == 2 && line[0] == '\r')
        break;
      if ((line[0] == ' ' || line[0] == '\t') && fields->len > 0)
        g_array_index (fields, ClrField, fields->len - 1).size += n;
      else
        {
          ClrField field = { line, scan_name (line, n), n };
          g_array_append_val (fields, field);
        }
      i += n;
    }
  block->size = i;
  block->n_fields = fields->len;
  block->fields = (ClrField *)(void *)g_array_free (fields, FALSE);
}

void
clr_header_block_clear (ClrHeaderBlock *block)
{
  g_clear_pointer (&block->fields, g_free);
  block->n_fields = 0;
}

gboolean
clr_field_is (const ClrField *field, const char *name)
{
  return field->name_size > 0 && strlen (name) == field->name_size
         && g_ascii_strncasecmp (field->start, name, field->name_size) == 0;
}

const char *
clr_field_get_value (const ClrField *field, size_t *size)
{
  const char *colon = memchr (field->start, ':', field->size);
  const char *end = field->start + field->size;

  while (end > colon + 1 && (end[-1] == '\n' || end[-1] == '\r'))
    end--;
  *size = end - colon - 1;
  return colon + 1;
}

const ClrField *
clr_header_block_find (const ClrHeaderBlock *block, const char *name)
{
  for (unsigned i = 0; i < block->n_fields; i++)
    if (clr_field_is (&block->fields[i], name))
      return &block->fields[i];
  return NULL;
}

unsigned
clr_header_block_count (const ClrHeaderBlock *block, const char *name)
{
  unsigned n = 0;

  for (unsigned i = 0; i < block->n_fields; i++)
    n += clr_field_is (&block->fields[i], name);
  return n;
}

char *
clr_field_dup_address_domain (const ClrField *field)
{
  size_t size, comment = 0;
  const char *value = clr_field_get_value (field, &size);
  gboolean quoted = FALSE;
  g_autoptr (GString) domain = NULL;

  /* Walk over quoted strings and comments to the first bare "@"; what follows it is the domain. */
  for (size_t i = 0; i < size; i++)
    {
      char c = value[i];

      if (c == '\\' && (quoted || comment))
        i++;
      else if (quoted)
        quoted = c != '"';
      else if (c == '(')
        comment++;
      else if (comment)
        comment -= c == ')';
      else if (c == '"')
        quoted = TRUE;
      else if (c == '@' && domain == NULL)
        domain = g_string_new (NULL);
      else if (domain)
        {
          if (c == '>' || c == ',' || c == ';')
            break;
          if (!g_ascii_isspace (c) && !g_ascii_iscntrl (c))
            g_string_append_c (domain, g_ascii_tolower (c));
        }
    }
  if (domain == NULL || domain->len == 0 || domain->len > 255)
    return NULL;
  return g_string_free (g_steal_pointer (&domain), FALSE);
}

char *
clr_field_dup_text (const ClrField *field, size_t longest)
{
  size_t size;
  const char *value = clr_field_get_value (field, &size);
  g_autoptr (GString) text = g_string_new (NULL);

  for (size_t i = 0; i < size && text->len < longest; i++)
    if (value[i] != '\r' && value[i] != '\n' && (text->len > 0 || !g_ascii_isspace (value[i])))
      g_string_append_c (text, value[i]);
  return g_utf8_make_valid (text->str, text->len);
}
