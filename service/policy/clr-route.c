/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-route.h"

#include "base/clr-domain.h"

#include <string.h>

typedef struct
{
  char **domains; /* of recipients; NULL: all, as of the next two */
  char **senders;
  char **devices;
  char *name;
  char *lane;
  gboolean by_domain; /* the recipient's domain belongs behind the lane */
} Route;

struct ClrRoutes
{
  GArray *routes; /* of Route, in order of match */
};

static void
clear_route (void *data)
{
  Route *route = data;

  g_strfreev (route->domains);
  g_strfreev (route->senders);
  g_strfreev (route->devices);
  g_free (route->name);
  g_free (route->lane);
}

static char *
make_lane (ClrSection *section)
{
  const char *via = clr_section_get_text (section, "via");

  if (g_str_equal (via, "capture"))
    return g_strdup_printf ("capture:%s", clr_section_get_text (section, "directory"));
  if (g_str_equal (via, "discard"))
    return g_strdup ("discard:");
  if (g_str_equal (via, "reject"))
    return g_strdup_printf ("reject:%s", clr_section_get_name (section));
  if (g_str_equal (via, "mx"))
    return g_strdup_printf ("mx:%s/", clr_section_get_name (section));
  return g_strdup (via);
}

/* NULL when it is not set. Domains and addresses are compared in lower case. */
static char **
read_list (ClrSection *section, const char *key, gboolean lower)
{
  GPtrArray *words = g_ptr_array_new ();

  if (!clr_section_is_set (section, key))
    return (char **)g_ptr_array_free (words, TRUE);
  for (const char *const *word = clr_section_get_list (section, key); *word; word++)
    g_ptr_array_add (words, lower ? g_ascii_strdown (*word, -1) : g_strdup (*word));
  g_ptr_array_add (words, NULL);
  return (char **)g_ptr_array_free (words, FALSE);
}

ClrRoutes *
clr_routes_new (ClrSettings *settings)
{
  ClrRoutes *routes = g_new0 (ClrRoutes, 1);
  GPtrArray *sections = clr_settings_get_sections (settings, "route");

  routes->routes = g_array_new (FALSE, TRUE, sizeof (Route));
  g_array_set_clear_func (routes->routes, clear_route);
  for (int last = 0; last < 2; last++)
    for (unsigned i = 0; i < sections->len; i++)
      {
        ClrSection *section = g_ptr_array_index (sections, i);
        gboolean is_default = g_str_equal (clr_section_get_name (section), "default");

        if (is_default != last)
          continue;
        Route route = { .name = g_strdup (clr_section_get_name (section)),
                        .lane = make_lane (section),
                        .by_domain = g_str_equal (clr_section_get_text (section, "via"), "mx") };
        route.domains = read_list (section, "recipients", TRUE);
        route.senders = read_list (section, "senders", TRUE);
        route.devices = read_list (section, "devices", FALSE);
        g_array_append_val (routes->routes, route);
      }
  return routes;
}

void
clr_routes_free (ClrRoutes *routes)
{
  g_array_unref (routes->routes);
  g_free (routes);
}

/* "example.com" is itself, ".example.com" what lies below it, "*" everything. */
static gboolean
matches (const char *pattern, const char *domain)
{
  size_t size = strlen (domain), pattern_size = strlen (pattern);

  if (g_str_equal (pattern, "*"))
    return TRUE;
  if (*pattern == '.')
    return size > pattern_size && g_ascii_strcasecmp (domain + size - pattern_size, pattern) == 0;
  return g_ascii_strcasecmp (domain, pattern) == 0;
}

static gboolean
matches_any (char **patterns, const char *domain)
{
  for (; *patterns; patterns++)
    if (matches (*patterns, domain))
      return TRUE;
  return FALSE;
}

/* Routes are written, and the DNS is asked, in A-labels. Returns: (transfer full): "" when there is none */
static char *
dup_domain (const char *address)
{
  const char *at = strrchr (address, '@');
  char *ascii = at && !g_str_is_ascii (at + 1) ? clr_domain_to_ascii (at + 1) : NULL;

  return ascii ? ascii : g_strdup (at ? at + 1 : "");
}

gboolean
clr_route_patterns_hold (char **patterns, const char *address)
{
  g_autofree char *domain = dup_domain (address);

  return *domain && matches_any (patterns, domain);
}

/* An address, or what matches() takes of its domain; "<>" is the sender of reports. */
gboolean
clr_route_senders_hold (char **senders, const char *sender)
{
  g_autofree char *domain = dup_domain (sender);

  for (; *senders; senders++)
    if (g_str_equal (*senders, "<>") ? *sender == 0
        : strchr (*senders, '@')     ? g_ascii_strcasecmp (*senders, sender) == 0
                                     : *sender && matches (*senders, domain))
      return TRUE;
  return FALSE;
}

/* @domain: of the recipient. */
static const Route *
find (const ClrRoutes *routes, const ClrRouteCase *what, const char *domain)
{
  for (unsigned i = 0; i < routes->routes->len; i++)
    {
      const Route *route = &g_array_index (routes->routes, Route, i);

      if (what->route)
        {
          if (g_str_equal (route->name, what->route))
            return route;
          continue;
        }
      if ((route->domains == NULL || matches_any (route->domains, domain))
          && (route->senders == NULL || clr_route_senders_hold (route->senders, what->sender))
          && (route->devices == NULL
              || (what->device && g_strv_contains ((const char *const *)route->devices, what->device))))
        return route;
    }
  return NULL;
}

char *
clr_routes_find_lane (const ClrRoutes *routes, const ClrRouteCase *what)
{
  g_autofree char *domain = dup_domain (what->recipient), *lower = NULL;
  const Route *route = find (routes, what, domain);

  if (route == NULL)
    return NULL;
  lower = route->by_domain ? g_ascii_strdown (domain, -1) : NULL;
  return g_strconcat (route->lane, lower, NULL);
}

const char *
clr_routes_find_name (const ClrRoutes *routes, const ClrRouteCase *what)
{
  g_autofree char *domain = dup_domain (what->recipient);
  const Route *route = find (routes, what, domain);

  return route ? route->name : NULL;
}
