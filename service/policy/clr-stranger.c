/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-stranger.h"

#include <gio/gio.h>
#include <string.h>

/* A network of an office is smaller than these; in a larger one there are strangers. */
#define WIDEST_IPV4 (96 + 16)
#define WIDEST_IPV6 32

/* Of the ways in which relays have been talked into mail to elsewhere, the parser of paths drops source
 * routes, and the percent hack, quoted local parts and bang paths have our own domain behind their last @:
 * that decides, and the local part is never read. What remains is a plain foreign recipient. */
static const char victim[] = "victim@stranger.invalid";
static const char *const senders[] = { "stranger@elsewhere.invalid", "" };

static gboolean
is_private (const struct ClrNetwork *network)
{
  static const struct ClrNetwork blocks[] = {
    { { [10] = 0xff, [11] = 0xff, 10 }, 96 + 8 },
    { { [10] = 0xff, [11] = 0xff, 127 }, 96 + 8 },
    { { [10] = 0xff, [11] = 0xff, 172, 16 }, 96 + 12 },
    { { [10] = 0xff, [11] = 0xff, 192, 168 }, 96 + 16 },
    { { [10] = 0xff, [11] = 0xff, 169, 254 }, 96 + 16 },
    { { [10] = 0xff, [11] = 0xff, 100, 64 }, 96 + 10 }, /* RFC 6598 */
    { { [0] = 0xfc }, 7 },                              /* RFC 4193 */
    { { [0] = 0xfe, [1] = 0x80 }, 10 },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (blocks); i++)
    if (network->bits >= blocks[i].bits && clr_network_holds (&blocks[i], network->bytes))
      return TRUE;
  return FALSE;
}

static gboolean
holds_strangers (const struct ClrNetwork *network)
{
  gboolean is_ipv4 = network->bits >= 96 && memcmp (network->bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0;

  return !is_private (network) && network->bits < (is_ipv4 ? WIDEST_IPV4 : WIDEST_IPV6);
}

/* Whether that device's mail from anybody to somebody elsewhere would leave. */
static gboolean
may_relay (const ClrPolicy *policy, const ClrDevice *device)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (senders); i++)
    {
      ClrRouteCase what = { senders[i], device->name, victim, device->route };
      g_autofree char *lane = clr_policy_find_lane (policy, &what);

      if ((clr_device_allows_sender (device, senders[i]) || device->rewrite_sender)
          && clr_device_allows_recipient (device, victim) && lane && !g_str_has_prefix (lane, "reject:")
          && !g_str_has_prefix (lane, "discard:"))
        return TRUE;
    }
  return FALSE;
}

static char *
find_open_device (const ClrPolicy *policy, ClrSettings *settings)
{
  const GArray *devices = clr_policy_get_devices (policy);

  for (unsigned i = 0; i < devices->len; i++)
    {
      const ClrDevice *device = &g_array_index (devices, ClrDevice, i);

      for (unsigned k = 0; k < device->n_networks && device->logins == NULL; k++)
        if (holds_strangers (&device->networks[k]) && may_relay (policy, device))
          {
            ClrSection *section = clr_settings_find (settings, "device", device->name);

            return g_strdup_printf (
                "[device %s] networks = %s lets whoever is in it send to anybody, without a login",
                device->name, clr_section_get_list (section, "networks")[k]);
          }
    }
  return NULL;
}

static char *
find_open_domain (const ClrPolicy *policy)
{
  if (clr_policy_is_ours (policy, victim))
    return g_strdup ("[inbound] domains names every domain as ours");
  return NULL;
}

/* Strangers do not reach a listener of this machine only. */
static gboolean
is_reachable (ClrSection *listener)
{
  for (const char *const *text = clr_section_get_list (listener, "address"); *text; text++)
    if (!g_str_has_prefix (*text, "127.") && !g_str_has_prefix (*text, "[::1]"))
      return TRUE;
  return FALSE;
}

char *
clr_stranger_find_opening (const ClrPolicy *policy, ClrSettings *settings)
{
  GPtrArray *listeners = clr_settings_get_sections (settings, "listener");

  for (unsigned i = 0; i < listeners->len; i++)
    {
      ClrSection *listener = g_ptr_array_index (listeners, i);
      gboolean is_inbound = g_str_equal (clr_section_get_text (listener, "role"), "inbound");
      g_autofree char *rule = NULL;

      if (!is_reachable (listener))
        continue;
      rule = is_inbound ? find_open_domain (policy) : find_open_device (policy, settings);
      if (rule)
        return g_strdup_printf ("open relay through [listener %s]: %s", clr_section_get_name (listener),
                                rule);
    }
  return NULL;
}
