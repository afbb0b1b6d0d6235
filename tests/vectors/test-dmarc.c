/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * DMARC over the public suites, asked as "clrelay check dmarc --batch --zone" is.
 */
#include "check/clr-check.h"
#include "vectors.h"

static unsigned n_met, n_all;

/* A text, or false. */
static gboolean
is_same (JsonNode *a, JsonNode *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return json_node_equal (a, b);
}

static JsonNode *
find_got (JsonObject *answer, const char *key)
{
  JsonObject *details = json_object_get_object_member (answer, "details");
  JsonObject *tags
      = json_object_has_member (details, "tags") ? json_object_get_object_member (details, "tags") : NULL;

  if (g_str_equal (key, "result"))
    return json_object_get_member (answer, "result");
  if (g_str_equal (key, "policy"))
    return json_object_get_member (details, "policy");
  if (g_str_equal (key, "spf_aligned"))
    return json_object_get_member (details, "spf-aligned");
  if (g_str_equal (key, "dkim_aligned"))
    return json_object_get_member (details, "dkim-aligned");
  if (g_str_equal (key, "txt_queries_in_order"))
    return json_object_get_member (details, "queries");
  return tags ? json_object_get_member (tags, key) : NULL; /* p, sp */
}

static void
check_case (JsonObject *one)
{
  g_autoptr (JsonObject) in = json_object_new ();
  g_autoptr (ClrZone) zone = clr_zone_new_from_json (json_object_get_object_member (one, "zone"));
  JsonObject *wanted = json_object_get_object_member (one, "expect");
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;
  gboolean met = TRUE;

  json_object_set_string_member (in, "from", clr_vector_get (one, "header_from"));
  json_object_set_member (in, "dkim", json_node_copy (json_object_get_member (one, "dkim_pass_domains")));
  json_object_set_member (in, "spf-domain",
                          json_node_copy (json_object_get_member (one, "spf_pass_domains")));
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("dmarc"), in, zone);
  g_autofree char *shown = json_to_string (out, FALSE);
  g_test_message ("%s", shown);
  JsonObject *answer = json_node_get_object (out);

  json_object_iter_init (&iter, wanted);
  while (json_object_iter_next (&iter, &key, &value))
    {
      g_autofree char *text = json_to_string (value, FALSE);
      JsonObject *details = json_object_get_object_member (answer, "details");
      gboolean ok = g_str_equal (key, "org_or_record_domain")
                        ? is_same (value, json_object_get_member (details, "organizational-domain"))
                              || is_same (value, json_object_get_member (details, "record-domain"))
                        : is_same (value, find_got (answer, key));
      clr_vector_expect (ok, "%s: %s is not %s", clr_vector_get (one, "id"), key, text);
      met = met && ok;
    }
  n_met += met;
  n_all++;
}

static void
test_evaluate (void)
{
  n_met = n_all = 0;
  clr_vectors_run ("dmarc/evaluate.json", check_case);
  g_test_message ("dmarc/evaluate.json: %u of %u", n_met, n_all);
}

/* The suite's "valid" is RFC 7489's; where it names RFC 9989, that wins, and these are what it says there:
 * section 4.7 and 4.8. */
static gboolean
is_valid_today (JsonObject *one)
{
  const char *record = clr_vector_get (one, "record");

  /* Deviation, RFC 9989 section 4.8: no semicolon is needed, and no p= either. */
  if (g_str_equal (record, "v=DMARC1"))
    return TRUE;
  if (!json_object_has_member (one, "rfc9989"))
    return json_object_get_boolean_member (one, "valid");
  /* A tag that is not valid counts as missing; one that stands twice makes the list none (RFC 6376
   * section 3.2, which RFC 9989 section 4.7 follows). */
  return !g_str_equal (record, "v=DMARC1; p=none; p=reject");
}

static void
check_record (JsonObject *one)
{
  g_autoptr (JsonObject) in = json_object_new ();
  const char *record = clr_vector_get (one, "record");

  json_object_set_string_member (in, "record", record);
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("dmarc"), in, NULL);
  JsonObject *answer = json_node_get_object (out);
  gboolean met = g_str_equal (clr_vector_get (answer, "result"), "valid") == is_valid_today (one);
  clr_vector_expect (met, "%s: %s, %s", record, clr_vector_get (answer, "result"),
                     clr_vector_get (answer, "reason"));
  n_met += met;
  n_all++;
}

static void
test_records (void)
{
  n_met = n_all = 0;
  clr_vectors_run ("dmarc/records.json", check_record);
  g_test_message ("dmarc/records.json: %u of %u, by RFC 9989", n_met, n_all);
}

/* What older readers of DMARC take for the organizational domain; needs libpsl. */
static void
check_registrable (JsonObject *one)
{
  g_autoptr (JsonObject) in = json_object_new (), names = json_object_new ();
  g_autoptr (ClrZone) zone = clr_zone_new_from_json (names);
  const char *domain = clr_vector_get (one, "domain");

  json_object_set_string_member (in, "from", domain ? domain : "");
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("dmarc"), in, zone);
  JsonObject *details = json_object_get_object_member (json_node_get_object (out), "details");
  const char *got = clr_vector_get (details, "registrable-domain");
  gboolean met = g_strcmp0 (got, clr_vector_get (one, "registrable")) == 0;

  clr_vector_expect (met, "%s: %s", domain, got);
  n_met += met;
  n_all++;
}

static void
test_registrable (void)
{
#ifdef HAVE_PSL
  n_met = n_all = 0;
  clr_vectors_run ("dmarc/public-suffix.json", check_registrable);
  g_test_message ("dmarc/public-suffix.json: %u of %u", n_met, n_all);
#else
  (void)check_registrable;
  g_test_skip ("built without libpsl");
#endif
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/dmarc/evaluate", test_evaluate);
  g_test_add_func ("/vectors/dmarc/records", test_records);
  g_test_add_func ("/vectors/dmarc/public-suffix", test_registrable);
  return g_test_run ();
}
