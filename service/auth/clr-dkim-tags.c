/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-tags.h"

#include <string.h>

/* FWS of RFC 6376 section 2.8: blanks, with line ends only in front of a blank. Returns: its octets. */
static size_t
skip_space (const char *text, size_t size)
{
  size_t i = 0;

  for (;;)
    {
      if (i < size && (text[i] == ' ' || text[i] == '\t'))
        i++;
      else if (i + 2 < size && text[i] == '\r' && text[i + 1] == '\n'
               && (text[i + 2] == ' ' || text[i + 2] == '\t'))
        i += 3;
      else
        return i;
    }
}

static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_';
}

/* VALCHAR, and what RFC 8616 adds. */
static gboolean
is_value_char (unsigned char c)
{
  return c > 32 && c != 127 && c != ';';
}

static gboolean
read_tag (const char *text, size_t size, size_t *i, ClrDkimTag *tag, const char **problem)
{
  tag->name = text + *i;
  if (*i < size && g_ascii_isalpha (text[*i]))
    while (*i < size && is_name_char (text[*i]))
      ++*i;
  tag->name_size = text + *i - tag->name;
  *i += skip_space (text + *i, size - *i);
  if (tag->name_size == 0 || *i == size || text[*i] != '=')
    {
      *problem = tag->name_size ? "a tag without a value" : "a tag without a name";
      return FALSE;
    }
  ++*i;
  *i += skip_space (text + *i, size - *i);
  tag->value = text + *i;
  tag->value_size = 0;
  for (;;)
    {
      while (*i < size && is_value_char (text[*i]))
        ++*i;
      tag->value_size = text + *i - tag->value;
      size_t space = skip_space (text + *i, size - *i);
      *i += space;
      if (*i == size || text[*i] == ';')
        return TRUE;
      if (space == 0)
        {
          *problem = "a character or a line end that no tag may hold";
          return FALSE;
        }
    }
}

gboolean
clr_dkim_tags_parse (ClrDkimTags *tags, const char *text, size_t size, const char **problem)
{
  size_t i = 0;

  tags->n_tags = 0;
  do
    {
      ClrDkimTag tag;

      i += skip_space (text + i, size - i);
      if (i == size && tags->n_tags > 0)
        return TRUE;
      if (!read_tag (text, size, &i, &tag, problem))
        return FALSE;
      for (unsigned k = 0; k < tags->n_tags; k++)
        if (tags->tags[k].name_size == tag.name_size
            && memcmp (tags->tags[k].name, tag.name, tag.name_size) == 0)
          {
            *problem = "a tag that stands twice";
            return FALSE;
          }
      if (tags->n_tags == CLR_DKIM_TAGS_MOST)
        {
          *problem = "too many tags";
          return FALSE;
        }
      tags->tags[tags->n_tags++] = tag;
    }
  while (i++ < size);
  return TRUE;
}

const ClrDkimTag *
clr_dkim_tags_find (const ClrDkimTags *tags, const char *name)
{
  size_t size = strlen (name);

  for (unsigned i = 0; i < tags->n_tags; i++)
    if (tags->tags[i].name_size == size && memcmp (tags->tags[i].name, name, size) == 0)
      return &tags->tags[i];
  return NULL;
}

char *
clr_dkim_tag_dup_compact (const ClrDkimTag *tag)
{
  char *text = g_malloc (tag->value_size + 1), *to = text;

  for (size_t i = 0; i < tag->value_size; i++)
    if (!strchr (" \t\r\n", tag->value[i]))
      *to++ = tag->value[i];
  *to = 0;
  return text;
}

char **
clr_dkim_tag_dup_list (const ClrDkimTag *tag, unsigned most)
{
  g_autofree char *text = clr_dkim_tag_dup_compact (tag);
  char **words = g_strsplit (text, ":", (int)most + 1);
  gboolean ok = g_strv_length (words) <= most;

  for (char **word = words; *word; word++)
    ok = ok && **word;
  if (!ok || *text == 0)
    g_clear_pointer (&words, g_strfreev);
  return words;
}

/* g_base64_decode() takes anything: here the alphabet and the padding count (RFC 4648 section 4). */
uint8_t *
clr_dkim_tag_dup_bytes (const ClrDkimTag *tag, gsize *size)
{
  g_autofree char *text = clr_dkim_tag_dup_compact (tag);
  size_t length = strlen (text), data = strcspn (text, "=");

  for (size_t i = 0; i < data; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return NULL;
  if (length == 0 || length % 4 != 0 || length - data > 2 || strspn (text + data, "=") != length - data)
    return NULL;
  return g_base64_decode (text, size);
}

gboolean
clr_dkim_tag_get_number (const ClrDkimTag *tag, int64_t *number)
{
  if (tag->value_size == 0 || tag->value_size > 18)
    return FALSE;
  *number = 0;
  for (size_t i = 0; i < tag->value_size; i++)
    {
      if (!g_ascii_isdigit (tag->value[i]))
        return FALSE;
      *number = *number * 10 + (tag->value[i] - '0');
    }
  return TRUE;
}
