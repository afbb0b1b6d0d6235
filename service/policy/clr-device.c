/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-device.h"

#include "base/clr-domain.h"

#include <gio/gio.h>
#include <string.h>

static void
read_network (struct ClrNetwork *network, const char *text)
{
  g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (text, NULL);
  GInetAddress *address = g_inet_address_mask_get_address (mask);
  unsigned length = g_inet_address_mask_get_length (mask);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    {
      memcpy (network->bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
      memcpy (network->bytes + 12, g_inet_address_to_bytes (address), 4);
      network->bits = 96 + length;
    }
  else
    {
      memcpy (network->bytes, g_inet_address_to_bytes (address), 16);
      network->bits = length;
    }
}

gboolean
clr_network_holds (const struct ClrNetwork *network, const uint8_t address[16])
{
  unsigned whole = network->bits / 8, rest = network->bits % 8;

  if (memcmp (network->bytes, address, whole) != 0)
    return FALSE;
  return rest == 0 || ((network->bytes[whole] ^ address[whole]) & (0xff00 >> rest) & 0xff) == 0;
}

/* NULL when it is not set. */
static char **
read_list (ClrSection *section, const char *key)
{
  GPtrArray *words;

  if (!clr_section_is_set (section, key))
    return NULL;
  words = g_ptr_array_new ();
  for (const char *const *word = clr_section_get_list (section, key); *word; word++)
    g_ptr_array_add (words, g_ascii_strdown (*word, -1));
  g_ptr_array_add (words, NULL);
  return (char **)g_ptr_array_free (words, FALSE);
}

static void
read_rates (ClrRates *rates, ClrSection *section)
{
  static const char *const periods[CLR_PERIODS] = { "minute", "hour", "day" };

  for (unsigned i = 0; i < CLR_PERIODS; i++)
    {
      g_autofree char *messages = g_strconcat ("messages-per-", periods[i], NULL);
      g_autofree char *recipients = g_strconcat ("recipients-per-", periods[i], NULL);

      rates->messages[i] = clr_section_get_number (section, messages);
      rates->recipients[i] = clr_section_get_number (section, recipients);
    }
}

static ClrExcess
read_excess (ClrSection *section)
{
  const char *word = clr_section_get_text (section, "on-excess");

  return g_str_equal (word, "defer")    ? CLR_EXCESS_DEFER
         : g_str_equal (word, "freeze") ? CLR_EXCESS_FREEZE
                                        : CLR_EXCESS_HOLD;
}

static ClrUnusual
read_unusual (ClrSection *section)
{
  const char *word = clr_section_get_text (section, "on-unusual");

  return g_str_equal (word, "report")   ? CLR_UNUSUAL_REPORT
         : g_str_equal (word, "ignore") ? CLR_UNUSUAL_IGNORE
                                        : CLR_UNUSUAL_FREEZE;
}

static ClrRepair
read_repairs (ClrSection *section, ClrQuirks quirks)
{
  ClrRepair repairs = 0;

  if (clr_section_get_boolean (section, "repair-headers"))
    repairs |= CLR_REPAIR_BCC | CLR_REPAIR_SEPARATOR;
  if (quirks & CLR_QUIRK_MISSING_DATE)
    repairs |= CLR_REPAIR_DATE;
  if (quirks & CLR_QUIRK_MISSING_MESSAGE_ID)
    repairs |= CLR_REPAIR_MESSAGE_ID;
  if (quirks & CLR_QUIRK_MISSING_FROM)
    repairs |= CLR_REPAIR_FROM;
  /* Fields cannot be put in front of a text that has none without a line between. */
  return repairs ? repairs | CLR_REPAIR_SEPARATOR : 0;
}

void
clr_device_read (ClrDevice *device, ClrSection *section)
{
  const char *const *networks = clr_section_get_list (section, "networks");
  const char *label = clr_section_get_text (section, "label");
  const char *until = clr_section_get_text (section, "legacy-tls-until");
  ClrQuirks quirks = clr_section_get_quirks (section);

  *device = (ClrDevice){
    .name = g_strdup (clr_section_get_name (section)),
    .label = g_strdup (label ? label : clr_section_get_name (section)),
    .n_networks = g_strv_length ((char **)networks),
    .logins = read_list (section, "logins"),
    .quirks = quirks,
    .legacy_tls_until = until ? clr_date_setting_to_time (until) : 0,
    .repairs = read_repairs (section, quirks),
    .senders = read_list (section, "senders"),
    .from_domains = read_list (section, "from-domains"),
    .recipients = read_list (section, "recipients"),
    .denied_recipients = read_list (section, "denied-recipients"),
    .rewrite_sender = g_strdup (clr_section_get_text (section, "rewrite-sender")),
    .max_recipients = clr_section_get_number (section, "max-recipients"),
    .max_message_size = clr_section_get_number (section, "max-message-size"),
    .on_excess = read_excess (section),
    .on_unusual = read_unusual (section),
    .journal = g_strdup (clr_section_get_text (section, "journal")),
    .route = g_strdup (clr_section_get_text (section, "route")),
    .tag = g_strdup (clr_section_get_text (section, "tag")),
    .priority = clr_section_get_number (section, "priority"),
  };
  read_rates (&device->rates, section);
  device->networks = g_new0 (struct ClrNetwork, device->n_networks);
  for (unsigned k = 0; k < device->n_networks; k++)
    read_network (&device->networks[k], networks[k]);
}

void
clr_device_clear (ClrDevice *device)
{
  g_free (device->name);
  g_free (device->label);
  g_free (device->networks);
  g_strfreev (device->logins);
  g_strfreev (device->senders);
  g_strfreev (device->from_domains);
  g_strfreev (device->recipients);
  g_strfreev (device->denied_recipients);
  g_free (device->rewrite_sender);
  g_free (device->journal);
  g_free (device->route);
  g_free (device->tag);
}

/* Patterns are written in A-labels. Returns: (transfer full) */
static char *
dup_domain (const char *address)
{
  const char *at = strrchr (address, '@');
  char *ascii = at && !g_str_is_ascii (at + 1) ? clr_domain_to_ascii (at + 1) : NULL;

  return ascii ? ascii : g_strdup (at ? at + 1 : "");
}

static gboolean
matches_any (char **patterns, const char *domain)
{
  for (; *patterns; patterns++)
    if (clr_domain_pattern_matches (*patterns, domain))
      return TRUE;
  return FALSE;
}

gboolean
clr_device_allows_sender (const ClrDevice *device, const char *sender)
{
  g_autofree char *domain = NULL;

  /* With nothing but an address to rewrite to, that is the only one. */
  if (device->senders == NULL)
    return device->rewrite_sender == NULL || device->from_domains
           || g_ascii_strcasecmp (device->rewrite_sender, sender) == 0;
  domain = dup_domain (sender);
  for (char **allowed = device->senders; *allowed; allowed++)
    if (g_str_equal (*allowed, "<>") ? *sender == 0
        : strchr (*allowed, '@')     ? g_ascii_strcasecmp (*allowed, sender) == 0
                                     : *sender && clr_domain_pattern_matches (*allowed, domain))
      return TRUE;
  return FALSE;
}

gboolean
clr_device_allows_from (const ClrDevice *device, const char *domain)
{
  if (device->from_domains)
    return matches_any (device->from_domains, domain);
  /* The senders it may use bind its authors only where they can be rewritten. */
  return device->rewrite_sender == NULL
         || g_ascii_strcasecmp (strrchr (device->rewrite_sender, '@') + 1, domain) == 0;
}

gboolean
clr_device_allows_recipient (const ClrDevice *device, const char *recipient)
{
  g_autofree char *domain = NULL;

  if (device->recipients == NULL && device->denied_recipients == NULL)
    return TRUE;
  domain = dup_domain (recipient);
  if (device->denied_recipients && matches_any (device->denied_recipients, domain))
    return FALSE;
  return device->recipients == NULL || matches_any (device->recipients, domain);
}
