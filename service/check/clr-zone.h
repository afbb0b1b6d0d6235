/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrZone: where a check's DNS answers come from: a zone written down in JSON, or a resolver. Evaluators are
 * fed from it and stay pure. Not for the mail path: asking waits for the answer.
 */
#pragma once

#include "dns/clr-resolver.h"

#include <json-glib/json-glib.h>

typedef enum
{
  CLR_ZONE_FOUND,
  CLR_ZONE_NODATA,   /* the name has no such record */
  CLR_ZONE_NXDOMAIN, /* there is no such name */
  CLR_ZONE_SERVFAIL,
  CLR_ZONE_TIMEOUT,
} ClrZoneStatus;

typedef struct ClrZone ClrZone;

/* @names: {"name": {"TXT": [["chunk", "chunk"], ...], "A": ["..."], "AAAA": ["..."], "MX": [[10, "host"]],
 * "PTR": ["..."], "TLSA": ["3 1 1 hex"], "CNAME": ["target"], "_other": "NODATA"}}. Names have no final dot;
 * their case does not matter. "_other" (NODATA, NXDOMAIN, SERVFAIL or TIMEOUT) answers for types that are not
 * listed. A name that is not listed does not exist, unless names lie below it. "_secure": false at a name:
 * DNSSEC does not prove it. Kept. */
ClrZone *clr_zone_new_from_json (JsonObject *names);
/* @server: "address:port", or NULL for the system's. */
/* @trust_anchor: (nullable): a file of DS or DNSKEY records; without, no answer is secure. */
ClrZone *clr_zone_new_from_resolver (const char *server, const char *trust_anchor, GError **error);
/* For a thread of the service: nothing is fetched by HTTP there, see clr_zone_is_real(). */
ClrZone *clr_zone_new_from_options (const ClrResolverOptions *options, GError **error);
/* Questions after @end_us (monotonic), or once @is_over says so, time out at once. */
void clr_zone_set_end (ClrZone *zone, int64_t end_us, gboolean (*is_over) (void *data), void *data);
void clr_zone_free (ClrZone *zone);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrZone, clr_zone_free)

/* @type: "TXT", "A", ... CNAMEs are followed, a few.
 * @values: (out) (transfer full): one string a record: a TXT's strings joined, "10 host" of an MX. */
ClrZoneStatus clr_zone_find (ClrZone *zone, const char *name, const char *type, GPtrArray **values);
/* Whether DNSSEC proves what clr_zone_find() answered last. */
gboolean clr_zone_is_secure (ClrZone *zone);
/* A resolver is asked, not a zone in JSON, and policies may be fetched as well. */
gboolean clr_zone_is_real (ClrZone *zone);
