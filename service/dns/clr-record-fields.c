/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-record-fields.h"

#include <string.h>

#define EXTENSION_NAME_MOST 32u

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* The part of @text up to the next semicolon. */
static size_t
measure_part (const char *text, size_t size)
{
  const char *end = memchr (text, ';', size);

  return end ? (size_t)(end - text) : size;
}

gboolean
clr_record_is_of (const char *text, size_t size, const char *version)
{
  size_t length = strlen (version), at = length;

  if (size < length || memcmp (text, version, length) != 0)
    return FALSE;
  while (at < size && is_blank (text[at]))
    at++;
  return at < size ? text[at] == ';' : at == length;
}

gboolean
clr_record_is_extension_name (const char *name, size_t size)
{
  if (size == 0 || size > EXTENSION_NAME_MOST || !g_ascii_isalnum (*name))
    return FALSE;
  for (size_t i = 1; i < size; i++)
    if (!g_ascii_isalnum (name[i]) && (name[i] == 0 || !strchr ("_-.", name[i])))
      return FALSE;
  return TRUE;
}

const char *
clr_record_check_extension (const char *name, size_t name_size, const char *value, size_t value_size)
{
  if (!clr_record_is_extension_name (name, name_size))
    return "a field's name is not 1 to 32 letters, digits, hyphens, dots and underscores";
  if (value_size == 0)
    return "a field has no value";
  for (size_t i = 0; i < value_size; i++)
    if (value[i] <= ' ' || value[i] >= 127 || value[i] == '=')
      return "a field's value holds a character that may not stand there";
  return NULL;
}

gboolean
clr_record_fields_parse (const char *text, size_t size, const char *version, ClrRecordField field, void *data,
                         const char **problem)
{
  size_t length = strlen (version);
  unsigned n = 0;

  if (size < length || memcmp (text, version, length) != 0)
    {
      *problem = "it does not begin with the version";
      return FALSE;
    }
  for (size_t at = length;;)
    {
      size_t part, name;
      gboolean blank = FALSE;

      for (; at < size && is_blank (text[at]); at++)
        blank = TRUE;
      if (at == size)
        {
          *problem = blank ? "blanks stand at its end, without a semicolon" : "it has no field";
          return n > 0 && !blank;
        }
      if (text[at] != ';')
        {
          *problem = n > 0 ? "a semicolon is missing between two fields" : "its version is another one";
          return FALSE;
        }
      for (at++; at < size && is_blank (text[at]); at++)
        ;
      if (at == size && n > 0)
        return TRUE;
      part = measure_part (text + at, size - at);
      while (part > 0 && is_blank (text[at + part - 1]))
        part--;
      for (name = 0; name < part && text[at + name] != '='; name++)
        ;
      if (part == 0 || name == part)
        {
          *problem = part == 0 ? "a field is empty" : "a field has no value";
          return FALSE;
        }
      *problem = field (text + at, name, text + at + name + 1, part - name - 1, data);
      if (*problem)
        return FALSE;
      at += part;
      n++;
    }
}
