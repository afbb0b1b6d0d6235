/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-arc.h"

#include "auth/clr-dkim-fields.h"
#include "auth/clr-dkim-signature.h"
#include "auth/clr-dkim-tags.h"
#include "mail/clr-comment.h"

#include <string.h>

#define RESULTS_MOST 500u /* octets that are shown */

/* One set: three fields of the same instance. */
typedef struct
{
  const ClrField *results, *signature, *seal;
  ClrDkimSignature says_signature, says_seal;
  unsigned seal_query;
} Set;

struct ClrArc
{
  const ClrHeaderBlock *header;
  Set sets[CLR_ARC_SETS_MOST];
  ClrArcSet shown[CLR_ARC_SETS_MOST];
  unsigned n_sets;
  ClrDkimQueries *queries;  /* of all seals, and of the newest signature */
  unsigned signature_query; /* of the newest */
  ClrDkimBody *body;
  gnutls_hash_hd_t hash;
  uint64_t seen; /* octets of the canonical body */
  ClrArcVerdict verdict;
  char *reason; /* NULL: not decided */
};

const char *
clr_arc_verdict_get_name (ClrArcVerdict verdict)
{
  static const char *const names[] = { "none", "pass", "fail", "temperror" };

  return names[verdict];
}

/* The first word counts. */
static void G_GNUC_PRINTF (3, 4) decide (ClrArc *arc, ClrArcVerdict verdict, const char *format, ...)
{
  va_list args;

  if (arc->reason)
    return;
  va_start (args, format);
  arc->reason = g_strdup_vprintf (format, args);
  va_end (args);
  arc->verdict = verdict;
}

/* 1 to 50, digits only. Returns: 0 when it is none. */
static unsigned
read_instance (const char *text, size_t size)
{
  unsigned value = 0;

  for (size_t i = 0; i < size; i++)
    {
      if (!g_ascii_isdigit (text[i]) || i > 2)
        return 0;
      value = value * 10 + (text[i] - '0');
    }
  return value <= CLR_ARC_SETS_MOST ? value : 0;
}

static size_t
skip_space (const char *text, size_t size, size_t i)
{
  while (i < size)
    if (text[i] == '(')
      i += clr_comment_measure (text + i, size - i);
    else if (text[i] && strchr (" \t\r\n", text[i]))
      i++;
    else
      break;
  return i;
}

/* "i=1;" stands first (section 4.1.1). */
static unsigned
find_results_instance (const ClrField *field)
{
  size_t size, i, start;
  const char *value = clr_field_get_value (field, &size);

  i = skip_space (value, size, 0);
  if (i >= size || (value[i] != 'i' && value[i] != 'I'))
    return 0;
  i = skip_space (value, size, i + 1);
  if (i >= size || value[i] != '=')
    return 0;
  start = i = skip_space (value, size, i + 1);
  while (i < size && g_ascii_isdigit (value[i]))
    i++;
  size_t digits = i - start;
  i = skip_space (value, size, i);
  return i < size && value[i] == ';' ? read_instance (value + start, digits) : 0;
}

static unsigned
find_tag_instance (const ClrField *field)
{
  ClrDkimTags tags;
  const char *problem, *value;
  const ClrDkimTag *tag;
  size_t size;

  value = clr_field_get_value (field, &size);
  if (!clr_dkim_tags_parse (&tags, value, size, &problem))
    return 0;
  tag = clr_dkim_tags_find (&tags, "i");
  return tag ? read_instance (tag->value, tag->value_size) : 0;
}

/* Section 5.2, step 1 and 3A: sets without gaps, each field once. */
static void
collect_sets (ClrArc *arc)
{
  static const char *const names[] = { "ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal" };
  unsigned n = 0;

  for (unsigned i = 0; i < arc->header->n_fields; i++)
    for (unsigned kind = 0; kind < G_N_ELEMENTS (names); kind++)
      {
        const ClrField *field = &arc->header->fields[i];
        const ClrField **place;
        unsigned instance;

        if (!clr_field_is (field, names[kind]))
          continue;
        instance = kind == 0 ? find_results_instance (field) : find_tag_instance (field);
        n++;
        if (instance == 0)
          {
            decide (arc, CLR_ARC_FAIL, "a field %s has no instance (i=) from 1 to %u", names[kind],
                    CLR_ARC_SETS_MOST);
            continue;
          }
        Set *set = &arc->sets[instance - 1];
        place = kind == 0 ? &set->results : kind == 1 ? &set->signature : &set->seal;
        if (*place)
          decide (arc, CLR_ARC_FAIL, "there are two fields %s of instance %u", names[kind], instance);
        *place = field;
        arc->n_sets = MAX (arc->n_sets, instance);
      }
  for (unsigned i = 0; i < arc->n_sets; i++)
    if (!arc->sets[i].results || !arc->sets[i].signature || !arc->sets[i].seal)
      decide (arc, CLR_ARC_FAIL, "instance %u is not complete", i + 1);
  if (n == 0)
    decide (arc, CLR_ARC_NONE, "the message has no ARC sets");
}

static char *
dup_chain_word (const ClrField *seal)
{
  ClrDkimTags tags;
  const char *problem, *value;
  const ClrDkimTag *tag;
  size_t size;

  value = clr_field_get_value (seal, &size);
  if (!clr_dkim_tags_parse (&tags, value, size, &problem) || !(tag = clr_dkim_tags_find (&tags, "cv")))
    return NULL;
  g_autofree char *word = clr_dkim_tag_dup_compact (tag);
  return g_ascii_strdown (word, -1);
}

/* Section 5.2, step 2 and 3B. */
static void
check_chain_word (ClrArc *arc, unsigned i)
{
  const char *word = arc->shown[i].chain_word;

  if (g_strcmp0 (word, "fail") == 0)
    decide (arc, CLR_ARC_FAIL, "seal %u says that the chain had failed before", i + 1);
  else if (g_strcmp0 (word, i == 0 ? "none" : "pass") != 0)
    decide (arc, CLR_ARC_FAIL, "seal %u says cv=%s, which cannot be at its place", i + 1, word ? word : "");
}

static void
read_sets (ClrArc *arc)
{
  for (unsigned i = 0; i < arc->n_sets; i++)
    {
      Set *set = &arc->sets[i];
      ClrArcSet *shown = &arc->shown[i];
      const char *why;

      if (set->results)
        shown->results = clr_field_dup_text (set->results, RESULTS_MOST);
      if (set->signature)
        {
          why = clr_dkim_signature_parse (&set->says_signature, set->signature, CLR_ARC_SIGNATURE);
          shown->signature_domain = set->says_signature.domain;
          /* Only the newest has to be valid (step 3C and 4). */
          if (why && i + 1 == arc->n_sets)
            decide (arc, CLR_ARC_FAIL, "the newest signature is not valid: %s", why);
        }
      if (set->seal)
        {
          why = clr_dkim_signature_parse (&set->says_seal, set->seal, CLR_ARC_SEAL);
          shown->seal_domain = set->says_seal.domain;
          shown->seal_selector = set->says_seal.selector;
          shown->chain_word = dup_chain_word (set->seal);
          if (why)
            decide (arc, CLR_ARC_FAIL, "seal %u is not valid: %s", i + 1, why);
        }
    }
}

static void
take_canonical (const void *bytes, size_t size, void *data)
{
  ClrArc *arc = data;
  int64_t length = arc->sets[arc->n_sets - 1].says_signature.length;
  size_t n = size;

  if (length >= 0)
    n = arc->seen >= (uint64_t)length ? 0 : MIN (size, (uint64_t)length - arc->seen);
  gnutls_hash (arc->hash, bytes, n);
  arc->seen += size;
}

ClrArc *
clr_arc_new (const ClrHeaderBlock *header, int64_t now)
{
  ClrArc *arc = g_new0 (ClrArc, 1);
  const ClrDkimSignature *newest;

  arc->header = header;
  arc->queries = clr_dkim_queries_new ();
  collect_sets (arc);
  read_sets (arc);
  for (unsigned i = arc->n_sets; i-- > 0;)
    if (arc->sets[i].seal)
      check_chain_word (arc, i);
  if (arc->reason)
    return arc;
  newest = &arc->sets[arc->n_sets - 1].says_signature;
  if (newest->expires >= 0 && newest->expires < now)
    {
      decide (arc, CLR_ARC_FAIL, "the newest signature has expired");
      return arc;
    }
  arc->signature_query = clr_dkim_queries_add (arc->queries, newest);
  for (unsigned i = 0; i < arc->n_sets; i++)
    arc->sets[i].seal_query = clr_dkim_queries_add (arc->queries, &arc->sets[i].says_seal);
  gnutls_hash_init (&arc->hash, newest->hash);
  arc->body = clr_dkim_body_new (newest->body_canon);
  clr_dkim_body_set_sink (arc->body, take_canonical, arc);
  return arc;
}

void
clr_arc_free (ClrArc *arc)
{
  for (unsigned i = 0; i < CLR_ARC_SETS_MOST; i++)
    {
      clr_dkim_signature_clear (&arc->sets[i].says_signature);
      clr_dkim_signature_clear (&arc->sets[i].says_seal);
      g_free (arc->shown[i].chain_word);
      g_free (arc->shown[i].results);
    }
  clr_dkim_queries_free (arc->queries);
  if (arc->body)
    {
      clr_dkim_body_free (arc->body);
      gnutls_hash_deinit (arc->hash, NULL);
    }
  g_free (arc->reason);
  g_free (arc);
}

unsigned
clr_arc_get_n_queries (const ClrArc *arc)
{
  return clr_dkim_queries_get_size (arc->queries);
}

const char *
clr_arc_get_query (const ClrArc *arc, unsigned index)
{
  return clr_dkim_queries_get_name (arc->queries, index);
}

void
clr_arc_feed_key (ClrArc *arc, unsigned index, ClrDkimKeyStatus status, const char *const *records,
                  unsigned n_records)
{
  clr_dkim_queries_feed (arc->queries, index, status, records, n_records);
}

void
clr_arc_feed_body (ClrArc *arc, const uint8_t *bytes, size_t size)
{
  if (arc->body)
    clr_dkim_body_feed (arc->body, bytes, size);
}

/* Whether some published key fits @digest. @what: "seal 2", for people. */
static void
check_key (ClrArc *arc, const ClrDkimSignature *says, unsigned number, const uint8_t *digest,
           const char *what)
{
  const char *name = clr_dkim_queries_get_name (arc->queries, number);
  g_autofree char *why = g_strdup ("the signature does not fit");
  const char *const *text;
  ClrDkimKeyStatus status = clr_dkim_queries_get (arc->queries, number, &text);

  if (status == CLR_DKIM_KEY_TEMPORARY)
    {
      decide (arc, CLR_ARC_TEMPERROR, "the key of %s at %s cannot be looked up now", what, name);
      return;
    }
  if (status == CLR_DKIM_KEY_NONE)
    {
      decide (arc, CLR_ARC_FAIL, "there is no key of %s at %s", what, name);
      return;
    }
  for (; *text; text++)
    {
      const char *problem = NULL;
      g_autoptr (ClrDkimRecord) record = clr_dkim_record_parse (*text, strlen (*text), NULL, &problem);

      if (record && (problem = clr_dkim_signature_find_objection (says, record)) == NULL
          && clr_dkim_signature_is_weak (says, record))
        problem = "it is too weak (RFC 8301)";
      if (problem)
        {
          g_free (why);
          why = g_strdup_printf ("its key cannot be used: %s", problem);
        }
      else if (clr_dkim_signature_fits (says, record, digest))
        return;
    }
  decide (arc, CLR_ARC_FAIL, "%s: %s", what, why);
}

/* Step 3C. */
static void
check_signature (ClrArc *arc)
{
  const Set *newest = &arc->sets[arc->n_sets - 1];
  const ClrDkimSignature *says = &newest->says_signature;
  ClrDkimFields *fields = clr_dkim_fields_new (arc->header);
  g_autoptr (GString) signed_text = g_string_sized_new (2048);
  uint8_t digest[64], unused[32];

  clr_dkim_body_end (arc->body, unused);
  gnutls_hash_output (arc->hash, digest);
  if ((says->length >= 0 && (uint64_t)says->length > arc->seen)
      || memcmp (digest, says->body_hash, says->body_hash_size) != 0)
    decide (arc, CLR_ARC_FAIL, "the body was changed after the newest set was made");
  clr_dkim_fields_append (fields, says->names, newest->signature, says->header_canon, signed_text);
  clr_dkim_signature_append_unsigned (newest->signature, says->header_canon, signed_text);
  gnutls_hash_fast (says->hash, signed_text->str, signed_text->len, digest);
  check_key (arc, says, arc->signature_query, digest, "the newest signature");
  clr_dkim_fields_free (fields);
}

/* Step 5; section 5.1.1: each seal signs all sets up to its own, in their order. */
static void
check_seals (ClrArc *arc)
{
  g_autoptr (GString) sealed = g_string_sized_new (4096);

  for (unsigned i = 0; i < arc->n_sets && arc->reason == NULL; i++)
    {
      const Set *set = &arc->sets[i];
      g_autofree char *what = g_strdup_printf ("seal %u", i + 1);
      uint8_t digest[64];
      size_t before;

      clr_dkim_canon_field (CLR_CANON_RELAXED, set->results->start, set->results->size, sealed);
      clr_dkim_canon_field (CLR_CANON_RELAXED, set->signature->start, set->signature->size, sealed);
      before = sealed->len;
      clr_dkim_signature_append_unsigned (set->seal, CLR_CANON_RELAXED, sealed);
      gnutls_hash_fast (set->says_seal.hash, sealed->str, sealed->len, digest);
      check_key (arc, &set->says_seal, set->seal_query, digest, what);
      g_string_truncate (sealed, before);
      clr_dkim_canon_field (CLR_CANON_RELAXED, set->seal->start, set->seal->size, sealed);
    }
}

ClrArcVerdict
clr_arc_end (ClrArc *arc, const char **reason)
{
  if (arc->reason == NULL)
    {
      check_signature (arc);
      check_seals (arc);
      decide (arc, CLR_ARC_PASS, "%u sets, and each seal fits", arc->n_sets);
    }
  *reason = arc->reason;
  return arc->verdict;
}

const ClrArcSet *
clr_arc_get_sets (const ClrArc *arc, unsigned *n_sets)
{
  *n_sets = arc->n_sets;
  return arc->shown;
}
