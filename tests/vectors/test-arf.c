/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Feedback reports over the public messages: recognised, never taken for a bounce, and what they say.
 */
#include "check/clr-check.h"
#include "mail/clr-bounce.h"
#include "vectors.h"

static unsigned n_met, n_all;

/* The suite's names are another program's; addresses stand there with their brackets. */
static gboolean
is_same (const char *wanted, const char *got)
{
  g_autofree char *text = g_strdup (wanted);

  if (*text == '<' && g_str_has_suffix (text, ">"))
    {
      text[strlen (text) - 1] = 0;
      return g_strcmp0 (text + 1, got) == 0;
    }
  return g_strcmp0 (text, got) == 0;
}

static gboolean
says_same (JsonObject *wanted, JsonObject *got)
{
  static const char *const texts[][2] = { { "source_ip", "source-ip" },
                                          { "original_envelope_id", "original-envelope-id" },
                                          { "original_mail_from", "original-mail-from" },
                                          { "user_agent", "user-agent" },
                                          { "reporting_mta", "reporting-mta" } };
  static const char *const lists[][2]
      = { { "reported_domain", "reported-domain" }, { "reported_uri", "reported-uri" } };
  const char *type = clr_vector_get (wanted, "feedback_type");

  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    if (clr_vector_get (wanted, texts[i][0])
        && !is_same (clr_vector_get (wanted, texts[i][0]), clr_vector_get (got, texts[i][1])))
      return FALSE;
  for (unsigned i = 0; i < G_N_ELEMENTS (lists); i++)
    if (!json_node_equal (json_object_get_member (wanted, lists[i][0]),
                          json_object_get_member (got, lists[i][1])))
      return FALSE;
  return g_ascii_strcasecmp (type, "AuthFailure") == 0
             ? g_strcmp0 (clr_vector_get (got, "feedback-type"), "auth-failure") == 0
             : g_ascii_strcasecmp (type, clr_vector_get (got, "feedback-type")) == 0;
}

static void
check_case (JsonObject *one)
{
  g_autofree char *path = g_build_filename (VECTORS, "arf", clr_vector_get (one, "file"), NULL), *text = NULL;
  g_autoptr (JsonObject) in = json_object_new ();
  ClrBounce bounce;
  gsize size;

  json_object_set_string_member (in, "file", path);
  g_autoptr (JsonNode) out = clr_check_run (clr_check_find ("arf"), in, NULL);
  JsonObject *answer = json_node_get_object (out);
  g_autofree char *shown = json_to_string (out, FALSE);
  gboolean met = g_str_equal (clr_vector_get (answer, "result"), "ok");

  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  g_auto (GStrv) lines = g_strsplit (text, strstr (text, "\r\n") ? "\r\n" : "\n", -1);
  g_autofree char *wire = g_strjoinv ("\r\n", lines);
  met = met && !clr_bounce_parse (&bounce, wire, strlen (wire));
  clr_bounce_clear (&bounce);
  if (met && clr_vector_get (one, "expect"))
    {
      g_autofree char *file = g_build_filename ("arf", clr_vector_get (one, "expect"), NULL);
      g_autoptr (JsonNode) wanted = clr_vectors_load (file);

      met = says_same (json_node_get_object (wanted), json_object_get_object_member (answer, "details"));
    }
  clr_vector_expect (met, "%s: %s", path, shown);
  n_met += met;
  n_all++;
}

static void
test_cases (void)
{
  clr_vectors_run ("arf/cases.json", check_case);
  g_test_message ("arf/cases.json: %u of %u", n_met, n_all);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/arf/cases", test_cases);
  return g_test_run ();
}
