/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alerts/clr-alert-rule.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define SECOND_US G_GINT64_CONSTANT (1000000)
#define HOUR      3600
#define DAY       86400

/* What each kind is measured against, and what is taken when nothing is set. */
static const struct
{
  const char *name;
  const char *key;     /* the setting that holds the threshold */
  int64_t initial;     /* in the setting's unit; 0: the setting is needed */
  int64_t unit;        /* of the measured value, in the setting's */
  gboolean below;      /* it is an alert when the value is smaller */
  unsigned well_parts; /* the threshold's part beyond which it is well again */
} kinds[] = {
  [CLR_ALERT_QUEUE_AGE] = { "queue-age", "longer-than", HOUR, SECOND_US, FALSE, 5 },
  [CLR_ALERT_QUEUE_LENGTH] = { "queue-length", "more-than", 1000, 1, FALSE, 5 },
  [CLR_ALERT_FAILURE_RATE] = { "failure-rate", "more-than", 20, 1, FALSE, 5 },
  [CLR_ALERT_CERTIFICATE] = { "certificate", "less-time-than", 14 * DAY, SECOND_US, TRUE, 20 },
  [CLR_ALERT_OAUTH] = { "oauth", NULL, 0, 1, FALSE, 1 },
  [CLR_ALERT_DISK] = { "disk", "less-space-than", INT64_C (1) << 30, 1, TRUE, 10 },
  [CLR_ALERT_DEVICE_SILENT] = { "device-silent", "longer-than", DAY, SECOND_US, FALSE, 0 },
  [CLR_ALERT_UNUSUAL_VOLUME] = { "unusual-volume", "more-than", 0, 1, FALSE, 5 },
};

const char *
clr_alert_kind_get_name (ClrAlertKind kind)
{
  return kinds[kind].name;
}

static void
rule_free (void *data)
{
  ClrAlertRule *rule = data;

  g_free (rule->name);
  g_strfreev (rule->devices);
  g_free (rule->mail_to);
  g_free (rule->route);
  g_free (rule->webhook);
  g_free (rule);
}

static ClrAlertKind
read_kind (ClrSection *section)
{
  const char *word = clr_section_get_text (section, "kind");
  unsigned i = 0;

  while (i + 1 < G_N_ELEMENTS (kinds) && !g_str_equal (kinds[i].name, word))
    i++;
  return i;
}

/* Microseconds of a duration. */
static int64_t
read_time (ClrSection *section, const char *key)
{
  return clr_section_get_number (section, key) * SECOND_US;
}

/* A secret in clear over the network, or a file, is nobody's wish. */
static gboolean
is_webhook (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  const char *scheme = uri ? g_uri_get_scheme (uri) : NULL, *host = uri ? g_uri_get_host (uri) : NULL;
  g_autoptr (GInetAddress) address = host ? g_inet_address_new_from_string (host) : NULL;

  if (host == NULL || *host == 0)
    return FALSE;
  return g_str_equal (scheme, "https")
         || (g_str_equal (scheme, "http") && address && g_inet_address_get_is_loopback (address));
}

static gboolean
check (const ClrAlertRule *rule, ClrSettings *settings, GError **error)
{
  g_autofree char *problem = NULL;

  if (rule->route && clr_settings_find (settings, "route", rule->route) == NULL)
    problem = g_strdup_printf (_ ("route = %s: there is no [route %s]"), rule->route, rule->route);
  else if (rule->webhook && !is_webhook (rule->webhook))
    problem = g_strdup_printf (
        _ ("webhook = %s: an address is needed that begins with https://; http:// only for loopback"),
        rule->webhook);
  for (char **device = rule->devices; problem == NULL && *device; device++)
    if (clr_settings_find (settings, "device", *device) == NULL)
      problem = g_strdup_printf (_ ("devices = %s: there is no [device %s]"), *device, *device);
  if (problem)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "[alert %s]: %s", rule->name, problem);
  return problem == NULL;
}

static ClrAlertRule *
read_rule (ClrSection *section)
{
  ClrAlertRule *rule = g_new0 (ClrAlertRule, 1);
  int64_t set = 0;

  rule->name = g_strdup (clr_section_get_name (section));
  rule->kind = read_kind (section);
  if (kinds[rule->kind].key)
    set = clr_section_get_number (section, kinds[rule->kind].key);
  rule->learned = rule->kind == CLR_ALERT_UNUSUAL_VOLUME && set == 0;
  if (set == 0)
    set = rule->learned ? 100 : kinds[rule->kind].initial;
  rule->threshold = set * kinds[rule->kind].unit;
  rule->hold_us = read_time (section, "for");
  rule->period_us = read_time (section, "period");
  rule->repeat_us = read_time (section, "repeat");
  rule->devices = g_strdupv ((char **)clr_section_get_list (section, "devices"));
  rule->mail_to = g_strdup (clr_section_get_text (section, "mail-to"));
  rule->route = g_strdup (clr_section_get_text (section, "route"));
  rule->webhook = g_strdup (clr_section_get_text (section, "webhook"));
  return rule;
}

GPtrArray *
clr_alert_rules_new (ClrSettings *settings, GError **error)
{
  GPtrArray *sections = clr_settings_get_sections (settings, "alert");
  g_autoptr (GPtrArray) rules = g_ptr_array_new_with_free_func (rule_free);

  for (unsigned i = 0; i < sections->len; i++)
    {
      ClrAlertRule *rule = read_rule (g_ptr_array_index (sections, i));

      g_ptr_array_add (rules, rule);
      if (!check (rule, settings, error))
        return NULL;
    }
  return g_steal_pointer (&rules);
}

gboolean
clr_alert_rule_holds (const ClrAlertRule *rule, int64_t value, gboolean is_active)
{
  unsigned parts = kinds[rule->kind].well_parts;
  int64_t margin = is_active && parts ? rule->threshold / parts : 0;

  return kinds[rule->kind].below ? value < rule->threshold + margin : value > rule->threshold - margin;
}

gboolean
clr_alert_rule_watches (const ClrAlertRule *rule, const char *device)
{
  return *rule->devices == NULL || g_strv_contains ((const char *const *)rule->devices, device);
}
