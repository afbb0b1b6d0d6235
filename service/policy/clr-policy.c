/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-policy.h"

#include "base/clr-clock.h"
#include "base/clr-error.h"
#include "policy/clr-account.h"
#include "policy/clr-device-map.h"

#include <stdatomic.h>
#include <string.h>

struct ClrPolicy
{
  atomic_int references;
  char *hostname;
  char *postmaster;
  unsigned node;
  ClrLimits limits;
  GArray *devices;    /* of ClrDevice */
  ClrDeviceMap *map;  /* of them */
  GArray *identities; /* of ClrDkimIdentity */
  ClrDkimStyle style;
  ClrReportStyle report_style;
  ClrOutside outside;
  ClrRoutes *routes;
};

static const char *const default_oversigned[] = { "From",
                                                  "To",
                                                  "Cc",
                                                  "Subject",
                                                  "Date",
                                                  "Message-ID",
                                                  "Reply-To",
                                                  "MIME-Version",
                                                  "Content-Type",
                                                  "List-Unsubscribe",
                                                  "List-Unsubscribe-Post",
                                                  NULL };
static const char *const default_signed[]
    = { "Sender",         "In-Reply-To", "References",  "Content-Transfer-Encoding",
        "Resent-From",    "Resent-To",   "Resent-Date", "Resent-Message-ID",
        "List-Id",        "List-Post",   "List-Help",   "List-Subscribe",
        "Auto-Submitted", "Feedback-ID", NULL };

static void
clear_device (void *data)
{
  clr_device_clear (data);
}

static void
clear_identity (void *data)
{
  ClrDkimIdentity *identity = data;

  g_free (identity->domain);
  g_free (identity->selector);
  if (identity->key)
    clr_dkim_key_free (identity->key);
}

static void
read_limits (ClrLimits *limits, ClrSettings *settings)
{
  ClrSection *section = clr_settings_get_section (settings, "limits");

  limits->max_connections = clr_section_get_number (section, "max-connections");
  limits->max_connections_per_client = clr_section_get_number (section, "max-connections-per-client");
  limits->max_messages_per_connection = clr_section_get_number (section, "max-messages-per-connection");
  limits->max_message_size = clr_section_get_number (section, "max-message-size");
  limits->max_header_size = clr_section_get_number (section, "max-header-size");
  limits->max_recipients = clr_section_get_number (section, "max-recipients");
  limits->max_line = clr_section_get_number (section, "max-line");
  limits->max_errors = clr_section_get_number (section, "max-errors");
  limits->max_failed_logins = clr_section_get_number (section, "max-failed-logins");
  limits->max_received = clr_section_get_number (section, "max-received");
  limits->command_timeout_us = clr_section_get_number (section, "command-timeout") * G_USEC_PER_SEC;
  limits->data_timeout_us = clr_section_get_number (section, "data-timeout") * G_USEC_PER_SEC;
  limits->session_timeout_us = clr_section_get_number (section, "session-timeout") * G_USEC_PER_SEC;
  limits->spool_size = clr_section_get_number (clr_settings_get_section (settings, "queue"), "spool-size");
  if (clr_section_is_set (section, "frozen-senders"))
    limits->frozen_senders = g_strdupv ((char **)clr_section_get_list (section, "frozen-senders"));
}

static void
read_devices (ClrPolicy *policy, ClrSettings *settings)
{
  GPtrArray *sections = clr_settings_get_sections (settings, "device");

  for (unsigned i = 0; i < sections->len; i++)
    {
      ClrDevice device;

      clr_device_read (&device, g_ptr_array_index (sections, i));
      device.account = clr_account_get (device.name);
      g_array_append_val (policy->devices, device);
    }
  policy->map = clr_device_map_new (policy->devices);
}

static gboolean
read_keys (ClrPolicy *policy, ClrSettings *settings, GError **error)
{
  GPtrArray *sections = clr_settings_get_sections (settings, "key");

  for (unsigned i = 0; i < sections->len; i++)
    {
      ClrSection *section = g_ptr_array_index (sections, i);

      if (!g_str_equal (clr_section_get_text (section, "state"), "active"))
        continue;
      ClrDkimIdentity identity = {
        .domain = g_ascii_strdown (clr_section_get_text (section, "domain"), -1),
        .selector = g_strdup (clr_section_get_text (section, "selector")),
      };

      identity.key = clr_dkim_key_load (clr_section_get_text (section, "file"), error);
      g_array_append_val (policy->identities, identity);
      if (identity.key == NULL)
        {
          g_prefix_error (error, "[key %s] file: ", clr_section_get_name (section));
          return FALSE;
        }
    }
  return TRUE;
}

static void
read_style (ClrDkimStyle *style, ClrSettings *settings)
{
  ClrSection *section = clr_settings_get_section (settings, "dkim");
  const char *canon = clr_section_get_text (section, "canonicalization");
  const char *const *oversigned = clr_section_get_list (section, "oversigned-headers");
  const char *const *names = clr_section_get_list (section, "signed-headers");

  style->header_canon = g_str_has_prefix (canon, "relaxed/") ? CLR_CANON_RELAXED : CLR_CANON_SIMPLE;
  style->body_canon = g_str_has_suffix (canon, "/relaxed") ? CLR_CANON_RELAXED : CLR_CANON_SIMPLE;
  style->oversigned_fields = g_strdupv ((char **)(*oversigned ? oversigned : default_oversigned));
  style->signed_fields = g_strdupv ((char **)(*names ? names : default_signed));
}

static void
read_report_style (ClrReportStyle *style, ClrSettings *settings)
{
  ClrSection *section = clr_settings_get_section (settings, "reports");
  const char *from = clr_section_get_text (section, "from");
  ClrSection *server = clr_settings_get_section (settings, "server");

  style->author = g_strdup (from ? from : clr_section_get_text (server, "postmaster"));
  style->language = clr_language_from_text (clr_section_get_text (section, "language"));
  style->return_size = clr_section_get_number (section, "return-size");
}

static void
read_outside (ClrOutside *outside, ClrSettings *settings)
{
  ClrSection *section = clr_settings_get_section (settings, "inbound");

  outside->device.name = g_strdup ("outside");
  outside->device.label = g_strdup ("outside");
  outside->domains = g_strdupv ((char **)clr_section_get_list (section, "domains"));
  outside->hold = g_str_equal (clr_section_get_text (section, "dmarc"), "hold");
  outside->timeout_us = clr_section_get_number (section, "timeout") * G_USEC_PER_SEC;
  outside->spf = (ClrSpfLimits)CLR_SPF_LIMITS;
  outside->spf.terms = (unsigned)clr_section_get_number (section, "spf-lookups");
  outside->spf.voids = (unsigned)clr_section_get_number (section, "spf-void-lookups");
}

ClrPolicy *
clr_policy_new (ClrSettings *settings, GError **error)
{
  ClrPolicy *policy = g_new0 (ClrPolicy, 1);
  ClrSection *server = clr_settings_get_section (settings, "server");

  atomic_init (&policy->references, 1);
  policy->hostname = g_strdup (clr_section_get_text (server, "hostname"));
  policy->postmaster = g_strdup (clr_section_get_text (server, "postmaster"));
  policy->node = clr_section_get_number (server, "node");
  policy->devices = g_array_new (FALSE, TRUE, sizeof (ClrDevice));
  g_array_set_clear_func (policy->devices, clear_device);
  policy->identities = g_array_new (FALSE, TRUE, sizeof (ClrDkimIdentity));
  g_array_set_clear_func (policy->identities, clear_identity);
  policy->routes = clr_routes_new (settings);
  read_limits (&policy->limits, settings);
  read_devices (policy, settings);
  read_style (&policy->style, settings);
  read_report_style (&policy->report_style, settings);
  read_outside (&policy->outside, settings);
  if (!read_keys (policy, settings, error))
    g_clear_pointer (&policy, clr_policy_unref);
  return policy;
}

ClrPolicy *
clr_policy_ref (ClrPolicy *policy)
{
  atomic_fetch_add_explicit (&policy->references, 1, memory_order_relaxed);
  return policy;
}

void
clr_policy_unref (ClrPolicy *policy)
{
  if (atomic_fetch_sub_explicit (&policy->references, 1, memory_order_acq_rel) != 1)
    return;
  g_free (policy->hostname);
  g_free (policy->postmaster);
  clr_device_map_free (policy->map);
  g_array_unref (policy->devices);
  g_array_unref (policy->identities);
  g_strfreev (policy->style.oversigned_fields);
  g_strfreev (policy->style.signed_fields);
  g_free (policy->report_style.author);
  clear_device (&policy->outside.device);
  g_strfreev (policy->outside.domains);
  g_strfreev (policy->limits.frozen_senders);
  clr_routes_free (policy->routes);
  g_free (policy);
}

const ClrLimits *
clr_policy_get_limits (const ClrPolicy *policy)
{
  return &policy->limits;
}

const char *
clr_policy_get_hostname (const ClrPolicy *policy)
{
  return policy->hostname;
}

const char *
clr_policy_get_postmaster (const ClrPolicy *policy)
{
  return policy->postmaster;
}

unsigned
clr_policy_get_node (const ClrPolicy *policy)
{
  return policy->node;
}

const ClrDkimStyle *
clr_policy_get_dkim_style (const ClrPolicy *policy)
{
  return &policy->style;
}

const ClrReportStyle *
clr_policy_get_report_style (const ClrPolicy *policy)
{
  return &policy->report_style;
}

const ClrDevice *
clr_policy_find_device (const ClrPolicy *policy, const uint8_t address[16], const char *login)
{
  return clr_device_map_find (policy->map, address, login);
}

const struct ClrNetwork *
clr_policy_find_network (const ClrPolicy *policy, const uint8_t address[16])
{
  return clr_device_map_find_network (policy->map, address);
}

ClrQuirks
clr_policy_find_quirks (const ClrPolicy *policy, const uint8_t address[16])
{
  return clr_device_map_find_quirks (policy->map, address, clr_clock_wall () / G_USEC_PER_SEC);
}

const GArray *
clr_policy_get_devices (const ClrPolicy *policy)
{
  return policy->devices;
}

const ClrOutside *
clr_policy_get_outside (const ClrPolicy *policy)
{
  return &policy->outside;
}

gboolean
clr_policy_is_ours (const ClrPolicy *policy, const char *recipient)
{
  return g_ascii_strcasecmp (recipient, "postmaster") == 0
         || clr_route_patterns_hold (policy->outside.domains, recipient);
}

gboolean
clr_policy_is_frozen (const ClrPolicy *policy, const char *sender)
{
  return policy->limits.frozen_senders && clr_route_senders_hold (policy->limits.frozen_senders, sender);
}

char *
clr_policy_find_lane (const ClrPolicy *policy, const ClrRouteCase *what)
{
  return clr_routes_find_lane (policy->routes, what);
}

const char *
clr_policy_find_route (const ClrPolicy *policy, const ClrRouteCase *what)
{
  return clr_routes_find_name (policy->routes, what);
}

/* Octets of @domain that @key_domain covers: all of both when equal, 0 when it is not above. */
static size_t
match_length (const char *domain, const char *key_domain)
{
  size_t size = strlen (domain), key_size = strlen (key_domain);

  if (key_size > size || strcmp (domain + size - key_size, key_domain) != 0)
    return 0;
  return key_size == size || domain[size - key_size - 1] == '.' ? key_size : 0;
}

GPtrArray *
clr_policy_find_identities (const ClrPolicy *policy, const char *domain)
{
  GPtrArray *found = NULL;
  size_t longest = 1;

  for (unsigned i = 0; i < policy->identities->len; i++)
    {
      ClrDkimIdentity *identity = &g_array_index (policy->identities, ClrDkimIdentity, i);
      size_t length = match_length (domain, identity->domain);

      if (length < longest)
        continue;
      if (found == NULL)
        found = g_ptr_array_new ();
      if (length > longest)
        g_ptr_array_set_size (found, 0);
      longest = length;
      g_ptr_array_add (found, identity);
    }
  return found;
}

GPtrArray *
clr_policy_list_identities (const ClrPolicy *policy)
{
  GPtrArray *all = g_ptr_array_new ();

  for (unsigned i = 0; i < policy->identities->len; i++)
    g_ptr_array_add (all, &g_array_index (policy->identities, ClrDkimIdentity, i));
  return all;
}
