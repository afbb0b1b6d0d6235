/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-dane.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>

#define RECORDS_MOST 64u /* that are used; each costs a comparison a certificate, or a signature check */
#define DIGEST_MOST  64u

enum
{
  USAGE_TA = 2,
  USAGE_EE = 3,
};
enum
{
  SELECT_CERTIFICATE,
  SELECT_KEY,
};
enum
{
  MATCH_FULL,
  MATCH_SHA256,
  MATCH_SHA512,
};

typedef struct
{
  ClrTlsaUse use;
  unsigned usage, selector, matching;
  gnutls_datum_t data;
} Tlsa;

struct ClrDane
{
  Tlsa *records;
  unsigned n_records;
};

typedef struct
{
  gnutls_x509_crt_t certificate;
  gnutls_datum_t der; /* the chain's */
  gnutls_datum_t key; /* SubjectPublicKeyInfo, own; empty when it has none we could read */
} Link;

typedef struct
{
  Link links[CLR_DANE_CHAIN_MOST];
  unsigned n_links;
} Chain;

static gboolean
equals (const gnutls_datum_t *a, const gnutls_datum_t *b)
{
  return a->size == b->size && a->size > 0 && memcmp (a->data, b->data, a->size) == 0;
}

/* -- records */

static gboolean
is_certificate (const gnutls_datum_t *data)
{
  gnutls_x509_crt_t certificate;
  gboolean ok;

  gnutls_x509_crt_init (&certificate);
  ok = gnutls_x509_crt_import (certificate, data, GNUTLS_X509_FMT_DER) >= 0;
  gnutls_x509_crt_deinit (certificate);
  return ok;
}

static gboolean
is_key (const gnutls_datum_t *data)
{
  gnutls_pubkey_t key;
  gboolean ok;

  gnutls_pubkey_init (&key);
  ok = gnutls_pubkey_import (key, data, GNUTLS_X509_FMT_DER) >= 0;
  gnutls_pubkey_deinit (key);
  return ok;
}

static ClrTlsaUse
judge_record (const Tlsa *tlsa)
{
  /* RFC 7672 section 3.1.3: usages 0 and 1 cannot be used, there is no PKIX that all agree upon. */
  if (tlsa->usage != USAGE_TA && tlsa->usage != USAGE_EE)
    return CLR_TLSA_USAGE;
  if (tlsa->selector > SELECT_KEY)
    return CLR_TLSA_SELECTOR;
  switch (tlsa->matching)
    {
    case MATCH_FULL:
      return (tlsa->selector == SELECT_KEY ? is_key : is_certificate) (&tlsa->data) ? CLR_TLSA_USABLE
                                                                                    : CLR_TLSA_DATA;
    case MATCH_SHA256:
      return tlsa->data.size == 32 ? CLR_TLSA_USABLE : CLR_TLSA_DATA;
    case MATCH_SHA512:
      return tlsa->data.size == 64 ? CLR_TLSA_USABLE : CLR_TLSA_DATA;
    default:
      return CLR_TLSA_MATCHING;
    }
}

/* RFC 7671 section 9: of one usage and selector, only the strongest digest counts, and what is no digest. */
static void
drop_weaker (ClrDane *dane)
{
  for (unsigned i = 0; i < dane->n_records; i++)
    for (unsigned k = 0; k < dane->n_records; k++)
      {
        Tlsa *a = &dane->records[i];
        const Tlsa *b = &dane->records[k];

        if (a->use == CLR_TLSA_USABLE && b->use == CLR_TLSA_USABLE && a->usage == b->usage
            && a->selector == b->selector && a->matching == MATCH_SHA256 && b->matching == MATCH_SHA512)
          a->use = CLR_TLSA_WEAKER;
      }
}

ClrDane *
clr_dane_new (const ClrDnsRecord *records, unsigned n)
{
  ClrDane *dane = g_new0 (ClrDane, 1);

  dane->n_records = MIN (n, RECORDS_MOST);
  dane->records = g_new0 (Tlsa, dane->n_records);
  for (unsigned i = 0; i < dane->n_records; i++)
    {
      Tlsa *tlsa = &dane->records[i];

      *tlsa = (Tlsa){ .usage = records[i].usage,
                      .selector = records[i].selector,
                      .matching = records[i].matching };
      tlsa->data.data = g_memdup2 (records[i].bytes, records[i].size);
      tlsa->data.size = records[i].size;
      tlsa->use = judge_record (tlsa);
    }
  drop_weaker (dane);
  return dane;
}

void
clr_dane_free (ClrDane *dane)
{
  for (unsigned i = 0; i < dane->n_records; i++)
    g_free (dane->records[i].data.data);
  g_free (dane->records);
  g_free (dane);
}

ClrTlsaUse
clr_dane_get_use (const ClrDane *dane, unsigned index)
{
  return index < dane->n_records ? dane->records[index].use : CLR_TLSA_DATA;
}

gboolean
clr_dane_is_usable (const ClrDane *dane)
{
  for (unsigned i = 0; i < dane->n_records; i++)
    if (dane->records[i].use == CLR_TLSA_USABLE)
      return TRUE;
  return FALSE;
}

char **
clr_dane_dup_texts (const ClrDane *dane)
{
  char **texts = g_new0 (char *, dane->n_records + 1);

  for (unsigned i = 0; i < dane->n_records; i++)
    {
      const Tlsa *tlsa = &dane->records[i];
      const ClrDnsRecord record = { .usage = tlsa->usage,
                                    .selector = tlsa->selector,
                                    .matching = tlsa->matching,
                                    .bytes = tlsa->data.data,
                                    .size = tlsa->data.size };
      texts[i] = clr_tlsa_to_text (&record);
    }
  return texts;
}

/* -- certificates */

static void
link_read_key (Link *link)
{
  gnutls_pubkey_t key;

  gnutls_pubkey_init (&key);
  if (gnutls_pubkey_import_x509 (key, link->certificate, 0) < 0
      || gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &link->key) < 0)
    link->key = (gnutls_datum_t){ 0 };
  gnutls_pubkey_deinit (key);
}

/* Certificates that cannot be read end the chain. */
static void
chain_init (Chain *chain, const gnutls_datum_t *ders, unsigned n)
{
  chain->n_links = 0;
  while (chain->n_links < MIN (n, CLR_DANE_CHAIN_MOST))
    {
      Link *link = &chain->links[chain->n_links];

      *link = (Link){ .der = ders[chain->n_links] };
      gnutls_x509_crt_init (&link->certificate);
      if (gnutls_x509_crt_import (link->certificate, &link->der, GNUTLS_X509_FMT_DER) < 0)
        {
          gnutls_x509_crt_deinit (link->certificate);
          return;
        }
      link_read_key (link);
      chain->n_links++;
    }
}

static void
chain_clear (Chain *chain)
{
  for (unsigned i = 0; i < chain->n_links; i++)
    {
      gnutls_free (chain->links[i].key.data);
      gnutls_x509_crt_deinit (chain->links[i].certificate);
    }
}

/* RFC 6698 section 2.1: what the selector chooses of the certificate, as the matching type says. */
static gboolean
names (const Tlsa *tlsa, const Link *link)
{
  const gnutls_datum_t *chosen = tlsa->selector == SELECT_KEY ? &link->key : &link->der;
  uint8_t digest[DIGEST_MOST];
  gnutls_datum_t compared = { digest, tlsa->matching == MATCH_SHA256 ? 32 : 64 };

  if (chosen->size == 0)
    return FALSE;
  if (tlsa->matching == MATCH_FULL)
    return equals (chosen, &tlsa->data);
  return gnutls_hash_fast (tlsa->matching == MATCH_SHA256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512,
                           chosen->data, chosen->size, digest)
             >= 0
         && equals (&compared, &tlsa->data);
}

/* -- trust anchors */

/* The octets of @certificate that its issuer signed (RFC 5280 section 4.1): the first element of the outer
 * sequence. */
static gboolean
find_signed_part (const gnutls_datum_t *certificate, gnutls_datum_t *part)
{
  size_t at[2], size[2];
  const uint8_t *der = certificate->data;

  for (unsigned level = 0; level < 2; level++)
    {
      size_t here = level == 0 ? 0 : at[0], end = level == 0 ? certificate->size : at[0] + size[0];
      unsigned n;

      if (end - here < 2 || der[here] != 0x30)
        return FALSE;
      if (level == 1)
        part->data = (uint8_t *)der + here;
      size[level] = der[here + 1];
      here += 2;
      if (size[level] >= 0x80)
        {
          n = size[level] & 0x7f;
          if (n == 0 || n > 4 || end - here < n)
            return FALSE;
          for (size[level] = 0; n > 0; n--)
            size[level] = size[level] << 8 | der[here++];
        }
      if (size[level] > end - here)
        return FALSE;
      at[level] = here;
    }
  part->size = at[1] + size[1] - (part->data - der);
  return TRUE;
}

/* A key alone has no name: whatever it signed is below it (RFC 7671 section 5.2.2). */
static gboolean
is_signed_by_key (const Link *link, const gnutls_datum_t *der)
{
  gnutls_pubkey_t key;
  gnutls_datum_t part, signature = { 0 };
  size_t size = 0;
  int algorithm = gnutls_x509_crt_get_signature_algorithm (link->certificate);
  gboolean ok = FALSE;

  if (algorithm < 0 || !find_signed_part (&link->der, &part)
      || gnutls_x509_crt_get_signature (link->certificate, NULL, &size) != GNUTLS_E_SHORT_MEMORY_BUFFER)
    return FALSE;
  g_autofree uint8_t *bytes = g_malloc (size);
  if (gnutls_x509_crt_get_signature (link->certificate, (char *)bytes, &size) < 0)
    return FALSE;
  signature = (gnutls_datum_t){ bytes, size };
  gnutls_pubkey_init (&key);
  if (gnutls_pubkey_import (key, der, GNUTLS_X509_FMT_DER) >= 0)
    ok = gnutls_pubkey_verify_data2 (key, algorithm, 0, &part, &signature) >= 0;
  gnutls_pubkey_deinit (key);
  return ok;
}

static gboolean
is_in_time (gnutls_x509_crt_t certificate, int64_t now)
{
  return gnutls_x509_crt_get_activation_time (certificate) <= now
         && gnutls_x509_crt_get_expiration_time (certificate) >= now;
}

static gboolean
is_named (gnutls_x509_crt_t certificate, const char *const *wanted)
{
  for (; *wanted; wanted++)
    if (gnutls_x509_crt_check_hostname (certificate, *wanted))
      return TRUE;
  return FALSE;
}

/* The order in which the links lead from the server's own certificate to @last, or to one that @last issued.
 * Returns: how many, 0: they do not. */
static unsigned
find_path (const Chain *chain, gnutls_x509_crt_t last, gnutls_x509_crt_t *path)
{
  gboolean used[CLR_DANE_CHAIN_MOST] = { TRUE };
  unsigned n = 1;

  path[0] = chain->links[0].certificate;
  while (!gnutls_x509_crt_check_issuer (path[n - 1], last))
    {
      unsigned i = 0;

      while (i < chain->n_links
             && (used[i] || !gnutls_x509_crt_check_issuer (path[n - 1], chain->links[i].certificate)))
        i++;
      if (i == chain->n_links)
        return 0;
      used[i] = TRUE;
      path[n++] = chain->links[i].certificate;
    }
  return n;
}

/* RFC 5280 section 6 from the anchor down, dates apart: those are looked at by ourselves, at @now. */
static gboolean
is_path_valid (gnutls_x509_crt_t *path, unsigned n, gnutls_x509_crt_t anchor)
{
  gnutls_x509_trust_list_t list;
  unsigned status = GNUTLS_CERT_INVALID;
  gnutls_typed_vdata_st purpose = { GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER, 0 };
  int code;

  gnutls_x509_trust_list_init (&list, 1);
  gnutls_x509_trust_list_add_cas (list, &anchor, 1, 0);
  code = gnutls_x509_trust_list_verify_crt2 (
      list, path, n, &purpose, 1,
      GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS, &status, NULL);
  gnutls_x509_trust_list_deinit (list, 0);
  return code >= 0 && status == 0;
}

/* All that a path to a trust anchor must have beside its signatures. */
static gboolean
check_path (gnutls_x509_crt_t *path, unsigned n, gnutls_x509_crt_t anchor, const char *const *wanted,
            int64_t now, ClrDaneResult *result)
{
  gboolean in_time = anchor == NULL || is_in_time (anchor, now);

  for (unsigned i = 0; i < n; i++)
    in_time = in_time && is_in_time (path[i], now);
  if (!in_time)
    {
      result->is_expired = TRUE;
      result->problem = "a certificate below the trust anchor is not valid now";
    }
  /* RFC 7672 section 3.1.2: below a trust anchor the name counts. */
  else if (!is_named (path[0], wanted))
    {
      result->is_name = TRUE;
      result->problem = "the certificate is for another name";
    }
  else
    return TRUE;
  return FALSE;
}

static gboolean
accept_anchor (const Chain *chain, gnutls_x509_crt_t anchor, const char *const *wanted, int64_t now,
               ClrDaneResult *result, unsigned *depth)
{
  gnutls_x509_crt_t path[CLR_DANE_CHAIN_MOST];
  unsigned n = find_path (chain, anchor, path);

  if (n == 0 || !is_path_valid (path, n, anchor))
    {
      result->problem = "the certificates do not lead to the trust anchor";
      return FALSE;
    }
  *depth = n;
  return check_path (path, n, anchor, wanted, now, result);
}

/* RFC 7671 section 5.2: the anchor is one of the certificates shown, but for the server's own, or stands in
 * the record itself. */
static gboolean
match_anchor (const Tlsa *tlsa, const Chain *chain, const char *const *wanted, int64_t now,
              ClrDaneResult *result, unsigned *depth)
{
  gnutls_x509_crt_t path[CLR_DANE_CHAIN_MOST];

  for (unsigned i = 1; i < chain->n_links; i++)
    if (names (tlsa, &chain->links[i])
        && accept_anchor (chain, chain->links[i].certificate, wanted, now, result, depth))
      return TRUE;
  if (tlsa->matching != MATCH_FULL)
    return FALSE;
  if (tlsa->selector == SELECT_CERTIFICATE)
    {
      gnutls_x509_crt_t anchor;
      gboolean ok;

      gnutls_x509_crt_init (&anchor);
      ok = gnutls_x509_crt_import (anchor, &tlsa->data, GNUTLS_X509_FMT_DER) >= 0
           && accept_anchor (chain, anchor, wanted, now, result, depth);
      gnutls_x509_crt_deinit (anchor);
      return ok;
    }
  for (unsigned i = 0; i < chain->n_links; i++)
    if (is_signed_by_key (&chain->links[i], &tlsa->data))
      {
        gnutls_x509_crt_t last = chain->links[i].certificate;
        unsigned n = 1;

        path[0] = last;
        if (i > 0 && ((n = find_path (chain, last, path)) == 0 || !is_path_valid (path, n, last)))
          continue;
        *depth = i;
        if (check_path (path, n, i > 0 ? last : NULL, wanted, now, result))
          return TRUE;
      }
  return FALSE;
}

/* -- the verdict */

void
clr_dane_judge (const ClrDane *dane, const gnutls_datum_t *ders, unsigned n, const char *const *wanted,
                int64_t now, ClrDaneResult *result)
{
  Chain chain;

  *result = (ClrDaneResult){ .verdict = CLR_DANE_FAIL, .record = -1, .depth = -1 };
  if (!clr_dane_is_usable (dane))
    {
      result->verdict = CLR_DANE_UNUSABLE;
      result->problem = "none of the TLSA records can be used for SMTP";
      return;
    }
  chain_init (&chain, ders, n);
  if (chain.n_links == 0)
    result->problem = "the server shows no certificate that can be read";
  for (unsigned i = 0; i < dane->n_records && chain.n_links > 0; i++)
    {
      const Tlsa *tlsa = &dane->records[i];
      unsigned depth = 0;

      if (tlsa->use != CLR_TLSA_USABLE)
        continue;
      /* RFC 7672 section 3.1.1: of DANE-EE(3) neither names nor dates are looked at. */
      if (tlsa->usage == USAGE_EE ? names (tlsa, &chain.links[0])
                                  : match_anchor (tlsa, &chain, wanted, now, result, &depth))
        {
          *result = (ClrDaneResult){ .verdict = CLR_DANE_MATCH, .record = (int)i, .depth = (int)depth };
          break;
        }
    }
  chain_clear (&chain);
  if (result->verdict != CLR_DANE_MATCH && result->problem == NULL)
    result->problem = "no TLSA record names a certificate that the server shows";
}

const char *
clr_dane_verdict_get_name (ClrDaneVerdict verdict)
{
  static const char *const verdict_names[] = { "match", "fail", "unusable" };

  return verdict_names[verdict];
}

const char *
clr_tlsa_use_get_text (ClrTlsaUse use)
{
  static const char *const texts[] = {
    [CLR_TLSA_USABLE] = "usable",
    [CLR_TLSA_USAGE] = "its usage is not for SMTP (RFC 7672 section 3.1.3)",
    [CLR_TLSA_SELECTOR] = "its selector is not known",
    [CLR_TLSA_MATCHING] = "its matching type is not known",
    [CLR_TLSA_DATA] = "its data are not what its types say",
    [CLR_TLSA_WEAKER] = "a stronger digest stands beside it (RFC 7671 section 9)",
  };

  return texts[use];
}
