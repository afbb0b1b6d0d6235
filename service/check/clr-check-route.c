/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which way a message would take: asked of the policy and the plan of mail exchangers that the service itself
 * uses, with nothing sent.
 */
#include "check/clr-check.h"

#include "base/clr-domain.h"
#include "control/clr-json.h"
#include "dns/clr-mx.h"
#include "policy/clr-policy.h"
#include "smtp/clr-address.h"
#include "system/clr-data.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const ClrDevice *
find_device (const ClrPolicy *policy, JsonObject *in, char **problem)
{
  const char *client = clr_check_get_text (in, "client"), *name = clr_check_get_text (in, "device");
  ClrEndpoint endpoint;
  uint8_t address[16];

  if (client == NULL && name == NULL)
    return NULL;
  if (name)
    {
      const GArray *devices = clr_policy_get_devices (policy);

      for (unsigned i = 0; i < devices->len; i++)
        if (g_str_equal (g_array_index (devices, ClrDevice, i).name, name))
          return &g_array_index (devices, ClrDevice, i);
      *problem = g_strdup_printf (_ ("there is no [device %s]"), name);
      return NULL;
    }
  if (!clr_endpoint_parse (&endpoint, client, 0))
    {
      *problem = g_strdup_printf (_ ("client: %s is no IP address"), client);
      return NULL;
    }
  clr_endpoint_get_bytes (&endpoint, address);
  return clr_policy_find_device (policy, address, NULL);
}

static void
set_hosts (JsonObject *details, const char *const *hosts, unsigned default_port)
{
  JsonArray *array = json_array_new ();

  for (; *hosts; hosts++)
    {
      g_autofree char *text
          = strchr (*hosts, ':') ? g_strdup (*hosts) : g_strdup_printf ("%s:%u", *hosts, default_port);
      json_array_add_string_element (array, text);
    }
  json_object_set_array_member (details, "hosts", array);
}

static void
set_section_text (JsonObject *details, const char *name, ClrSection *section, const char *key)
{
  if (clr_section_get_text (section, key))
    json_object_set_string_member (details, name, clr_section_get_text (section, key));
}

/* What limits the way out. */
static void
describe_limits (JsonObject *details, ClrSection *section)
{
  static const char *const keys[]
      = { "max-connections", "max-messages-per-minute", "max-recipients", "max-messages-per-connection" };
  JsonObject *limits = json_object_get_object_member (details, "limits");

  for (unsigned i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (section), keys[i]))
      {
        g_autofree char *name = g_strconcat ("next-hop-", keys[i], NULL);
        json_object_set_int_member (limits, name, clr_section_get_number (section, keys[i]));
      }
}

static void
describe_smarthost (JsonObject *details, ClrSettings *settings, const char *name)
{
  ClrSection *section = clr_settings_find (settings, "smarthost", name);
  const char *tls = clr_section_get_text (section, "tls");

  json_object_set_string_member (details, "transport", "smarthost");
  json_object_set_string_member (details, "smarthost", name);
  set_hosts (details, clr_section_get_list (section, "hosts"),
             g_str_equal (tls, "implicit")          ? 465
             : clr_section_is_set (section, "user") ? 587
                                                    : 25);
  json_object_set_string_member (details, "tls", tls);
  set_section_text (details, "user", section, "user");
  if (clr_section_is_set (section, "user"))
    set_section_text (details, "auth", section, "auth");
  set_section_text (details, "helo", section, "helo");
  set_section_text (details, "client-certificate", section, "certificate-file");
  describe_limits (details, section);
}

/* The zone's words as the answer that the plan is made from. */
static void
fill_answer (ClrDnsAnswer *answer, ClrZoneStatus status, GPtrArray *values)
{
  memset (answer, 0, sizeof *answer);
  answer->status = status == CLR_ZONE_FOUND      ? CLR_DNS_FOUND
                   : status == CLR_ZONE_NXDOMAIN ? CLR_DNS_NO_NAME
                   : status == CLR_ZONE_NODATA   ? CLR_DNS_NO_DATA
                                                 : CLR_DNS_TEMPORARY;
  if (answer->status != CLR_DNS_FOUND)
    {
      answer->problem = g_strdup (status == CLR_ZONE_NXDOMAIN ? "the name does not exist"
                                  : status == CLR_ZONE_NODATA ? "the name has no MX record"
                                                              : "no answer");
      return;
    }
  answer->records = g_new0 (ClrDnsRecord, MIN (values->len, CLR_DNS_RECORDS_MOST));
  for (unsigned i = 0; i < MIN (values->len, CLR_DNS_RECORDS_MOST); i++)
    {
      char *name;

      answer->records[i].preference = g_ascii_strtoull (g_ptr_array_index (values, i), &name, 10);
      name += *name == ' ';
      answer->records[i].name = g_strdup (name);
      if (g_str_has_suffix (name, "."))
        answer->records[i].name[strlen (name) - 1] = 0;
      answer->n_records++;
    }
}

/* Returns: NULL, or the result when there is no way. */
static const char *
describe_mx (JsonObject *details, JsonObject *in, const ClrPolicy *policy, ClrSection *route,
             const char *domain, ClrZone *zone, char **reason)
{
  unsigned port = clr_section_get_number (route, "port");
  ClrMxPlan plan = { 0 };
  const char *result = NULL;

  json_object_set_string_member (details, "transport", "mx");
  json_object_set_string_member (details, "domain", domain);
  json_object_set_string_member (details, "tls", clr_section_get_text (route, "tls"));
  describe_limits (details, route);
  if (clr_json_is_true (in, "no-lookups"))
    return NULL;
  if (!clr_mx_plan_without_dns (&plan, domain, port))
    {
      g_autoptr (GPtrArray) values = NULL;
      ClrDnsAnswer answer;
      ClrZoneStatus status = zone ? clr_zone_find (zone, domain, "MX", &values) : CLR_ZONE_TIMEOUT;

      fill_answer (&answer, status, values);
      clr_mx_plan_from_answer (&plan, domain, port, &answer, clr_policy_get_hostname (policy));
      clr_dns_answer_clear (&answer);
    }
  if (plan.verdict == CLR_MX_HOSTS)
    {
      JsonArray *hosts = json_array_new ();

      for (unsigned i = 0; i < plan.n_hosts; i++)
        {
          JsonObject *host = json_object_new ();

          json_object_set_string_member (host, "host", plan.hosts[i].name);
          json_object_set_int_member (host, "port", port);
          json_object_set_int_member (host, "preference", plan.hosts[i].preference);
          json_array_add_object_element (hosts, host);
        }
      json_object_set_array_member (details, "hosts", hosts);
      if (plan.site)
        json_object_set_string_member (details, "site", plan.site);
    }
  else
    {
      result = plan.verdict == CLR_MX_TEMPORARY ? "temperror" : "permerror";
      *reason = g_strdup_printf ("%s%s%s", plan.enhanced ? plan.enhanced : "", plan.enhanced ? " " : "",
                                 plan.why ? plan.why : domain);
    }
  clr_mx_plan_clear (&plan);
  return result;
}

static const char *
describe_lane (JsonObject *details, JsonObject *in, const ClrPolicy *policy, ClrSettings *settings,
               const char *route_name, const char *lane, ClrZone *zone, char **reason)
{
  ClrSection *route = clr_settings_find (settings, "route", route_name);

  json_object_set_string_member (details, "route", route_name);
  json_object_set_string_member (details, "lane", lane);
  if (g_str_has_prefix (lane, "smarthost:"))
    describe_smarthost (details, settings, lane + strlen ("smarthost:"));
  else if (g_str_has_prefix (lane, "mx:"))
    return describe_mx (details, in, policy, route, strchr (lane, '/') + 1, zone, reason);
  else if (g_str_has_prefix (lane, "capture:"))
    {
      json_object_set_string_member (details, "transport", "capture");
      set_section_text (details, "directory", route, "directory");
    }
  else if (g_str_has_prefix (lane, "discard:"))
    json_object_set_string_member (details, "transport", "discard");
  else
    {
      json_object_set_string_member (details, "transport", "reject");
      *reason = g_strdup_printf (_ ("[route %s] refuses such mail%s%s"), route_name,
                                 clr_section_get_text (route, "reply") ? ": " : "",
                                 clr_section_get_text (route, "reply") ? clr_section_get_text (route, "reply")
                                                                       : "");
      return "refused";
    }
  return NULL;
}

static void
describe_message (JsonObject *details, const ClrPolicy *policy, const char *from, const char *to)
{
  const ClrLimits *limits = clr_policy_get_limits (policy);
  const char *at = from ? strrchr (from, '@') : NULL;
  g_autofree char *domain = at ? clr_domain_to_ascii (at + 1) : NULL;
  g_autoptr (GPtrArray) identities = domain ? clr_policy_find_identities (policy, domain) : NULL;
  JsonArray *signatures = json_array_new ();
  JsonObject *bounds = json_object_new ();

  for (unsigned i = 0; identities && i < identities->len; i++)
    {
      const ClrDkimIdentity *identity = g_ptr_array_index (identities, i);
      g_autofree char *name = g_strdup_printf ("%s._domainkey.%s", identity->selector, identity->domain);
      json_array_add_string_element (signatures, name);
    }
  json_object_set_array_member (details, "signatures", signatures);
  json_object_set_int_member (bounds, "max-message-size", limits->max_message_size);
  json_object_set_int_member (bounds, "max-recipients", limits->max_recipients);
  json_object_set_object_member (details, "limits", bounds);
  /* RFC 6531: an address that is not ASCII before the @ cannot go to a server without SMTPUTF8. */
  at = strrchr (to, '@');
  g_autofree char *local = g_strndup (to, at ? (gsize)(at - to) : strlen (to));
  json_object_set_boolean_member (details, "smtputf8",
                                  !clr_address_is_ascii (local) || (from && !clr_address_is_ascii (from)));
  json_object_set_string_member (details, "rendition",
                                 _ ("as stored; made 7-bit and signed anew for a server without 8BITMIME"));
}

static JsonNode *
trace (const ClrPolicy *policy, ClrSettings *settings, JsonObject *in, ClrZone *zone)
{
  const char *to = clr_check_get_text (in, "to"), *from = clr_check_get_text (in, "from");
  JsonObject *details = json_object_new ();
  g_autofree char *problem = NULL, *reason = NULL, *lane = NULL;
  const ClrDevice *device = find_device (policy, in, &problem);
  const char *result, *route;

  if (problem)
    {
      json_object_unref (details);
      return clr_check_answer ("error", problem, NULL);
    }
  if (device)
    json_object_set_string_member (details, "device", device->name);
  else if (json_object_has_member (in, "client") || json_object_has_member (in, "device"))
    return clr_check_answer ("refused", _ ("no [device] has this address: it may not relay"), details);
  ClrRouteCase what = { from ? from : "", device ? device->name : NULL, to, device ? device->route : NULL };
  route = clr_policy_find_route (policy, &what);
  if (route == NULL)
    return clr_check_answer ("refused", _ ("no [route] takes this recipient"), details);
  lane = clr_policy_find_lane (policy, &what);
  describe_message (details, policy, from, to);
  result = describe_lane (details, in, policy, settings, route, lane, zone, &reason);
  if (result)
    return clr_check_answer (result, reason, details);
  reason = g_strdup_printf (_ ("[route %s], %s"), route, lane);
  return clr_check_answer ("ok", reason, details);
}

static const char *
find_wrong_address (JsonObject *in)
{
  const char *to = clr_check_get_text (in, "to"), *from = clr_check_get_text (in, "from");

  if (to == NULL || !clr_mailbox_is_valid (to, strlen (to), CLR_ADDRESS_UTF8))
    return _ ("to: an address such as user@example.com is needed");
  if (from && *from && !clr_mailbox_is_valid (from, strlen (from), CLR_ADDRESS_UTF8))
    return _ ("from: an address such as user@example.com is needed");
  return NULL;
}

JsonNode *
clr_check_route (JsonObject *in, ClrZone *zone)
{
  const char *file = clr_check_get_text (in, "config"), *wrong = find_wrong_address (in);
  g_auto (GStrv) problems = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettings) settings = NULL;
  g_autoptr (ClrPolicy) policy = NULL;

  if (wrong)
    return clr_check_answer ("error", wrong, NULL);
  settings = clr_settings_new_from_file (file ? file : clr_data_get_settings_file (), &problems);
  if (settings == NULL)
    {
      g_autofree char *all = g_strjoinv ("\n", problems);
      return clr_check_answer ("error", all, NULL);
    }
  policy = clr_policy_new (settings, &error);
  return policy ? trace (policy, settings, in, zone) : clr_check_answer ("error", error->message, NULL);
}
