/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reception/clr-stranger-addresses.h"

#include <gio/gio.h>
#include <string.h>

/* A network of an office is not larger than these; in a larger one there are strangers. */
#define WIDEST_IPV4 (96 + 16)
#define WIDEST_IPV6 32
/* Nor are all public IPv4 networks of one device together: 2^18 addresses, four times the largest. */
#define MOST_IPV4 (UINT64_C (1) << 18)
#define TRIES     256

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
static const uint8_t routed[16] = { [0] = 0x20 };

/* Where no stranger can come from over the Internet. */
static const struct ClrNetwork closed_blocks[] = {
  { { [10] = 0xff, [11] = 0xff, 0 }, 96 + 8 },
  { { [10] = 0xff, [11] = 0xff, 10 }, 96 + 8 },
  { { [10] = 0xff, [11] = 0xff, 100, 64 }, 96 + 10 }, /* RFC 6598 */
  { { [10] = 0xff, [11] = 0xff, 127 }, 96 + 8 },
  { { [10] = 0xff, [11] = 0xff, 169, 254 }, 96 + 16 },
  { { [10] = 0xff, [11] = 0xff, 172, 16 }, 96 + 12 },
  { { [10] = 0xff, [11] = 0xff, 192, 168 }, 96 + 16 },
  { { [10] = 0xff, [11] = 0xff, 224 }, 96 + 3 },
  { { [0] = 0xfc }, 7 }, /* RFC 4193 */
  { { [0] = 0xfe, [1] = 0x80 }, 10 },
  { { [0] = 0xff }, 8 },
};

static gboolean
is_ipv4 (const uint8_t octets[16])
{
  return memcmp (octets, mapped, sizeof mapped) == 0;
}

static gboolean
is_closed (const struct ClrNetwork *network)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (closed_blocks); i++)
    if (network->bits >= closed_blocks[i].bits && clr_network_holds (&closed_blocks[i], network->bytes))
      return TRUE;
  return FALSE;
}

/* IPv4 lies inside ::ffff:0:0/96, and so inside all that holds that, ::/64 for one. */
static gboolean
holds_all_ipv4 (const struct ClrNetwork *network)
{
  uint8_t some[16] = { 0 };

  memcpy (some, mapped, sizeof mapped);
  return network->bits <= 96 && clr_network_holds (network, some);
}

static gboolean
is_wide (const struct ClrNetwork *network)
{
  if (is_closed (network))
    return FALSE;
  if (network->bits >= 96 && is_ipv4 (network->bytes))
    return network->bits < WIDEST_IPV4;
  return network->bits < WIDEST_IPV6 || holds_all_ipv4 (network);
}

/* Public addresses of IPv4 in all networks of @device. */
static uint64_t
count_ipv4 (const ClrDevice *device)
{
  uint64_t n = 0;

  for (unsigned i = 0; i < device->n_networks; i++)
    {
      const struct ClrNetwork *network = &device->networks[i];

      if (network->bits >= 96 && is_ipv4 (network->bytes) && !is_closed (network))
        n += UINT64_C (1) << (128 - network->bits);
    }
  return n;
}

/* Octets that look like chance, and are the same each time (a 64-bit LCG, its upper half). */
static uint8_t
next_octet (uint64_t *state)
{
  *state = *state * UINT64_C (6364136223846793005) + UINT64_C (1442695040888963407);
  return (uint8_t)(*state >> 56);
}

/* An address in @network, with the rest by chance; @ipv4: one of that family, which @network holds. */
static void
choose (const struct ClrNetwork *network, gboolean ipv4, uint64_t *state, uint8_t octets[16])
{
  unsigned bits = network->bits;
  uint8_t base[16];

  memcpy (base, network->bytes, 16);
  if (ipv4 && bits < 96)
    {
      memcpy (base, mapped, sizeof mapped);
      bits = 96;
    }
  else if (!ipv4 && bits < 3 && clr_network_holds (network, routed))
    {
      memcpy (base, routed, 16); /* 2000::/3 */
      bits = 3;
    }
  for (unsigned i = 0; i < 16; i++)
    {
      unsigned kept = bits <= i * 8 ? 0 : MIN (bits - i * 8, 8);
      uint8_t mask = (uint8_t)(0xff00 >> kept);

      octets[i] = (uint8_t)((base[i] & mask) | (next_octet (state) & ~mask));
    }
}

static void
add (GArray *addresses, const ClrPolicy *policy, const uint8_t octets[16])
{
  ClrStrangerAddress address = { .device = clr_policy_find_device (policy, octets, NULL) };
  gboolean ipv4 = is_ipv4 (octets);
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_bytes (
      ipv4 ? octets + 12 : octets, ipv4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_autofree char *text = g_inet_address_to_string (inet);

  for (unsigned i = 0; i < addresses->len; i++)
    {
      ClrStrangerAddress *other = &g_array_index (addresses, ClrStrangerAddress, i);

      if (other->device == address.device && is_ipv4 (other->octets) == ipv4)
        return;
    }
  memcpy (address.octets, octets, 16);
  g_strlcpy (address.text, text, sizeof address.text);
  g_array_append_val (addresses, address);
}

/* Not of this office: in no network of the settings, or only in one so wide that strangers are in it. */
static gboolean
is_strange (const ClrPolicy *policy, const uint8_t octets[16])
{
  struct ClrNetwork itself = { .bits = 128 };
  const struct ClrNetwork *smallest = clr_policy_find_network (policy, octets);

  memcpy (itself.bytes, octets, 16);
  return !is_closed (&itself) && (smallest == NULL || is_wide (smallest));
}

static void
add_from (GArray *addresses, const ClrPolicy *policy, const struct ClrNetwork *network, gboolean ipv4,
          gboolean any)
{
  uint64_t state = 20260101;
  uint8_t octets[16];

  for (unsigned i = 0; i < TRIES; i++)
    {
      choose (network, ipv4, &state, octets);
      if (any || is_strange (policy, octets))
        {
          add (addresses, policy, octets);
          return;
        }
    }
}

GArray *
clr_stranger_find_addresses (const ClrPolicy *policy)
{
  /* For documentation (RFC 5737, RFC 3849): nobody's office, where the settings do not name them. */
  static const struct ClrNetwork usual[] = {
    { { [10] = 0xff, [11] = 0xff, 203, 0, 113 }, 96 + 24 },
    { { [10] = 0xff, [11] = 0xff, 198, 51, 100 }, 96 + 24 },
    { { [10] = 0xff, [11] = 0xff }, 96 },
    { { [0] = 0x20, [1] = 0x01, [2] = 0x0d, [3] = 0xb8 }, 32 },
    { { [0] = 0x20 }, 3 },
  };
  GArray *addresses = g_array_new (FALSE, TRUE, sizeof (ClrStrangerAddress));
  const GArray *devices = clr_policy_get_devices (policy);

  for (unsigned i = 0; i < G_N_ELEMENTS (usual); i++)
    add_from (addresses, policy, &usual[i], is_ipv4 (usual[i].bytes), FALSE);
  for (unsigned i = 0; i < devices->len; i++)
    {
      const ClrDevice *device = &g_array_index (devices, ClrDevice, i);
      gboolean many = count_ipv4 (device) > MOST_IPV4;

      for (unsigned k = 0; k < device->n_networks; k++)
        {
          const struct ClrNetwork *network = &device->networks[k];
          gboolean all_ipv4 = holds_all_ipv4 (network);
          gboolean inside = network->bits >= 96 && is_ipv4 (network->bytes);

          if (!is_wide (network) && !(many && inside && !is_closed (network)))
            continue;
          if (all_ipv4 || inside)
            add_from (addresses, policy, network, TRUE, many && !is_wide (network));
          if (!inside)
            add_from (addresses, policy, network, FALSE, FALSE);
        }
    }
  return addresses;
}
