/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From where strangers come: addresses of both families that are in no network of the settings, and for each
 * network that is larger than an office's, one that lies in it. Pure; the same settings give the same ones.
 */
#pragma once

#include "policy/clr-policy.h"

#define CLR_STRANGER_ADDRESS_TEXT 46

typedef struct
{
  uint8_t octets[16]; /* IPv4 mapped */
  char text[CLR_STRANGER_ADDRESS_TEXT];
  const ClrDevice *device; /* that it would be without a login, NULL: none */
} ClrStrangerAddress;

/* Of ClrStrangerAddress; of each device, and of those who are none, one a family at the most. */
GArray *clr_stranger_find_addresses (const ClrPolicy *policy);
