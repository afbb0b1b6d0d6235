/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ARC chains over the public suites, asked as "clrelay check arc --batch --zone" is. Sealing is not built.
 */
#include "check/clr-check.h"
#include "vectors.h"

static unsigned n_met, n_all;

static void
check_message (JsonObject *in, ClrZone *zone, const char *id, const char *wanted)
{
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("arc"), in, zone);
  JsonObject *answer = json_node_get_object (out);
  const char *result = clr_vector_get (answer, "result");
  /* Chains whose newest seal says cv=fail have no word of the suite: they have failed before. */
  gboolean met = g_strcmp0 (result, wanted && *wanted ? wanted : "fail") == 0;

  clr_vector_expect (met, "%s: %s instead of %s, %s", id, result, wanted, clr_vector_get (answer, "reason"));
  n_met += met;
  n_all++;
}

static void
test_validation (void)
{
  g_autoptr (JsonNode) root = clr_vectors_load ("arc/validation.json");

  if (root == NULL)
    return;
  n_met = n_all = 0;
  JsonArray *scenarios = json_object_get_array_member (json_node_get_object (root), "scenarios");
  for (unsigned i = 0; i < json_array_get_length (scenarios); i++)
    {
      JsonObject *scenario = json_array_get_object_element (scenarios, i);
      g_autoptr (ClrZone) zone = clr_zone_new_from_json (json_object_get_object_member (scenario, "zone"));
      JsonArray *tests = json_object_get_array_member (scenario, "tests");

      for (unsigned t = 0; t < json_array_get_length (tests); t++)
        {
          JsonObject *one = json_array_get_object_element (tests, t);
          g_autoptr (JsonObject) in = json_object_new ();

          json_object_set_string_member (in, "message", clr_vector_get (one, "message"));
          check_message (in, zone, clr_vector_get (one, "id"), clr_vector_get (one, "cv"));
        }
    }
  g_assert_cmpuint (n_all, >, 0);
  g_test_message ("arc/validation.json: %u of %u", n_met, n_all);
}

static void
check_real (JsonObject *one)
{
  g_autofree char *path = g_build_filename (VECTORS, "arc", clr_vector_get (one, "file"), NULL);
  g_autoptr (JsonObject) in = json_object_new ();
  g_autoptr (ClrZone) zone = clr_zone_new_from_json (json_object_get_object_member (one, "zone"));

  json_object_set_string_member (in, "file", path);
  check_message (in, zone, clr_vector_get (one, "id"),
                 clr_vector_get (json_object_get_object_member (one, "expect"), "arc"));
}

static void
test_real (void)
{
  n_met = n_all = 0;
  clr_vectors_run ("arc/real.json", check_real);
  g_test_message ("arc/real.json: %u of %u", n_met, n_all);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/arc/validation", test_validation);
  g_test_add_func ("/vectors/arc/real", test_real);
  return g_test_run ();
}
