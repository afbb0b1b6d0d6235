/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-address-list.h"

#include <string.h>

/* One address while it is read. */
typedef struct
{
  GString *outside; /* of angle brackets: the address itself, or a name */
  GString *inside;
  gboolean has_angle;
  gboolean in_angle;
  gboolean gap;    /* white space or a comment was met behind the last atom */
  gboolean spaced; /* two atoms of @outside stand apart: these are names, not an address */
} Reader;

static GString *
place (Reader *reader)
{
  return reader->in_angle ? reader->inside : reader->outside;
}

static void
reset (Reader *reader)
{
  g_string_truncate (reader->outside, 0);
  g_string_truncate (reader->inside, 0);
  reader->has_angle = reader->in_angle = reader->gap = reader->spaced = FALSE;
}

static gboolean
flush (Reader *reader, unsigned most, GPtrArray *into)
{
  const char *address = reader->has_angle ? reader->inside->str : reader->outside->str;
  gboolean ok = !reader->in_angle && (reader->has_angle || !reader->spaced);

  /* "@a,@b:user@domain", RFC 5322 section 4.4 */
  if (reader->has_angle && *address == '@')
    {
      address = strchr (address, ':');
      ok = ok && address;
      address = address ? address + 1 : "";
    }
  if (ok && *address)
    {
      ok = into->len < most;
      if (ok)
        g_ptr_array_add (into, g_strdup (address));
    }
  reset (reader);
  return ok;
}

/* Octets of a comment with the comments in it; the whole rest when it does not end. */
static size_t
comment_size (const char *text, size_t size)
{
  unsigned depth = 0;
  size_t i = 0;

  for (; i < size; i++)
    {
      if (text[i] == '\\')
        i++;
      else if (text[i] == '(')
        depth++;
      else if (text[i] == ')' && --depth == 0)
        return i + 1;
    }
  return size;
}

/* Octets of a quoted string or a domain literal; 0 when it does not end. */
static size_t
quoted_size (const char *text, size_t size, char end)
{
  for (size_t i = 1; i < size; i++)
    {
      if (text[i] == '\\')
        i++;
      else if (text[i] == end)
        return i + 1;
    }
  return 0;
}

static void
append (Reader *reader, const char *text, size_t size)
{
  GString *to = place (reader);

  if (reader->gap && !reader->in_angle && to->len > 0 && !strchr (".@", to->str[to->len - 1])
      && !strchr (".@", *text))
    reader->spaced = TRUE;
  reader->gap = FALSE;
  g_string_append_len (to, text, size);
}

static gboolean
read_special (Reader *reader, char c, unsigned most, GPtrArray *into)
{
  switch (c)
    {
    case '<':
      if (reader->has_angle)
        return FALSE;
      reader->has_angle = reader->in_angle = TRUE;
      return TRUE;
    case '>':
      if (!reader->in_angle)
        return FALSE;
      reader->in_angle = FALSE;
      return TRUE;
    case ':':
      if (reader->in_angle)
        append (reader, ":", 1);
      else
        reset (reader); /* the name of a group */
      return TRUE;
    case ',':
      if (reader->in_angle)
        {
          append (reader, ",", 1);
          return TRUE;
        }
      return flush (reader, most, into);
    default: /* ';' */
      return flush (reader, most, into);
    }
}

gboolean
clr_address_list_parse (const char *value, size_t size, unsigned most, GPtrArray *into)
{
  Reader reader = { .outside = g_string_new (NULL), .inside = g_string_new (NULL) };
  gboolean ok = TRUE;
  size_t used;

  for (size_t i = 0; i < size && ok; i += used)
    {
      char c = value[i];

      used = 1;
      if (strchr (" \t\r\n", c))
        reader.gap = TRUE;
      else if (c == '(')
        {
          used = comment_size (value + i, size - i);
          reader.gap = TRUE;
        }
      else if (c == '"' || c == '[')
        {
          used = quoted_size (value + i, size - i, c == '"' ? '"' : ']');
          ok = used > 0;
          append (&reader, value + i, used);
        }
      else if (strchr ("<>:,;", c))
        ok = read_special (&reader, c, most, into);
      else
        append (&reader, &c, 1);
    }
  ok = ok && flush (&reader, most, into);
  g_string_free (reader.outside, TRUE);
  g_string_free (reader.inside, TRUE);
  return ok;
}
