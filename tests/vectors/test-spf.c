/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * check_host() over the public suites, asked as "clrelay check spf --batch --zone" is.
 */
#include "check/clr-check.h"
#include "vectors.h"

static unsigned n_met, n_all, n_disputed;

static gboolean
is_expected (JsonArray *any_of, const char *result)
{
  for (unsigned i = 0; i < json_array_get_length (any_of); i++)
    if (g_str_equal (json_array_get_string_element (any_of, i), result))
      return TRUE;
  return FALSE;
}

static const char *
get_detail (JsonObject *answer, const char *name)
{
  return json_object_has_member (answer, "details")
             ? clr_vector_get (json_object_get_object_member (answer, "details"), name)
             : NULL;
}

static void
check_test (JsonObject *one, ClrZone *zone)
{
  g_autoptr (JsonObject) in = json_object_new ();
  const char *explanation = clr_vector_get (one, "explanation"), *id = clr_vector_get (one, "id");

  if (json_object_has_member (one, "disputed"))
    {
      n_disputed++;
      return;
    }
  json_object_set_string_member (in, "ip", clr_vector_get (one, "ip"));
  json_object_set_string_member (in, "helo", clr_vector_get (one, "helo"));
  json_object_set_string_member (in, "mail-from", clr_vector_get (one, "mail_from"));
  json_object_set_string_member (in, "default-explanation", "DEFAULT");
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("spf"), in, zone);
  g_autofree char *shown = json_to_string (out, FALSE);
  g_test_message ("%s", shown);
  JsonObject *answer = json_node_get_object (out);
  const char *result = clr_vector_get (answer, "result"), *said = get_detail (answer, "explanation");
  gboolean met = is_expected (json_object_get_array_member (one, "expect"), result);

  clr_vector_expect (met, "%s: %s, %s", id, result, clr_vector_get (answer, "reason"));
  /* Deviation, v-macro-ip6: the suite has the digits of an IPv6 address in macro i in upper case; RFC 7208
   * section 7.3 leaves it open, the example of section 7.4 has lower case, and so have we. */
  if (explanation && met)
    {
      met = said
            && (g_str_equal (id, "v-macro-ip6") ? g_ascii_strcasecmp (explanation, said)
                                                : strcmp (explanation, said))
                   == 0;
      clr_vector_expect (met, "%s: explained with “%s”", id, said ? said : "");
    }
  n_met += met;
  n_all++;
}

static void
run_scenarios (const char *file)
{
  g_autoptr (JsonNode) root = clr_vectors_load (file);

  if (root == NULL)
    return;
  n_met = n_all = n_disputed = 0;
  JsonArray *scenarios = json_object_get_array_member (json_node_get_object (root), "scenarios");
  for (unsigned i = 0; i < json_array_get_length (scenarios); i++)
    {
      JsonObject *scenario = json_array_get_object_element (scenarios, i);
      g_autoptr (ClrZone) zone = clr_zone_new_from_json (json_object_get_object_member (scenario, "zone"));
      JsonArray *tests = json_object_get_array_member (scenario, "tests");

      for (unsigned t = 0; t < json_array_get_length (tests); t++)
        check_test (json_array_get_object_element (tests, t), zone);
    }
  g_assert_cmpuint (n_all, >, 0);
  g_test_message ("%s: %u of %u, %u disputed ones not counted", file, n_met, n_all, n_disputed);
}

static void
test_rfc7208 (void)
{
  run_scenarios ("spf/rfc7208.json");
}

static void
test_blitiri (void)
{
  run_scenarios ("spf/blitiri.json");
}

static void
check_macro (JsonObject *one)
{
  g_autoptr (JsonObject) in = json_object_new ();

  json_object_set_string_member (in, "macro", clr_vector_get (one, "macro"));
  json_object_set_string_member (in, "mail-from", clr_vector_get (one, "sender"));
  if (clr_vector_get (one, "ip"))
    json_object_set_string_member (in, "ip", clr_vector_get (one, "ip"));
  if (clr_vector_get (one, "domain"))
    json_object_set_string_member (in, "domain", clr_vector_get (one, "domain"));
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("spf"), in, NULL);
  const char *text = get_detail (json_node_get_object (out), "expansion");
  gboolean met = g_strcmp0 (text, clr_vector_get (one, "expect")) == 0;

  clr_vector_expect (met, "%s: %s", clr_vector_get (one, "macro"), text);
  n_met += met;
  n_all++;
}

static void
test_macros (void)
{
  n_met = n_all = 0;
  clr_vectors_run ("spf/macros.json", check_macro);
  g_test_message ("spf/macros.json: %u of %u", n_met, n_all);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/spf/rfc7208", test_rfc7208);
  g_test_add_func ("/vectors/spf/blitiri", test_blitiri);
  g_test_add_func ("/vectors/spf/macros", test_macros);
  return g_test_run ();
}
