/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads a DNS packet's answers (RFC 1035 section 4). The one place where its octets are looked at. Pure.
 */
#pragma once

#include "dns/clr-dns-answer.h"

/* Adds the records of @type in the answer section to @answer, and lowers @answer->ttl to theirs; without such
 * records to that of the SOA that proves their absence (RFC 2308 section 5). Chains of CNAMEs have been
 * followed by the resolver: all records of the type belong to the name. Returns: FALSE when the packet cannot
 * be read. */
gboolean clr_dns_packet_read (const uint8_t *packet, size_t size, ClrDnsType type, ClrDnsAnswer *answer);
