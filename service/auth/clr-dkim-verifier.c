/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-verifier.h"

#include "auth/clr-dkim-fields.h"
#include "auth/clr-dkim-record.h"
#include "auth/clr-dkim-signature.h"

#include <gnutls/crypto.h>
#include <string.h>

#define CLOCK_SLACK (10 * 3600) /* seconds a signer's clock may be fast */
#define DIGEST_MOST 32u

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
  const ClrField *field;
  ClrDkimSignature says;
  int body, query; /* -1: not needed, it is decided already */
} Signature;

struct ClrDkimVerifier
{
  const ClrHeaderBlock *header;
  ClrDkimRules rules;
  ClrDkimFields *fields;
  Signature signatures[CLR_DKIM_SIGNATURES_MOST];
  unsigned n_signatures;
  ClrDkimResult results[CLR_DKIM_SIGNATURES_MOST + 1]; /* one for all that are too many */
  unsigned n_results;
  BodyHash bodies[CLR_DKIM_SIGNATURES_MOST];
  unsigned n_bodies;
  ClrDkimQueries *queries;
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

static void
add_signature (ClrDkimVerifier *verifier, const ClrField *field)
{
  Signature *signature = &verifier->signatures[verifier->n_signatures++];
  ClrDkimResult *result = &verifier->results[verifier->n_results++];
  ClrDkimSignature *says = &signature->says;
  const char *problem;

  signature->field = field;
  signature->body = signature->query = -1;
  problem = clr_dkim_signature_parse (says, field, CLR_DKIM_SIGNATURE);
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
      signature->query = clr_dkim_queries_add (verifier->queries, says);
    }
}

ClrDkimVerifier *
clr_dkim_verifier_new (const ClrHeaderBlock *header, const ClrDkimRules *rules)
{
  ClrDkimVerifier *verifier = g_new0 (ClrDkimVerifier, 1);
  unsigned more = 0;

  verifier->header = header;
  verifier->rules = *rules;
  verifier->fields = clr_dkim_fields_new (header);
  verifier->queries = clr_dkim_queries_new ();
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
  clr_dkim_queries_free (verifier->queries);
  clr_dkim_fields_free (verifier->fields);
  g_free (verifier);
}

unsigned
clr_dkim_verifier_get_n_queries (const ClrDkimVerifier *verifier)
{
  return clr_dkim_queries_get_size (verifier->queries);
}

const char *
clr_dkim_verifier_get_query (const ClrDkimVerifier *verifier, unsigned index)
{
  return clr_dkim_queries_get_name (verifier->queries, index);
}

void
clr_dkim_verifier_feed_key (ClrDkimVerifier *verifier, unsigned index, ClrDkimKeyStatus status,
                            const char *const *records, unsigned n_records)
{
  clr_dkim_queries_feed (verifier->queries, index, status, records, n_records);
}

void
clr_dkim_verifier_feed_body (ClrDkimVerifier *verifier, const uint8_t *bytes, size_t size)
{
  for (unsigned i = 0; i < verifier->n_bodies; i++)
    clr_dkim_body_feed (verifier->bodies[i].body, bytes, size);
}

/* Section 3.7. */
static void
hash_header (ClrDkimVerifier *verifier, const Signature *signature, uint8_t digest[DIGEST_MOST])
{
  g_autoptr (GString) canonical = g_string_sized_new (2048);
  ClrCanon canon = signature->says.header_canon;

  clr_dkim_fields_append (verifier->fields, signature->says.names, signature->field, canon, canonical);
  clr_dkim_signature_append_unsigned (signature->field, canon, canonical);
  gnutls_hash_fast (signature->says.hash, canonical->str, canonical->len, digest);
}

static void
judge_with_record (ClrDkimVerifier *verifier, const Signature *signature, const char *text,
                   ClrDkimResult *result)
{
  const char *problem = NULL;
  g_autoptr (ClrDkimRecord) record = clr_dkim_record_parse (text, strlen (text), NULL, &problem);
  const char *name = clr_dkim_queries_get_name (verifier->queries, signature->query);
  const ClrDkimSignature *says = &signature->says;
  BodyHash *body = &verifier->bodies[signature->body];
  uint8_t digest[DIGEST_MOST];

  result->unsigned_size = 0;
  if (record)
    {
      result->testing = record->testing;
      result->bits = record->bits;
      problem = clr_dkim_signature_find_objection (says, record);
    }
  if (problem)
    {
      decide (result, CLR_DKIM_PERMERROR, "the key at %s cannot be used: %s", name, problem);
      return;
    }
  result->weak = clr_dkim_signature_is_weak (says, record);
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
  result->fits = clr_dkim_signature_fits (says, record, digest);
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
  const char *name = clr_dkim_queries_get_name (verifier->queries, signature->query);
  const char *const *records;

  switch (clr_dkim_queries_get (verifier->queries, signature->query, &records))
    {
    case CLR_DKIM_KEY_TEMPORARY:
      decide (result, CLR_DKIM_TEMPERROR, "the key at %s cannot be looked up now", name);
      break;
    case CLR_DKIM_KEY_NONE:
      decide (result, CLR_DKIM_PERMERROR, "there is no key at %s", name);
      break;
    case CLR_DKIM_KEY_FOUND:
      for (; *records && result->verdict != CLR_DKIM_PASS; records++)
        judge_with_record (verifier, signature, *records, result);
      break;
    }
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
