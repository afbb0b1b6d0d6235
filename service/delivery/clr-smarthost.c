/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-smarthost.h"

#include "base/clr-error.h"
#include "settings/clr-secret.h"

#include <stdatomic.h>
#include <string.h>

struct ClrDeliveryPlan
{
  atomic_int references;
  char *hostname;
  GPtrArray *smarthosts;
  GHashTable *replies; /* route -> text */
  GArray *own;         /* of ClrEndpoint */
};

static void
smarthost_free (void *data)
{
  ClrSmarthost *smarthost = data;

  for (unsigned i = 0; i < smarthost->n_hosts; i++)
    g_free (smarthost->hosts[i].name);
  g_free (smarthost->hosts);
  if (smarthost->tls_context)
    clr_tls_context_unref (smarthost->tls_context);
  if (smarthost->password)
    explicit_bzero (smarthost->password, strlen (smarthost->password));
  g_free (smarthost->password);
  g_free (smarthost->secret);
  g_free (smarthost->user);
  g_free (smarthost->name);
  g_free (smarthost);
}

static void
read_host (ClrHost *host, const char *text, unsigned default_port)
{
  host->port = default_port;
  host->is_literal = clr_endpoint_parse (&host->endpoint, text, default_port);
  if (host->is_literal)
    {
      char address[CLR_ENDPOINT_TEXT];

      clr_endpoint_address_to_text (&host->endpoint, address);
      host->name = g_strdup (address);
      host->port = clr_endpoint_get_port (&host->endpoint);
      return;
    }
  const char *colon = strrchr (text, ':');
  host->name = colon ? g_strndup (text, colon - text) : g_strdup (text);
  if (colon)
    host->port = g_ascii_strtoull (colon + 1, NULL, 10);
}

static ClrSmarthostTls
read_tls (const char *word)
{
  static const char *const words[] = { "none", "may", "encrypt", "verify", "implicit" };

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i]))
      return i;
  g_assert_not_reached ();
}

static ClrSmarthost *
read_smarthost (ClrSection *section, const char *state_directory, unsigned shards, GError **error)
{
  ClrSmarthost *smarthost = g_new0 (ClrSmarthost, 1);
  const char *const *hosts = clr_section_get_list (section, "hosts");
  const char *source = clr_section_get_text (section, "source-address");
  const char *ca_file = clr_section_get_text (section, "ca-file");
  unsigned port;

  smarthost->name = g_strdup (clr_section_get_name (section));
  smarthost->tls = read_tls (clr_section_get_text (section, "tls"));
  smarthost->user = g_strdup (clr_section_get_text (section, "user"));
  smarthost->secret = g_strdup (clr_section_get_text (section, "password"));
  port = smarthost->tls == CLR_SMARTHOST_TLS_IMPLICIT ? 465 : smarthost->user ? 587 : 25;
  smarthost->n_hosts = g_strv_length ((char **)hosts);
  smarthost->hosts = g_new0 (ClrHost, smarthost->n_hosts);
  for (unsigned i = 0; i < smarthost->n_hosts; i++)
    read_host (&smarthost->hosts[i], hosts[i], port);
  smarthost->allow_loopback = clr_section_get_boolean (section, "allow-loopback");
  smarthost->max_connections = MAX (clr_section_get_number (section, "max-connections") / shards, 1);
  smarthost->max_recipients = clr_section_get_number (section, "max-recipients");
  smarthost->max_messages = clr_section_get_number (section, "max-messages-per-connection");
  smarthost->connect_timeout_us = clr_section_get_number (section, "connect-timeout") * G_USEC_PER_SEC;
  smarthost->idle_us = clr_section_get_number (section, "idle-time") * G_USEC_PER_SEC;
  smarthost->has_source = source && clr_endpoint_parse (&smarthost->source, source, 0);
  if (smarthost->secret)
    /* A secret that is not there yet is no reason to refuse the file: mail waits, and says so. */
    smarthost->password = clr_secret_load (state_directory, smarthost->secret, NULL);
  if (smarthost->tls != CLR_SMARTHOST_TLS_NONE)
    {
      gboolean verify
          = smarthost->tls == CLR_SMARTHOST_TLS_VERIFY || smarthost->tls == CLR_SMARTHOST_TLS_IMPLICIT;

      smarthost->tls_context = clr_tls_context_new_client (
          verify ? CLR_TLS_VERIFY_NAME : CLR_TLS_VERIFY_NOTHING, ca_file, error);
      if (smarthost->tls_context == NULL)
        {
          g_prefix_error (error, "[smarthost %s]: ", smarthost->name);
          smarthost_free (smarthost);
          return NULL;
        }
    }
  return smarthost;
}

ClrDeliveryPlan *
clr_delivery_plan_new (ClrSettings *settings, unsigned shards, const GArray *own, GError **error)
{
  ClrDeliveryPlan *plan = g_new0 (ClrDeliveryPlan, 1);
  ClrSection *server = clr_settings_get_section (settings, "server");
  GPtrArray *sections = clr_settings_get_sections (settings, "smarthost");

  atomic_init (&plan->references, 1);
  plan->hostname = g_strdup (clr_section_get_text (server, "hostname"));
  plan->smarthosts = g_ptr_array_new_with_free_func (smarthost_free);
  plan->replies = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  plan->own = g_array_new (FALSE, FALSE, sizeof (ClrEndpoint));
  if (own)
    g_array_append_vals (plan->own, own->data, own->len);
  for (unsigned i = 0; i < sections->len; i++)
    {
      ClrSmarthost *smarthost = read_smarthost (
          g_ptr_array_index (sections, i), clr_section_get_text (server, "state-directory"), shards, error);
      if (smarthost == NULL)
        {
          clr_delivery_plan_unref (plan);
          return NULL;
        }
      g_ptr_array_add (plan->smarthosts, smarthost);
    }
  sections = clr_settings_get_sections (settings, "route");
  for (unsigned i = 0; i < sections->len; i++)
    {
      ClrSection *section = g_ptr_array_index (sections, i);
      const char *reply = clr_section_get_text (section, "reply");

      if (g_str_equal (clr_section_get_text (section, "via"), "reject"))
        g_hash_table_insert (plan->replies, g_strdup (clr_section_get_name (section)),
                             g_strdup (reply ? reply : "mail to this recipient is not accepted"));
    }
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
  g_ptr_array_unref (plan->smarthosts);
  g_hash_table_unref (plan->replies);
  g_array_unref (plan->own);
  g_free (plan);
}

const char *
clr_delivery_plan_get_hostname (const ClrDeliveryPlan *plan)
{
  return plan->hostname;
}

const ClrSmarthost *
clr_delivery_plan_find_smarthost (const ClrDeliveryPlan *plan, const char *name)
{
  for (unsigned i = 0; i < plan->smarthosts->len; i++)
    if (g_str_equal (((ClrSmarthost *)g_ptr_array_index (plan->smarthosts, i))->name, name))
      return g_ptr_array_index (plan->smarthosts, i);
  return NULL;
}

const char *
clr_delivery_plan_find_reply (const ClrDeliveryPlan *plan, const char *route)
{
  return g_hash_table_lookup (plan->replies, route);
}

gboolean
clr_delivery_plan_is_own (const ClrDeliveryPlan *plan, const ClrEndpoint *endpoint)
{
  for (unsigned i = 0; i < plan->own->len; i++)
    {
      const ClrEndpoint *own = &g_array_index (plan->own, ClrEndpoint, i);

      if (clr_endpoint_get_port (own) == clr_endpoint_get_port (endpoint)
          && (clr_endpoint_equal (own, endpoint, TRUE)
              || (clr_endpoint_is_any (own) && clr_endpoint_is_loopback (endpoint))))
        return TRUE;
    }
  return FALSE;
}
