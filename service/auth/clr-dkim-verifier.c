/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-verifier.h"

#include "auth/clr-dkim-record.h"
#include "auth/clr-dkim-signature.h"

#include <gnutls/crypto.h>
#include <string.h>

#define SMALLEST_RSA 1024u       /* RFC 8301 section 3.2 */
#define CLOCK_SLACK  (10 * 3600) /* seconds a signer's clock may be fast */
#define DIGEST_MOST  32u

/* One body hash; signatures that ask for the same share it. */
typedef struct
{
  ClrCanon canon;
  gnutls_digest_algorithm_t algorithm;
  int64_t length; /* -1: all */
  uint64_t seen;
  ClrDkimBody *body;
  gnutls_hash_hd_t hash;
  uint8_t digest[DIGEST_MOST];
} BodyHash;

typedef struct
{
  char *name;
  ClrDkimKeyStatus status;
  char **records;
  gboolean fed;
} Query;

typedef struct
{
  const ClrField *field;
  ClrDkimSignature says;
  int body, query; /* -1: not needed, it is decided already */
} Signature;

struct ClrDkimVerifier
{
  const ClrHeaderBlock *header;
  ClrDkimRules rules;
  GHashTable *by_name; /* name in lower case -> GArray of field numbers from the top */
  Signature signatures[CLR_DKIM_SIGNATURES_MOST];
  unsigned n_signatures;
  ClrDkimResult results[CLR_DKIM_SIGNATURES_MOST + 1]; /* one for all that are too many */
  unsigned n_results;
  BodyHash bodies[CLR_DKIM_SIGNATURES_MOST];
  unsigned n_bodies;
  Query queries[CLR_DKIM_SIGNATURES_MOST];
  unsigned n_queries;
  unsigned nearest; /* the result that decides */
};

const char *
clr_dkim_verdict_get_name (ClrDkimVerdict verdict)
{
  static const char *const names[] = { "none", "pass", "fail", "neutral", "temperror", "permerror" };

  return names[verdict];
}

static void G_GNUC_PRINTF (3, 4)
    decide (ClrDkimResult *result, ClrDkimVerdict verdict, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_free (result->reason);
  result->reason = g_strdup_vprintf (format, args);
  va_end (args);
  result->verdict = verdict;
}

static void
index_fields (ClrDkimVerifier *verifier)
{
  verifier->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
  for (unsigned i = 0; i < verifier->header->n_fields; i++)
    {
      const ClrField *field = &verifier->header->fields[i];
      g_autofree char *name = g_ascii_strdown (field->start, field->name_size);
      GArray *numbers = g_hash_table_lookup (verifier->by_name, name);

      if (field->name_size == 0)
        continue;
      if (numbers == NULL)
        {
          numbers = g_array_new (FALSE, FALSE, sizeof (unsigned));
          g_hash_table_insert (verifier->by_name, g_steal_pointer (&name), numbers);
        }
      g_array_append_val (numbers, i);
    }
}

/* What comes out of the canonicalization goes into the hash, as far as l= reaches (section 3.4.5). */
static void
take_canonical (const void *bytes, size_t size, void *data)
{
  BodyHash *body = data;
  size_t n = size;

  if (body->length >= 0)
    n = body->seen >= (uint64_t)body->length ? 0 : MIN (size, (uint64_t)body->length - body->seen);
  gnutls_hash (body->hash, bytes, n);
  body->seen += size;
}

static int
share_body (ClrDkimVerifier *verifier, const ClrDkimSignature *says)
{
  BodyHash *body;

  for (unsigned i = 0; i < verifier->n_bodies; i++)
    if (verifier->bodies[i].canon == says->body_canon && verifier->bodies[i].algorithm == says->hash
        && verifier->bodies[i].length == says->length)
      return i;
  body = &verifier->bodies[verifier->n_bodies];
  body->canon = says->body_canon;
  body->algorithm = says->hash;
  body->length = says->length;
  body->body = clr_dkim_body_new (says->body_canon);
  gnutls_hash_init (&body->hash, says->hash);
  clr_dkim_body_set_sink (body->body, take_canonical, body);
  return verifier->n_bodies++;
}

static int
share_query (ClrDkimVerifier *verifier, const ClrDkimSignature *says)
{
  g_autofree char *joined = g_strdup_printf ("%s._domainkey.%s", says->selector, says->domain);
  g_autofree char *name = g_utf8_strdown (joined, -1);

  for (unsigned i = 0; i < verifier->n_queries; i++)
    if (g_str_equal (verifier->queries[i].name, name))
      return i;
  verifier->queries[verifier->n_queries].name = g_steal_pointer (&name);
  return verifier->n_queries++;
}

static void
add_signature (ClrDkimVerifier *verifier, const ClrField *field)
{
  Signature *signature = &verifier->signatures[verifier->n_signatures++];
  ClrDkimResult *result = &verifier->results[verifier->n_results++];
  ClrDkimSignature *says = &signature->says;
  const char *problem;

  signature->field = field;
  signature->body = signature->query = -1;
  problem = clr_dkim_signature_parse (says, field);
  result->domain = says->domain;
  result->selector = says->selector;
  result->identity = says->identity;
  result->algorithm = says->algorithm;
  result->length = says->length;
  result->time = says->time;
  result->expires = says->expires;
  result->names = says->names;
  if (says->signature)
    {
      result->start = g_base64_encode (says->signature, says->signature_size);
      result->start[MIN (strlen (result->start), 12)] = 0;
    }
  if (problem)
    decide (result, CLR_DKIM_PERMERROR, "the signature is not valid: %s", problem);
  else if (says->expires >= 0 && says->expires < verifier->rules.now)
    decide (result, CLR_DKIM_PERMERROR, "the signature has expired (x=%" G_GINT64_FORMAT ")", says->expires);
  else if (says->time > verifier->rules.now + CLOCK_SLACK)
    decide (result, CLR_DKIM_PERMERROR, "the signature comes from the future (t=%" G_GINT64_FORMAT ")",
            says->time);
  else
    {
      signature->body = share_body (verifier, says);
      signature->query = share_query (verifier, says);
    }
}

ClrDkimVerifier *
clr_dkim_verifier_new (const ClrHeaderBlock *header, const ClrDkimRules *rules)
{
  ClrDkimVerifier *verifier = g_new0 (ClrDkimVerifier, 1);
  unsigned more = 0;

  verifier->header = header;
  verifier->rules = *rules;
  index_fields (verifier);
  for (unsigned i = 0; i < header->n_fields; i++)
    if (!clr_field_is (&header->fields[i], "DKIM-Signature"))
      continue;
    else if (verifier->n_signatures < CLR_DKIM_SIGNATURES_MOST)
      add_signature (verifier, &header->fields[i]);
    else
      more++;
  if (more > 0)
    {
      ClrDkimResult *result = &verifier->results[verifier->n_results++];

      result->length = result->time = result->expires = -1;
      decide (result, CLR_DKIM_NEUTRAL, "%u further signatures were not looked at", more);
    }
  return verifier;
}

void
clr_dkim_verifier_free (ClrDkimVerifier *verifier)
{
  for (unsigned i = 0; i < verifier->n_signatures; i++)
    clr_dkim_signature_clear (&verifier->signatures[i].says);
  for (unsigned i = 0; i < verifier->n_results; i++)
    {
      g_free (verifier->results[i].reason);
      g_free (verifier->results[i].start);
    }
  for (unsigned i = 0; i < verifier->n_bodies; i++)
    {
      clr_dkim_body_free (verifier->bodies[i].body);
      gnutls_hash_deinit (verifier->bodies[i].hash, NULL);
    }
  for (unsigned i = 0; i < verifier->n_queries; i++)
    {
      g_free (verifier->queries[i].name);
      g_strfreev (verifier->queries[i].records);
    }
  g_hash_table_unref (verifier->by_name);
  g_free (verifier);
}

unsigned
clr_dkim_verifier_get_n_queries (const ClrDkimVerifier *verifier)
{
  return verifier->n_queries;
}

const char *
clr_dkim_verifier_get_query (const ClrDkimVerifier *verifier, unsigned index)
{
  g_assert (index < verifier->n_queries);
  return verifier->queries[index].name;
}

void
clr_dkim_verifier_feed_key (ClrDkimVerifier *verifier, unsigned index, ClrDkimKeyStatus status,
                            const char *const *records, unsigned n_records)
{
  Query *query = &verifier->queries[index];

  g_assert (index < verifier->n_queries && !query->fed);
  query->fed = TRUE;
  query->status = status == CLR_DKIM_KEY_FOUND && n_records == 0 ? CLR_DKIM_KEY_NONE : status;
  query->records = g_new0 (char *, MIN (n_records, CLR_DKIM_RECORDS_MOST) + 1);
  for (unsigned i = 0; i < MIN (n_records, CLR_DKIM_RECORDS_MOST); i++)
    query->records[i] = g_strdup (records[i]);
}

void
clr_dkim_verifier_feed_body (ClrDkimVerifier *verifier, const uint8_t *bytes, size_t size)
{
  for (unsigned i = 0; i < verifier->n_bodies; i++)
    clr_dkim_body_feed (verifier->bodies[i].body, bytes, size);
}

/* Section 3.7. Of several fields of a name, the last is taken first; the signature itself is none of them
 * (section 3.5, h=). */
static void
hash_header (ClrDkimVerifier *verifier, const Signature *signature, uint8_t digest[DIGEST_MOST])
{
  g_autoptr (GString) canonical = g_string_sized_new (2048);
  g_autoptr (GHashTable) taken = g_hash_table_new (NULL, NULL); /* GArray -> how many, from the bottom */
  ClrCanon canon = signature->says.header_canon;

  for (char **word = signature->says.names; *word; word++)
    {
      g_autofree char *name = g_ascii_strdown (*word, -1);
      GArray *numbers = g_hash_table_lookup (verifier->by_name, name);
      unsigned used = numbers ? GPOINTER_TO_UINT (g_hash_table_lookup (taken, numbers)) : 0;

      while (numbers && used < numbers->len)
        {
          unsigned number = g_array_index (numbers, unsigned, numbers->len - ++used);
          const ClrField *field = &verifier->header->fields[number];

          if (field == signature->field)
            continue;
          clr_dkim_canon_field (canon, field->start, field->size, canonical);
          break;
        }
      if (numbers)
        g_hash_table_insert (taken, numbers, GUINT_TO_POINTER (used));
    }
  clr_dkim_signature_append_unsigned (signature->field, canon, canonical);
  gnutls_hash_fast (signature->says.hash, canonical->str, canonical->len, digest);
}

static gboolean
check_signature (const Signature *signature, const ClrDkimRecord *record, const uint8_t digest[DIGEST_MOST])
{
  gnutls_datum_t hash = { (unsigned char *)digest, gnutls_hash_get_len (signature->says.hash) };
  gnutls_datum_t bytes = { signature->says.signature, signature->says.signature_size };

  /* RFC 8463 section 3: Ed25519 signs the SHA-256 hash as its message. Weak ones are checked too, so that
   * "wrong" and "weak" can be told apart. */
  if (record->kind == GNUTLS_PK_EDDSA_ED25519)
    return gnutls_pubkey_verify_data2 (record->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &hash, &bytes) >= 0;
  return gnutls_pubkey_verify_hash2 (
             record->key,
             signature->says.hash == GNUTLS_DIG_SHA1 ? GNUTLS_SIGN_RSA_SHA1 : GNUTLS_SIGN_RSA_SHA256,
             GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 | GNUTLS_VERIFY_ALLOW_BROKEN, &hash, &bytes)
         >= 0;
}

/* Whether the key may be used for this signature, section 6.1.2. Returns: NULL, or why not. */
static const char *
find_objection (const ClrDkimSignature *says, const ClrDkimRecord *record)
{
  const char *at = strrchr (says->identity, '@');

  if (record->revoked)
    return "it has been revoked (p= is empty)";
  if (record->kind != says->kind)
    return "it is of another kind (k=) than the signature's algorithm (a=)";
  if (says->hash == GNUTLS_DIG_SHA1 ? !record->sha1 : !record->sha256)
    return "it is not for this hash algorithm (h=)";
  if (!record->for_mail)
    return "it is not for mail (s=)";
  if (record->strict && g_ascii_strcasecmp (at + 1, says->domain) != 0)
    return "it is not for subdomains (t=s)";
  return NULL;
}

static void
judge_with_record (ClrDkimVerifier *verifier, const Signature *signature, const char *text,
                   ClrDkimResult *result)
{
  const char *problem = NULL;
  g_autoptr (ClrDkimRecord) record = clr_dkim_record_parse (text, strlen (text), NULL, &problem);
  const char *name = verifier->queries[signature->query].name;
  const ClrDkimSignature *says = &signature->says;
  BodyHash *body = &verifier->bodies[signature->body];
  uint8_t digest[DIGEST_MOST];

  result->unsigned_size = 0;
  if (record)
    {
      result->testing = record->testing;
      result->bits = record->bits;
      problem = find_objection (says, record);
    }
  if (problem)
    {
      decide (result, CLR_DKIM_PERMERROR, "the key at %s cannot be used: %s", name, problem);
      return;
    }
  result->weak
      = says->hash == GNUTLS_DIG_SHA1 || (record->kind == GNUTLS_PK_RSA && record->bits < SMALLEST_RSA);
  /* Section 3.5, l=: not larger than the body. */
  if (says->length >= 0 && (uint64_t)says->length > body->seen)
    {
      decide (result, CLR_DKIM_PERMERROR, "it signs more octets (l=) than the body has");
      return;
    }
  if (says->length >= 0)
    result->unsigned_size = body->seen - says->length;
  if (memcmp (body->digest, says->body_hash, says->body_hash_size) != 0)
    {
      decide (result, CLR_DKIM_FAIL, "the body was changed after it was signed");
      return;
    }
  hash_header (verifier, signature, digest);
  result->fits = check_signature (signature, record, digest);
  if (!result->fits)
    decide (result, CLR_DKIM_FAIL,
            "the signature does not fit: a signed header field was changed, or another key made it");
  else if (says->unversioned)
    /* Section 6.1.1 asks no further; a changed message is told as that first. */
    decide (result, CLR_DKIM_PERMERROR, "it fits, but has no v=1 and was made before the standard");
  else if (result->weak && !verifier->rules.weak_allowed)
    decide (result, CLR_DKIM_PERMERROR, "%s",
            says->hash == GNUTLS_DIG_SHA1 ? "rsa-sha1 is too weak to be believed (RFC 8301)"
                                          : "its RSA key is too short to be believed (RFC 8301)");
  else if (result->unsigned_size > 0)
    decide (result, CLR_DKIM_PASS,
            "good, but only the first %" G_GINT64_FORMAT " octets of the body are signed", says->length);
  else
    decide (result, CLR_DKIM_PASS, "good");
}

static void
judge (ClrDkimVerifier *verifier, const Signature *signature, ClrDkimResult *result)
{
  const Query *query = &verifier->queries[signature->query];

  if (!query->fed || query->status == CLR_DKIM_KEY_TEMPORARY)
    decide (result, CLR_DKIM_TEMPERROR, "the key at %s cannot be looked up now", query->name);
  else if (query->status == CLR_DKIM_KEY_NONE)
    decide (result, CLR_DKIM_PERMERROR, "there is no key at %s", query->name);
  else
    for (char **record = query->records; *record && result->verdict != CLR_DKIM_PASS; record++)
      judge_with_record (verifier, signature, *record, result);
}

/* How near to a pass. */
static int
nearness (const ClrDkimResult *result)
{
  static const int by_verdict[] = {
    [CLR_DKIM_PASS] = 5,
    [CLR_DKIM_TEMPERROR] = 4,
    [CLR_DKIM_FAIL] = 2,
    [CLR_DKIM_PERMERROR] = 1,
  };

  return result->verdict == CLR_DKIM_PERMERROR && result->fits ? 3 : by_verdict[result->verdict];
}

ClrDkimVerdict
clr_dkim_verifier_end (ClrDkimVerifier *verifier)
{
  uint8_t unused[32];
  unsigned nearest = 0;

  for (unsigned i = 0; i < verifier->n_bodies; i++)
    {
      clr_dkim_body_end (verifier->bodies[i].body, unused);
      gnutls_hash_output (verifier->bodies[i].hash, verifier->bodies[i].digest);
    }
  for (unsigned i = 0; i < verifier->n_signatures; i++)
    if (verifier->signatures[i].query >= 0)
      judge (verifier, &verifier->signatures[i], &verifier->results[i]);
  for (unsigned i = 1; i < verifier->n_results; i++)
    if (nearness (&verifier->results[i]) > nearness (&verifier->results[nearest]))
      nearest = i;
  verifier->nearest = nearest;
  return verifier->n_results ? verifier->results[nearest].verdict : CLR_DKIM_NONE;
}

const ClrDkimResult *
clr_dkim_verifier_get_results (const ClrDkimVerifier *verifier, unsigned *n_results)
{
  *n_results = verifier->n_results;
  return verifier->results;
}

const ClrDkimResult *
clr_dkim_verifier_get_nearest (const ClrDkimVerifier *verifier)
{
  return verifier->n_results ? &verifier->results[verifier->nearest] : NULL;
}
