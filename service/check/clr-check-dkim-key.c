/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "auth/clr-dkim-key.h"

JsonNode *
clr_check_dkim_key (JsonObject *in, ClrZone *zone)
{
  const char *file = json_object_get_string_member_with_default (in, "file", NULL);
  const char *domain = json_object_get_string_member_with_default (in, "domain", NULL);
  const char *selector = json_object_get_string_member_with_default (in, "selector", NULL);
  const char *make = json_object_get_string_member_with_default (in, "make", NULL);
  g_autoptr (GError) error = NULL;
  ClrDkimKey *key;

  if (file == NULL || domain == NULL || selector == NULL)
    return clr_check_answer ("error", "file, domain and selector are needed", NULL);
  if (make)
    key = clr_dkim_key_generate (g_str_equal (make, "ed25519") ? CLR_DKIM_ED25519_SHA256
                                                               : CLR_DKIM_RSA_SHA256,
                                 json_object_get_int_member_with_default (in, "bits", 2048), file, &error);
  else
    key = clr_dkim_key_load (file, &error);
  if (key == NULL)
    return clr_check_answer ("error", error->message, NULL);

  g_autofree char *record = clr_dkim_key_dup_record (key);
  g_autofree char *lines = clr_dkim_record_to_zone (record, selector, domain);
  g_autofree char *name = g_strdup_printf ("%s._domainkey.%s", selector, domain);
  JsonObject *details = json_object_new ();
  json_object_set_string_member (details, "algorithm",
                                 clr_dkim_algorithm_get_name (clr_dkim_key_get_algorithm (key)));
  json_object_set_string_member (details, "name", name);
  json_object_set_string_member (details, "record", record);
  json_object_set_string_member (details, "zone", lines);
  clr_dkim_key_free (key);
  return clr_check_answer ("ok", NULL, details);
}
