/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "auth/clr-dkim-verifier.h"
#include "check/clr-check-message.h"
#include "check/clr-check-question.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static JsonObject *
result_to_json (const ClrDkimResult *result)
{
  JsonObject *object = json_object_new ();
  JsonArray *fields = json_array_new ();

  json_object_set_string_member (object, "result", clr_dkim_verdict_get_name (result->verdict));
  clr_check_set_text (object, "reason", result->reason);
  clr_check_set_text (object, "domain", result->domain);
  clr_check_set_text (object, "selector", result->selector);
  clr_check_set_text (object, "identity", result->identity);
  clr_check_set_text (object, "algorithm", result->algorithm);
  clr_check_set_text (object, "b", result->start);
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

JsonNode *
clr_check_dkim (JsonObject *in, ClrZone *zone)
{
  ClrDkimRules rules = { .now = clr_check_get_number (in, "now", g_get_real_time () / G_USEC_PER_SEC) };
  ClrCheckMessage message;
  g_autofree char *problem = clr_check_message_open (&message, in);
  ClrHeaderBlock block;
  unsigned n;

  if (problem)
    return clr_check_answer ("error", problem, NULL);
  clr_header_block_parse (&block, message.bytes, message.header);
  ClrDkimVerifier *verifier = clr_dkim_verifier_new (&block, &rules);
  clr_check_feed_keys (verifier, zone);
  clr_dkim_verifier_feed_body (verifier, (const uint8_t *)message.bytes + message.header,
                               message.size - message.header);
  ClrDkimVerdict verdict = clr_dkim_verifier_end (verifier);

  const ClrDkimResult *results = clr_dkim_verifier_get_results (verifier, &n);
  const ClrDkimResult *nearest = clr_dkim_verifier_get_nearest (verifier);
  g_autofree char *reason
      = g_utf8_make_valid (nearest ? nearest->reason : _ ("the message has no DKIM signature"), -1);
  JsonObject *details = json_object_new ();
  JsonArray *signatures = json_array_new ();
  for (unsigned i = 0; i < n; i++)
    json_array_add_object_element (signatures, result_to_json (&results[i]));
  json_object_set_array_member (details, "signatures", signatures);
  if (message.lone > 0)
    json_object_set_int_member (details, "normalized-newlines", message.lone);
  JsonNode *answer = clr_check_answer (clr_dkim_verdict_get_name (verdict), reason, details);
  clr_dkim_verifier_free (verifier);
  clr_header_block_clear (&block);
  clr_check_message_close (&message);
  return answer;
}
