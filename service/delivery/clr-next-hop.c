/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-next-hop.h"

#include "settings/clr-secret.h"

#include <string.h>

#define QUIT_WAIT (10 * (int64_t)G_USEC_PER_SEC)

void
clr_hosts_free (ClrHost *hosts, unsigned n_hosts)
{
  for (unsigned i = 0; i < n_hosts; i++)
    g_free (hosts[i].name);
  g_free (hosts);
}

void
clr_next_hop_free (ClrNextHop *hop)
{
  clr_hosts_free (hop->hosts, hop->n_hosts);
  if (hop->tls_context)
    clr_tls_context_unref (hop->tls_context);
  if (hop->password)
    explicit_bzero (hop->password, strlen (hop->password));
  g_free (hop->password);
  g_free (hop->secret);
  g_free (hop->oauth);
  g_free (hop->helo);
  g_free (hop->user);
  g_free (hop->name);
  g_free (hop);
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

static ClrNextHopTls
read_tls (const char *word)
{
  static const char *const words[] = { "none", "may", "dane", "encrypt", "dane-only", "verify", "implicit" };

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i]))
      return i;
  g_assert_not_reached ();
}

static int
read_family (const char *word)
{
  return g_str_equal (word, "ipv4") ? AF_INET : g_str_equal (word, "ipv6") ? AF_INET6 : AF_UNSPEC;
}

/* What only a smarthost has: hosts of its own, in the order of the settings, and a login. */
static void
read_smarthost (ClrNextHop *hop, ClrSection *section, const char *state_directory)
{
  const char *const *hosts = clr_section_get_list (section, "hosts");
  unsigned port;

  hop->user = g_strdup (clr_section_get_text (section, "user"));
  hop->helo = g_strdup (clr_section_get_text (section, "helo"));
  hop->max_per_minute = clr_section_get_number (section, "max-messages-per-minute");
  if (g_str_equal (clr_section_get_text (section, "auth"), "oauth"))
    {
      const char *account = clr_section_get_text (section, "oauth");

      hop->oauth = g_strdup (account ? account : hop->name);
    }
  hop->secret = g_strdup (clr_section_get_text (section, "password"));
  if (hop->secret)
    /* A secret that is not there yet is no reason to refuse the file: mail waits, and says so. */
    hop->password = clr_secret_load (state_directory, hop->secret, NULL);
  port = hop->tls == CLR_NEXT_HOP_TLS_IMPLICIT ? 465 : hop->user ? 587 : 25;
  hop->n_hosts = g_strv_length ((char **)hosts);
  hop->hosts = g_new0 (ClrHost, hop->n_hosts);
  for (unsigned i = 0; i < hop->n_hosts; i++)
    {
      read_host (&hop->hosts[i], hosts[i], port);
      hop->hosts[i].rank = i;
      hop->hosts[i].is_secure = TRUE;
      hop->hosts[i].may_be_loopback = hop->allow_loopback || hop->hosts[i].is_literal;
    }
}

ClrNextHop *
clr_next_hop_new (ClrSection *section, const char *state_directory, unsigned workers, GError **error)
{
  ClrNextHop *hop = g_new0 (ClrNextHop, 1);
  const char *source = clr_section_get_text (section, "source-address");

  hop->name = g_strdup (clr_section_get_name (section));
  hop->tls = read_tls (clr_section_get_text (section, "tls"));
  hop->allow_loopback = clr_section_get_boolean (section, "allow-loopback");
  hop->max_connections = clr_section_get_number (section, "max-connections");
  hop->max_recipients = clr_section_get_number (section, "max-recipients");
  hop->max_messages = clr_section_get_number (section, "max-messages-per-connection");
  hop->connect_timeout_us = clr_section_get_number (section, "connect-timeout") * G_USEC_PER_SEC;
  hop->wait_us[CLR_WAIT_COMMAND] = clr_section_get_number (section, "command-timeout") * G_USEC_PER_SEC;
  hop->wait_us[CLR_WAIT_DATA] = clr_section_get_number (section, "data-timeout") * G_USEC_PER_SEC;
  hop->wait_us[CLR_WAIT_FINAL] = clr_section_get_number (section, "final-timeout") * G_USEC_PER_SEC;
  hop->wait_us[CLR_WAIT_QUIT] = MIN (hop->wait_us[CLR_WAIT_COMMAND], QUIT_WAIT);
  hop->idle_us = clr_section_get_number (section, "idle-time") * G_USEC_PER_SEC;
  hop->has_source = source && clr_endpoint_parse (&hop->source, source, 0);
  hop->family = read_family (clr_section_get_text (section, "family"));
  hop->is_mx = g_str_equal (CLR_SECTION_GET_CLASS (section)->group, "route");
  if (hop->is_mx)
    {
      hop->port = clr_section_get_number (section, "port");
      hop->mta_sts = hop->tls != CLR_NEXT_HOP_TLS_NONE && clr_section_get_boolean (section, "mta-sts");
    }
  else
    read_smarthost (hop, section, state_directory);
  hop->shards = MIN (workers, hop->max_connections);
  if (hop->max_per_minute > 0)
    hop->shards = MIN (hop->shards, hop->max_per_minute);
  if (hop->tls != CLR_NEXT_HOP_TLS_NONE)
    {
      gboolean verify = hop->tls == CLR_NEXT_HOP_TLS_VERIFY || hop->tls == CLR_NEXT_HOP_TLS_IMPLICIT;

      hop->tls_context = clr_tls_context_new_client (verify         ? CLR_TLS_VERIFY_NAME
                                                     : hop->mta_sts ? CLR_TLS_VERIFY_LATER
                                                                    : CLR_TLS_VERIFY_NOTHING,
                                                     clr_section_get_text (section, "ca-file"), error);
      if (hop->tls_context == NULL)
        {
          g_prefix_error (error, "[%s %s]: ", CLR_SECTION_GET_CLASS (section)->group, hop->name);
          clr_next_hop_free (hop);
          return NULL;
        }
    }
  if (!hop->is_mx && hop->tls_context && clr_section_is_set (section, "certificate-file")
      && !clr_tls_context_show_certificate (hop->tls_context,
                                            clr_section_get_text (section, "certificate-file"),
                                            clr_section_get_text (section, "key-file"), error))
    {
      g_prefix_error (error, "[smarthost %s]: ", hop->name);
      clr_next_hop_free (hop);
      return NULL;
    }
  return hop;
}

unsigned
clr_next_hop_get_share (const ClrNextHop *hop, unsigned most, unsigned worker)
{
  unsigned shard = worker % hop->shards;

  return most / hop->shards + (shard < most % hop->shards);
}
