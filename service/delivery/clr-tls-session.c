/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-tls-session.h"

#include <gio/gio.h>
#include <string.h>

static const char *const kinds[] = {
  [CLR_TLS_POLICY_NONE] = "no-policy-found",
  [CLR_TLS_POLICY_STS] = "sts",
  [CLR_TLS_POLICY_DANE] = "tlsa",
};

void
clr_tls_session_free (ClrTlsSession *session)
{
  g_free (session->domain);
  g_strfreev (session->policy);
  g_strfreev (session->patterns);
  g_free (session->host);
  g_free (session->address);
  g_free (session->own);
  g_free (session->detail);
  g_free (session);
}

/* -- counting */

static JsonArray *
list_to_json (char **list)
{
  JsonArray *array = json_array_new ();

  for (; list && *list; list++)
    {
      g_autofree char *valid = g_utf8_make_valid (*list, -1);
      json_array_add_string_element (array, valid);
    }
  return array;
}

static gboolean
is_list (JsonArray *array, char **list)
{
  unsigned n = list ? g_strv_length (list) : 0;

  if (array == NULL || json_array_get_length (array) != n)
    return FALSE;
  for (unsigned i = 0; i < n; i++)
    if (g_strcmp0 (json_array_get_string_element (array, i), list[i]) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
is_of (JsonObject *one, const ClrTlsSession *session)
{
  JsonObject *policy = json_object_get_object_member (one, "policy");
  const char *kind = json_object_get_string_member_with_default (policy, "policy-type", "");
  JsonArray *lines = json_object_has_member (policy, "policy-string")
                         ? json_object_get_array_member (policy, "policy-string")
                         : NULL;

  return g_str_equal (kind, kinds[session->kind])
         && (session->kind == CLR_TLS_POLICY_NONE || is_list (lines, session->policy));
}

static JsonObject *
make_policy (const ClrTlsSession *session)
{
  JsonObject *one = json_object_new (), *policy = json_object_new (), *summary = json_object_new ();

  json_object_set_string_member (policy, "policy-type", kinds[session->kind]);
  if (session->kind != CLR_TLS_POLICY_NONE)
    json_object_set_array_member (policy, "policy-string", list_to_json (session->policy));
  json_object_set_string_member (policy, "policy-domain", session->domain);
  if (session->kind == CLR_TLS_POLICY_STS && session->patterns)
    json_object_set_array_member (policy, "mx-host", list_to_json (session->patterns));
  json_object_set_object_member (one, "policy", policy);
  json_object_set_int_member (summary, "total-successful-session-count", 0);
  json_object_set_int_member (summary, "total-failure-session-count", 0);
  json_object_set_object_member (one, "summary", summary);
  return one;
}

/* The newest policies are the ones that count, when there are too many. */
static JsonObject *
find_policy (const ClrTlsSession *session, JsonArray *policies)
{
  for (unsigned i = 0; i < json_array_get_length (policies); i++)
    if (is_of (json_array_get_object_element (policies, i), session))
      return json_array_get_object_element (policies, i);
  if (json_array_get_length (policies) == CLR_TLS_POLICIES_MOST)
    json_array_remove_element (policies, 0);
  json_array_add_object_element (policies, make_policy (session));
  return json_array_get_object_element (policies, json_array_get_length (policies) - 1);
}

static void
add_one (JsonObject *object, const char *member)
{
  json_object_set_int_member (object, member,
                              json_object_get_int_member_with_default (object, member, 0) + 1);
}

static gboolean
has (JsonObject *failure, const char *member, const char *value)
{
  return g_strcmp0 (json_object_get_string_member_with_default (failure, member, NULL),
                    value && *value ? value : NULL)
         == 0;
}

static void
set (JsonObject *failure, const char *member, const char *value)
{
  g_autofree char *valid = value && *value ? g_utf8_make_valid (value, -1) : NULL;

  if (valid)
    json_object_set_string_member (failure, member, valid);
}

static void
count_failure (const ClrTlsSession *session, JsonObject *one)
{
  const char *result = clr_tls_result_get_name (session->result);
  JsonArray *failures;
  JsonObject *failure;

  if (!json_object_has_member (one, "failure-details"))
    json_object_set_array_member (one, "failure-details", json_array_new ());
  failures = json_object_get_array_member (one, "failure-details");
  for (unsigned i = 0; i < json_array_get_length (failures); i++)
    {
      failure = json_array_get_object_element (failures, i);
      if (has (failure, "result-type", result) && has (failure, "receiving-mx-hostname", session->host)
          && has (failure, "receiving-ip", session->address) && has (failure, "sending-mta-ip", session->own))
        {
          add_one (failure, "failed-session-count");
          return;
        }
    }
  if (json_array_get_length (failures) >= CLR_TLS_FAILURES_MOST)
    return;
  failure = json_object_new ();
  json_object_set_string_member (failure, "result-type", result);
  set (failure, "sending-mta-ip", session->own);
  set (failure, "receiving-mx-hostname", session->host);
  set (failure, "receiving-ip", session->address);
  json_object_set_int_member (failure, "failed-session-count", 1);
  set (failure, "additional-information", session->detail);
  json_array_add_object_element (failures, failure);
}

void
clr_tls_session_count (const ClrTlsSession *session, JsonArray *policies)
{
  JsonObject *one = find_policy (session, policies);
  JsonObject *summary = json_object_get_object_member (one, "summary");

  add_one (summary, session->result == CLR_TLS_GOOD ? "total-successful-session-count"
                                                    : "total-failure-session-count");
  if (session->result != CLR_TLS_GOOD)
    count_failure (session, one);
}

/* -- the report */

char *
clr_tls_report_write (const ClrTlsReportHead *head, JsonArray *policies)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *report = json_object_new (), *range = json_object_new ();
  g_autofree char *start = g_strdup_printf ("%sT00:00:00Z", head->date),
                  *end = g_strdup_printf ("%sT23:59:59Z", head->date);

  json_object_set_string_member (report, "organization-name", head->organization);
  json_object_set_string_member (range, "start-datetime", start);
  json_object_set_string_member (range, "end-datetime", end);
  json_object_set_object_member (report, "date-range", range);
  json_object_set_string_member (report, "contact-info", head->contact);
  json_object_set_string_member (report, "report-id", head->id);
  json_object_set_array_member (report, "policies", json_array_ref (policies));
  json_node_take_object (root, report);
  return json_to_string (root, TRUE);
}

GBytes *
clr_tls_report_compress (const char *json)
{
  g_autoptr (GConverter) compressor = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1));
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr (GOutputStream) stream = g_converter_output_stream_new (memory, compressor);

  /* Into memory: it cannot fail. */
  g_output_stream_write_all (stream, json, strlen (json), NULL, NULL, NULL);
  g_output_stream_close (stream, NULL, NULL);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

static void
append_base64 (GString *text, const GBytes *bytes)
{
  gsize size;
  const uint8_t *data = g_bytes_get_data ((GBytes *)bytes, &size);

  for (gsize at = 0; at < size; at += 57)
    {
      g_autofree char *line = g_base64_encode (data + at, MIN (size - at, 57));
      g_string_append_printf (text, "%s\r\n", line);
    }
}

char *
clr_tls_report_write_mail (const ClrTlsReportHead *head, const char *from, const char *to, const char *domain,
                           const char *submitter, const char *date, const GBytes *json)
{
  GString *text = g_string_new (NULL);
  g_autofree char *boundary = g_compute_checksum_for_string (G_CHECKSUM_SHA256, head->id, -1);

  /* RFC 8689 section 5: the report about broken TLS must get through broken TLS. */
  g_string_append_printf (
      text,
      "From: <%s>\r\nTo: <%s>\r\nDate: %s\r\nMessage-ID: <%s>\r\n"
      "Subject: Report Domain: %s\r\n Submitter: %s\r\n Report-ID: <%s>\r\n"
      "TLS-Report-Domain: %s\r\nTLS-Report-Submitter: %s\r\nTLS-Required: No\r\n"
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"%s\"\r\n\r\n",
      from, to, date, head->id, domain, submitter, head->id, domain, submitter, boundary);
  g_string_append_printf (text,
                          "--%s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                          "This is an aggregate TLS report from %s about mail for %s on %s (UTC).\r\n"
                          "Questions: %s\r\n\r\n",
                          boundary, head->organization, domain, head->date, head->contact);
  g_string_append_printf (
      text,
      "--%s\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n filename=\"%s!%s!%s.json.gz\"\r\n\r\n",
      boundary, submitter, domain, head->date);
  append_base64 (text, json);
  g_string_append_printf (text, "--%s--\r\n", boundary);
  return g_string_free (text, FALSE);
}
