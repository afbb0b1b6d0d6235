/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "auth/clr-arc.h"
#include "check/clr-check-message.h"
#include "check/clr-check-question.h"

#include <glib/gi18n-lib.h>

static void
feed_keys (ClrArc *arc, ClrZone *zone)
{
  for (unsigned i = 0; i < clr_arc_get_n_queries (arc); i++)
    {
      ClrAuthQuestion question = { CLR_AUTH_TXT, clr_arc_get_query (arc, i) };
      g_autoptr (GPtrArray) records = NULL;
      ClrAuthAnswer answer;

      clr_check_answer_question (&question, zone, &answer, &records);
      clr_arc_feed_key (arc, i,
                        answer.status == CLR_AUTH_FOUND       ? CLR_DKIM_KEY_FOUND
                        : answer.status == CLR_AUTH_TEMPORARY ? CLR_DKIM_KEY_TEMPORARY
                                                              : CLR_DKIM_KEY_NONE,
                        answer.records, answer.n_records);
    }
}

static JsonObject *
sets_to_json (const ClrArc *arc)
{
  JsonObject *details = json_object_new ();
  JsonArray *array = json_array_new ();
  unsigned n;
  const ClrArcSet *sets = clr_arc_get_sets (arc, &n);

  for (unsigned i = 0; i < n; i++)
    {
      JsonObject *set = json_object_new ();

      json_object_set_int_member (set, "instance", i + 1);
      clr_check_set_text (set, "cv", sets[i].chain_word);
      clr_check_set_text (set, "seal-domain", sets[i].seal_domain);
      clr_check_set_text (set, "seal-selector", sets[i].seal_selector);
      clr_check_set_text (set, "signature-domain", sets[i].signature_domain);
      clr_check_set_text (set, "results", sets[i].results);
      json_array_add_object_element (array, set);
    }
  json_object_set_array_member (details, "sets", array);
  return details;
}

JsonNode *
clr_check_arc (JsonObject *in, ClrZone *zone)
{
  ClrCheckMessage message;
  g_autofree char *problem = clr_check_message_open (&message, in);
  gint64 now = clr_check_get_number (in, "now", g_get_real_time () / G_USEC_PER_SEC);
  ClrHeaderBlock header;
  const char *reason;

  if (problem)
    return clr_check_answer ("error", problem, NULL);
  clr_header_block_parse (&header, message.bytes, message.header);
  ClrArc *arc = clr_arc_new (&header, now);
  feed_keys (arc, zone);
  clr_arc_feed_body (arc, (const uint8_t *)message.bytes + message.header, message.size - message.header);
  ClrArcVerdict verdict = clr_arc_end (arc, &reason);
  g_autofree char *valid = g_utf8_make_valid (reason, -1);
  JsonNode *answer = clr_check_answer (clr_arc_verdict_get_name (verdict), valid, sets_to_json (arc));
  clr_arc_free (arc);
  clr_header_block_clear (&header);
  clr_check_message_close (&message);
  return answer;
}
