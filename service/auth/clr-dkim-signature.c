/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-signature.h"

#include "auth/clr-dkim-tags.h"

#include <string.h>

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

/* Section 3.5: simple/simple when missing, simple for the body when only the header is named. */
static const char *
read_canon (ClrDkimSignature *signature, const ClrDkimTag *tag)
{
  static const char *const names[] = { "simple", "relaxed" };
  g_autofree char *text = tag ? clr_dkim_tag_dup_compact (tag) : g_strdup ("simple");
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

const char *
clr_dkim_signature_parse (ClrDkimSignature *signature, const ClrField *field)
{
  static const char *const needed[] = { "a", "b", "bh", "d", "h", "s" };
  static const char *const missing[]
      = { "it has no a= (algorithm)", "it has no b= (signature)", "it has no bh= (body hash)",
          "it has no d= (domain)",    "it has no h= (fields)",    "it has no s= (selector)" };
  const ClrDkimTag *tag[G_N_ELEMENTS (needed)], *version;
  ClrDkimTags tags;
  const char *value, *problem, *why;
  size_t size;

  memset (signature, 0, sizeof *signature);
  signature->length = signature->time = signature->expires = -1;
  value = clr_field_get_value (field, &size);
  if (!clr_dkim_tags_parse (&tags, value, size, &problem))
    return problem;
  /* Names first, for reports. */
  for (unsigned i = 0; i < G_N_ELEMENTS (needed); i++)
    tag[i] = clr_dkim_tags_find (&tags, needed[i]);
  if (tag[3])
    signature->domain = clr_dkim_tag_dup_compact (tag[3]);
  if (tag[5])
    signature->selector = clr_dkim_tag_dup_compact (tag[5]);
  for (unsigned i = 0; i < G_N_ELEMENTS (needed); i++)
    if (tag[i] == NULL)
      return missing[i];
  version = clr_dkim_tags_find (&tags, "v");
  signature->unversioned = version == NULL;
  if (version && (version->value_size != 1 || *version->value != '1'))
    return "its version (v=) is not 1";
  if ((why = read_algorithm (signature, tag[0]))
      || (why = read_canon (signature, clr_dkim_tags_find (&tags, "c"))))
    return why;
  if (!is_name (signature->domain, TRUE))
    return "its domain (d=) is not one";
  if (!is_name (signature->selector, FALSE))
    return "its selector (s=) is not one";
  if ((why = read_identity (signature, clr_dkim_tags_find (&tags, "i")))
      || (why = read_names (signature, tag[4])) || (why = read_times (signature, &tags)))
    return why;
  if (!knows_query (clr_dkim_tags_find (&tags, "q")))
    return "its key is not to be found in the DNS (q=)";
  signature->body_hash = clr_dkim_tag_dup_bytes (tag[2], &signature->body_hash_size);
  if (signature->body_hash == NULL
      || signature->body_hash_size != (gsize)gnutls_hash_get_len (signature->hash))
    return "its body hash (bh=) is not one of its algorithm";
  signature->signature = clr_dkim_tag_dup_bytes (tag[1], &signature->signature_size);
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
