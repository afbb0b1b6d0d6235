/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check-report.h"
#include "check/clr-check.h"
#include "control/clr-json.h"

#include <glib/gi18n-lib.h>

#define POLICIES_MOST 10000u
#define FAILURES_MOST 100000u /* of all policies */

/* A text, or why there is none that can be. */
static const char *
need_text (JsonObject *object, const char *name, const char *where, char **problem)
{
  const char *text = object ? clr_json_get_text (object, name) : NULL;

  if (text == NULL && *problem == NULL)
    *problem = g_strdup_printf (_ ("%s: %s is missing"), where, name);
  return text;
}

/* A number that is not negative. */
static gint64
need_count (JsonObject *object, const char *name, const char *where, char **problem)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;
  gint64 count = node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64
                     ? json_node_get_int (node)
                     : -1;

  if (count < 0 && *problem == NULL)
    *problem = g_strdup_printf (_ ("%s: %s is missing, or no number"), where, name);
  return count;
}

static JsonObject *
need_object (JsonObject *object, const char *name, const char *where, char **problem)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;

  if (node && JSON_NODE_HOLDS_OBJECT (node))
    return json_node_get_object (node);
  if (*problem == NULL)
    *problem = g_strdup_printf (_ ("%s: %s is missing"), where, name);
  return NULL;
}

/* The list, NULL where there is none. */
static JsonArray *
get_list (JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;

  return node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static void
check_time (JsonObject *range, const char *name, char **problem)
{
  const char *text = need_text (range, name, "date-range", problem);
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = text ? g_date_time_new_from_iso8601 (text, utc) : NULL;

  if (text && time == NULL && *problem == NULL)
    *problem = g_strdup_printf (_ ("date-range: %s is no time"), name);
}

typedef struct
{
  gint64 good, bad; /* sessions */
  unsigned n_failures;
  char *problem;
} Sums;

/* RFC 8460 section 4.4 */
static void
check_policy (JsonNode *node, unsigned number, Sums *sums)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autofree char *where = g_strdup_printf ("policies, %u", number);
  JsonObject *policy = need_object (object, "policy", where, &sums->problem);
  JsonObject *summary = need_object (object, "summary", where, &sums->problem);
  JsonArray *failures = get_list (object, "failure-details");
  gint64 good, bad;

  need_text (policy, "policy-type", where, &sums->problem);
  need_text (policy, "policy-domain", where, &sums->problem);
  good = need_count (summary, "total-successful-session-count", where, &sums->problem);
  bad = need_count (summary, "total-failure-session-count", where, &sums->problem);
  if (sums->problem)
    return;
  sums->good += MIN (good, G_MAXINT64 - sums->good);
  sums->bad += MIN (bad, G_MAXINT64 - sums->bad);
  for (unsigned i = 0; failures && i < json_array_get_length (failures) && sums->problem == NULL; i++)
    {
      JsonNode *each = json_array_get_element (failures, i);
      JsonObject *failure = JSON_NODE_HOLDS_OBJECT (each) ? json_node_get_object (each) : NULL;

      need_text (failure, "result-type", where, &sums->problem);
      need_count (failure, "failed-session-count", where, &sums->problem);
      if (++sums->n_failures > FAILURES_MOST && sums->problem == NULL)
        sums->problem = g_strdup_printf (_ ("it has more than %u failure-details"), FAILURES_MOST);
    }
}

JsonNode *
clr_check_tls_report (JsonObject *in)
{
  g_autofree char *problem = NULL, *reason = NULL, *text = NULL;
  g_autoptr (GBytes) bytes = clr_check_report_open (in, '{', &problem);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = NULL;
  JsonObject *report, *range;
  JsonArray *policies;
  Sums sums = { 0 };
  gsize size;

  if (bytes == NULL)
    return clr_check_answer ("invalid", problem, NULL);
  const char *octets = g_bytes_get_data (bytes, &size);
  if (memchr (octets, 0, size) || !g_utf8_validate (octets, size, NULL))
    return clr_check_answer ("invalid", _ ("it is not text in UTF-8"), NULL);
  text = g_strndup (octets, size);
  root = clr_json_parse (text, &error);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      reason = g_strdup_printf (_ ("it is no JSON object: %s"), error ? error->message : "");
      return clr_check_answer ("invalid", reason, NULL);
    }
  report = json_node_get_object (root);
  need_text (report, "organization-name", _ ("the report"), &problem);
  need_text (report, "report-id", _ ("the report"), &problem);
  range = need_object (report, "date-range", _ ("the report"), &problem);
  check_time (range, "start-datetime", &problem);
  check_time (range, "end-datetime", &problem);
  policies = get_list (report, "policies");
  if (policies == NULL && problem == NULL)
    problem = g_strdup (_ ("the report: policies is missing"));
  if (policies && json_array_get_length (policies) > POLICIES_MOST && problem == NULL)
    problem = g_strdup_printf (_ ("it has more than %u policies"), POLICIES_MOST);
  sums.problem = g_steal_pointer (&problem);
  for (unsigned i = 0; policies && i < json_array_get_length (policies) && sums.problem == NULL; i++)
    check_policy (json_array_get_element (policies, i), i + 1, &sums);
  if (sums.problem)
    {
      problem = sums.problem;
      return clr_check_answer ("invalid", problem, NULL);
    }
  reason = g_strdup_printf (_ ("a report on TLS of %s: %u policies, %" G_GINT64_FORMAT
                               " sessions succeeded, %" G_GINT64_FORMAT " failed"),
                            clr_json_get_text (report, "organization-name"), json_array_get_length (policies),
                            sums.good, sums.bad);
  return clr_check_answer ("ok", reason, json_object_ref (report));
}
