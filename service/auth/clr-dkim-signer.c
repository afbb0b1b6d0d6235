/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-signer.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define LINE 76u

/* Section 5.4.2: with several fields of a name, the last is signed first. */
static const ClrField *
find_from_bottom (const ClrHeaderBlock *header, const char *name, unsigned index)
{
  for (unsigned i = header->n_fields; i-- > 0;)
    if (clr_field_is (&header->fields[i], name) && index-- == 0)
      return &header->fields[i];
  return NULL;
}

static void
sign_name (const ClrDkimStyle *style, const ClrHeaderBlock *header, const char *name, gboolean oversign,
           GString *names, size_t *line, GString *canonical)
{
  unsigned count = clr_header_block_count (header, name);

  for (unsigned i = 0; i < count + oversign; i++)
    {
      const ClrField *field = find_from_bottom (header, name, i);

      if (*line + strlen (name) + 1 > LINE)
        {
          g_string_append (names, "\r\n\t ");
          *line = 9;
        }
      g_string_append_printf (names, "%s%s", i == 0 && names->len == 0 ? "" : ":", name);
      *line += strlen (name) + 1;
      if (field)
        clr_dkim_canon_field (style->header_canon, field->start, field->size, canonical);
    }
}

static gboolean
contains (char **names, const char *name)
{
  for (; names && *names; names++)
    if (g_ascii_strcasecmp (*names, name) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
sign_one (const ClrDkimStyle *style, const ClrDkimIdentity *identity, const char *names,
          const GString *canonical, const char *body_hash, int64_t time_us, GString *into, GError **error)
{
  static const char *const canon_names[] = { "simple", "relaxed" };
  g_autoptr (GString) field = g_string_new (NULL);
  g_autoptr (GString) input = g_string_new_len (canonical->str, canonical->len);
  g_autofree char *signature = NULL;
  uint8_t hash[32];

  g_string_append_printf (field,
                          "DKIM-Signature: v=1; a=%s; c=%s/%s; d=%s;\r\n\ts=%s; t=%" G_GINT64_FORMAT
                          "; h=%s;\r\n\tbh=%s;\r\n\tb=",
                          clr_dkim_algorithm_get_name (clr_dkim_key_get_algorithm (identity->key)),
                          canon_names[style->header_canon], canon_names[style->body_canon], identity->domain,
                          identity->selector, time_us / 1000000, names, body_hash);
  /* Section 3.7: the field itself comes last, with an empty b= and without its CRLF. */
  clr_dkim_canon_field (style->header_canon, field->str, field->len, input);
  g_string_truncate (input, input->len - 2);
  gnutls_hash_fast (GNUTLS_DIG_SHA256, input->str, input->len, hash);
  signature = clr_dkim_key_sign (identity->key, hash, error);
  if (signature == NULL)
    return FALSE;

  g_string_append_len (into, field->str, field->len);
  for (size_t i = 0, size = strlen (signature); i < size; i += LINE - 4)
    g_string_append_printf (into, "%s%.*s", i ? "\r\n\t " : "", (int)LINE - 4, signature + i);
  g_string_append (into, "\r\n");
  return TRUE;
}

gboolean
clr_dkim_sign (const ClrDkimStyle *style, const ClrDkimIdentity *const *identities, unsigned n_identities,
               const ClrHeaderBlock *header, const uint8_t body_hash[32], int64_t time_us, GString *into,
               GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) canonical = g_string_new (NULL);
  g_autofree char *body_text = g_base64_encode (body_hash, 32);
  size_t before = into->len, line = 30;

  /* What is signed is the same for all keys. */
  for (char **name = style->oversigned_fields; name && *name; name++)
    sign_name (style, header, *name, TRUE, names, &line, canonical);
  for (char **name = style->signed_fields; name && *name; name++)
    if (!contains (style->oversigned_fields, *name))
      sign_name (style, header, *name, FALSE, names, &line, canonical);

  for (unsigned i = 0; i < n_identities; i++)
    if (!sign_one (style, identities[i], names->str, canonical, body_text, time_us, into, error))
      {
        g_string_truncate (into, before);
        return FALSE;
      }
  return TRUE;
}
