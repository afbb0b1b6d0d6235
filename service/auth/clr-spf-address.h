/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSpfAddress: an IP address as SPF sees it (RFC 7208 section 5): an IPv4-mapped IPv6 address is IPv4.
 * Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_SPF_ADDRESS_TEXT 48

typedef struct
{
  gboolean is_v6;
  uint8_t bytes[16]; /* the first 4 of IPv4 */
} ClrSpfAddress;

/* Dotted quads without leading zeros, RFC 4291 section 2.2 for IPv6. Returns: FALSE when @text is none. */
gboolean clr_spf_address_parse (ClrSpfAddress *address, const char *text);
/* As above, but an IPv4-mapped IPv6 address stays IPv6: for networks in records. */
gboolean clr_spf_address_parse_literally (ClrSpfAddress *address, const char *text);
/* Same family, and the same first @bits. */
gboolean clr_spf_address_is_within (const ClrSpfAddress *address, const ClrSpfAddress *network,
                                    unsigned bits);
/* RFC 5952 for IPv6. */
void clr_spf_address_to_text (const ClrSpfAddress *address, char text[CLR_SPF_ADDRESS_TEXT]);
/* "192.0.2.1", or the 32 nibbles of IPv6 with dots between (section 7.3, macro i). (transfer full) */
char *clr_spf_address_dup_dotted (const ClrSpfAddress *address);
/* The name to ask for PTR. (transfer full) */
char *clr_spf_address_dup_reverse_name (const ClrSpfAddress *address);
