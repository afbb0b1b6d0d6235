/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "reception/clr-stranger.h"
#include "system/clr-data.h"

#include <glib/gi18n-lib.h>
#include <string.h>

JsonNode *
clr_check_relay_of (const void *policy, ClrSettings *settings)
{
  g_autofree char *rule = clr_stranger_find_opening (policy, settings);
  JsonObject *details = clr_stranger_describe (policy, settings);
  gboolean accepted
      = clr_section_get_boolean (clr_settings_get_section (settings, "server"), "accept-open-relay");

  json_object_set_boolean_member (details, "accepted", rule && accepted);
  return rule ? clr_check_answer ("open", rule, details)
              : clr_check_answer ("ok", _ ("no listener takes mail of strangers to elsewhere"), details);
}

JsonNode *
clr_check_relay (JsonObject *in, ClrZone *zone)
{
  const char *file = clr_check_get_text (in, "config"), *text = clr_check_get_text (in, "settings");
  g_auto (GStrv) problems = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettings) settings = NULL;
  g_autoptr (ClrPolicy) policy = NULL;

  if (file == NULL)
    file = clr_data_get_settings_file ();
  settings = text ? clr_settings_new_from_text (text, strlen (text), file, &problems)
                  : clr_settings_new_from_file (file, &problems);
  if (settings == NULL)
    {
      g_autofree char *all = g_strjoinv ("\n", problems);
      return clr_check_answer ("error", all, NULL);
    }
  policy = clr_policy_new (settings, &error);
  return policy ? clr_check_relay_of (policy, settings) : clr_check_answer ("error", error->message, NULL);
}
