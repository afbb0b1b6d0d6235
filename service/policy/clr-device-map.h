/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDeviceMap: which device a client is, by its address, its login, or both, the most specific first: by
 * network and login (the smallest network), by login, by network (the smallest one). Networks are a sorted
 * array in which each knows the one around it, so that a look-up is a binary search and a few steps outwards,
 * with ten thousand devices too. Frozen.
 */
#pragma once

#include "policy/clr-device.h"

typedef struct ClrDeviceMap ClrDeviceMap;

/* @devices: of ClrDevice, in file order, which decides between equals; they must outlive the map. */
ClrDeviceMap *clr_device_map_new (const GArray *devices);
void clr_device_map_free (ClrDeviceMap *map);

/* @address: 16 octets, IPv4 mapped. @login: in lower case, NULL: not logged in. Returns: (nullable) */
const ClrDevice *clr_device_map_find (const ClrDeviceMap *map, const uint8_t address[16], const char *login);

/* The smallest network of any device that holds @address; NULL: none does. */
const struct ClrNetwork *clr_device_map_find_network (const ClrDeviceMap *map, const uint8_t address[16]);

/* What is borne of a client before it can have logged in: the quirks of all devices of the smallest network
 * that holds
 * @address. @now: seconds since 1970; old TLS ends. */
ClrQuirks clr_device_map_find_quirks (const ClrDeviceMap *map, const uint8_t address[16], int64_t now);
