/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dmarc-report.h"
#include "check/clr-check-question.h"
#include "check/clr-check-report.h"
#include "check/clr-check.h"

#include <glib/gi18n-lib.h>

static JsonArray *
results_to_json (GArray *results)
{
  JsonArray *array = json_array_new ();

  for (unsigned i = 0; i < results->len; i++)
    {
      const ClrDmarcReportResult *result = &g_array_index (results, ClrDmarcReportResult, i);
      JsonObject *object = json_object_new ();

      clr_check_set_text (object, "domain", result->domain);
      clr_check_set_text (object, "selector", result->selector);
      clr_check_set_text (object, "scope", result->scope);
      clr_check_set_text (object, "result", result->result);
      clr_check_set_text (object, "human_result", result->human_result);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonObject *
row_to_json (const ClrDmarcReportRow *record)
{
  JsonObject *object = json_object_new (), *row = json_object_new (), *evaluated = json_object_new (),
             *identifiers = json_object_new (), *results = json_object_new ();
  JsonArray *reasons = json_array_new ();

  for (unsigned i = 0; i < record->reasons->len; i++)
    {
      const ClrDmarcReportReason *reason = &g_array_index (record->reasons, ClrDmarcReportReason, i);
      JsonObject *one = json_object_new ();

      clr_check_set_text (one, "type", reason->type);
      clr_check_set_text (one, "comment", reason->comment);
      json_array_add_object_element (reasons, one);
    }
  clr_check_set_text (evaluated, "disposition", record->disposition);
  clr_check_set_text (evaluated, "dkim", record->dkim);
  clr_check_set_text (evaluated, "spf", record->spf);
  json_object_set_array_member (evaluated, "reason", reasons);
  clr_check_set_text (row, "source_ip", record->source_ip);
  json_object_set_int_member (row, "count", (gint64)record->count);
  json_object_set_object_member (row, "policy_evaluated", evaluated);
  clr_check_set_text (identifiers, "header_from", record->header_from);
  clr_check_set_text (identifiers, "envelope_from", record->envelope_from);
  clr_check_set_text (identifiers, "envelope_to", record->envelope_to);
  json_object_set_array_member (results, "dkim", results_to_json (record->dkim_results));
  json_object_set_array_member (results, "spf", results_to_json (record->spf_results));
  json_object_set_object_member (object, "row", row);
  json_object_set_object_member (object, "identifiers", identifiers);
  json_object_set_object_member (object, "auth_results", results);
  return object;
}

/* The names are those of the XML. */
static JsonObject *
to_json (const ClrDmarcReport *report)
{
  JsonObject *details = json_object_new (), *metadata = json_object_new (), *policy = json_object_new (),
             *range = json_object_new ();
  JsonArray *records = json_array_new ();

  clr_check_set_text (details, "version", report->version);
  clr_check_set_text (metadata, "org_name", report->org_name);
  clr_check_set_text (metadata, "email", report->email);
  clr_check_set_text (metadata, "extra_contact_info", report->contact);
  clr_check_set_text (metadata, "report_id", report->report_id);
  clr_check_set_text (metadata, "generator", report->generator);
  json_object_set_int_member (range, "begin", report->begin);
  json_object_set_int_member (range, "end", report->end);
  json_object_set_object_member (metadata, "date_range", range);
  clr_check_set_texts (metadata, "error", report->errors);
  json_object_set_object_member (details, "report_metadata", metadata);
  clr_check_set_text (policy, "domain", report->domain);
  clr_check_set_text (policy, "version_published", report->version_published);
  clr_check_set_text (policy, "discovery_method", report->discovery_method);
  clr_check_set_text (policy, "adkim", report->adkim);
  clr_check_set_text (policy, "aspf", report->aspf);
  clr_check_set_text (policy, "p", report->p);
  clr_check_set_text (policy, "sp", report->sp);
  clr_check_set_text (policy, "np", report->np);
  clr_check_set_text (policy, "pct", report->pct);
  clr_check_set_text (policy, "fo", report->fo);
  clr_check_set_text (policy, "testing", report->testing);
  json_object_set_object_member (details, "policy_published", policy);
  for (unsigned i = 0; i < report->rows->len; i++)
    json_array_add_object_element (records,
                                   row_to_json (&g_array_index (report->rows, ClrDmarcReportRow, i)));
  json_object_set_array_member (details, "record", records);
  clr_check_set_texts (details, "notes", report->notes);
  return details;
}

JsonNode *
clr_check_dmarc_report (JsonObject *in, ClrZone *zone)
{
  g_autofree char *problem = NULL, *reason = NULL;
  g_autoptr (GBytes) bytes = clr_check_report_open (in, '<', &problem);
  g_autoptr (ClrDmarcReport) report = NULL;
  const char *text;
  gsize size;

  if (bytes == NULL)
    return clr_check_answer ("invalid", problem, NULL);
  text = g_bytes_get_data (bytes, &size);
  report = clr_dmarc_report_parse (text, size, &problem);
  if (report == NULL)
    return clr_check_answer ("invalid", problem, NULL);
  reason = g_strdup_printf (_ ("an aggregate report of %s on %s: %u records, %" G_GUINT64_FORMAT
                               " messages; %u notes on what is odd in it"),
                            report->org_name ? report->org_name : "?", report->domain, report->rows->len,
                            clr_dmarc_report_count (report), report->notes->len);
  return clr_check_answer ("ok", reason, to_json (report));
}
