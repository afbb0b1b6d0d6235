/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "auth/clr-dkim-signer.h"
#include "check/clr-check-message.h"
#include "policy/clr-policy.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static ClrPolicy *
load_policy (const char *file, char **problem)
{
  g_auto (GStrv) problems = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ClrSettings) settings = clr_settings_new_from_file (file, &problems);
  ClrPolicy *policy = settings ? clr_policy_new (settings, &error) : NULL;

  if (policy == NULL)
    *problem = error ? g_strdup (error->message) : g_strjoinv ("\n", problems);
  return policy;
}

static JsonNode *
sign (const ClrCheckMessage *message, const ClrHeaderBlock *block, const ClrDkimStyle *style,
      const ClrDkimIdentity *const *identities, unsigned n)
{
  g_autoptr (GString) fields = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  ClrDkimBody *body = clr_dkim_body_new (style->body_canon);
  JsonObject *details;
  uint8_t hash[32];

  clr_dkim_body_feed (body, (const uint8_t *)message->bytes + message->header,
                      message->size - message->header);
  clr_dkim_body_end (body, hash);
  clr_dkim_body_free (body);
  if (!clr_dkim_sign (style, identities, n, block, hash, g_get_real_time (), fields, &error))
    return clr_check_answer ("error", error->message, NULL);
  details = json_object_new ();
  json_object_set_string_member (details, "fields", fields->str);
  json_object_set_int_member (details, "signatures", n);
  return clr_check_answer ("ok", _ ("signed"), details);
}

static JsonNode *
sign_with_key (const ClrCheckMessage *message, const ClrHeaderBlock *block, const ClrPolicy *policy,
               JsonObject *in)
{
  ClrDkimIdentity identity
      = { (char *)clr_check_get_text (in, "domain"), (char *)clr_check_get_text (in, "selector"), NULL };
  const ClrDkimIdentity *identities[] = { &identity };
  g_autoptr (GError) error = NULL;
  JsonNode *answer;

  if (identity.domain == NULL || identity.selector == NULL)
    return clr_check_answer ("error", _ ("key, domain and selector go together"), NULL);
  identity.key = clr_dkim_key_load (clr_check_get_text (in, "key"), &error);
  if (identity.key == NULL)
    return clr_check_answer ("error", error->message, NULL);
  answer = sign (message, block, clr_policy_get_dkim_style (policy), identities, 1);
  clr_dkim_key_free (identity.key);
  return answer;
}

static JsonNode *
sign_by_settings (const ClrCheckMessage *message, const ClrHeaderBlock *block, const ClrPolicy *policy)
{
  const ClrField *from = clr_header_block_find (block, "From");
  g_autofree char *domain = from ? clr_field_dup_address_domain (from) : NULL, *why = NULL;
  g_autoptr (GPtrArray) identities = domain ? clr_policy_find_identities (policy, domain) : NULL;

  if (identities)
    return sign (message, block, clr_policy_get_dkim_style (policy),
                 (const ClrDkimIdentity *const *)identities->pdata, identities->len);
  why = domain ? g_strdup_printf (_ ("no [key] is for the domain of the From field, %s"), domain)
               : g_strdup (_ ("the message has no From field with an address"));
  return clr_check_answer ("none", why, NULL);
}

/* What the style is without any settings. */
#define NO_SETTINGS "[server]\nhostname = localhost\npostmaster = postmaster@localhost\n"

JsonNode *
clr_check_sign (JsonObject *in)
{
  const char *config = clr_check_get_text (in, "config");
  ClrCheckMessage message;
  ClrHeaderBlock block;
  g_autofree char *problem = clr_check_message_open (&message, in);
  g_autoptr (ClrPolicy) policy = NULL;
  JsonNode *answer;

  if (problem)
    return clr_check_answer ("error", problem, NULL);
  if (config)
    policy = load_policy (config, &problem);
  else
    {
      g_autoptr (ClrSettings) settings
          = clr_settings_new_from_text (NO_SETTINGS, strlen (NO_SETTINGS), "none", NULL);
      policy = clr_policy_new (settings, NULL);
    }
  if (policy)
    {
      clr_header_block_parse (&block, message.bytes, message.header);
      answer = clr_check_get_text (in, "key") ? sign_with_key (&message, &block, policy, in)
                                              : sign_by_settings (&message, &block, policy);
      clr_header_block_clear (&block);
    }
  else
    answer = clr_check_answer ("error", problem, NULL);
  clr_check_message_close (&message);
  return answer;
}
