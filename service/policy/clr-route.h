/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRoutes: which way mail leaves. The first route whose conditions all hold takes it: recipients, senders,
 * devices; the one named default comes last.
 */
#pragma once

#include "settings/clr-settings.h"

typedef struct ClrRoutes ClrRoutes;

/* What a way out is looked for. */
typedef struct
{
  const char *sender; /* of the envelope, "" for none */
  const char *device; /* the name of its section; NULL: our own mail, or unknown */
  const char *recipient;
  const char *route; /* name of the one that must be taken; NULL: any */
} ClrRouteCase;

/* Whether the domain of @address is one of @patterns: as of a route's recipients. */
gboolean clr_route_patterns_hold (char **patterns, const char *address);
/* Whether @sender ("": the null one) is one of @senders: as of a route's. */
gboolean clr_route_senders_hold (char **senders, const char *sender);

ClrRoutes *clr_routes_new (ClrSettings *settings);
void clr_routes_free (ClrRoutes *routes);

/* "smarthost:NAME", "mx:ROUTE/domain", "capture:DIRECTORY", "discard:" or "reject:ROUTE"; NULL when no route
 * matches. The domain is in A-labels and lower case, unless it is none. Returns: (transfer full) (nullable)
 */
char *clr_routes_find_lane (const ClrRoutes *routes, const ClrRouteCase *what);
/* The name of the [route] that takes it; NULL when none does. */
const char *clr_routes_find_name (const ClrRoutes *routes, const ClrRouteCase *what);
