/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Aggregate reports of DMARC and reports on TLS, over the public files: read whole, or refused with a reason.
 */
#include "check/clr-check.h"
#include "vectors.h"

static unsigned n_met, n_all;

static JsonNode *
run (const char *check, const char *member, const char *path)
{
  g_autoptr (JsonObject) in = json_object_new ();

  json_object_set_string_member (in, member, path);
  return clr_check_run (clr_check_find (check), in, NULL);
}

/* The suite's words are another program's: an enumeration for what the XML says in small letters. */
static gboolean
is_same_text (JsonNode *wanted, JsonNode *got)
{
  const char *a = json_node_get_string (wanted), *b = got ? json_node_get_string (got) : NULL;
  g_autofree char *folded = NULL, *plain = NULL;

  if (g_strcmp0 (a, b) == 0 || (b == NULL && (*a == 0 || g_str_equal (a, "Unspecified"))))
    return TRUE;
  if (b == NULL)
    return FALSE;
  if (g_str_equal (a, "Relaxed") || g_str_equal (a, "Strict"))
    return g_ascii_tolower (*a) == *b && b[1] == 0;
  if (g_str_equal (a, "MailFrom"))
    return g_str_equal (b, "mfrom");
  folded = g_ascii_strdown (a, -1);
  plain = g_ascii_strdown (b, -1);
  char *into = plain;
  for (const char *from = plain; *from; from++)
    if (*from != '_')
      *into++ = *from;
  *into = 0;
  return g_str_equal (folded, plain);
}

static gboolean fits (JsonNode *wanted, JsonNode *got);

static gboolean
fits_object (JsonObject *wanted, JsonObject *got)
{
  g_autoptr (GList) names = json_object_get_members (wanted);

  for (GList *each = names; each; each = each->next)
    {
      const char *name = each->data;
      JsonNode *a = json_object_get_member (wanted, name);

      /* Read as numbers and truth there; extensions are not shown here. */
      if (g_str_equal (name, "version") || g_str_equal (name, "testing") || g_str_equal (name, "extensions"))
        continue;
      if (!fits (a, json_object_get_member (got, g_str_equal (name, "type_") ? "type" : name)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fits (JsonNode *wanted, JsonNode *got)
{
  if (JSON_NODE_HOLDS_NULL (wanted))
    return got == NULL;
  if (JSON_NODE_HOLDS_OBJECT (wanted))
    return got && fits_object (json_node_get_object (wanted), json_node_get_object (got));
  if (JSON_NODE_HOLDS_ARRAY (wanted))
    {
      JsonArray *a = json_node_get_array (wanted), *b = got ? json_node_get_array (got) : NULL;

      if (json_array_get_length (a) != (b ? json_array_get_length (b) : 0))
        return FALSE;
      for (unsigned i = 0; i < json_array_get_length (a); i++)
        if (!fits (json_array_get_element (a, i), json_array_get_element (b, i)))
          return FALSE;
      return TRUE;
    }
  if (json_node_get_value_type (wanted) == G_TYPE_STRING)
    return is_same_text (wanted, got);
  return got && json_node_equal (wanted, got);
}

static void
check_dmarc (JsonObject *one)
{
  g_autofree char *path = g_build_filename (VECTORS, "dmarc-reports", clr_vector_get (one, "file"), NULL);
  g_autoptr (JsonNode) out = run ("dmarc-report", "file", path);
  g_autofree char *shown = json_to_string (out, FALSE);
  JsonObject *answer = json_node_get_object (out);
  gboolean damaged = strstr (clr_vector_get (one, "file"), "invalid") != NULL;
  gboolean met = g_str_equal (clr_vector_get (answer, "result"), damaged ? "invalid" : "ok");

  if (met && damaged)
    met = strstr (clr_vector_get (answer, "reason"), "line 5") != NULL
          && !json_object_has_member (answer, "details");
  if (met && clr_vector_get (one, "expect"))
    {
      g_autofree char *file = g_build_filename ("dmarc-reports", clr_vector_get (one, "expect"), NULL);
      g_autoptr (JsonNode) wanted = clr_vectors_load (file);

      met = fits (wanted, json_object_get_member (answer, "details"));
    }
  clr_vector_expect (met, "%s: %.2000s", path, shown);
  n_met += met;
  n_all++;
}

static void
test_dmarc (void)
{
  n_met = n_all = 0;
  clr_vectors_run ("dmarc-reports/cases.json", check_dmarc);
  g_test_message ("dmarc-reports/cases.json: %u of %u", n_met, n_all);
}

static void
check_tls (JsonObject *one)
{
  g_autofree char *path = g_build_filename (VECTORS, "tlsrpt", clr_vector_get (one, "file"), NULL);
  g_autoptr (JsonNode) out = run ("tlsrpt", "report", path);
  g_autofree char *shown = json_to_string (out, FALSE);
  JsonObject *answer = json_node_get_object (out);
  gboolean met = g_str_equal (clr_vector_get (answer, "result"), "ok");

  if (met && clr_vector_get (one, "expect"))
    {
      g_autofree char *file = g_build_filename ("tlsrpt", clr_vector_get (one, "expect"), NULL);
      g_autoptr (JsonNode) wanted = clr_vectors_load (file);
      JsonObject *a = json_node_get_object (wanted), *b = json_object_get_object_member (answer, "details");
      JsonObject *p = json_array_get_object_element (json_object_get_array_member (a, "policies"), 0);
      JsonObject *q = json_array_get_object_element (json_object_get_array_member (b, "policies"), 0);

      met = json_node_equal (json_object_get_member (a, "report-id"), json_object_get_member (b, "report-id"))
            && json_node_equal (json_object_get_member (p, "summary"), json_object_get_member (q, "summary"));
    }
  clr_vector_expect (met, "%s: %.2000s", path, shown);
  n_met += met;
  n_all++;
}

static void
test_tls (void)
{
  n_met = n_all = 0;
  clr_vectors_run_array ("tlsrpt/cases.json", "reports", check_tls);
  g_test_message ("tlsrpt/cases.json, reports: %u of %u", n_met, n_all);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/reports/dmarc", test_dmarc);
  g_test_add_func ("/vectors/reports/tls", test_tls);
  return g_test_run ();
}
