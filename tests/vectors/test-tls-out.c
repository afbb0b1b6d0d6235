/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public cases of MTA-STS, DANE and TLSRPT records, as "clrelay check NAME --batch" would be asked.
 */
#include "check/clr-check.h"
#include "vectors.h"

static const char *check_name, *wanted_member;
static unsigned n_met, n_all;

/* The result of the check @name with @one as it stands in the suite. (transfer full) */
static char *
ask (const char *name, JsonObject *one, gint64 now)
{
  g_autoptr (JsonNode) out = NULL;
  g_autofree char *shown = NULL;

  if (now > 0)
    json_object_set_int_member (one, "now", now);
  out = clr_check_run (clr_check_find (name), one, NULL);
  shown = json_to_string (out, FALSE);
  g_test_message ("%s", shown);
  return g_strdup (clr_vector_get (json_node_get_object (out), "result"));
}

static void
check_validity (JsonObject *one)
{
  gboolean valid = json_object_has_member (one, "valid") ? json_object_get_boolean_member (one, "valid")
                                                         : json_object_get_boolean_member (one, "accept");
  g_autofree char *shown = g_strdup (clr_vector_get (one, wanted_member)), *result = ask (check_name, one, 0);
  gboolean met = g_str_equal (result, valid ? "valid" : "invalid");

  n_all++;
  n_met += met;
  clr_vector_expect (met, "%s: %s", shown, result);
}

static void
run_validity (const char *file, const char *array, const char *check, const char *member)
{
  n_all = n_met = 0;
  check_name = check;
  wanted_member = member;
  clr_vectors_run_array (file, array, check_validity);
  g_test_message ("%s %s: %u of %u", file, array, n_met, n_all);
}

static void
test_sts_records (void)
{
  run_validity ("mta-sts/cases.json", "records", "mta-sts", "record");
}

static void
test_sts_policies (void)
{
  run_validity ("mta-sts/cases.json", "policies", "mta-sts", "policy");
}

static void
test_tlsrpt_records (void)
{
  run_validity ("tlsrpt/cases.json", "records", "tlsrpt", "record");
}

static void
check_chain (JsonObject *one)
{
  /* The suite was made in 2015, its certificates that are meant to be valid are so for a thousand years. */
  g_autofree char *wanted = g_strdup (clr_vector_get (one, "smtp_expect")), *result = ask ("dane", one, 0);
  gboolean met = g_str_equal (wanted, result);

  n_all++;
  n_met += met;
  clr_vector_expect (met, "%" G_GINT64_FORMAT ": %s instead of %s", json_object_get_int_member (one, "id"),
                     result, wanted);
}

static void
test_dane (void)
{
  n_all = n_met = 0;
  clr_vectors_run ("dane/cases.json", check_chain);
  g_test_message ("dane/cases.json: %u of %u", n_met, n_all);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/mta-sts/records", test_sts_records);
  g_test_add_func ("/vectors/mta-sts/policies", test_sts_policies);
  g_test_add_func ("/vectors/tlsrpt/records", test_tlsrpt_records);
  g_test_add_func ("/vectors/dane", test_dane);
  return g_test_run ();
}
