/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-authres.h"

#include "base/clr-domain.h"
#include "mail/clr-comment.h"

#include <string.h>

#define FIELD      "Authentication-Results"
#define VALUE_MOST 512u
#define LINE_GOOD  78u

typedef struct
{
  const char *p, *end;
} Reader;

static void
free_property (void *data)
{
  ClrAuthresProperty *property = data;

  g_free (property->type);
  g_free (property->property);
  g_free (property->value);
  g_free (property);
}

static void
free_result (void *data)
{
  ClrAuthresResult *result = data;

  g_free (result->method);
  g_free (result->result);
  g_free (result->reason);
  g_ptr_array_unref (result->properties);
  g_free (result);
}

void
clr_authres_free (ClrAuthres *authres)
{
  g_free (authres->id);
  g_ptr_array_unref (authres->results);
  g_free (authres);
}

/* CFWS. */
static void
skip_space (Reader *reader)
{
  while (reader->p < reader->end)
    if (*reader->p == '(')
      reader->p += clr_comment_measure (reader->p, reader->end - reader->p);
    else if (strchr (" \t\r\n", *reader->p) && *reader->p)
      reader->p++;
    else
      return;
}

static gboolean
at (const Reader *reader, char c)
{
  return reader->p < reader->end && *reader->p == c;
}

/* With the white space around it. */
static gboolean
skip (Reader *reader, char c)
{
  skip_space (reader);
  if (!at (reader, c))
    return FALSE;
  reader->p++;
  skip_space (reader);
  return TRUE;
}

/* Keyword of RFC 5321: letters, digits, inner hyphens; an underscore is met. (transfer full) (nullable) */
static char *
read_keyword (Reader *reader)
{
  const char *start = reader->p;

  while (reader->p < reader->end && (g_ascii_isalnum (*reader->p) || *reader->p == '-' || *reader->p == '_'))
    reader->p++;
  return reader->p > start ? g_strndup (start, reader->p - start) : NULL;
}

/* (transfer full) (nullable): NULL when it does not end. */
static char *
read_quoted (Reader *reader)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (reader->p++; reader->p < reader->end && *reader->p != '"'; reader->p++)
    {
      if (*reader->p == '\\' && reader->p + 1 < reader->end)
        reader->p++;
      if (*reader->p != '\r' && *reader->p != '\n' && *reader->p)
        g_string_append_c (text, *reader->p);
    }
  if (reader->p >= reader->end)
    return NULL;
  reader->p++;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* A quoted string, or all up to white space, a comment or a semicolon: more than a token may be, since
 * addresses stand here, and what others write. (transfer full) (nullable) */
static char *
read_value (Reader *reader)
{
  GString *text;

  if (at (reader, '"'))
    {
      g_autofree char *quoted = read_quoted (reader);

      if (quoted == NULL || !at (reader, '@'))
        return g_steal_pointer (&quoted);
      text = g_string_new (NULL); /* "a b"@example.com */
      g_string_append_printf (text, "\"%s\"", quoted);
    }
  else
    text = g_string_new (NULL);
  for (; reader->p < reader->end && *reader->p && !strchr (" \t\r\n;(\"", *reader->p); reader->p++)
    g_string_append_c (text, *reader->p);
  if (text->len > 0)
    return g_string_free (text, FALSE);
  g_string_free (text, TRUE);
  return NULL;
}

static gboolean
read_number (Reader *reader, unsigned *number)
{
  const char *start = reader->p;

  *number = 0;
  for (; reader->p < reader->end && g_ascii_isdigit (*reader->p); reader->p++)
    *number = MIN (*number * 10 + (unsigned)(*reader->p - '0'), 1000u);
  return reader->p > start;
}

/* Returns: FALSE when there is something else. */
static gboolean
read_property (Reader *reader, ClrAuthresResult *result)
{
  ClrAuthresProperty *property = g_new0 (ClrAuthresProperty, 1);
  gboolean ok = FALSE;

  property->type = read_keyword (reader);
  if (property->type && skip (reader, '.'))
    {
      property->property = read_keyword (reader);
      if (property->property && skip (reader, '='))
        property->value = read_value (reader);
      ok = property->value != NULL;
    }
  else if (property->type && g_ascii_strcasecmp (property->type, "reason") == 0 && skip (reader, '='))
    {
      g_free (result->reason);
      result->reason = read_value (reader);
      free_property (property);
      return result->reason != NULL;
    }
  if (ok && result->properties->len < CLR_AUTHRES_PROPERTIES_MOST)
    g_ptr_array_add (result->properties, property);
  else
    free_property (property);
  return ok;
}

/* resinfo, behind the semicolon. Returns: NULL, or what is wrong. */
static const char *
read_result (Reader *reader, ClrAuthres *authres)
{
  ClrAuthresResult *result;
  g_autofree char *method = read_keyword (reader);
  unsigned version = 1;

  if (method == NULL)
    return "a result has no method";
  skip_space (reader);
  if (reader->p == reader->end && g_ascii_strcasecmp (method, "none") == 0 && authres->results->len == 0)
    return NULL; /* no-result */
  if (authres->results->len == CLR_AUTHRES_RESULTS_MOST)
    return "it has too many results";
  if (at (reader, '/') && (!skip (reader, '/') || !read_number (reader, &version)))
    return "a version is no number";
  if (!skip (reader, '='))
    return "a method has no result";
  result = g_new0 (ClrAuthresResult, 1);
  result->method = g_steal_pointer (&method);
  result->version = version;
  result->properties = g_ptr_array_new_with_free_func (free_property);
  g_ptr_array_add (authres->results, result);
  result->result = read_keyword (reader);
  if (result->result == NULL)
    return "a method has no result";
  for (;;)
    {
      skip_space (reader);
      if (reader->p == reader->end || at (reader, ';'))
        return NULL;
      if (!read_property (reader, result))
        return "a property is not well formed";
    }
}

/* Returns: (transfer full) (nullable) */
static char *
read_id (Reader *reader)
{
  skip_space (reader);
  return read_value (reader);
}

ClrAuthres *
clr_authres_parse (const char *value, size_t size, const char **problem)
{
  Reader reader = { value, value + size };
  g_autoptr (ClrAuthres) authres = g_new0 (ClrAuthres, 1);

  authres->results = g_ptr_array_new_with_free_func (free_result);
  authres->version = 1;
  authres->id = read_id (&reader);
  *problem = "it does not say who it is from";
  if (authres->id == NULL || *authres->id == 0 || strchr (authres->id, '='))
    return NULL;
  skip_space (&reader);
  *problem = "its version is no number";
  if (reader.p < reader.end && !at (&reader, ';') && !read_number (&reader, &authres->version))
    return NULL;
  *problem = "a semicolon is missing, or no result stands behind it";
  do
    {
      if (!skip (&reader, ';'))
        return NULL;
      /* A semicolon at the end is not in the grammar, and met. */
      if (reader.p == reader.end && authres->results->len > 0)
        break;
      const char *wrong = read_result (&reader, authres);
      if (wrong)
        {
          *problem = wrong;
          return NULL;
        }
      skip_space (&reader);
    }
  while (reader.p < reader.end);
  return g_steal_pointer (&authres);
}

/* As the DNS sees them. */
static gboolean
is_same_host (const char *a, const char *b)
{
  g_autofree char *x = g_utf8_validate (a, -1, NULL) ? clr_domain_to_ascii (a) : NULL;
  g_autofree char *y = g_utf8_validate (b, -1, NULL) ? clr_domain_to_ascii (b) : NULL;

  return x && y ? g_str_equal (x, y) : g_ascii_strcasecmp (a, b) == 0;
}

gboolean
clr_authres_is_forged (const ClrField *field, const char *id)
{
  Reader reader;
  g_autofree char *theirs = NULL;
  size_t size;

  if (!clr_field_is (field, FIELD))
    return FALSE;
  reader.p = clr_field_get_value (field, &size);
  reader.end = reader.p + size;
  theirs = read_id (&reader);
  if (theirs == NULL || *theirs == 0)
    return TRUE;
  size = strlen (theirs);
  if (size > 0 && theirs[size - 1] == '.')
    theirs[size - 1] = 0;
  return is_same_host (theirs, id);
}

static gboolean
is_token (const char *text, const char *allowed)
{
  for (const char *p = text; *p; p++)
    if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 127
        || (strchr ("()<>@,;:\\\"/[]?=", *p) && !strchr (allowed, *p)))
      return FALSE;
  return *text != 0;
}

/* Folds in front of @text when the line would get long. */
static void
append_folded (GString *into, const char *text)
{
  const char *line = g_strrstr (into->str, "\n");
  size_t used = into->len - (line ? (size_t)(line + 1 - into->str) : 0);

  g_string_append (into, used + strlen (text) + 1 > LINE_GOOD ? "\r\n  " : " ");
  g_string_append (into, text);
}

void
clr_authres_begin (GString *into, const char *id)
{
  g_string_append_printf (into, "%s: %s", FIELD, id);
}

void
clr_authres_add_result (GString *into, const char *method, const char *result, const char *comment)
{
  g_string_append_printf (into, ";\r\n %s=%s", method, result);
  if (comment && *comment)
    {
      g_autofree char *valid = g_utf8_make_valid (comment, -1),
                      *kept = g_utf8_substring (valid, 0, MIN (g_utf8_strlen (valid, -1), 120));
      g_autoptr (GString) text = g_string_new ("(");

      for (const char *p = kept; *p; p++)
        if ((unsigned char)*p >= ' ' && *p != 127 && !strchr ("()\\", *p))
          g_string_append_c (text, (unsigned char)*p < 127 ? *p : '?');
      append_folded (into, g_string_append_c (text, ')')->str);
    }
}

void
clr_authres_add_property (GString *into, const char *type, const char *property, const char *value)
{
  const char *sign = value ? strchr (value, '@') : NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  if (value == NULL)
    return;
  g_string_append_printf (text, "%s.%s=", type, property);
  if (strlen (value) <= VALUE_MOST && is_token (value, "@")
      && (sign == NULL || strchr (sign + 1, '@') == NULL))
    g_string_append (text, value);
  else
    {
      g_autofree char *valid = g_utf8_make_valid (value, MIN (strlen (value), VALUE_MOST));

      g_string_append_c (text, '"');
      for (const char *p = valid; *p; p++)
        if ((unsigned char)*p >= ' ' && *p != 127)
          g_string_append_printf (text, strchr ("\"\\", *p) ? "\\%c" : "%c", *p);
      g_string_append_c (text, '"');
    }
  append_folded (into, text->str);
}

void
clr_authres_end (GString *into)
{
  g_string_append (into, strchr (into->str, ';') ? "\r\n" : "; none\r\n");
}
