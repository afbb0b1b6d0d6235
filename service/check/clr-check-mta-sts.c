/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "check/clr-check-fetch.h"
#include "check/clr-check-text.h"
#include "dns/clr-sts-policy.h"
#include "dns/clr-sts-record.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What a domain or the command line gives, step by step. */
typedef struct
{
  JsonObject *details;
  JsonArray *hosts; /* (nullable): mail exchangers */
  ClrStsPolicy *policy;
} Case;

static JsonNode *
end (Case *one, const char *result, const char *reason)
{
  g_clear_pointer (&one->hosts, json_array_unref);
  g_clear_pointer (&one->policy, clr_sts_policy_free);
  return clr_check_answer (result, reason, g_steal_pointer (&one->details));
}

/* @policy: a file, or the text itself. Returns: (transfer full) (nullable) */
static char *
read_policy (const char *policy, gsize *size, GError **error)
{
  char *text = NULL;

  *size = strlen (policy);
  if (strchr (policy, '\n') || (strchr (policy, ':') && !g_file_test (policy, G_FILE_TEST_EXISTS)))
    return g_strdup (policy);
  return g_file_get_contents (policy, &text, size, error) ? text : NULL;
}

static void
describe_policy (Case *one)
{
  JsonObject *object = json_object_new ();
  JsonArray *patterns = json_array_new ();

  for (char **pattern = one->policy->patterns; *pattern; pattern++)
    json_array_add_string_element (patterns, *pattern);
  json_object_set_string_member (object, "mode", clr_sts_mode_get_name (one->policy->mode));
  json_object_set_int_member (object, "max-age", one->policy->max_age);
  json_object_set_array_member (object, "mx", patterns);
  json_object_set_object_member (one->details, "policy", object);
}

/* Returns: (nullable): the exchanger that the policy does not name. */
static const char *
compare_hosts (Case *one)
{
  JsonArray *hosts = json_array_new ();
  const char *stranger = NULL;

  for (unsigned i = 0; i < json_array_get_length (one->hosts); i++)
    {
      JsonNode *node = json_array_get_element (one->hosts, i);
      const char *host = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
      const char *pattern = host ? clr_sts_policy_match (one->policy, host) : NULL;
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "host", host ? host : "");
      json_object_set_boolean_member (object, "match", pattern != NULL);
      if (pattern)
        json_object_set_string_member (object, "pattern", pattern);
      json_array_add_object_element (hosts, object);
      if (pattern == NULL && stranger == NULL)
        stranger = host ? host : "";
    }
  json_object_set_array_member (one->details, "hosts", hosts);
  return stranger;
}

static JsonNode *
judge_policy (Case *one, const char *text, gsize size)
{
  const char *problem = NULL, *stranger;
  g_autofree char *reason = NULL;

  one->policy = clr_sts_policy_parse (text, size, &problem);
  if (one->policy == NULL)
    return end (one, "invalid", problem);
  describe_policy (one);
  if (one->hosts == NULL)
    return end (one, "valid", _ ("the policy is well formed"));
  stranger = compare_hosts (one);
  if (one->policy->mode == CLR_STS_MODE_NONE)
    return end (one, "pass", _ ("the policy asks for nothing"));
  if (stranger == NULL)
    return end (one, "pass", _ ("the policy names all of these hosts"));
  reason = g_strdup_printf (one->policy->mode == CLR_STS_MODE_ENFORCE
                                ? _ ("the policy does not name %s: no mail may go there")
                                : _ ("the policy does not name %s; it is being tested, and stops no mail"),
                            stranger);
  return end (one, "fail", reason);
}

static JsonNode *
judge_policy_member (Case *one, const char *policy)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  g_autofree char *text = read_policy (policy, &size, &error);

  return text ? judge_policy (one, text, size) : end (one, "error", error->message);
}

/* The hosts of its MX records, when the caller names none. */
static JsonArray *
find_hosts (ClrZone *zone, const char *domain)
{
  g_autoptr (GPtrArray) values = NULL;
  JsonArray *hosts;

  if (zone == NULL || clr_zone_find (zone, domain, "MX", &values) != CLR_ZONE_FOUND)
    return NULL;
  hosts = json_array_new ();
  for (unsigned i = 0; i < values->len; i++)
    {
      const char *space = strchr (g_ptr_array_index (values, i), ' ');
      if (space && space[1])
        json_array_add_string_element (hosts, space + 1);
    }
  return hosts;
}

static JsonNode *
judge_fetched_policy (Case *one, JsonObject *in, const char *domain, ClrZone *zone)
{
  gsize size;
  g_autofree char *problem = NULL, *reason = NULL;
  g_autofree char *text = clr_check_fetch_policy (zone, domain, clr_check_get_number (in, "port", 443),
                                                  clr_check_get_text (in, "ca-file"), &size, &problem);

  if (text)
    return judge_policy (one, text, size);
  reason = g_strdup_printf (_ ("its policy cannot be fetched: %s"), problem);
  return end (one, "temperror", reason);
}

static JsonNode *
judge_domain (Case *one, JsonObject *in, const char *domain, ClrZone *zone)
{
  static const char *const results[] = {
    [CLR_STS_RECORD_NONE] = "none",
    [CLR_STS_RECORD_INVALID] = "invalid",
    [CLR_STS_RECORD_TEMPORARY] = "temperror",
  };
  const char *policy = clr_check_get_text (in, "policy");
  g_autofree char *name = g_strconcat ("_mta-sts.", domain, NULL);
  ClrDnsAnswer answer;
  char id[CLR_STS_ID_SIZE];
  const char *problem;
  ClrStsRecordStatus status;
  JsonNode *out = NULL;

  clr_check_text_find (zone, name, &answer);
  status = clr_sts_record_choose (&answer, id, &problem);
  if (status != CLR_STS_RECORD_FOUND)
    out = end (one, results[status], problem);
  clr_dns_answer_clear (&answer);
  if (out)
    return out;
  json_object_set_string_member (one->details, "id", id);
  if (one->hosts == NULL)
    one->hosts = find_hosts (zone, domain);
  if (policy)
    return judge_policy_member (one, policy);
  return clr_zone_is_real (zone)
             ? judge_fetched_policy (one, in, domain, zone)
             : end (one, "valid", _ ("the record is well formed; its policy has not been fetched"));
}

JsonNode *
clr_check_mta_sts (JsonObject *in, ClrZone *zone)
{
  const char *domain = clr_check_get_text (in, "domain"), *record = clr_check_get_text (in, "record");
  const char *policy = clr_check_get_text (in, "policy"), *type = clr_check_get_text (in, "content-type");
  Case one = { .details = json_object_new (), .hosts = clr_check_get_list (in, "mx") };
  char id[CLR_STS_ID_SIZE];
  const char *problem = NULL;

  if (type && !clr_sts_policy_is_type (type))
    return end (&one, "invalid", _ ("a policy must come as text/plain (RFC 8461 section 3.2)"));
  if (domain)
    return judge_domain (&one, in, domain, zone);
  if (policy)
    return judge_policy_member (&one, policy);
  if (record)
    {
      if (!clr_sts_record_parse (record, strlen (record), id, &problem))
        return end (&one, "invalid", problem);
      json_object_set_string_member (one.details, "id", id);
      return end (&one, "valid", _ ("the record is well formed"));
    }
  if (type)
    return end (&one, "valid", _ ("a policy may come as this type"));
  return end (&one, "error", _ ("a domain, a record or a policy is needed"));
}
