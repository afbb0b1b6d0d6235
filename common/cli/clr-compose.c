/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-compose.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

#define LONGEST_LINE 990u /* RFC 5322 section 2.1.1: 998 */
#define WORD         45u  /* octets of an encoded-word's text */

static gboolean
is_ascii (const char *text)
{
  for (; *text; text++)
    if ((unsigned char)*text >= 0x80)
      return FALSE;
  return TRUE;
}

static gboolean
is_clean (const char *text, const char *what, GError **error)
{
  for (const char *p = text; *p; p++)
    if (g_ascii_iscntrl (*p))
      {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                     _ ("%s: no line end or control character"), what);
        return FALSE;
      }
  if (g_utf8_validate (text, -1, NULL))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("%s: not text in UTF-8"), what);
  return FALSE;
}

/* RFC 2047 encoded-words, each of whole characters, folded. */
static void
append_words (GString *into, const char *text)
{
  if (is_ascii (text) && strlen (text) < 70)
    {
      g_string_append (into, text);
      return;
    }
  for (const char *p = text, *start = text; start[0]; start = p)
    {
      while (*p && (size_t)(g_utf8_next_char (p) - start) <= WORD)
        p = g_utf8_next_char (p);
      g_autofree char *encoded = g_base64_encode ((const guchar *)start, p - start);
      g_string_append_printf (into, "%s=?UTF-8?B?%s?=", start == text ? "" : "\r\n ", encoded);
    }
}

static void
append_base64 (GString *into, const void *bytes, gsize size)
{
  g_autofree char *text = g_base64_encode (bytes, size);

  for (size_t i = 0, length = strlen (text); i < length; i += 76)
    g_string_append_printf (into, "%.76s\r\n", text + i);
}

/* The text with CRLF, as it is where it is plain, else in base64. */
static void
append_text (GString *into, const char *body)
{
  g_auto (GStrv) lines = g_strsplit (body, "\n", -1);
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean plain = is_ascii (body);

  for (char **line = lines; *line; line++)
    {
      size_t size = strlen (*line);

      if (size > 0 && (*line)[size - 1] == '\r')
        (*line)[--size] = 0;
      plain = plain && size <= LONGEST_LINE && strchr (*line, '\r') == NULL;
      if (line[1] || size > 0)
        g_string_append_printf (text, "%s\r\n", *line);
    }
  g_string_append_printf (into,
                          "Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n",
                          plain ? "us-ascii" : "utf-8", plain ? "7bit" : "base64");
  if (plain)
    g_string_append_len (into, text->str, text->len);
  else
    append_base64 (into, text->str, text->len);
}

static gboolean
append_attachment (GString *into, const char *boundary, const char *path, GError **error)
{
  g_autofree char *bytes = NULL, *name = g_path_get_basename (path), *type = NULL, *kind = NULL;
  gsize size;

  if (!g_file_get_contents (path, &bytes, &size, error))
    return FALSE;
  kind = g_content_type_guess (name, (const guchar *)bytes, size, NULL);
  type = g_content_type_get_mime_type (kind);
  g_string_append_printf (into, "--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n", boundary,
                          type && !g_str_has_prefix (type, "message/")
                                  && !g_str_has_prefix (type, "multipart/")
                              ? type
                              : "application/octet-stream");
  /* RFC 2231 section 4: any name, in ASCII. */
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_string_append_printf (into, "Content-Disposition: attachment; filename*=UTF-8''%s\r\n\r\n", escaped);
  append_base64 (into, bytes, size);
  return TRUE;
}

GString *
clr_compose (const ClrComposition *composition, GError **error)
{
  GString *message = g_string_new (NULL);
  g_autofree char *unique = g_uuid_string_random ();
  g_autofree char *boundary = g_strdup_printf ("=_%s", unique);
  gboolean ok = is_clean (composition->from, "from", error);

  for (char **to = composition->to; ok && *to; to++)
    ok = is_clean (*to, "to", error);
  ok = ok && (composition->subject == NULL || is_clean (composition->subject, "subject", error));
  if (ok && !g_utf8_validate (composition->body, -1, NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("body: not text in UTF-8"));
      ok = FALSE;
    }
  if (ok)
    {
      g_string_append_printf (message, "From: <%s>\r\nTo: ", composition->from);
      for (char **to = composition->to; *to; to++)
        g_string_append_printf (message, "%s<%s>", to == composition->to ? "" : ",\r\n ", *to);
      g_string_append (message, "\r\n");
      if (composition->subject)
        {
          g_string_append (message, "Subject: ");
          append_words (message, composition->subject);
          g_string_append (message, "\r\n");
        }
      g_string_append (message, "MIME-Version: 1.0\r\n");
      if (composition->attachments)
        g_string_append_printf (message, "Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n",
                                boundary, boundary);
      append_text (message, composition->body);
      for (char **path = composition->attachments; ok && path && *path; path++)
        ok = append_attachment (message, boundary, *path, error);
      if (composition->attachments)
        g_string_append_printf (message, "--%s--\r\n", boundary);
    }
  if (ok)
    return message;
  g_string_free (message, TRUE);
  return NULL;
}
