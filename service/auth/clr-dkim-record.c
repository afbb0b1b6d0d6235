/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-record.h"

#include "auth/clr-dkim-tags.h"

#include <string.h>

#define WORDS_MOST  32u   /* of h=, s=, t= */
#define LARGEST_RSA 8192u /* bits; RFC 8301 section 3.2 asks for 4096 */

void
clr_dkim_record_free (ClrDkimRecord *record)
{
  if (record->key)
    gnutls_pubkey_deinit (record->key);
  g_free (record);
}

/* The grammar's words are ABNF strings: their case does not matter (RFC 5234 section 2.3). */
static gboolean
has_word (char **words, const char *word)
{
  for (; *words; words++)
    if (g_ascii_strcasecmp (*words, word) == 0)
      return TRUE;
  return FALSE;
}

/* One DER element. Returns: the octets behind it, or NULL. @value: (out): its contents. */
static const uint8_t *
read_der (const uint8_t *p, const uint8_t *end, uint8_t kind, gnutls_datum_t *value)
{
  size_t size;

  if (end - p < 2 || *p++ != kind)
    return NULL;
  size = *p++;
  if (size & 0x80)
    {
      unsigned octets = size & 0x7f;

      if (octets == 0 || octets > 3 || end - p < (ptrdiff_t)octets)
        return NULL;
      for (size = 0; octets > 0; octets--)
        size = size << 8 | *p++;
    }
  if ((size_t)(end - p) < size)
    return NULL;
  *value = (gnutls_datum_t){ (unsigned char *)p, size };
  return p + size;
}

/* RFC 6376 section 3.6.1 names RSAPublicKey, its example (and the world) SubjectPublicKeyInfo: erratum 3017.
 */
static gboolean
import_rsa (gnutls_pubkey_t key, const uint8_t *bytes, gsize size)
{
  gnutls_datum_t all = { (unsigned char *)bytes, size }, sequence, modulus, exponent;
  const uint8_t *end, *p;

  if (gnutls_pubkey_import (key, &all, GNUTLS_X509_FMT_DER) >= 0)
    return gnutls_pubkey_get_pk_algorithm (key, NULL) == GNUTLS_PK_RSA;
  if (read_der (bytes, bytes + size, 0x30, &sequence) != bytes + size)
    return FALSE;
  end = sequence.data + sequence.size;
  p = read_der (sequence.data, end, 0x02, &modulus);
  return p && read_der (p, end, 0x02, &exponent) == end && modulus.size > 0 && exponent.size > 0
         && gnutls_pubkey_import_rsa_raw (key, &modulus, &exponent) >= 0;
}

static gboolean
read_key (ClrDkimRecord *record, const ClrDkimTag *tag, const char **problem)
{
  gsize size = 0;
  g_autofree uint8_t *bytes = NULL;
  gboolean ok;

  record->revoked = tag->value_size == 0;
  if (record->revoked)
    return TRUE;
  bytes = clr_dkim_tag_dup_bytes (tag, &size);
  if (bytes == NULL)
    {
      *problem = "its p= is not base64";
      return FALSE;
    }
  if (record->kind == GNUTLS_PK_UNKNOWN)
    return TRUE;
  gnutls_pubkey_init (&record->key);
  if (record->kind == GNUTLS_PK_EDDSA_ED25519)
    {
      gnutls_datum_t x = { bytes, size };
      ok = size == 32 && gnutls_pubkey_import_ecc_raw (record->key, GNUTLS_ECC_CURVE_ED25519, &x, NULL) >= 0;
      record->bits = 256;
    }
  else
    {
      ok = size <= 4096 && import_rsa (record->key, bytes, size);
      if (ok)
        gnutls_pubkey_get_pk_algorithm (record->key, &record->bits);
      ok = ok && record->bits <= LARGEST_RSA;
    }
  if (!ok)
    *problem = "its p= holds no key of its kind (k=)";
  return ok;
}

/* @fallback: what counts when the tag is missing. Returns: FALSE when the list is not one. */
static gboolean
read_words (const ClrDkimTags *tags, const char *name, const char *fallback, char ***words)
{
  const ClrDkimTag *tag = clr_dkim_tags_find (tags, name);

  *words = tag ? clr_dkim_tag_dup_list (tag, WORDS_MOST) : g_strsplit (fallback, ":", -1);
  return *words != NULL;
}

ClrDkimRecord *
clr_dkim_record_parse (const char *text, size_t size, gboolean *is_dkim, const char **problem)
{
  g_autoptr (ClrDkimRecord) record = g_new0 (ClrDkimRecord, 1);
  g_auto (GStrv) hashes = NULL, services = NULL, flags = NULL;
  ClrDkimTags tags;
  const ClrDkimTag *tag, *p;
  gboolean unused;

  if (is_dkim == NULL)
    is_dkim = &unused;
  *is_dkim = FALSE;
  if (!clr_dkim_tags_parse (&tags, text, size, problem))
    return NULL;
  tag = clr_dkim_tags_find (&tags, "v");
  p = clr_dkim_tags_find (&tags, "p");
  *is_dkim = tag ? tag->value_size == 5 && memcmp (tag->value, "DKIM1", 5) == 0 : p != NULL;
  if (tag && (!*is_dkim || tag != tags.tags))
    {
      *problem = *is_dkim ? "its v= does not stand first" : "its version is not DKIM1";
      return NULL;
    }
  if (p == NULL)
    {
      *problem = "it has no p=";
      return NULL;
    }

  g_autofree char *kind
      = (tag = clr_dkim_tags_find (&tags, "k")) ? clr_dkim_tag_dup_compact (tag) : g_strdup ("rsa");
  record->kind = g_ascii_strcasecmp (kind, "rsa") == 0       ? GNUTLS_PK_RSA
                 : g_ascii_strcasecmp (kind, "ed25519") == 0 ? GNUTLS_PK_EDDSA_ED25519
                                                             : GNUTLS_PK_UNKNOWN;
  if (!read_words (&tags, "h", "sha1:sha256", &hashes) || !read_words (&tags, "s", "*", &services)
      || !read_words (&tags, "t", "", &flags))
    {
      /* An empty t= is an empty list of flags, and met. */
      tag = clr_dkim_tags_find (&tags, "t");
      if (hashes == NULL || services == NULL || tag->value_size > 0)
        {
          *problem = "a list of its h=, s= or t= is not one";
          return NULL;
        }
      flags = g_new0 (char *, 1);
    }
  record->sha1 = has_word (hashes, "sha1");
  record->sha256 = has_word (hashes, "sha256");
  record->for_mail = has_word (services, "*") || has_word (services, "email");
  record->testing = has_word (flags, "y");
  record->strict = has_word (flags, "s");
  return read_key (record, p, problem) ? g_steal_pointer (&record) : NULL;
}
