/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-rendition-field.h"

#include "mail/clr-comment.h"

#include "base/clr-domain.h"
#include "mail/clr-encoding.h"

#include <string.h>

#define LONGEST_LINE      998u /* octets, RFC 5322 section 2.1.1 */
#define PARAM_LINE        60u  /* octets of a parameter's value on one line */
#define PARAM_NAME        40
#define OPAQUE_SEPARATORS " ()<>[];,=\""
#define WORD_BYTES        42u /* octets in one encoded word of no known charset */

typedef enum
{
  KIND_TEXT,       /* unstructured, or not known */
  KIND_ADDRESSES,  /* phrases, comments, addresses */
  KIND_PARAMETERS, /* a token and parameters */
  KIND_OPAQUE,     /* structured, and nowhere a place for encoded words */
} Kind;

static const struct
{
  const char *name;
  Kind kind;
} kinds[] = {
  { "From", KIND_ADDRESSES },
  { "Sender", KIND_ADDRESSES },
  { "Reply-To", KIND_ADDRESSES },
  { "To", KIND_ADDRESSES },
  { "Cc", KIND_ADDRESSES },
  { "Bcc", KIND_ADDRESSES },
  { "Resent-From", KIND_ADDRESSES },
  { "Resent-Sender", KIND_ADDRESSES },
  { "Resent-To", KIND_ADDRESSES },
  { "Resent-Cc", KIND_ADDRESSES },
  { "Disposition-Notification-To", KIND_ADDRESSES },
  { "Content-Type", KIND_PARAMETERS },
  { "Content-Disposition", KIND_PARAMETERS },
  { "Received", KIND_OPAQUE },
  { "Return-Path", KIND_OPAQUE },
  { "Message-ID", KIND_OPAQUE },
  { "In-Reply-To", KIND_OPAQUE },
  { "References", KIND_OPAQUE },
  { "Date", KIND_OPAQUE },
  { "MIME-Version", KIND_OPAQUE },
  { "Content-ID", KIND_OPAQUE },
  { "Content-Transfer-Encoding", KIND_OPAQUE },
  { "DKIM-Signature", KIND_OPAQUE },
  { "Authentication-Results", KIND_OPAQUE },
};

static Kind
kind_of (const ClrField *field)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (clr_field_is (field, kinds[i].name))
      return kinds[i].kind;
  return KIND_TEXT;
}

static gboolean
has_long_line (const char *text, size_t size)
{
  const char *end = text + size;

  while (text < end)
    {
      const char *lf = memchr (text, '\n', end - text);

      if ((size_t)((lf ? lf : end) - text) > LONGEST_LINE + 1)
        return TRUE;
      text = lf ? lf + 1 : end;
    }
  return FALSE;
}

gboolean
clr_rendition_field_is_needed (const ClrField *field)
{
  return !clr_is_ascii (field->start, field->size) || has_long_line (field->start, field->size);
}

/* Without folds. (transfer full) */
static GString *
unfold (const char *value, size_t size)
{
  GString *text = g_string_sized_new (size);

  for (size_t i = 0; i < size; i++)
    if (value[i] != '\r' && value[i] != '\n')
      g_string_append_c (text, value[i] == '\t' ? ' ' : value[i]);
  return text;
}

/* How far the last line of @text has come. */
static size_t
column_of (const GString *text)
{
  const char *lf = memrchr (text->str, '\n', text->len);

  return lf ? (size_t)(text->str + text->len - lf) - 1 : text->len;
}

/* Octets in a charset nobody has named (RFC 1428). */
static void
write_unknown_words (const char *text, size_t size, GString *into)
{
  for (size_t i = 0; i < size; i += WORD_BYTES)
    {
      g_autofree char *code = g_base64_encode ((const uint8_t *)text + i, MIN (WORD_BYTES, size - i));

      g_string_append_printf (into, "%s=?unknown-8bit?B?%s?=", i ? "\r\n " : "", code);
    }
}

static void
write_words (const char *text, size_t size, GString *into)
{
  if (g_utf8_validate_len (text, size, NULL))
    {
      g_autofree char *copy = g_strndup (text, size);
      clr_words_write (copy, column_of (into), into);
    }
  else
    write_unknown_words (text, size, into);
}

/* -- addresses */

/* Octets of the thing that begins at @text: up to one of @ends that stands in no quoted string. */
static size_t
scan_to (const char *text, size_t size, const char *ends)
{
  gboolean quoted = FALSE;

  for (size_t i = 0; i < size; i++)
    {
      if (text[i] == '\\' && quoted)
        i++;
      else if (text[i] == '"')
        quoted = !quoted;
      else if (!quoted && text[i] && strchr (ends, text[i]))
        return i;
    }
  return size;
}

/* local@domain with an A-label domain. Returns: FALSE when the local part is not ASCII either. */
static gboolean
write_address (const char *text, size_t size, GString *into)
{
  const char *at = memrchr (text, '@', size);
  size_t local = at ? (size_t)(at - text) : size;
  g_autofree char *domain = NULL, *ascii = NULL;

  if (at == NULL || !clr_is_ascii (text, local))
    return FALSE;
  domain = g_strndup (at + 1, size - local - 1);
  g_strstrip (domain);
  ascii = clr_domain_to_ascii (domain);
  if (ascii == NULL)
    return FALSE;
  g_string_append_len (into, text, local);
  g_string_append_printf (into, "@%s", ascii);
  return TRUE;
}

/* A display name, quotes and all. */
static void
write_phrase (const char *text, size_t size, GString *into)
{
  g_autoptr (GString) name = g_string_new (NULL);
  gboolean before = size > 0 && text[0] == ' ', after = size > 1 && text[size - 1] == ' ';

  for (size_t i = 0; i < size; i++)
    {
      if (text[i] == '\\' && i + 1 < size)
        i++;
      else if (text[i] == '"')
        continue;
      g_string_append_c (name, text[i]);
    }
  g_strstrip (name->str);
  if (before)
    g_string_append_c (into, ' ');
  write_words (name->str, strlen (name->str), into);
  if (after)
    g_string_append_c (into, ' ');
}

static gboolean
write_addresses (const char *text, size_t size, GString *into)
{
  for (size_t i = 0, n; i < size; i += n)
    {
      const char *p = text + i;

      if (*p == '(')
        {
          n = clr_comment_measure (p, size - i);
          if (clr_is_ascii (p, n) || n < 2)
            g_string_append_len (into, p, n);
          else
            {
              g_string_append_c (into, '(');
              write_words (p + 1, n - 2, into);
              g_string_append_c (into, ')');
            }
        }
      else if (*p == '<')
        {
          n = scan_to (p, size - i, ">");
          if (clr_is_ascii (p, n))
            g_string_append_len (into, p, n);
          else
            {
              g_string_append_c (into, '<');
              if (!write_address (p + 1, n - 1, into))
                return FALSE;
            }
        }
      else if (strchr (",;:>", *p))
        {
          n = 1;
          g_string_append_c (into, *p);
          /* One address a line keeps lines short. */
          if (*p == ',' && column_of (into) > 60)
            g_string_append (into, "\r\n");
        }
      else
        {
          n = scan_to (p, size - i, "<(,;:>");
          if (clr_is_ascii (p, n))
            g_string_append_len (into, p, n);
          else if (scan_to (p, n, "@") < n)
            {
              if (!write_address (p, n, into))
                return FALSE;
            }
          else
            write_phrase (p, n, into);
        }
    }
  return TRUE;
}

/* -- parameters */

typedef struct
{
  const char *name;
  size_t name_size;
  GString *value;
} Parameter;

/* The next "; name=value" at @at. Returns: the octets read, 0 at the end. */
static size_t
read_parameter (const char *at, size_t size, Parameter *parameter)
{
  size_t i = 0;

  while (i < size && (at[i] == ';' || at[i] == ' '))
    i++;
  parameter->name = at + i;
  while (i < size && at[i] != '=' && at[i] != ';')
    i++;
  parameter->name_size = at + i - parameter->name;
  while (parameter->name_size > 0 && parameter->name[parameter->name_size - 1] == ' ')
    parameter->name_size--;
  g_string_truncate (parameter->value, 0);
  if (i < size && at[i] == '=')
    i++;
  while (i < size && at[i] == ' ')
    i++;
  if (i < size && at[i] == '"')
    for (i++; i < size && at[i] != '"'; i++)
      {
        i += at[i] == '\\' && i + 1 < size;
        g_string_append_c (parameter->value, at[i]);
      }
  else
    for (; i < size && at[i] != ';'; i++)
      g_string_append_c (parameter->value, at[i]);
  while (i < size && at[i] != ';')
    i++;
  return parameter->name_size > 0 ? i : 0;
}

/* RFC 2231 sections 3 and 4, in pieces that fit a line. */
static void
write_parameter (const Parameter *parameter, GString *into)
{
  const char *value = parameter->value->str;
  size_t size = parameter->value->len;
  gboolean utf8 = g_utf8_validate_len (value, size, NULL), pieces = size * 3 > PARAM_LINE;
  unsigned piece = 0;

  /* It stands in each piece, and would leave no room for the value. No name that means anything is so long.
   */
  if (parameter->name_size > PARAM_NAME)
    return;
  for (size_t i = 0; i < size || piece == 0; piece++)
    {
      size_t start = into->len;

      g_string_append_printf (into, ";\r\n\t%.*s*", (int)parameter->name_size, parameter->name);
      if (pieces)
        g_string_append_printf (into, "%u*", piece);
      g_string_append_printf (into, "=%s", piece ? "" : utf8 ? "utf-8''" : "unknown-8bit''");
      for (; i < size && into->len - start < PARAM_LINE + 10; i++)
        {
          unsigned char c = value[i];

          if (g_ascii_isalnum (c) || (c && strchr ("-._", c)))
            g_string_append_c (into, c);
          else
            g_string_append_printf (into, "%%%02X", c);
        }
    }
}

static void
write_parameters (const char *text, size_t size, GString *into)
{
  size_t at = scan_to (text, size, ";");
  Parameter parameter = { .value = g_string_new (NULL) };

  for (size_t i = 0; i < at; i++)
    g_string_append_c (into, (unsigned char)text[i] < 0x80 ? text[i] : '?');
  for (size_t n; (n = read_parameter (text + at, size - at, &parameter)) > 0; at += n)
    {
      gboolean token = parameter.value->len > 0;

      if (!clr_is_ascii (parameter.name, parameter.name_size))
        continue;
      for (size_t i = 0; i < parameter.value->len; i++)
        token = token && parameter.value->str[i] > 32 && parameter.value->str[i] < 127
                && !strchr ("()<>@,;:\\\"/[]?=", parameter.value->str[i]);
      if (!clr_is_ascii (parameter.value->str, parameter.value->len) || parameter.value->len > 500)
        write_parameter (&parameter, into);
      else
        {
          g_string_append_printf (into, ";\r\n\t%.*s=%s", (int)parameter.name_size, parameter.name,
                                  token ? "" : "\"");
          for (size_t i = 0; i < parameter.value->len; i++)
            {
              if (strchr ("\\\"", parameter.value->str[i]))
                g_string_append_c (into, '\\');
              g_string_append_c (into, parameter.value->str[i]);
            }
          g_string_append (into, token ? "" : "\"");
        }
    }
  g_string_free (parameter.value, TRUE);
}

char *
clr_rendition_field_dup_parameter (const ClrField *field, const char *name)
{
  size_t size;
  const char *value = clr_field_get_value (field, &size);
  g_autoptr (GString) text = unfold (value, size);
  Parameter parameter = { .value = g_string_new (NULL) };
  size_t at = scan_to (text->str, text->len, ";"), length = strlen (name);
  char *found = NULL;

  for (size_t n; found == NULL && (n = read_parameter (text->str + at, text->len - at, &parameter)) > 0;
       at += n)
    if (parameter.name_size == length && g_ascii_strncasecmp (parameter.name, name, length) == 0)
      found = g_strchomp (g_strdup (parameter.value->str));
  g_string_free (parameter.value, TRUE);
  return found;
}

/* -- the others */

/* A word where no encoded word may stand (RFC 2047 section 5 forbids them in Received): a domain or an
 * address with A-labels, else its letters by number, as RFC 6533 section 3 writes them. What is in no known
 * charset cannot be told. */
static void
write_atom (const char *text, size_t size, GString *into)
{
  g_autofree char *word = g_strndup (text, size);
  g_autofree char *ascii = NULL;

  if (!g_utf8_validate_len (text, size, NULL))
    {
      for (size_t i = 0; i < size; i++)
        g_string_append_c (into, (unsigned char)text[i] < 0x80 ? text[i] : '?');
      return;
    }
  ascii = strchr (word, '.') ? clr_domain_to_ascii (word) : NULL;
  if (ascii)
    g_string_append (into, ascii);
  else if (!write_address (text, size, into))
    clr_address_write_utf8 (word, FALSE, into);
}

/* A line break before a blank where the line would get too long. */
static void
write_opaque (const char *text, size_t size, GString *into)
{
  for (size_t i = 0, n; i < size; i += n)
    {
      n = strcspn (text + i, OPAQUE_SEPARATORS);
      n = MIN (n, size - i);
      if (n > 0 && clr_is_ascii (text + i, n))
        g_string_append_len (into, text + i, n);
      else if (n > 0)
        write_atom (text + i, n, into);
      else
        {
          n = 1;
          if (text[i] == ' ' && i > 0 && column_of (into) > 76)
            g_string_append (into, "\r\n");
          g_string_append_c (into, text[i]);
        }
    }
}

void
clr_rendition_field_cut_lines (GString *text, size_t from)
{
  for (size_t start = from, column = 0, blank = 0, i = from; i < text->len; i++, column++)
    {
      if (text->str[i] == '\n')
        {
          start = blank = i + 1;
          column = -1;
          continue;
        }
      if (text->str[i] == ' ' && i > start)
        blank = i;
      if (column < LONGEST_LINE || (text->str[i] == '\r' && i + 1 < text->len && text->str[i + 1] == '\n'))
        continue;
      /* Where there is no blank, it has to be anywhere. */
      i = blank > start ? blank : i - 1;
      g_string_insert (text, i, blank > start ? "\r\n" : "\r\n ");
      start = blank = i + 2;
      i += 1;
      column = -1;
    }
}

gboolean
clr_rendition_field_write (const ClrField *field, GString *into)
{
  size_t size, before = into->len;
  const char *value = clr_field_get_value (field, &size);
  g_autoptr (GString) text = unfold (value, size);
  const char *start = text->str;
  gboolean ok = TRUE;

  g_string_append_len (into, field->start, field->name_size);
  g_string_append_c (into, ':');
  size = text->len;
  if (size > 0 && *start == ' ')
    {
      g_string_append_c (into, ' ');
      start++;
      size--;
    }
  switch (kind_of (field))
    {
    case KIND_TEXT:
      write_words (start, size, into);
      break;
    case KIND_ADDRESSES:
      ok = write_addresses (start, size, into);
      break;
    case KIND_PARAMETERS:
      write_parameters (start, size, into);
      break;
    case KIND_OPAQUE:
      write_opaque (start, size, into);
      break;
    }
  if (!ok)
    {
      g_string_truncate (into, before);
      return FALSE;
    }
  g_string_append (into, "\r\n");
  clr_rendition_field_cut_lines (into, before);
  return TRUE;
}
