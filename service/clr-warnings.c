/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-warnings.h"

#include "base/clr-clock.h"
#include "policy/clr-account.h"

#include <glib/gi18n-lib.h>

#define DAY    86400
#define NOTICE (30 * DAY) /* how long ahead of its end old TLS is spoken of */

static void
add_frozen (const ClrPolicy *policy, GPtrArray *lines)
{
  const GArray *devices = clr_policy_get_devices (policy);

  for (unsigned i = 0; i < devices->len; i++)
    {
      const ClrDevice *device = &g_array_index (devices, ClrDevice, i);
      const char *why = clr_freeze_to_text (clr_account_get_frozen (device->account));

      if (why)
        g_ptr_array_add (lines,
                         g_strdup_printf (_ ("[device %s] is frozen, its mail is held: %s; clrelay device "
                                             "thaw %s ends it"),
                                          device->name, why, device->name));
    }
}

/* Old TLS ends by itself: nobody shall be surprised. */
static void
add_old_tls (const ClrPolicy *policy, gint64 now, GPtrArray *lines)
{
  const GArray *devices = clr_policy_get_devices (policy);

  for (unsigned i = 0; i < devices->len; i++)
    {
      const ClrDevice *device = &g_array_index (devices, ClrDevice, i);
      g_autoptr (GDateTime) end = NULL;
      g_autofree char *day = NULL;

      if (!(device->quirks & CLR_QUIRK_LEGACY_TLS) || device->legacy_tls_until > now + NOTICE)
        continue;
      end = g_date_time_new_from_unix_utc (device->legacy_tls_until - 1);
      day = g_date_time_format (end, "%Y-%m-%d");
      g_ptr_array_add (lines,
                       g_strdup_printf (now >= device->legacy_tls_until
                                            ? _ ("device %s: old TLS has ended on %s; a device that knows "
                                                 "no better cannot connect by TLS any more")
                                            : _ ("device %s: old TLS ends on %s; update the device, or "
                                                 "move its legacy-tls-until"),
                                        device->name, day));
    }
}

char **
clr_warnings_list (ClrTokens *tokens, ClrCertificates *certificates, const ClrPolicy *policy,
                   ClrAlerts *alerts, const char *opening, gboolean accepts)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();
  g_auto (GStrv) of_tokens = clr_tokens_list_warnings (tokens);
  gint64 now = clr_clock_wall () / G_USEC_PER_SEC;

  if (opening)
    g_ptr_array_add (lines,
                     g_strdup_printf (accepts ? _ ("%s; it works because [server] accept-open-relay is set")
                                              : _ ("%s; it works because clrelayd was started with --force"),
                                      opening));
  else if (accepts)
    g_ptr_array_add (lines,
                     g_strdup (_ ("[server] accept-open-relay is set, though no stranger can relay: take "
                                  "it out, or the next opening will not be refused")));
  for (char **line = of_tokens; *line; line++)
    g_ptr_array_add (lines, g_strdup (*line));
  if (certificates)
    clr_certificates_add_warnings (certificates, now, lines);
  add_frozen (policy, lines);
  add_old_tls (policy, now, lines);
  clr_alerts_add_warnings (alerts, lines);
  g_ptr_array_add (lines, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}
