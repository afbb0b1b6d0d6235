/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-delivery-plan.h"

#include "base/clr-error.h"
#include "net/clr-socket.h"

#include <stdatomic.h>
#include <string.h>

struct ClrDeliveryPlan
{
  atomic_int references;
  char *hostname;
  GHashTable *next_hops; /* "smarthost:NAME" or "mx:ROUTE" -> ClrNextHop */
  GHashTable *replies;   /* route -> text */
  GArray *own;           /* of ClrEndpoint */
  const ClrDkimStyle *style;
  GPtrArray *identities; /* of const ClrDkimIdentity */
  void *signing_owner;
  GDestroyNotify release_signing;
};

static gboolean
add_next_hop (ClrDeliveryPlan *plan, const char *kind, ClrSection *section, const char *state_directory,
              unsigned workers, GError **error)
{
  ClrNextHop *hop = clr_next_hop_new (section, state_directory, workers, error);

  if (hop)
    g_hash_table_insert (plan->next_hops, g_strconcat (kind, ":", hop->name, NULL), hop);
  return hop != NULL;
}

ClrDeliveryPlan *
clr_delivery_plan_new (ClrSettings *settings, unsigned workers, const GArray *own, GError **error)
{
  ClrDeliveryPlan *plan = g_new0 (ClrDeliveryPlan, 1);
  ClrSection *server = clr_settings_get_section (settings, "server");
  const char *state_directory = clr_section_get_text (server, "state-directory");
  GPtrArray *smarthosts = clr_settings_get_sections (settings, "smarthost");
  GPtrArray *routes = clr_settings_get_sections (settings, "route");
  gboolean ok = TRUE;

  atomic_init (&plan->references, 1);
  plan->hostname = g_strdup (clr_section_get_text (server, "hostname"));
  plan->next_hops
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)clr_next_hop_free);
  plan->replies = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  plan->own = g_array_new (FALSE, FALSE, sizeof (ClrEndpoint));
  if (own)
    g_array_append_vals (plan->own, own->data, own->len);
  for (unsigned i = 0; ok && i < smarthosts->len; i++)
    ok = add_next_hop (plan, "smarthost", g_ptr_array_index (smarthosts, i), state_directory, workers, error);
  for (unsigned i = 0; ok && i < routes->len; i++)
    {
      ClrSection *section = g_ptr_array_index (routes, i);
      const char *via = clr_section_get_text (section, "via"), *reply;

      if (g_str_equal (via, "mx"))
        ok = add_next_hop (plan, "mx", section, state_directory, workers, error);
      if (!g_str_equal (via, "reject"))
        continue;
      reply = clr_section_get_text (section, "reply");
      g_hash_table_insert (plan->replies, g_strdup (clr_section_get_name (section)),
                           g_strdup (reply ? reply : "mail to this recipient is not accepted"));
    }
  if (!ok)
    g_clear_pointer (&plan, clr_delivery_plan_unref);
  return plan;
}

ClrDeliveryPlan *
clr_delivery_plan_ref (ClrDeliveryPlan *plan)
{
  atomic_fetch_add (&plan->references, 1);
  return plan;
}

void
clr_delivery_plan_unref (ClrDeliveryPlan *plan)
{
  if (atomic_fetch_sub (&plan->references, 1) != 1)
    return;
  g_free (plan->hostname);
  g_hash_table_unref (plan->next_hops);
  g_hash_table_unref (plan->replies);
  g_array_unref (plan->own);
  if (plan->identities)
    g_ptr_array_unref (plan->identities);
  if (plan->release_signing)
    plan->release_signing (plan->signing_owner);
  g_free (plan);
}

const char *
clr_delivery_plan_get_hostname (const ClrDeliveryPlan *plan)
{
  return plan->hostname;
}

const ClrNextHop *
clr_delivery_plan_find_next_hop (const ClrDeliveryPlan *plan, const char *way)
{
  return g_hash_table_lookup (plan->next_hops, way);
}

const char *
clr_delivery_plan_find_reply (const ClrDeliveryPlan *plan, const char *route)
{
  return g_hash_table_lookup (plan->replies, route);
}

/* An address of this machine is one that can be bound. */
static gboolean
is_local (const ClrEndpoint *endpoint)
{
  ClrEndpoint probe = *endpoint;

  if (clr_endpoint_is_loopback (endpoint))
    return TRUE;
  if (probe.any.sa_family == AF_INET)
    probe.v4.sin_port = 0;
  else
    probe.v6.sin6_port = 0;
  return clr_socket_may_come_from (&probe);
}

gboolean
clr_delivery_plan_is_own (const ClrDeliveryPlan *plan, const ClrEndpoint *endpoint)
{
  for (unsigned i = 0; i < plan->own->len; i++)
    {
      const ClrEndpoint *own = &g_array_index (plan->own, ClrEndpoint, i);

      if (clr_endpoint_get_port (own) == clr_endpoint_get_port (endpoint)
          && (clr_endpoint_equal (own, endpoint, TRUE) || (clr_endpoint_is_any (own) && is_local (endpoint))))
        return TRUE;
    }
  return FALSE;
}

void
clr_delivery_plan_set_signing (ClrDeliveryPlan *plan, const ClrDkimStyle *style, GPtrArray *identities,
                               void *owner, GDestroyNotify release)
{
  g_assert (plan->identities == NULL);
  plan->style = style;
  plan->identities = identities;
  plan->signing_owner = owner;
  plan->release_signing = release;
}

const ClrDkimStyle *
clr_delivery_plan_get_dkim_style (const ClrDeliveryPlan *plan)
{
  return plan->style;
}

const ClrDkimIdentity *
clr_delivery_plan_find_identity (const ClrDeliveryPlan *plan, const char *name)
{
  for (unsigned i = 0; plan->identities && i < plan->identities->len; i++)
    {
      const ClrDkimIdentity *identity = g_ptr_array_index (plan->identities, i);
      size_t n = strlen (identity->selector);

      if (strncmp (name, identity->selector, n) == 0 && g_str_has_prefix (name + n, "._domainkey.")
          && strcmp (name + n + strlen ("._domainkey."), identity->domain) == 0)
        return identity;
    }
  return NULL;
}
