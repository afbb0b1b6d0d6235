/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Authentication-Results over the public cases, asked as "clrelay check authres --batch" is.
 */
#include "check/clr-check.h"
#include "vectors.h"

static unsigned n_met, n_all;

/* The suite gives values names of its own ("from" for smtp.mailfrom): some property must have each of them.
 */
static gboolean
has_value (JsonObject *got, const char *value)
{
  g_autoptr (GList) values = json_object_get_values (json_object_get_object_member (got, "properties"));

  for (GList *l = values; l; l = l->next)
    if (g_strcmp0 (json_node_get_string (l->data), value) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_met (JsonObject *wanted, JsonObject *got)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  json_object_iter_init (&iter, wanted);
  while (json_object_iter_next (&iter, &key, &node))
    {
      const char *text = json_node_get_string (node);

      if (g_str_equal (key, "method") || g_str_equal (key, "value") || g_str_equal (key, "reason"))
        {
          if (g_strcmp0 (clr_vector_get (got, key), text) != 0)
            return FALSE;
        }
      else if (!g_str_equal (key, "headerkey") && !has_value (got, text))
        return FALSE;
    }
  return TRUE;
}

static void
check_case (JsonObject *one)
{
  g_autoptr (JsonObject) in = json_object_new ();
  JsonArray *wanted = json_object_get_array_member (one, "results");
  const char *value = clr_vector_get (one, "value");

  json_object_set_string_member (in, "value", value);
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("authres"), in, NULL);
  JsonObject *details = json_object_get_object_member (json_node_get_object (out), "details");
  JsonArray *got = json_object_get_array_member (details, "results");
  gboolean met = g_strcmp0 (clr_vector_get (details, "authserv-id"), clr_vector_get (one, "authserv_id")) == 0
                 && json_array_get_length (got) == json_array_get_length (wanted);

  for (unsigned i = 0; met && i < json_array_get_length (wanted); i++)
    met = is_met (json_array_get_object_element (wanted, i), json_array_get_object_element (got, i));
  g_autofree char *shown = json_to_string (out, FALSE);
  clr_vector_expect (met, "%s: %s", value, shown);
  n_met += met;
  n_all++;
}

static void
test_cases (void)
{
  clr_vectors_run ("authres/cases.json", check_case);
  g_test_message ("authres/cases.json: %u of %u", n_met, n_all);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/authres/cases", test_cases);
  return g_test_run ();
}
