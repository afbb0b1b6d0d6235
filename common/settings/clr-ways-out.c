/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-ways-out.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  ClrSettings *settings;
  GPtrArray *problems;
} Check;

static void G_GNUC_PRINTF (2, 3) problem (const Check *check, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  if (check->problems->len > 100)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (check->problems,
                   g_strdup_printf ("%s: %s", clr_settings_get_file (check->settings), text));
}

/* Settings that only mail to exchangers heeds must not seem to mean something elsewhere. */
static void
check_mx_settings (const Check *check, ClrSection *route)
{
  static const char *const every_route[]
      = { "recipients", "senders", "devices", "via", "directory", "reply", NULL };
  g_autofree GParamSpec **settings = NULL;
  unsigned n;

  settings = g_object_class_list_properties (G_OBJECT_GET_CLASS (route), &n);
  for (unsigned i = 0; i < n; i++)
    if (!g_strv_contains (every_route, settings[i]->name) && settings[i]->owner_type == G_OBJECT_TYPE (route)
        && clr_section_is_set (route, settings[i]->name))
      problem (check, _ ("[route %s] %s: is for via = mx only; a smarthost has it in its own section"),
               clr_section_get_name (route), settings[i]->name);
}

static void
check_default (const Check *check, ClrSection *route)
{
  static const char *const conditions[] = { "recipients", "senders", "devices" };

  if (strcmp (clr_section_get_name (route), "default") != 0)
    return;
  for (unsigned i = 0; i < G_N_ELEMENTS (conditions); i++)
    if (clr_section_is_set (route, conditions[i]))
      problem (check,
               _ ("[route default] %s: the default route takes what no other took; remove this setting"),
               conditions[i]);
}

static void
check_devices (const Check *check, ClrSection *route)
{
  for (const char *const *device = clr_section_get_list (route, "devices"); *device; device++)
    if (!clr_settings_find (check->settings, "device", *device)
        && !clr_settings_find (check->settings, "pickup", *device))
      problem (check, _ ("[route %s] devices: there is no [device %s] in this file"),
               clr_section_get_name (route), *device);
}

static void
check_routes (const Check *check)
{
  GPtrArray *routes = clr_settings_get_sections (check->settings, "route");

  for (unsigned i = 0; i < routes->len; i++)
    {
      ClrSection *route = g_ptr_array_index (routes, i);
      const char *name = clr_section_get_name (route), *via = clr_section_get_text (route, "via");

      if (via == NULL)
        continue;
      if (g_str_has_prefix (via, "smarthost:")
          && !clr_settings_find (check->settings, "smarthost", via + strlen ("smarthost:")))
        problem (check, _ ("[route %s] via: there is no [smarthost %s] in this file"), name,
                 via + strlen ("smarthost:"));
      if (strcmp (via, "mx") != 0)
        check_mx_settings (check, route);
      if (strcmp (via, "capture") == 0 && !clr_section_is_set (route, "directory"))
        problem (check, _ ("[route %s]: via = capture needs the setting directory"), name);
      check_default (check, route);
      check_devices (check, route);
    }
}

/* An access token opens the mailbox to whoever reads it. */
static void
check_smarthost_oauth (const Check *check, ClrSection *smarthost)
{
  const char *name = clr_section_get_name (smarthost), *tls = clr_section_get_text (smarthost, "tls");
  const char *account = clr_section_get_text (smarthost, "oauth");

  if (!clr_section_is_set (smarthost, "user"))
    problem (check, _ ("[smarthost %s]: auth = oauth needs the setting user: the mailbox that sends"), name);
  if (clr_section_is_set (smarthost, "password"))
    problem (check, _ ("[smarthost %s] password: is for auth = password; remove it"), name);
  if (strcmp (tls, "none") == 0 || strcmp (tls, "may") == 0)
    problem (check,
             _ ("[smarthost %s] tls: auth = oauth needs verify, implicit or encrypt: a token is never "
                "sent in clear"),
             name);
  if (!clr_settings_find (check->settings, "oauth", account ? account : name))
    problem (check,
             _ ("[smarthost %s]: there is no [oauth %s] in this file; name another with the setting "
                "oauth"),
             name, account ? account : name);
}

static void
check_smarthosts (const Check *check)
{
  GPtrArray *smarthosts = clr_settings_get_sections (check->settings, "smarthost");

  for (unsigned i = 0; i < smarthosts->len; i++)
    {
      ClrSection *smarthost = g_ptr_array_index (smarthosts, i);
      const char *name = clr_section_get_name (smarthost);

      if (strcmp (clr_section_get_text (smarthost, "auth"), "oauth") == 0)
        check_smarthost_oauth (check, smarthost);
      else if (clr_section_is_set (smarthost, "user") != clr_section_is_set (smarthost, "password"))
        problem (check,
                 _ ("[smarthost %s]: user and password go together; password names a secret set with "
                    "\"clrelay secret set NAME\""),
                 name);
      if (clr_section_is_set (smarthost, "certificate-file") != clr_section_is_set (smarthost, "key-file"))
        problem (check, _ ("[smarthost %s]: certificate-file and key-file go together"), name);
    }
}

/* What each way to a token cannot do without. */
static void
check_oauth (const Check *check)
{
  static const struct
  {
    const char *grant;
    const char *needs[5];
  } rows[] = {
    { "client-secret", { "client-id", "token-url", "client-secret", "application-scope" } },
    { "client-certificate",
      { "client-id", "token-url", "certificate-file", "key-file", "application-scope" } },
    { "authorization-code", { "client-id", "token-url", "authorization-url", "scope" } },
    { "device-code", { "client-id", "token-url", "device-url", "scope" } },
  };
  GPtrArray *accounts = clr_settings_get_sections (check->settings, "oauth");

  for (unsigned i = 0; i < accounts->len; i++)
    {
      ClrSection *account = g_ptr_array_index (accounts, i);
      const char *grant = clr_section_get_text (account, "grant"), *url;

      for (unsigned k = 0; k < G_N_ELEMENTS (rows); k++)
        for (unsigned n = 0; strcmp (rows[k].grant, grant) == 0 && n < 5 && rows[k].needs[n]; n++)
          if (!clr_section_is_set (account, rows[k].needs[n]))
            problem (check, _ ("[oauth %s]: grant = %s needs the setting %s"), clr_section_get_name (account),
                     grant, rows[k].needs[n]);
      url = clr_section_get_text (account, "token-url");
      if (url && strstr (url, "{tenant}") && !clr_section_is_set (account, "tenant"))
        problem (check, _ ("[oauth %s]: the addresses of the provider need the setting tenant"),
                 clr_section_get_name (account));
    }
}

/* Mail that would be sent to ourselves loops: an address of a smarthost must be none of our listeners. */
static void
check_loops (const Check *check)
{
  GPtrArray *smarthosts = clr_settings_get_sections (check->settings, "smarthost");
  GPtrArray *listeners = clr_settings_get_sections (check->settings, "listener");

  for (unsigned i = 0; i < smarthosts->len; i++)
    {
      ClrSection *smarthost = g_ptr_array_index (smarthosts, i);
      for (const char *const *host = clr_section_get_list (smarthost, "hosts"); *host; host++)
        for (unsigned k = 0; k < listeners->len; k++)
          if (g_strv_contains (clr_section_get_list (g_ptr_array_index (listeners, k), "address"), *host))
            problem (check,
                     _ ("[smarthost %s] hosts: %s is our own [listener %s]; mail would go round in circles"),
                     clr_section_get_name (smarthost), *host,
                     clr_section_get_name (g_ptr_array_index (listeners, k)));
    }
}

void
clr_ways_out_check (ClrSettings *settings, GPtrArray *problems)
{
  Check check = { settings, problems };

  check_routes (&check);
  check_smarthosts (&check);
  check_oauth (&check);
  check_loops (&check);
}
