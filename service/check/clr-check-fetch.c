/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check-fetch.h"

#include "dns/clr-sts-policy.h"
#include "web/clr-web-client.h"

#include <glib/gi18n-lib.h>

#define TIMEOUT_S 60

typedef struct
{
  GMainLoop *loop;
  char *text;
  gsize size;
  char *problem;
} Fetching;

static void
add_addresses (ClrZone *zone, const char *name, const char *type, ClrDnsAddresses *answer)
{
  g_autoptr (GPtrArray) values = NULL;
  ClrZoneStatus status = clr_zone_find (zone, name, type, &values);

  if (status == CLR_ZONE_SERVFAIL || status == CLR_ZONE_TIMEOUT)
    answer->status = CLR_DNS_TEMPORARY;
  for (unsigned i = 0; i < values->len && answer->n_addresses < CLR_DNS_ADDRESSES_MOST; i++)
    answer->n_addresses
        += clr_endpoint_parse (&answer->addresses[answer->n_addresses], g_ptr_array_index (values, i), 0);
}

static void
find_addresses (const char *name, int family, ClrDnsAddresses *answer, void *data)
{
  if (family != AF_INET)
    add_addresses (data, name, "AAAA", answer);
  if (family != AF_INET6)
    add_addresses (data, name, "A", answer);
}

static void
on_reply (const ClrWebReply *reply, void *data)
{
  Fetching *fetching = data;

  if (reply->outcome != CLR_WEB_ANSWERED)
    fetching->problem = g_strdup (reply->why);
  else if (reply->status != 200)
    fetching->problem = g_strdup_printf (_ ("the policy host answers with status %u"), reply->status);
  else if (!clr_sts_policy_is_type (reply->type))
    fetching->problem = g_strdup (_ ("a policy must come as text/plain (RFC 8461 section 3.2)"));
  else
    {
      fetching->text = g_strndup (reply->body, reply->size);
      fetching->size = reply->size;
    }
  g_main_loop_quit (fetching->loop);
}

char *
clr_check_fetch_policy (ClrZone *zone, const char *domain, unsigned port, const char *ca_file, gsize *size,
                        char **problem)
{
  g_autoptr (ClrWebResolver) resolver = clr_web_resolver_new_waiting (find_addresses, zone);
  g_autoptr (GError) error = NULL;
  ClrWebClient *client = clr_web_client_new (resolver, ca_file, NULL, &error);
  g_autofree char *url = g_strdup_printf ("https://mta-sts.%s:%u/.well-known/mta-sts.txt", domain, port);
  ClrWebRequest request
      = { .method = "GET", .url = url, .size_most = CLR_STS_POLICY_SIZE_MOST, .timeout_s = TIMEOUT_S };
  Fetching fetching = { .loop = g_main_loop_new (NULL, FALSE) };

  if (client == NULL)
    fetching.problem = g_strdup (error->message);
  else
    {
      clr_web_client_send (client, &request, on_reply, &fetching);
      g_main_loop_run (fetching.loop);
      clr_web_client_free (client);
    }
  g_main_loop_unref (fetching.loop);
  *size = fetching.size;
  *problem = fetching.problem;
  return fetching.text;
}
