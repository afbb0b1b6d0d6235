/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Envelope addresses: Mailbox, Path and Domain of RFC 5321 section 4.1.2, with UTF-8 where RFC 6531 allows
 * it. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define CLR_LOCAL_PART_MAX 64 /* octets, RFC 5321 section 4.5.3.1.1 */
#define CLR_DOMAIN_MAX     255
#define CLR_PATH_MAX       320 /* local part, @, domain: 254 by the letter of 4.5.3.1.3, more is met */

typedef enum
{
  CLR_ADDRESS_STRICT = 0,
  CLR_ADDRESS_UTF8 = 1 << 0,        /* RFC 6531 */
  CLR_ADDRESS_NO_BRACKETS = 1 << 1, /* devices: missing angle brackets */
  CLR_ADDRESS_SPACES = 1 << 2,      /* devices: spaces around the path, or inside its brackets */
  CLR_ADDRESS_LENIENT = CLR_ADDRESS_NO_BRACKETS | CLR_ADDRESS_SPACES,
} ClrAddressFlags;

/* A domain name or an address literal in brackets. */
gboolean clr_domain_is_valid (const char *domain, size_t size, ClrAddressFlags flags);

/* local-part@domain. */
gboolean clr_mailbox_is_valid (const char *address, size_t size, ClrAddressFlags flags);

/* Reads a path ("<a@b>", "<>", "<@x,@y:a@b>", "<postmaster>") at the start of @text.
 * @address: the address without brackets and source route, at most CLR_PATH_MAX octets; "" for the null path.
 * Returns: the octets read, 0 when @text does not begin with a path. */
size_t clr_path_parse (const char *text, size_t size, ClrAddressFlags flags, char address[CLR_PATH_MAX + 1]);

/* What of CLR_ADDRESS_LENIENT a path needed that was read with clr_path_parse(); @size: what that returned.
 */
ClrAddressFlags clr_path_get_leniency (const char *text, size_t size);

/* The domain of @address, without a copy; NULL when there is none. */
const char *clr_address_get_domain (const char *address);
gboolean clr_address_is_ascii (const char *address);
