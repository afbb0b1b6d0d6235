/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What came of TLS, counted and written as a report (RFC 8460); how TLS with a host is chosen.
 */
#include "delivery/clr-tls-session.h"

#include <gio/gio.h>
#include <string.h>

static void
count (JsonArray *policies, ClrTlsPolicyKind kind, const char *line, const char *host, ClrTlsResult result)
{
  g_autoptr (ClrTlsSession) session = g_new0 (ClrTlsSession, 1);

  session->domain = g_strdup ("example.net");
  session->kind = kind;
  session->policy = line ? g_strsplit (line, "|", 0) : NULL;
  session->patterns = kind == CLR_TLS_POLICY_STS ? g_strsplit ("*.example.net", "|", 0) : NULL;
  session->host = g_strdup (host);
  session->address = g_strdup ("192.0.2.1");
  session->own = g_strdup ("192.0.2.2");
  session->result = result;
  session->detail = g_strdup ("the first time");
  clr_tls_session_count (session, policies);
}

static JsonObject *
get_policy (JsonArray *policies, unsigned index)
{
  return json_array_get_object_element (policies, index);
}

static gint64
get_sum (JsonArray *policies, unsigned index, const char *member)
{
  return json_object_get_int_member (json_object_get_object_member (get_policy (policies, index), "summary"),
                                     member);
}

static void
test_count (void)
{
  g_autoptr (JsonArray) policies = json_array_new ();

  count (policies, CLR_TLS_POLICY_STS, "version: STSv1|mode: enforce", "mx1.example.net", CLR_TLS_GOOD);
  count (policies, CLR_TLS_POLICY_STS, "version: STSv1|mode: enforce", "mx1.example.net", CLR_TLS_GOOD);
  count (policies, CLR_TLS_POLICY_STS, "version: STSv1|mode: enforce", "mx1.example.net", CLR_TLS_EXPIRED);
  count (policies, CLR_TLS_POLICY_STS, "version: STSv1|mode: enforce", "mx1.example.net", CLR_TLS_EXPIRED);
  count (policies, CLR_TLS_POLICY_STS, "version: STSv1|mode: enforce", "mx2.example.net", CLR_TLS_EXPIRED);
  count (policies, CLR_TLS_POLICY_STS, "version: STSv1|mode: testing", "mx1.example.net", CLR_TLS_GOOD);
  count (policies, CLR_TLS_POLICY_NONE, NULL, "mx1.example.net", CLR_TLS_NOT_SUPPORTED);
  count (policies, CLR_TLS_POLICY_DANE, "3 1 1 00", "mx1.example.net", CLR_TLS_GOOD);
  g_assert_cmpuint (json_array_get_length (policies), ==, 4);
  g_assert_cmpint (get_sum (policies, 0, "total-successful-session-count"), ==, 2);
  g_assert_cmpint (get_sum (policies, 0, "total-failure-session-count"), ==, 3);
  JsonArray *failures = json_object_get_array_member (get_policy (policies, 0), "failure-details");
  g_assert_cmpuint (json_array_get_length (failures), ==, 2);
  g_assert_cmpint (
      json_object_get_int_member (json_array_get_object_element (failures, 0), "failed-session-count"), ==,
      2);
  g_assert_cmpint (get_sum (policies, 2, "total-failure-session-count"), ==, 1);
  g_assert_false (json_object_has_member (get_policy (policies, 3), "failure-details"));

  /* Bounded, whatever happens. */
  for (unsigned i = 0; i < 200; i++)
    {
      g_autofree char *name = g_strdup_printf ("mx%u.example.net", i);
      count (policies, CLR_TLS_POLICY_STS, name, name, CLR_TLS_NOT_TRUSTED);
      count (policies, CLR_TLS_POLICY_NONE, NULL, name, CLR_TLS_NOT_TRUSTED);
    }
  g_assert_cmpuint (json_array_get_length (policies), <=, CLR_TLS_POLICIES_MOST);
  for (unsigned i = 0; i < json_array_get_length (policies); i++)
    g_assert_cmpuint (
        json_array_get_length (json_object_get_array_member (get_policy (policies, i), "failure-details")),
        <=, CLR_TLS_FAILURES_MOST);
}

/* Key by key as in RFC 8460 section 4.4. */
static void
test_report (void)
{
  static const ClrTlsReportHead head = { "Example Office", "postmaster@example.com",
                                         "2026-11-24.example.net@relay.example.com", "2026-11-24" };
  g_autoptr (JsonArray) policies = json_array_new ();
  g_autofree char *text = NULL, *mail = NULL;

  count (policies, CLR_TLS_POLICY_STS, "version: STSv1|mode: enforce", "mx1.example.net",
         CLR_TLS_HOST_MISMATCH);
  text = clr_tls_report_write (&head, policies);
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  JsonObject *report = json_node_get_object (root), *range, *policy, *failure;
  g_assert_cmpstr (json_object_get_string_member (report, "organization-name"), ==, "Example Office");
  g_assert_cmpstr (json_object_get_string_member (report, "contact-info"), ==, "postmaster@example.com");
  g_assert_cmpstr (json_object_get_string_member (report, "report-id"), ==, head.id);
  range = json_object_get_object_member (report, "date-range");
  g_assert_cmpstr (json_object_get_string_member (range, "start-datetime"), ==, "2026-11-24T00:00:00Z");
  g_assert_cmpstr (json_object_get_string_member (range, "end-datetime"), ==, "2026-11-24T23:59:59Z");
  JsonArray *all = json_object_get_array_member (report, "policies");
  policy = json_object_get_object_member (json_array_get_object_element (all, 0), "policy");
  g_assert_cmpstr (json_object_get_string_member (policy, "policy-type"), ==, "sts");
  g_assert_cmpstr (json_object_get_string_member (policy, "policy-domain"), ==, "example.net");
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (policy, "policy-string"), 1),
                   ==, "mode: enforce");
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (policy, "mx-host"), 0), ==,
                   "*.example.net");
  failure = json_array_get_object_element (
      json_object_get_array_member (json_array_get_object_element (all, 0), "failure-details"), 0);
  g_assert_cmpstr (json_object_get_string_member (failure, "result-type"), ==, "certificate-host-mismatch");
  g_assert_cmpstr (json_object_get_string_member (failure, "sending-mta-ip"), ==, "192.0.2.2");
  g_assert_cmpstr (json_object_get_string_member (failure, "receiving-ip"), ==, "192.0.2.1");
  g_assert_cmpstr (json_object_get_string_member (failure, "receiving-mx-hostname"), ==, "mx1.example.net");

  /* Compressed, and back. */
  g_autoptr (GBytes) packed = clr_tls_report_compress (text);
  g_autoptr (GConverter) opener = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autofree char *again = g_malloc0 (strlen (text) + 1);
  gsize read, written;
  g_converter_convert (opener, g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), again,
                       strlen (text), G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
  g_assert_cmpstr (again, ==, text);
  mail = clr_tls_report_write_mail (&head, "tls@example.com", "r@example.net", "example.net", "example.com",
                                    "Tue, 24 Nov 2026 00:00:00 +0000", packed);
  g_assert_nonnull (strstr (mail, "\r\nTLS-Report-Domain: example.net\r\n"));
  g_assert_nonnull (strstr (mail, "\r\nTLS-Report-Submitter: example.com\r\n"));
  g_assert_nonnull (strstr (mail, "report-type=\"tlsrpt\""));
  g_assert_nonnull (strstr (mail, "filename=\"example.com!example.net!2026-11-24.json.gz\""));
}

static void
test_choice (void)
{
  uint8_t digest[32] = { 1 };
  const ClrDnsRecord good = { .usage = 3, .selector = 1, .matching = 1, .bytes = digest, .size = 32 };
  const ClrDnsRecord useless = { .usage = 1, .selector = 1, .matching = 1, .bytes = digest, .size = 32 };
  g_autoptr (ClrDane) dane = clr_dane_new (&good, 1);
  g_autoptr (ClrDane) unusable = clr_dane_new (&useless, 1);
  const struct
  {
    ClrNextHopTls tls;
    ClrStsMode sts;
    const ClrDane *dane;
    gboolean is_clear;
    ClrClientTls wanted;
    ClrTlsProof proof;
    gboolean is_test;
    const char *policy;
  } table[] = {
    { CLR_NEXT_HOP_TLS_NONE, CLR_STS_MODE_ENFORCE, NULL, FALSE, CLR_CLIENT_TLS_NONE, CLR_TLS_PROOF_NOTHING,
      FALSE, "none" },
    { CLR_NEXT_HOP_TLS_MAY, CLR_STS_MODE_NONE, NULL, FALSE, CLR_CLIENT_TLS_MAY, CLR_TLS_PROOF_NOTHING, FALSE,
      "may" },
    { CLR_NEXT_HOP_TLS_DANE, CLR_STS_MODE_NONE, NULL, TRUE, CLR_CLIENT_TLS_NONE, CLR_TLS_PROOF_NOTHING, FALSE,
      "may" },
    { CLR_NEXT_HOP_TLS_DANE, CLR_STS_MODE_NONE, dane, TRUE, CLR_CLIENT_TLS_REQUIRED, CLR_TLS_PROOF_DANE,
      FALSE, "dane" },
    { CLR_NEXT_HOP_TLS_DANE, CLR_STS_MODE_ENFORCE, dane, FALSE, CLR_CLIENT_TLS_REQUIRED, CLR_TLS_PROOF_DANE,
      FALSE, "dane" },
    { CLR_NEXT_HOP_TLS_DANE, CLR_STS_MODE_NONE, unusable, TRUE, CLR_CLIENT_TLS_REQUIRED,
      CLR_TLS_PROOF_NOTHING, FALSE, "dane-unusable" },
    { CLR_NEXT_HOP_TLS_DANE, CLR_STS_MODE_ENFORCE, unusable, FALSE, CLR_CLIENT_TLS_REQUIRED,
      CLR_TLS_PROOF_NAME, FALSE, "dane-unusable" },
    { CLR_NEXT_HOP_TLS_MAY, CLR_STS_MODE_ENFORCE, NULL, TRUE, CLR_CLIENT_TLS_REQUIRED, CLR_TLS_PROOF_NAME,
      FALSE, "mta-sts" },
    { CLR_NEXT_HOP_TLS_MAY, CLR_STS_MODE_TESTING, NULL, FALSE, CLR_CLIENT_TLS_MAY, CLR_TLS_PROOF_NAME, TRUE,
      "mta-sts-testing" },
    { CLR_NEXT_HOP_TLS_ENCRYPT, CLR_STS_MODE_TESTING, NULL, FALSE, CLR_CLIENT_TLS_REQUIRED,
      CLR_TLS_PROOF_NAME, TRUE, "mta-sts-testing" },
    { CLR_NEXT_HOP_TLS_ENCRYPT, CLR_STS_MODE_NONE, NULL, TRUE, CLR_CLIENT_TLS_REQUIRED, CLR_TLS_PROOF_NOTHING,
      FALSE, "encrypt" },
    { CLR_NEXT_HOP_TLS_DANE_ONLY, CLR_STS_MODE_ENFORCE, NULL, FALSE, CLR_CLIENT_TLS_REQUIRED,
      CLR_TLS_PROOF_DANE, FALSE, "dane" },
    { CLR_NEXT_HOP_TLS_VERIFY, CLR_STS_MODE_NONE, NULL, FALSE, CLR_CLIENT_TLS_REQUIRED, CLR_TLS_PROOF_NOTHING,
      FALSE, "verify" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++)
    {
      ClrNextHop hop = { .tls = table[i].tls };
      ClrHost host = { .name = (char *)"mx.test", .sts = table[i].sts };
      ClrTlsChoice choice = clr_tls_choice_make (&hop, &host, table[i].dane, table[i].is_clear);

      g_test_message ("%u: %s", i, choice.policy);
      g_assert_cmpint (choice.wanted, ==, table[i].wanted);
      g_assert_cmpint (choice.proof, ==, table[i].proof);
      g_assert_cmpint (choice.is_test, ==, table[i].is_test);
      g_assert_cmpstr (choice.policy, ==, table[i].policy);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tls-session/count", test_count);
  g_test_add_func ("/tls-session/report", test_report);
  g_test_add_func ("/tls-session/choice", test_choice);
  return g_test_run ();
}
