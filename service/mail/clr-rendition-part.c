/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mail/clr-rendition-part.h"

#include "mail/clr-rendition-field.h"

#include <string.h>

void
clr_rendition_entity_clear (ClrRenditionEntity *entity)
{
  g_free (entity->media);
  g_free (entity->boundary);
}

void
clr_rendition_entity_read (ClrRenditionEntity *entity, const ClrHeaderBlock *block, gboolean in_digest)
{
  size_t size;

  entity->type = clr_header_block_find (block, "Content-Type");
  entity->encoding = clr_header_block_find (block, "Content-Transfer-Encoding");
  entity->media = g_strdup (in_digest ? "message/rfc822" : "text/plain");
  entity->is_encoded = FALSE;
  if (entity->type)
    {
      g_autofree char *value = clr_field_dup_text (entity->type, 200);
      g_auto (GStrv) words = g_strsplit_set (value, "; (", 2);

      if (words[0] && strchr (words[0], '/'))
        {
          g_free (entity->media);
          entity->media = g_ascii_strdown (words[0], -1);
        }
    }
  if (entity->encoding)
    {
      const char *value = clr_field_get_value (entity->encoding, &size);
      g_autofree char *word = g_strndup (value, size);

      g_strstrip (word);
      entity->is_encoded
          = g_ascii_strcasecmp (word, "quoted-printable") == 0 || g_ascii_strcasecmp (word, "base64") == 0;
    }
  entity->boundary = NULL;
  if (entity->type && g_str_has_prefix (entity->media, "multipart/") && !entity->is_encoded)
    entity->boundary = clr_rendition_field_dup_parameter (entity->type, "boundary");
  if (entity->boundary && *entity->boundary == 0)
    g_clear_pointer (&entity->boundary, g_free);
  entity->is_message = strcmp (entity->media, "message/rfc822") == 0 && !entity->is_encoded;
}

void
clr_rendition_facts_look (ClrRenditionFacts *facts, const uint8_t *bytes, size_t size)
{
  uint64_t high = 0;

  for (size_t i = 0; i < size; i++)
    high += bytes[i] >> 7;
  facts->size += size;
  facts->high += high;
  if (high == 0 && facts->utf8_left == 0)
    return;
  /* Roughly: leaders are followed by as many others as they say. */
  for (size_t i = 0; i < size; i++)
    {
      uint8_t c = bytes[i];

      if ((c & 0xc0) == 0x80)
        {
          facts->is_utf8 = facts->is_utf8 && facts->utf8_left > 0;
          facts->utf8_left -= facts->utf8_left > 0;
          continue;
        }
      facts->is_utf8 = facts->is_utf8 && facts->utf8_left == 0 && c < 0xf8 && c != 0xc0 && c != 0xc1;
      facts->utf8_left = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    }
}

ClrBodyKind
clr_rendition_choose_body (const ClrRenditionFacts *facts, const ClrRenditionEntity *entity)
{
  if (facts->high == 0 && !facts->has_long_line)
    return CLR_BODY_AS_IS;
  /* A coded body with 8-bit octets in it is damaged; this loses nothing that could be read. */
  if (entity->is_encoded)
    return CLR_BODY_IGNORED;
  /* Quoted-printable stays readable, as long as most of it is ASCII. */
  if (g_str_has_prefix (entity->media, "text/") || g_str_has_prefix (entity->media, "message/"))
    return facts->high * 2 > facts->size ? CLR_BODY_BASE64 : CLR_BODY_QUOTED_PRINTABLE;
  return CLR_BODY_BASE64;
}

const char *
clr_rendition_choose_encoding (const ClrRenditionFacts *facts, const ClrRenditionEntity *entity)
{
  static const char *const encodings[] = { NULL, "quoted-printable", "base64", NULL };

  if (entity->boundary || entity->is_message)
    return entity->encoding ? "7bit" : NULL;
  return facts ? encodings[clr_rendition_choose_body (facts, entity)] : NULL;
}

gboolean
clr_rendition_write_fields (const ClrHeaderBlock *block, const ClrRenditionEntity *entity,
                            const ClrRenditionFacts *facts, const char *encoding, gboolean is_top,
                            unsigned signatures, GString *into)
{
  unsigned own = is_top ? signatures : 0;
  gboolean ok = TRUE;
  const char *charset = facts && facts->high > 0 ? facts->is_utf8 ? "utf-8" : "unknown-8bit" : NULL;
  g_autofree char *given = entity->type ? clr_rendition_field_dup_parameter (entity->type, "charset") : NULL;
  gboolean adds_charset = encoding && charset && !given && g_str_has_prefix (entity->media, "text/");

  for (unsigned i = 0; i < block->n_fields; i++)
    {
      const ClrField *field = &block->fields[i];

      if (own > 0 && clr_field_is (field, "DKIM-Signature"))
        own--;
      else if (encoding && field == entity->encoding)
        continue;
      else if (field->name_size == 0)
        {
          size_t before = into->len;

          for (size_t n = 0; n < field->size; n++)
            g_string_append_c (into, (unsigned char)field->start[n] < 0x80 ? field->start[n] : '?');
          clr_rendition_field_cut_lines (into, before);
        }
      else
        {
          if (!clr_rendition_field_is_needed (field))
            g_string_append_len (into, field->start, field->size);
          else if (!clr_rendition_field_write (field, into))
            ok = FALSE;
          if (field == entity->type && adds_charset)
            {
              while (into->len > 0 && strchr ("\r\n ;", into->str[into->len - 1]))
                g_string_truncate (into, into->len - 1);
              g_string_append_printf (into, ";\r\n\tcharset=%s\r\n", charset);
            }
        }
    }
  if (encoding == NULL)
    return ok;
  if (is_top && !clr_header_block_find (block, "MIME-Version"))
    g_string_append (into, "MIME-Version: 1.0\r\n");
  if (!entity->type && adds_charset)
    g_string_append_printf (into, "Content-Type: text/plain; charset=%s\r\n", charset);
  g_string_append_printf (into, "Content-Transfer-Encoding: %s\r\n", encoding);
  return ok;
}
