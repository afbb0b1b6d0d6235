/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-signature.h"

#include "auth/clr-dkim-tags.h"

#include <string.h>

#define SMALLEST_RSA 1024u /* bits; RFC 8301 section 3.2 */

void
clr_dkim_signature_clear (ClrDkimSignature *signature)
{
  g_free (signature->algorithm);
  g_free (signature->domain);
  g_free (signature->selector);
  g_free (signature->identity);
  g_strfreev (signature->names);
  g_free (signature->body_hash);
  g_free (signature->signature);
  memset (signature, 0, sizeof *signature);
}

/* RFC 5321 section 4.1.2 in letters that DNS knows, RFC 8616 section 4 with U-labels. At least two labels for
 * a domain, one for a selector. */
static gboolean
is_name (const char *text, gboolean domain)
{
  size_t label = 0, size = strlen (text), dots = 0;

  if (size > 253 || !g_utf8_validate (text, size, NULL))
    return FALSE;
  for (size_t i = 0; i < size; i++)
    {
      unsigned char c = text[i];

      if (c == '.')
        {
          if (label == 0)
            return FALSE;
          label = 0;
          dots++;
        }
      else if ((!g_ascii_isalnum (c) && c != '-' && c != '_' && c < 0x80) || ++label > 63)
        return FALSE;
    }
  return label > 0 && (dots > 0 || !domain);
}

gboolean
clr_dkim_is_below (const char *domain, const char *parent)
{
  size_t size = strlen (domain), parent_size = strlen (parent);

  return size >= parent_size && g_ascii_strcasecmp (domain + size - parent_size, parent) == 0
         && (size == parent_size || domain[size - parent_size - 1] == '.');
}

/* dkim-quoted-printable, section 2.11: "=" and two capital hexadecimal digits. */
static char *
decode_quoted (const ClrDkimTag *tag)
{
  g_autofree char *text = clr_dkim_tag_dup_compact (tag);
  GString *decoded = g_string_new (NULL);

  for (const char *p = text; *p; p++)
    {
      int high = *p == '=' && p[1] ? g_ascii_xdigit_value (p[1]) : -1;
      int low = high >= 0 && p[2] ? g_ascii_xdigit_value (p[2]) : -1;

      if (*p == '=' && (low < 0 || high * 16 + low == 0))
        {
          g_string_free (decoded, TRUE);
          return NULL;
        }
      g_string_append_c (decoded, *p == '=' ? (char)(high * 16 + low) : *p);
      p += *p == '=' ? 2 : 0;
    }
  return g_string_free (decoded, FALSE);
}

static const char *
read_algorithm (ClrDkimSignature *signature, const ClrDkimTag *tag)
{
  static const struct
  {
    const char *name;
    gnutls_pk_algorithm_t kind;
    gnutls_digest_algorithm_t hash;
  } known[] = {
    { "rsa-sha256", GNUTLS_PK_RSA, GNUTLS_DIG_SHA256 },
    { "ed25519-sha256", GNUTLS_PK_EDDSA_ED25519, GNUTLS_DIG_SHA256 },
    { "rsa-sha1", GNUTLS_PK_RSA, GNUTLS_DIG_SHA1 },
  };

  signature->algorithm = clr_dkim_tag_dup_compact (tag);
  for (unsigned i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (signature->algorithm, known[i].name) == 0)
      {
        signature->kind = known[i].kind;
        signature->hash = known[i].hash;
        return NULL;
      }
  return "its algorithm (a=) is not known";
}

/* Section 3.5: simple/simple when missing, simple for the body when only the header is named. @missing: what
 * counts then; those who make ARC sets mean relaxed/relaxed. */
static const char *
read_canon (ClrDkimSignature *signature, const ClrDkimTag *tag, const char *missing)
{
  static const char *const names[] = { "simple", "relaxed" };
  g_autofree char *text = tag ? clr_dkim_tag_dup_compact (tag) : g_strdup (missing);
  char *slash = strchr (text, '/');
  const char *body = slash ? slash + 1 : "simple";
  gboolean header_known = FALSE, body_known = FALSE;

  if (slash)
    *slash = 0;
  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_ascii_strcasecmp (text, names[i]) == 0)
        {
          signature->header_canon = (ClrCanon)i;
          header_known = TRUE;
        }
      if (g_ascii_strcasecmp (body, names[i]) == 0)
        {
          signature->body_canon = (ClrCanon)i;
          body_known = TRUE;
        }
    }
  return header_known && body_known ? NULL : "its canonicalization (c=) is not known";
}

static const char *
read_identity (ClrDkimSignature *signature, const ClrDkimTag *tag)
{
  const char *at;

  signature->identity = tag ? decode_quoted (tag) : g_strconcat ("@", signature->domain, NULL);
  at = signature->identity ? strrchr (signature->identity, '@') : NULL;
  if (at == NULL || !is_name (at + 1, TRUE))
    return "its identity (i=) is not an address";
  /* Section 3.5, i=: the same as, or a subdomain of, d=. */
  return clr_dkim_is_below (at + 1, signature->domain) ? NULL
                                                       : "its identity (i=) lies outside its domain (d=)";
}

static const char *
read_names (ClrDkimSignature *signature, const ClrDkimTag *tag)
{
  signature->names = clr_dkim_tag_dup_list (tag, CLR_DKIM_NAMES_MOST);
  if (signature->names == NULL)
    return "its list of fields (h=) is not one";
  for (char **name = signature->names; *name; name++)
    if (g_ascii_strcasecmp (*name, "From") == 0)
      return NULL;
  return "it does not sign the From field"; /* section 5.4 */
}

static const char *
read_times (ClrDkimSignature *signature, const ClrDkimTags *tags)
{
  const ClrDkimTag *l = clr_dkim_tags_find (tags, "l"), *t = clr_dkim_tags_find (tags, "t"),
                   *x = clr_dkim_tags_find (tags, "x");

  if (l && !clr_dkim_tag_get_number (l, &signature->length))
    return "its body length (l=) is not a number";
  if (t && !clr_dkim_tag_get_number (t, &signature->time))
    return "its time (t=) is not a number";
  if (x && !clr_dkim_tag_get_number (x, &signature->expires))
    return "its expiry (x=) is not a number";
  return t && x && signature->expires <= signature->time ? "it expires (x=) before it was made (t=)" : NULL;
}

/* Section 3.5, q=: a list of ways to the key, of which only dns/txt is known. */
static gboolean
knows_query (const ClrDkimTag *tag)
{
  g_auto (GStrv) ways = tag ? clr_dkim_tag_dup_list (tag, 16) : NULL;
  gboolean found = tag == NULL;

  for (char **way = ways; way && *way; way++)
    found = found || g_ascii_strcasecmp (*way, "dns/txt") == 0 || g_ascii_strcasecmp (*way, "dns") == 0;
  return found;
}

/* RFC 8617 section 4.1.2: From may be missing, and the seals are not to be signed. */
static const char *
read_arc_names (ClrDkimSignature *signature, const ClrDkimTag *tag)
{
  g_autofree char *text = clr_dkim_tag_dup_compact (tag);
  g_auto (GStrv) words = g_strsplit (text, ":", CLR_DKIM_NAMES_MOST + 1);
  unsigned n = 0;

  if (g_strv_length (words) > CLR_DKIM_NAMES_MOST)
    return "its list of fields (h=) is too long";
  signature->names = g_new0 (char *, g_strv_length (words) + 1);
  for (char **word = words; *word; word++)
    {
      if (g_ascii_strcasecmp (*word, "ARC-Seal") == 0)
        return "it signs the ARC-Seal fields";
      if (**word)
        signature->names[n++] = g_strdup (*word);
    }
  return NULL;
}

/* What only some kinds have. */
static const char *
read_coverage (ClrDkimSignature *signature, const ClrDkimTags *tags, ClrDkimSignatureKind kind)
{
  const ClrDkimTag *names = clr_dkim_tags_find (tags, "h"), *hash = clr_dkim_tags_find (tags, "bh");
  const char *why;

  if (kind == CLR_ARC_SEAL)
    {
      /* RFC 8617 section 4.1.3 */
      signature->header_canon = CLR_CANON_RELAXED;
      return names ? "a seal has no h=" : NULL;
    }
  if ((why = read_canon (signature, clr_dkim_tags_find (tags, "c"),
                         kind == CLR_DKIM_SIGNATURE ? "simple/simple" : "relaxed/relaxed")))
    return why;
  if (kind == CLR_DKIM_SIGNATURE && (why = read_identity (signature, clr_dkim_tags_find (tags, "i"))))
    return why;
  if ((why = kind == CLR_DKIM_SIGNATURE ? read_names (signature, names) : read_arc_names (signature, names)))
    return why;
  signature->body_hash = clr_dkim_tag_dup_bytes (hash, &signature->body_hash_size);
  return signature->body_hash && signature->body_hash_size == (gsize)gnutls_hash_get_len (signature->hash)
             ? NULL
             : "its body hash (bh=) is not one of its algorithm";
}

const char *
clr_dkim_signature_parse (ClrDkimSignature *signature, const ClrField *field, ClrDkimSignatureKind kind)
{
  static const struct
  {
    const char *name, *missing;
    gboolean of_seal;
  } needed[] = {
    { "a", "it has no a= (algorithm)", TRUE },    { "b", "it has no b= (signature)", TRUE },
    { "bh", "it has no bh= (body hash)", FALSE }, { "d", "it has no d= (domain)", TRUE },
    { "h", "it has no h= (fields)", FALSE },      { "s", "it has no s= (selector)", TRUE },
  };
  const ClrDkimTag *domain, *selector, *version;
  ClrDkimTags tags;
  const char *value, *problem, *why;
  size_t size;

  memset (signature, 0, sizeof *signature);
  signature->length = signature->time = signature->expires = -1;
  value = clr_field_get_value (field, &size);
  if (!clr_dkim_tags_parse (&tags, value, size, &problem))
    return problem;
  /* Names first, for reports. */
  domain = clr_dkim_tags_find (&tags, "d");
  selector = clr_dkim_tags_find (&tags, "s");
  if (domain)
    signature->domain = clr_dkim_tag_dup_compact (domain);
  if (selector)
    signature->selector = clr_dkim_tag_dup_compact (selector);
  for (unsigned i = 0; i < G_N_ELEMENTS (needed); i++)
    if ((kind != CLR_ARC_SEAL || needed[i].of_seal) && !clr_dkim_tags_find (&tags, needed[i].name))
      return needed[i].missing;
  version = clr_dkim_tags_find (&tags, "v");
  signature->unversioned = version == NULL;
  if (kind == CLR_DKIM_SIGNATURE && version && (version->value_size != 1 || *version->value != '1'))
    return "its version (v=) is not 1";
  if ((why = read_algorithm (signature, clr_dkim_tags_find (&tags, "a"))))
    return why;
  if (!is_name (signature->domain, TRUE))
    return "its domain (d=) is not one";
  if (!is_name (signature->selector, FALSE))
    return "its selector (s=) is not one";
  if ((why = read_coverage (signature, &tags, kind)) || (why = read_times (signature, &tags)))
    return why;
  if (!knows_query (clr_dkim_tags_find (&tags, "q")))
    return "its key is not to be found in the DNS (q=)";
  signature->signature = clr_dkim_tag_dup_bytes (clr_dkim_tags_find (&tags, "b"), &signature->signature_size);
  return signature->signature ? NULL : "its b= is not base64";
}

void
clr_dkim_signature_append_unsigned (const ClrField *field, ClrCanon canon, GString *into)
{
  ClrDkimTags tags;
  const char *problem, *value, *end = field->start + field->size;
  size_t size;
  const ClrDkimTag *b;
  g_autoptr (GString) bare = g_string_sized_new (field->size);

  value = clr_field_get_value (field, &size);
  if (!clr_dkim_tags_parse (&tags, value, size, &problem) || !(b = clr_dkim_tags_find (&tags, "b")))
    return;
  /* "Including all surrounding white space": from the equals sign to the next semicolon or the end. */
  const char *from = memchr (b->name, '=', value + size - b->name) + 1;
  const char *to = memchr (from, ';', value + size - from);
  g_string_append_len (bare, field->start, from - field->start);
  if (to)
    g_string_append_len (bare, to, end - to);
  clr_dkim_canon_field (canon, bare->str, bare->len, into);
  g_string_truncate (into, into->len - 2); /* without its CRLF */
}

const char *
clr_dkim_signature_find_objection (const ClrDkimSignature *signature, const ClrDkimRecord *record)
{
  const char *at = signature->identity ? strrchr (signature->identity, '@') : NULL;

  if (record->revoked)
    return "it has been revoked (p= is empty)";
  if (record->kind != signature->kind)
    return "it is of another kind (k=) than the signature's algorithm (a=)";
  if (signature->hash == GNUTLS_DIG_SHA1 ? !record->sha1 : !record->sha256)
    return "it is not for this hash algorithm (h=)";
  if (!record->for_mail)
    return "it is not for mail (s=)";
  if (record->strict && at && g_ascii_strcasecmp (at + 1, signature->domain) != 0)
    return "it is not for subdomains (t=s)";
  return NULL;
}

gboolean
clr_dkim_signature_is_weak (const ClrDkimSignature *signature, const ClrDkimRecord *record)
{
  return signature->hash == GNUTLS_DIG_SHA1 || (record->kind == GNUTLS_PK_RSA && record->bits < SMALLEST_RSA);
}

gboolean
clr_dkim_signature_fits (const ClrDkimSignature *signature, const ClrDkimRecord *record,
                         const uint8_t *digest)
{
  gnutls_datum_t hash = { (unsigned char *)digest, gnutls_hash_get_len (signature->hash) };
  gnutls_datum_t bytes = { signature->signature, signature->signature_size };

  /* RFC 8463 section 3: Ed25519 signs the SHA-256 hash as its message. */
  if (record->kind == GNUTLS_PK_EDDSA_ED25519)
    return gnutls_pubkey_verify_data2 (record->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &hash, &bytes) >= 0;
  return gnutls_pubkey_verify_hash2 (
             record->key, signature->hash == GNUTLS_DIG_SHA1 ? GNUTLS_SIGN_RSA_SHA1 : GNUTLS_SIGN_RSA_SHA256,
             GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 | GNUTLS_VERIFY_ALLOW_BROKEN, &hash, &bytes)
         >= 0;
}
