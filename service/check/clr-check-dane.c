/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "check/clr-check-text.h"
#include "dns/clr-dane.h"

#include <glib/gi18n-lib.h>
#include <gnutls/x509.h>
#include <string.h>

#define PEM_MOST 64u /* certificates of one text */

typedef struct
{
  ClrDnsAnswer tlsa;
  GArray *chain; /* of gnutls_datum_t, each freed by gnutls_free() */
  GPtrArray *names;
} Case;

static void
clear_datum (void *data)
{
  gnutls_free (((gnutls_datum_t *)data)->data);
}

static gboolean
add_certificates (GArray *chain, const char *pem, GError **error)
{
  gnutls_datum_t text = { (uint8_t *)pem, strlen (pem) };
  gnutls_x509_crt_t *certificates = NULL;
  unsigned n = 0;
  int code = gnutls_x509_crt_list_import2 (&certificates, &n, &text, GNUTLS_X509_FMT_PEM, 0);

  if (code < 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("chain: no certificates in PEM: %s"),
                   gnutls_strerror (code));
      return FALSE;
    }
  for (unsigned i = 0; i < n; i++)
    {
      gnutls_datum_t der = { 0 };

      if (chain->len < PEM_MOST && gnutls_x509_crt_export2 (certificates[i], GNUTLS_X509_FMT_DER, &der) >= 0)
        g_array_append_val (chain, der);
      gnutls_x509_crt_deinit (certificates[i]);
    }
  gnutls_free (certificates);
  return TRUE;
}

static gboolean
read_chain (Case *one, JsonArray *list, GError **error)
{
  for (unsigned i = 0; list && i < json_array_get_length (list); i++)
    {
      JsonNode *node = json_array_get_element (list, i);
      const char *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
      g_autofree char *pem = NULL;

      if (text == NULL)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("chain: a file or PEM text is needed"));
          return FALSE;
        }
      if (!strstr (text, "-----BEGIN") && !g_file_get_contents (text, &pem, NULL, error))
        return FALSE;
      if (!add_certificates (one->chain, pem ? pem : text, error))
        return FALSE;
    }
  return TRUE;
}

/* "3 1 1 hex", or {"usage", "selector", "matching", "data"}. */
static gboolean
read_tlsa (JsonNode *node, ClrDnsRecord *record)
{
  g_autofree char *text = NULL;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObject *object = json_node_get_object (node);

      text = g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s",
                              clr_check_get_number (object, "usage", -1),
                              clr_check_get_number (object, "selector", -1),
                              clr_check_get_number (object, "matching", -1),
                              json_object_get_string_member_with_default (object, "data", ""));
    }
  else if (JSON_NODE_HOLDS_VALUE (node))
    text = g_strdup (json_node_get_string (node));
  return text && clr_tlsa_parse (text, record);
}

static gboolean
read_tlsas (Case *one, JsonArray *list, GError **error)
{
  unsigned n = json_array_get_length (list);

  one->tlsa.records = g_new0 (ClrDnsRecord, n + 1);
  one->tlsa.secure = TRUE;
  for (unsigned i = 0; i < n; i++)
    if (!read_tlsa (json_array_get_element (list, i), &one->tlsa.records[one->tlsa.n_records++]))
      {
        one->tlsa.n_records--;
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                     _ ("tlsa: record %u: usage, selector, matching type and data in hex are needed, as in "
                        "\"3 1 1 0123...\""),
                     i + 1);
        return FALSE;
      }
  return TRUE;
}

static JsonArray *
describe_records (const Case *one, const ClrDane *dane)
{
  JsonArray *records = json_array_new ();

  for (unsigned i = 0; i < one->tlsa.n_records; i++)
    {
      JsonObject *object = json_object_new ();
      g_autofree char *text = clr_tlsa_to_text (&one->tlsa.records[i]);

      json_object_set_string_member (object, "tlsa", text);
      json_object_set_string_member (object, "use", _ (clr_tlsa_use_get_text (clr_dane_get_use (dane, i))));
      json_array_add_object_element (records, object);
    }
  return records;
}

static JsonNode *
judge (const Case *one, int64_t now)
{
  g_autoptr (ClrDane) dane = clr_dane_new (one->tlsa.records, one->tlsa.n_records);
  JsonObject *details = json_object_new ();
  ClrDaneResult result;

  json_object_set_array_member (details, "records", describe_records (one, dane));
  if (one->chain->len == 0)
    {
      gboolean usable = clr_dane_is_usable (dane);

      return clr_check_answer (usable ? "ok" : "unusable",
                               usable
                                   ? _ ("it has TLSA records that can be used")
                                   : _ ("none of its TLSA records can be used for SMTP: TLS is a must, who "
                                        "the server is stays open"),
                               details);
    }
  clr_dane_judge (dane, (const gnutls_datum_t *)(void *)one->chain->data, one->chain->len,
                  (const char *const *)one->names->pdata, now, &result);
  if (result.record >= 0)
    {
      json_object_set_int_member (details, "record", result.record + 1);
      json_object_set_int_member (details, "depth", result.depth);
    }
  return clr_check_answer (
      clr_dane_verdict_get_name (result.verdict),
      result.problem ? _ (result.problem) : _ ("a TLSA record names what the server shows"), details);
}

/* RFC 7672 section 2.2: what the DNS says before there is anything to compare. Returns: (nullable) */
static JsonNode *
find_no_records (const Case *one)
{
  if (one->tlsa.status == CLR_DNS_TEMPORARY)
    return clr_check_answer ("temperror", one->tlsa.problem, NULL);
  if (one->tlsa.status != CLR_DNS_FOUND || one->tlsa.n_records == 0)
    return clr_check_answer ("none", _ ("it has no TLSA records"), NULL);
  if (!one->tlsa.secure)
    return clr_check_answer (
        "none",
        _ ("DNSSEC does not prove its TLSA records, so they do not count (for the real DNS "
           "give --trust-anchor)"),
        NULL);
  return NULL;
}

static void
read_names (Case *one, JsonObject *in, const char *host)
{
  g_autoptr (JsonArray) list = clr_check_get_list (in, "name");

  for (unsigned i = 0; list && i < json_array_get_length (list); i++)
    if (JSON_NODE_HOLDS_VALUE (json_array_get_element (list, i)))
      g_ptr_array_add (one->names, g_strdup (json_array_get_string_element (list, i)));
  if (host && one->names->len == 0)
    g_ptr_array_add (one->names, g_strdup (host));
  g_ptr_array_add (one->names, NULL);
}

JsonNode *
clr_check_dane (JsonObject *in, ClrZone *zone)
{
  const char *host = clr_check_get_text (in, "host");
  g_autoptr (JsonArray) tlsa = clr_check_get_list (in, "tlsa"), chain = clr_check_get_list (in, "chain");
  g_autoptr (GError) error = NULL;
  Case one = { .chain = g_array_new (FALSE, FALSE, sizeof (gnutls_datum_t)),
               .names = g_ptr_array_new_with_free_func (g_free) };
  JsonNode *out = NULL;

  g_array_set_clear_func (one.chain, clear_datum);
  read_names (&one, in, host);
  if (host == NULL && tlsa == NULL)
    out = clr_check_answer ("error", _ ("a host or tlsa is needed"), NULL);
  else if (!read_chain (&one, chain, &error) || (tlsa && !read_tlsas (&one, tlsa, &error)))
    out = clr_check_answer ("error", error->message, NULL);
  else if (tlsa == NULL)
    {
      g_autofree char *name
          = g_strdup_printf ("_%d._tcp.%s", (int)clr_check_get_number (in, "port", 25), host);
      clr_check_tlsa_find (zone, name, &one.tlsa);
      out = find_no_records (&one);
    }
  if (out == NULL)
    out = judge (&one, clr_check_get_number (in, "now", g_get_real_time () / G_USEC_PER_SEC));
  clr_dns_answer_clear (&one.tlsa);
  g_array_unref (one.chain);
  g_ptr_array_unref (one.names);
  return out;
}
