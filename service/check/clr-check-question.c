/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check-question.h"

void
clr_check_answer_question (const ClrAuthQuestion *question, ClrZone *zone, ClrAuthAnswer *answer,
                           GPtrArray **records)
{
  static const ClrAuthStatus statuses[] = {
    [CLR_ZONE_FOUND] = CLR_AUTH_FOUND,       [CLR_ZONE_NODATA] = CLR_AUTH_NO_DATA,
    [CLR_ZONE_NXDOMAIN] = CLR_AUTH_NO_NAME,  [CLR_ZONE_SERVFAIL] = CLR_AUTH_TEMPORARY,
    [CLR_ZONE_TIMEOUT] = CLR_AUTH_TEMPORARY,
  };
  ClrZoneStatus status = CLR_ZONE_TIMEOUT;

  *records = NULL;
  if (zone)
    status = clr_zone_find (zone, question->name, clr_auth_type_get_name (question->type), records);
  else
    *records = g_ptr_array_new ();
  *answer = (ClrAuthAnswer){ .status = statuses[status],
                             .records = (const char *const *)(*records)->pdata,
                             .n_records = (*records)->len };
}

ClrSpf *
clr_check_run_spf (const ClrSpfRequest *request, ClrZone *zone)
{
  ClrSpf *spf = clr_spf_new (request);
  const ClrAuthQuestion *question;

  while ((question = clr_spf_get_question (spf)) != NULL)
    {
      g_autoptr (GPtrArray) records = NULL;
      ClrAuthAnswer answer;

      clr_check_answer_question (question, zone, &answer, &records);
      clr_spf_feed (spf, &answer);
    }
  return spf;
}

void
clr_check_feed_keys (ClrDkimVerifier *verifier, ClrZone *zone)
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

void
clr_check_set_text (JsonObject *object, const char *name, const char *text)
{
  g_autofree char *valid = text ? g_utf8_make_valid (text, -1) : NULL;

  if (valid)
    json_object_set_string_member (object, name, valid);
}

void
clr_check_set_texts (JsonObject *object, const char *name, const GPtrArray *texts)
{
  JsonArray *array = json_array_new ();

  for (unsigned i = 0; i < texts->len; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (g_ptr_array_index (texts, i), -1);
      json_array_add_string_element (array, valid);
    }
  json_object_set_array_member (object, name, array);
}
