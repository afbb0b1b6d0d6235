/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-sts-policy.h"

#include "dns/clr-record-fields.h"

#include <string.h>

#define MAX_AGE_DIGITS 10u

static const char *const mode_names[] = {
  [CLR_STS_MODE_NONE] = "none",
  [CLR_STS_MODE_TESTING] = "testing",
  [CLR_STS_MODE_ENFORCE] = "enforce",
};

typedef struct
{
  ClrStsPolicy *policy;
  GPtrArray *patterns;
  gboolean has_version, has_mode, has_max_age;
} Reader;

static gboolean
is (const char *text, size_t size, const char *word)
{
  return size == strlen (word) && memcmp (text, word, size) == 0;
}

static const char *
read_mode (Reader *reader, const char *value, size_t size)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (mode_names); i++)
    if (is (value, size, mode_names[i]))
      {
        reader->policy->mode = i;
        return NULL;
      }
  return "its mode is none of enforce, testing and none";
}

static const char *
read_max_age (Reader *reader, const char *value, size_t size)
{
  guint64 seconds = 0;

  if (size == 0 || size > MAX_AGE_DIGITS)
    return "its max_age is not 1 to 10 digits";
  for (size_t i = 0; i < size; i++)
    {
      if (!g_ascii_isdigit (value[i]))
        return "its max_age is no number of seconds";
      seconds = seconds * 10 + (value[i] - '0');
    }
  reader->policy->max_age = MIN (seconds, CLR_STS_MAX_AGE_MOST);
  return NULL;
}

/* RFC 5321 section 4.1.2: Domain; an address literal or an underscore is none. */
static gboolean
is_domain (const char *text, size_t size)
{
  size_t label = 0;

  if (size == 0 || size > 253)
    return FALSE;
  for (size_t i = 0; i < size; i++)
    {
      if (text[i] == '.')
        {
          if (label == 0 || text[i - 1] == '-')
            return FALSE;
          label = 0;
          continue;
        }
      if (!g_ascii_isalnum (text[i]) && (text[i] != '-' || label == 0))
        return FALSE;
      if (++label > 63)
        return FALSE;
    }
  return label > 0 && text[size - 1] != '-';
}

static const char *
read_mx (Reader *reader, const char *value, size_t size)
{
  size_t wildcard = size > 2 && value[0] == '*' && value[1] == '.' ? 2 : 0;

  if (!is_domain (value + wildcard, size - wildcard))
    return "an mx is neither a host name nor a host name behind \"*.\"";
  g_ptr_array_add (reader->patterns, g_ascii_strdown (value, size));
  return NULL;
}

/* What stands behind the name of a field we do not know: printable, UTF-8, and something. */
static gboolean
is_extension_value (const char *value, size_t size)
{
  for (size_t i = 0; i < size; i++)
    if ((unsigned char)value[i] < ' ' || value[i] == 127)
      return FALSE;
  return size > 0 && g_utf8_validate (value, size, NULL);
}

/* Of a field that stands twice the first counts (RFC 8461 section 3.2). */
static gboolean
is_first (gboolean *seen)
{
  gboolean first = !*seen;

  *seen = TRUE;
  return first;
}

static const char *
read_line (Reader *reader, const char *line, size_t size)
{
  const char *colon = memchr (line, ':', size);
  const char *value = colon ? colon + 1 : NULL, *end = line + size;
  size_t name = colon ? (size_t)(colon - line) : 0;

  if (colon == NULL)
    return "a line is no field with a colon";
  while (value < end && (*value == ' ' || *value == '\t'))
    value++;
  while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  size = end - value;
  if (is (line, name, "version"))
    return !is_first (&reader->has_version) || is (value, size, "STSv1") ? NULL : "its version is not STSv1";
  if (is (line, name, "mode"))
    return is_first (&reader->has_mode) ? read_mode (reader, value, size) : NULL;
  if (is (line, name, "max_age"))
    return is_first (&reader->has_max_age) ? read_max_age (reader, value, size) : NULL;
  if (is (line, name, "mx"))
    return read_mx (reader, value, size);
  if (!clr_record_is_extension_name (line, name))
    return "a field's name is not 1 to 32 letters, digits, hyphens, dots and underscores";
  return is_extension_value (value, size) ? NULL : "a field has no value, or not one of printable UTF-8";
}

/* All lines. Returns: NULL, or what is wrong. */
static const char *
read_lines (Reader *reader, const char *text, size_t size)
{
  while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
    size--;
  for (size_t at = 0; at <= size;)
    {
      const char *end = at < size ? memchr (text + at, '\n', size - at) : NULL;
      size_t length = end ? (size_t)(end - (text + at)) : size - at, next = at + length + 1;
      const char *problem;

      if (end && length > 0 && text[at + length - 1] == '\r')
        length--;
      problem = read_line (reader, text + at, length);
      if (problem)
        return problem;
      at = next;
    }
  if (!reader->has_version)
    return "it has no version";
  if (!reader->has_mode)
    return "it has no mode";
  if (!reader->has_max_age)
    return "it has no max_age";
  if (reader->patterns->len == 0 && reader->policy->mode != CLR_STS_MODE_NONE)
    return "it names no mx, and its mode is not none";
  return NULL;
}

ClrStsPolicy *
clr_sts_policy_parse (const char *text, size_t size, const char **problem)
{
  g_autoptr (ClrStsPolicy) policy = g_new0 (ClrStsPolicy, 1);
  Reader reader = { .policy = policy, .patterns = g_ptr_array_new_with_free_func (g_free) };

  *problem = size > CLR_STS_POLICY_SIZE_MOST ? "it is larger than 64 KiB" : read_lines (&reader, text, size);
  g_ptr_array_add (reader.patterns, NULL);
  policy->patterns = (char **)g_ptr_array_free (reader.patterns, FALSE);
  return *problem ? NULL : g_steal_pointer (&policy);
}

void
clr_sts_policy_free (ClrStsPolicy *policy)
{
  g_strfreev (policy->patterns);
  g_free (policy);
}

const char *
clr_sts_policy_match (const ClrStsPolicy *policy, const char *host)
{
  for (char **pattern = policy->patterns; *pattern; pattern++)
    {
      /* RFC 8461 section 4.1: the star stands for the whole first label, and for no more. */
      const char *rest = **pattern == '*' ? strchr (host, '.') : host;

      if (rest && (rest != host || **pattern != '*')
          && g_ascii_strcasecmp (rest, **pattern == '*' ? *pattern + 1 : *pattern) == 0)
        return *pattern;
    }
  return NULL;
}

const char *
clr_sts_mode_get_name (ClrStsMode mode)
{
  return mode_names[mode];
}

gboolean
clr_sts_policy_is_type (const char *content_type)
{
  static const char wanted[] = "text/plain";
  const char *rest;

  if (content_type == NULL)
    return FALSE;
  content_type += strspn (content_type, " \t");
  if (g_ascii_strncasecmp (content_type, wanted, sizeof wanted - 1) != 0)
    return FALSE;
  rest = content_type + sizeof wanted - 1;
  rest += strspn (rest, " \t");
  return *rest == 0 || *rest == ';';
}
