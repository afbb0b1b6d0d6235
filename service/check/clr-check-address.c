/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check.h"

#include "base/clr-domain.h"
#include "smtp/clr-address.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Why the grammar does not take it, for a person: the first thing that is wrong. */
static const char *
explain (const char *address)
{
  const char *at = strrchr (address, '@');
  size_t local = at ? (size_t)(at - address) : 0;

  if (*address == 0)
    return _ ("it is empty");
  for (const char *p = address; *p; p++)
    if (g_ascii_iscntrl (*p))
      return _ ("it holds a control character or a line end");
  if (!g_utf8_validate (address, -1, NULL))
    return _ ("it is neither ASCII nor UTF-8");
  if (at == NULL)
    return _ ("it has no @ and no domain");
  if (local == 0)
    return _ ("nothing stands before the @");
  if (at[1] == 0)
    return _ ("nothing stands behind the @");
  if (local > CLR_LOCAL_PART_MAX)
    return _ ("what stands before the @ is longer than 64 octets");
  if (strlen (address) > CLR_PATH_MAX)
    return _ ("it is too long");
  if (!clr_domain_is_valid (at + 1, strlen (at + 1), CLR_ADDRESS_UTF8))
    return at[1] == '[' ? _ ("what stands in the brackets is no IP address")
                        : _ ("what stands behind the @ is no domain");
  if (*address == '"')
    return _ ("the quoted part before the @ is not well formed");
  if (*address == '.' || at[-1] == '.' || g_strstr_len (address, local, ".."))
    return _ ("a dot stands at the wrong place before the @");
  return _ ("a character stands before the @ that needs quotation marks, or a comment stands in it");
}

static JsonNode *
describe (const char *address)
{
  const char *domain = clr_address_get_domain (address);
  g_autofree char *local = g_strndup (address, domain ? (gsize)(domain - address) - 1 : strlen (address));
  JsonObject *details = json_object_new ();
  g_autofree char *labels = NULL;

  json_object_set_string_member (details, "mailbox", address);
  json_object_set_string_member (details, "local-part", local);
  if (domain && !clr_address_is_ascii (domain))
    {
      labels = clr_domain_to_ascii (domain);
      if (labels == NULL)
        {
          json_object_unref (details);
          return clr_check_answer ("invalid", _ ("a part of its domain cannot be a name (RFC 5891)"), NULL);
        }
    }
  if (domain)
    {
      json_object_set_string_member (details, "domain", domain);
      json_object_set_string_member (details, "a-label", labels ? labels : domain);
      json_object_set_boolean_member (details, "literal", *domain == '[');
    }
  /* A domain alone could travel as A-labels; the local part cannot (RFC 6531 section 3.2). */
  json_object_set_boolean_member (details, "smtputf8", !clr_address_is_ascii (local));
  /* RFC 5321 section 4.5.3.1.3: 256 octets with the brackets. Longer ones are met, and this relay takes them.
   */
  if (strlen (address) > 254)
    return clr_check_answer (
        "invalid", _ ("it is longer than 254 octets, and many servers refuse it; this relay would not"),
        details);
  return clr_check_answer ("valid",
                           !clr_address_is_ascii (local)
                               ? _ ("well formed; it can only go to servers with SMTPUTF8")
                           : labels ? _ ("well formed; without SMTPUTF8 its domain goes as A-labels")
                                    : _ ("well formed"),
                           details);
}

JsonNode *
clr_check_address (JsonObject *in, ClrZone *zone)
{
  const char *address = clr_check_get_text (in, "address"), *path = clr_check_get_text (in, "path");
  char bare[CLR_PATH_MAX + 1];
  ClrAddressFlags flags = CLR_ADDRESS_UTF8;

  if ((address == NULL) == (path == NULL))
    return clr_check_answer ("error", _ ("either address or path is needed"), NULL);
  if (json_object_get_boolean_member_with_default (in, "lenient", FALSE))
    flags |= CLR_ADDRESS_LENIENT;
  if (path)
    {
      if (clr_path_parse (path, strlen (path), flags, bare) == 0)
        return clr_check_answer (
            "invalid", _ ("it does not begin with a path: <>, <user@example.com> or <postmaster>"), NULL);
      address = bare;
    }
  else if (!clr_mailbox_is_valid (address, strlen (address), flags))
    return clr_check_answer ("invalid", explain (address), NULL);
  return describe (address);
}
