/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The DKIM verifier over the public messages and key records.
 */
#include "auth/clr-dkim-record.h"
#include "auth/clr-dkim-verifier.h"
#include "check/clr-check.h"
#include "vectors.h"

#include <string.h>

static unsigned n_met, n_all;
static gboolean unmet;

static ClrDkimVerdict
verify (const char *text, gsize size, const ClrDkimRules *rules, ClrZone *zone)
{
  size_t header = clr_header_block_find_end (text, size);
  ClrHeaderBlock block;
  ClrDkimVerdict verdict;

  clr_header_block_parse (&block, text, header ? header : size);
  ClrDkimVerifier *verifier = clr_dkim_verifier_new (&block, rules);
  for (unsigned i = 0; i < clr_dkim_verifier_get_n_queries (verifier); i++)
    {
      g_autoptr (GPtrArray) records = NULL;
      ClrZoneStatus status = clr_zone_find (zone, clr_dkim_verifier_get_query (verifier, i), "TXT", &records);
      clr_dkim_verifier_feed_key (verifier, i,
                                  status == CLR_ZONE_FOUND     ? CLR_DKIM_KEY_FOUND
                                  : status < CLR_ZONE_SERVFAIL ? CLR_DKIM_KEY_NONE
                                                               : CLR_DKIM_KEY_TEMPORARY,
                                  (const char *const *)records->pdata, records->len);
    }
  for (gsize i = header; header && i < size; i += 7)
    clr_dkim_verifier_feed_body (verifier, (const uint8_t *)text + i, MIN (size - i, 7));
  verdict = clr_dkim_verifier_end (verifier);
  clr_dkim_verifier_free (verifier);
  clr_header_block_clear (&block);
  return verdict;
}

static void
expect (JsonObject *one, const char *what, const char *wanted, const char *got)
{
  gboolean met = g_str_equal (wanted, "not-pass") ? !g_str_equal (got, "pass") : g_str_equal (wanted, got);

  unmet = unmet || !met;
  clr_vector_expect (met, "%s, %s: %s instead of %s", clr_vector_get (one, "id"), what, got, wanted);
}

static const char *
signature_result (JsonArray *signatures, unsigned i)
{
  return json_object_get_string_member (json_array_get_object_element (signatures, i), "result");
}

/* As "clrelay check dkim --batch" would be asked. */
static void
check_case (JsonObject *one)
{
  JsonObject *wanted = json_object_get_object_member (one, "expect");
  g_autofree char *path = g_build_filename (VECTORS, "dkim", clr_vector_get (one, "file"), NULL),
                  *text = NULL;
  g_autoptr (JsonObject) in = json_object_new ();
  g_autoptr (ClrZone) zone = clr_zone_new_from_json (json_object_get_object_member (one, "zone"));
  gint64 now = json_object_get_int_member_with_default (one, "now", g_get_real_time () / G_USEC_PER_SEC);
  gsize size;

  json_object_set_string_member (in, "file", path);
  json_object_set_int_member (in, "now", now);
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("dkim"), in, zone);
  JsonObject *answer = json_node_get_object (out);
  g_autofree char *shown = json_to_string (out, FALSE);
  g_test_message ("%s", shown);
  JsonArray *signatures
      = json_object_get_array_member (json_object_get_object_member (answer, "details"), "signatures");
  unsigned n = json_array_get_length (signatures);

  n_all++;
  unmet = FALSE;
  if (json_object_has_member (wanted, "overall"))
    expect (one, "overall", clr_vector_get (wanted, "overall"), clr_vector_get (answer, "result"));
  if (json_object_has_member (wanted, "last"))
    expect (one, "last", clr_vector_get (wanted, "last"), signature_result (signatures, n - 1));
  if (json_object_has_member (wanted, "signatures"))
    {
      JsonArray *each = json_object_get_array_member (wanted, "signatures");
      clr_vector_expect (json_array_get_length (each) == n, "%s: %u signatures", clr_vector_get (one, "id"),
                         n);
      for (unsigned i = 0; i < MIN (n, json_array_get_length (each)); i++)
        expect (one, "a signature", json_array_get_string_element (each, i),
                signature_result (signatures, i));
    }
  if (json_object_has_member (wanted, "with_weak_allowed"))
    {
      ClrDkimRules rules = { .now = now, .weak_allowed = TRUE };
      g_assert_true (g_file_get_contents (path, &text, &size, NULL));
      expect (one, "weak ones allowed", clr_vector_get (wanted, "with_weak_allowed"),
              clr_dkim_verdict_get_name (verify (text, size, &rules, zone)));
    }
  n_met += !unmet;
}

static void
test_cases (void)
{
  clr_vectors_run ("dkim/cases.json", check_case);
  g_test_message ("dkim/cases.json: %u of %u", n_met, n_all);
}

static void
check_record (JsonObject *one)
{
  const char *text = clr_vector_get (one, "record"), *problem = NULL;
  gboolean is_dkim, valid = json_object_get_boolean_member (one, "valid");
  g_autoptr (ClrDkimRecord) record = clr_dkim_record_parse (text, strlen (text), &is_dkim, &problem);
  const char *note = clr_vector_get (one, "note");

  n_all++;
  /* Deviation, RFC 6376 section 3.2: white space behind the final semicolon is not in the grammar and is in
   * published records; the suite says that accepting is fine. */
  if (note && strstr (note, "accepting is fine"))
    valid = TRUE;
  clr_vector_expect ((record != NULL) == valid, "%s: %s", text, problem ? problem : "valid");
  clr_vector_expect (is_dkim == json_object_get_boolean_member (one, "is_dkim"), "%s: is_dkim", text);
}

static void
test_records (void)
{
  n_all = 0;
  clr_vectors_run ("dkim/key-records.json", check_record);
  g_test_message ("dkim/key-records.json: %u, one deviation (RFC 6376 section 3.2, final white space)",
                  n_all);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/dkim/cases", test_cases);
  g_test_add_func ("/vectors/dkim/key-records", test_records);
  return g_test_run ();
}
