/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-device-map.h"

#include <string.h>

/* One network, and the devices in it. */
typedef struct
{
  struct ClrNetwork network;
  int around;             /* the smallest node that holds this one, -1: none */
  const ClrDevice *first; /* in file order, that needs no login; NULL: none */
  GPtrArray *devices;     /* all of them */
} Node;

struct ClrDeviceMap
{
  GArray *nodes;      /* by address, larger networks before those inside */
  GHashTable *logins; /* "login" -> ClrDevice without networks */
  GHashTable *both;   /* "node login" -> ClrDevice */
};

/* A network of one device, before they are put together. */
typedef struct
{
  struct ClrNetwork network;
  const ClrDevice *device;
} Place;

static int
compare_places (const void *a, const void *b)
{
  const Place *one = a, *other = b;
  int order = memcmp (one->network.bytes, other->network.bytes, 16);

  if (order == 0)
    order = (one->network.bits > other->network.bits) - (one->network.bits < other->network.bits);
  /* Devices lie in one array, in file order. */
  return order ? order : (one->device > other->device) - (one->device < other->device);
}

static void
clear_node (void *data)
{
  g_ptr_array_unref (((Node *)data)->devices);
}

/* 192.0.2.7/24 means the network that 192.0.2.7 lies in. */
static void
clear_host_bits (struct ClrNetwork *network)
{
  for (unsigned i = 0; i < 16; i++)
    if (network->bits <= i * 8)
      network->bytes[i] = 0;
    else if (network->bits < i * 8 + 8)
      network->bytes[i] &= (0xff00 >> (network->bits - i * 8)) & 0xff;
}

static char *
make_key (unsigned node, const char *login)
{
  return g_strdup_printf ("%u %s", node, login);
}

static void
add_to_node (ClrDeviceMap *map, unsigned index, const ClrDevice *device)
{
  Node *node = &g_array_index (map->nodes, Node, index);

  if (node->devices->len > 0 && g_ptr_array_index (node->devices, node->devices->len - 1) == device)
    return; /* it names the network twice */
  g_ptr_array_add (node->devices, (void *)device);
  if (device->logins == NULL && node->first == NULL)
    node->first = device;
  for (char **login = device->logins; login && *login; login++)
    {
      char *key = make_key (index, *login);

      if (g_hash_table_contains (map->both, key))
        g_free (key);
      else
        g_hash_table_insert (map->both, key, (void *)device);
    }
}

static void
add_places (ClrDeviceMap *map, const GArray *places)
{
  int around = -1;

  for (unsigned i = 0; i < places->len; i++)
    {
      const Place *place = &g_array_index (places, Place, i);
      Node *last = map->nodes->len ? &g_array_index (map->nodes, Node, map->nodes->len - 1) : NULL;

      if (last == NULL || memcmp (&last->network, &place->network, sizeof place->network) != 0)
        {
          Node node = { .network = place->network, .devices = g_ptr_array_new () };

          /* Outwards from the one before, to the first that holds it. */
          around = (int)map->nodes->len - 1;
          while (
              around >= 0
              && !clr_network_holds (&g_array_index (map->nodes, Node, around).network, place->network.bytes))
            around = g_array_index (map->nodes, Node, around).around;
          node.around = around;
          g_array_append_val (map->nodes, node);
        }
      add_to_node (map, map->nodes->len - 1, place->device);
    }
}

ClrDeviceMap *
clr_device_map_new (const GArray *devices)
{
  ClrDeviceMap *map = g_new0 (ClrDeviceMap, 1);
  g_autoptr (GArray) places = g_array_new (FALSE, TRUE, sizeof (Place));

  map->nodes = g_array_new (FALSE, TRUE, sizeof (Node));
  g_array_set_clear_func (map->nodes, clear_node);
  map->logins = g_hash_table_new (g_str_hash, g_str_equal);
  map->both = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (unsigned i = 0; i < devices->len; i++)
    {
      const ClrDevice *device = &g_array_index (devices, ClrDevice, i);

      for (unsigned k = 0; k < device->n_networks; k++)
        {
          Place place = { device->networks[k], device };

          clear_host_bits (&place.network);
          g_array_append_val (places, place);
        }
      for (char **login = device->logins; login && *login && device->n_networks == 0; login++)
        if (!g_hash_table_contains (map->logins, *login))
          g_hash_table_insert (map->logins, *login, (void *)device);
    }
  g_array_sort (places, compare_places);
  add_places (map, places);
  return map;
}

void
clr_device_map_free (ClrDeviceMap *map)
{
  g_hash_table_unref (map->logins);
  g_hash_table_unref (map->both);
  g_array_unref (map->nodes);
  g_free (map);
}

/* The smallest network that holds @address, -1: none does. */
static int
find_node (const ClrDeviceMap *map, const uint8_t address[16])
{
  unsigned low = 0, high = map->nodes->len;
  int found;

  while (low < high) /* the first that begins behind it */
    {
      unsigned middle = (low + high) / 2;

      if (memcmp (g_array_index (map->nodes, Node, middle).network.bytes, address, 16) <= 0)
        low = middle + 1;
      else
        high = middle;
    }
  found = (int)low - 1;
  while (found >= 0 && !clr_network_holds (&g_array_index (map->nodes, Node, found).network, address))
    found = g_array_index (map->nodes, Node, found).around;
  return found;
}

const struct ClrNetwork *
clr_device_map_find_network (const ClrDeviceMap *map, const uint8_t address[16])
{
  int node = find_node (map, address);

  return node < 0 ? NULL : &g_array_index (map->nodes, Node, node).network;
}

static const ClrDevice *
find_login (const ClrDeviceMap *map, int node, const char *login)
{
  const ClrDevice *device;

  for (; node >= 0; node = g_array_index (map->nodes, Node, node).around)
    {
      g_autofree char *key = make_key (node, login), *any = make_key (node, "*");

      if ((device = g_hash_table_lookup (map->both, key)) || (device = g_hash_table_lookup (map->both, any)))
        return device;
    }
  device = g_hash_table_lookup (map->logins, login);
  return device ? device : g_hash_table_lookup (map->logins, "*");
}

const ClrDevice *
clr_device_map_find (const ClrDeviceMap *map, const uint8_t address[16], const char *login)
{
  int node = find_node (map, address);
  const ClrDevice *device = login ? find_login (map, node, login) : NULL;

  for (; device == NULL && node >= 0; node = g_array_index (map->nodes, Node, node).around)
    device = g_array_index (map->nodes, Node, node).first;
  return device;
}

ClrQuirks
clr_device_map_find_quirks (const ClrDeviceMap *map, const uint8_t address[16], int64_t now)
{
  int found = find_node (map, address);
  const GPtrArray *devices = found < 0 ? NULL : g_array_index (map->nodes, Node, found).devices;
  unsigned quirks = 0;

  for (unsigned i = 0; devices && i < devices->len; i++)
    {
      const ClrDevice *device = g_ptr_array_index (devices, i);

      quirks |= device->quirks & ~(now >= device->legacy_tls_until ? (unsigned)CLR_QUIRK_LEGACY_TLS : 0);
    }
  return quirks;
}
