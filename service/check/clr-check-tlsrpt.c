/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "check/clr-check-text.h"
#include "dns/clr-tlsrpt-record.h"

#include <glib/gi18n-lib.h>
#include <string.h>

JsonNode *
clr_check_tlsrpt (JsonObject *in, ClrZone *zone)
{
  const char *record = clr_check_get_text (in, "record"), *domain = clr_check_get_text (in, "domain");
  const char *report = clr_check_get_text (in, "report");
  ClrDnsAnswer answer = { 0 };
  g_autoptr (ClrTlsrptRecord) parsed = NULL;
  const char *problem = NULL;
  JsonNode *out;

  if ((record != NULL) + (domain != NULL) + (report != NULL) != 1)
    return clr_check_answer ("error", _ ("either domain, record or report is needed"), NULL);
  if (report)
    {
      g_autoptr (JsonObject) what = json_object_new ();

      json_object_set_string_member (what, "file", report);
      return clr_check_tls_report (what);
    }
  if (record)
    parsed = clr_tlsrpt_record_parse (record, strlen (record), &problem);
  else
    {
      g_autofree char *name = g_strconcat ("_smtp._tls.", domain, NULL);
      clr_check_text_find (zone, name, &answer);
      parsed = clr_tlsrpt_record_choose (&answer, &problem);
    }
  if (parsed == NULL)
    out = clr_check_answer (record                               ? "invalid"
                            : answer.status == CLR_DNS_TEMPORARY ? "temperror"
                            : answer.status == CLR_DNS_FOUND     ? "invalid"
                                                                 : "none",
                            problem, NULL);
  else
    {
      JsonObject *details = json_object_new ();
      JsonArray *places = json_array_new (), *unserved = json_array_new ();
      gboolean is_mail;

      for (char **place = parsed->places; *place; place++)
        {
          g_autofree char *target = clr_tlsrpt_place_dup_target (*place, &is_mail);
          json_array_add_string_element (target ? places : unserved, *place);
        }
      json_object_set_array_member (details, "rua", places);
      json_object_set_array_member (details, "not-served", unserved);
      out = clr_check_answer ("valid", _ ("the record is well formed"), details);
    }
  clr_dns_answer_clear (&answer);
  return out;
}
