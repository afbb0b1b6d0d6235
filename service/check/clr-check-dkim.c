/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "auth/clr-dkim-verifier.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MESSAGE_MOST (1024u * 1024 * 1024)
#define HEADER_MOST  (16u * 1024 * 1024)

/* A file saved on Unix has lone LFs; a message ends its lines with CRLF (RFC 5322 section 2.1), and nothing
 * else can have been signed. */
static char *
normalize (const char *text, gsize *size, gsize *lone)
{
  GString *lines;

  *lone = 0;
  for (gsize i = 0; i < *size; i++)
    *lone += text[i] == '\n' && (i == 0 || text[i - 1] != '\r');
  if (*lone == 0)
    return NULL;
  lines = g_string_sized_new (*size + *lone);
  for (gsize i = 0; i < *size; i++)
    {
      if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
        g_string_append_c (lines, '\r');
      g_string_append_c (lines, text[i]);
    }
  *size = lines->len;
  return g_string_free (lines, FALSE);
}

static void
feed_keys (ClrDkimVerifier *verifier, ClrZone *zone)
{
  for (unsigned i = 0; i < clr_dkim_verifier_get_n_queries (verifier); i++)
    {
      g_autoptr (GPtrArray) records = NULL;
      ClrZoneStatus status
          = zone ? clr_zone_find (zone, clr_dkim_verifier_get_query (verifier, i), "TXT", &records)
                 : CLR_ZONE_TIMEOUT;

      clr_dkim_verifier_feed_key (
          verifier, i,
          status == CLR_ZONE_FOUND                                   ? CLR_DKIM_KEY_FOUND
          : status == CLR_ZONE_NODATA || status == CLR_ZONE_NXDOMAIN ? CLR_DKIM_KEY_NONE
                                                                     : CLR_DKIM_KEY_TEMPORARY,
          records ? (const char *const *)records->pdata : NULL, records ? records->len : 0);
    }
}

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  g_autofree char *valid = text ? g_utf8_make_valid (text, -1) : NULL;

  if (valid)
    json_object_set_string_member (object, name, valid);
}

static JsonObject *
result_to_json (const ClrDkimResult *result)
{
  JsonObject *object = json_object_new ();
  JsonArray *fields = json_array_new ();

  json_object_set_string_member (object, "result", clr_dkim_verdict_get_name (result->verdict));
  set_text (object, "reason", result->reason);
  set_text (object, "domain", result->domain);
  set_text (object, "selector", result->selector);
  set_text (object, "identity", result->identity);
  set_text (object, "algorithm", result->algorithm);
  set_text (object, "b", result->start);
  if (result->bits)
    json_object_set_int_member (object, "bits", result->bits);
  json_object_set_boolean_member (object, "weak", result->weak);
  json_object_set_boolean_member (object, "testing", result->testing);
  if (result->length >= 0)
    {
      json_object_set_int_member (object, "length", result->length);
      json_object_set_int_member (object, "unsigned", result->unsigned_size);
    }
  if (result->time >= 0)
    json_object_set_int_member (object, "time", result->time);
  if (result->expires >= 0)
    json_object_set_int_member (object, "expires", result->expires);
  for (char **name = result->names; name && *name; name++)
    {
      g_autofree char *valid = g_utf8_make_valid (*name, -1);
      json_array_add_string_element (fields, valid);
    }
  json_object_set_array_member (object, "fields", fields);
  return object;
}

static JsonNode *
verify (const char *text, gsize size, gint64 now, ClrZone *zone)
{
  gsize lone;
  g_autofree char *normalized = normalize (text, &size, &lone);
  const char *bytes = normalized ? normalized : text;
  size_t header = clr_header_block_find_end (bytes, size);
  ClrHeaderBlock block;
  ClrDkimRules rules = { .now = now };

  if ((header ? header : size) > HEADER_MOST)
    return clr_check_answer ("error", _ ("the header section is too large"), NULL);
  clr_header_block_parse (&block, bytes, header ? header : size);
  ClrDkimVerifier *verifier = clr_dkim_verifier_new (&block, &rules);
  feed_keys (verifier, zone);
  if (header > 0 && header < size)
    clr_dkim_verifier_feed_body (verifier, (const uint8_t *)bytes + header, size - header);
  ClrDkimVerdict verdict = clr_dkim_verifier_end (verifier);

  unsigned n;
  const ClrDkimResult *results = clr_dkim_verifier_get_results (verifier, &n);
  const ClrDkimResult *nearest = clr_dkim_verifier_get_nearest (verifier);
  const char *reason = nearest ? nearest->reason : _ ("the message has no DKIM signature");
  JsonObject *details = json_object_new ();
  JsonArray *signatures = json_array_new ();
  for (unsigned i = 0; i < n; i++)
    json_array_add_object_element (signatures, result_to_json (&results[i]));
  json_object_set_array_member (details, "signatures", signatures);
  if (lone > 0)
    json_object_set_int_member (details, "normalized-newlines", lone);
  g_autofree char *valid = g_utf8_make_valid (reason, -1);
  JsonNode *answer = clr_check_answer (clr_dkim_verdict_get_name (verdict), valid, details);
  clr_dkim_verifier_free (verifier);
  clr_header_block_clear (&block);
  return answer;
}

JsonNode *
clr_check_dkim (JsonObject *in, ClrZone *zone)
{
  const char *file = clr_check_get_text (in, "file"), *message = clr_check_get_text (in, "message");
  gint64 now = clr_check_get_number (in, "now", g_get_real_time () / G_USEC_PER_SEC);
  g_autoptr (GMappedFile) mapped = NULL;
  g_autoptr (GError) error = NULL;

  if ((file == NULL) == (message == NULL))
    return clr_check_answer ("error", _ ("either file or message is needed"), NULL);
  if (message)
    return verify (message, strlen (message), now, zone);
  mapped = g_mapped_file_new (file, FALSE, &error);
  if (mapped == NULL)
    return clr_check_answer ("error", error->message, NULL);
  if (g_mapped_file_get_length (mapped) > MESSAGE_MOST)
    return clr_check_answer ("error", _ ("the message is too large"), NULL);
  const char *bytes = g_mapped_file_get_contents (mapped);
  return verify (bytes ? bytes : "", g_mapped_file_get_length (mapped), now, zone);
}
