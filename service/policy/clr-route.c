/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/clr-route.h"

#include "base/clr-domain.h"

#include <string.h>

typedef struct
{
  char **domains; /* NULL: all */
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
  g_strfreev (((Route *)data)->domains);
  g_free (((Route *)data)->name);
  g_free (((Route *)data)->lane);
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
        if (clr_section_is_set (section, "recipients"))
          {
            const char *const *list = clr_section_get_list (section, "recipients");
            GPtrArray *domains = g_ptr_array_new ();

            for (; *list; list++)
              g_ptr_array_add (domains, g_ascii_strdown (*list, -1));
            g_ptr_array_add (domains, NULL);
            route.domains = (char **)g_ptr_array_free (domains, FALSE);
          }
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
is_taken (const Route *route, const char *domain)
{
  if (route->domains == NULL)
    return TRUE;
  for (char **pattern = route->domains; *pattern; pattern++)
    if (matches (*pattern, domain))
      return TRUE;
  return FALSE;
}

/* @domain: (out): of the recipient, in A-labels where it is a name. */
static const Route *
find (const ClrRoutes *routes, const char *recipient, char **domain)
{
  const char *at = strrchr (recipient, '@');

  /* Routes are written, and the DNS is asked, in A-labels. */
  *domain = at && !g_str_is_ascii (at + 1) ? clr_domain_to_ascii (at + 1) : NULL;
  if (*domain == NULL)
    *domain = g_strdup (at ? at + 1 : "");
  for (unsigned i = 0; i < routes->routes->len; i++)
    if (is_taken (&g_array_index (routes->routes, Route, i), *domain))
      return &g_array_index (routes->routes, Route, i);
  return NULL;
}

char *
clr_routes_find_lane (const ClrRoutes *routes, const char *recipient)
{
  g_autofree char *domain = NULL, *lower = NULL;
  const Route *route = find (routes, recipient, &domain);

  if (route == NULL)
    return NULL;
  lower = route->by_domain ? g_ascii_strdown (domain, -1) : NULL;
  return g_strconcat (route->lane, lower, NULL);
}

const char *
clr_routes_find_name (const ClrRoutes *routes, const char *recipient)
{
  g_autofree char *domain = NULL;
  const Route *route = find (routes, recipient, &domain);

  return route ? route->name : NULL;
}
