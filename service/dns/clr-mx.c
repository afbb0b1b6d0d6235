/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dns/clr-mx.h"

#include "base/clr-domain.h"

#include <stdlib.h>
#include <string.h>

G_GNUC_PRINTF (5, 6)
static void
refuse (ClrMxPlan *plan, ClrMxVerdict verdict, int code, const char *enhanced, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  plan->verdict = verdict;
  plan->code = code;
  plan->enhanced = enhanced;
  plan->why = g_strdup_vprintf (format, arguments);
  va_end (arguments);
}

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static int
compare_hosts (const void *a, const void *b)
{
  const ClrMxHost *x = a, *y = b;

  return x->preference != y->preference ? (x->preference < y->preference ? -1 : 1)
                                        : strcmp (x->name, y->name);
}

/* Names the site. Equal sets have equal names, whatever order the DNS gave them in. */
static void
name_site (ClrMxPlan *plan, unsigned port)
{
  g_autofree const char **names = g_new (const char *, plan->n_hosts);
  GString *site = g_string_new (NULL), *order = g_string_new (NULL);

  for (unsigned i = 0; i < plan->n_hosts; i++)
    {
      names[i] = plan->hosts[i].name;
      if (i > 0)
        g_string_append_c (order, plan->hosts[i].preference == plan->hosts[i - 1].preference ? ',' : '<');
      g_string_append (order, names[i]);
    }
  qsort (names, plan->n_hosts, sizeof *names, compare_names);
  for (unsigned i = 0; i < plan->n_hosts; i++)
    g_string_append_printf (site, "%s%s", i > 0 ? "," : "", names[i]);
  g_string_append_printf (site, ":%u", port);
  g_string_append_printf (order, ":%u", port);
  plan->site = g_string_free (site, FALSE);
  plan->order = g_string_free (order, FALSE);
}

/* RFC 5321 section 4.1.3: [192.0.2.1], [IPv6:2001:db8::1]. */
static gboolean
read_literal (const char *domain, ClrEndpoint *endpoint)
{
  size_t size = strlen (domain);
  g_autofree char *inner = size > 2 && domain[size - 1] == ']' ? g_strndup (domain + 1, size - 2) : NULL;

  if (inner == NULL || strchr (inner, ']'))
    return FALSE;
  if (g_ascii_strncasecmp (inner, "IPv6:", 5) == 0)
    return strchr (inner + 5, ':') && clr_endpoint_parse (endpoint, inner + 5, 0)
           && endpoint->any.sa_family == AF_INET6;
  return strchr (inner, ':') == NULL && clr_endpoint_parse (endpoint, inner, 0);
}

gboolean
clr_mx_plan_without_dns (ClrMxPlan *plan, const char *domain, unsigned port)
{
  ClrMxHost host = { .is_literal = TRUE };

  *plan = (ClrMxPlan){ .verdict = CLR_MX_HOSTS };
  if (*domain != '[')
    {
      if (clr_domain_is_name (domain))
        return FALSE;
      refuse (plan, CLR_MX_PERMANENT, 550, "5.1.2", "\"%s\" is no domain", domain);
    }
  else if (!read_literal (domain, &host.endpoint))
    refuse (plan, CLR_MX_PERMANENT, 550, "5.1.2", "\"%s\" is no address", domain);
  else
    {
      char text[CLR_ENDPOINT_TEXT];

      clr_endpoint_address_to_text (&host.endpoint, text);
      host.name = g_strdup (text);
      plan->hosts = g_memdup2 (&host, sizeof host);
      plan->n_hosts = 1;
      name_site (plan, port);
    }
  return TRUE;
}

/* The exchangers that can be tried, best first, each once. Returns: FALSE when the answer names none at all.
 */
static gboolean
take_records (ClrMxPlan *plan, const ClrDnsAnswer *answer)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  unsigned n = 0, kept = 0;

  plan->hosts = g_new0 (ClrMxHost, answer->n_records);
  for (unsigned i = 0; i < answer->n_records; i++)
    {
      g_autofree char *name = g_ascii_strdown (answer->records[i].name, -1);

      /* RFC 7505 section 3: "." says that there is no mail only where it stands alone. */
      if (!clr_domain_is_name (name))
        continue;
      plan->hosts[n++]
          = (ClrMxHost){ .name = g_steal_pointer (&name), .preference = answer->records[i].preference };
    }
  if (n == 0)
    return FALSE;
  qsort (plan->hosts, n, sizeof *plan->hosts, compare_hosts);
  for (unsigned i = 0; i < n; i++)
    if (kept < CLR_MX_MOST && g_hash_table_add (seen, plan->hosts[i].name))
      plan->hosts[kept++] = plan->hosts[i];
    else
      g_free (plan->hosts[i].name);
  plan->n_hosts = kept;
  return TRUE;
}

/* RFC 5321 section 5.1: who is an exchanger itself drops itself and all that are not better. */
static void
drop_ourselves (ClrMxPlan *plan, const char *own_name)
{
  unsigned n = 0;

  while (n < plan->n_hosts && g_ascii_strcasecmp (plan->hosts[n].name, own_name) != 0)
    n++;
  if (n == plan->n_hosts)
    return;
  for (unsigned own = plan->hosts[n].preference; n > 0 && plan->hosts[n - 1].preference == own;)
    n--;
  for (unsigned i = n; i < plan->n_hosts; i++)
    g_free (plan->hosts[i].name);
  plan->n_hosts = n;
}

void
clr_mx_plan_from_answer (ClrMxPlan *plan, const char *domain, unsigned port, const ClrDnsAnswer *answer,
                         const char *own_name)
{
  *plan = (ClrMxPlan){ .verdict = CLR_MX_HOSTS };
  switch (answer->status)
    {
    case CLR_DNS_TEMPORARY:
      refuse (plan, CLR_MX_TEMPORARY, 0, "4.4.3", "the mail exchangers of %s cannot be looked up: %s", domain,
              answer->problem);
      return;
    case CLR_DNS_NO_NAME:
      refuse (plan, CLR_MX_PERMANENT, 550, "5.1.2", "there is no domain %s", domain);
      return;
    case CLR_DNS_NO_DATA:
      /* RFC 5321 section 5.1: proven that there is no MX, so the domain is its own exchanger. */
      plan->hosts = g_new0 (ClrMxHost, 1);
      plan->hosts[0].name = g_ascii_strdown (domain, -1);
      plan->n_hosts = 1;
      break;
    case CLR_DNS_FOUND:
      if (answer->n_records == 1 && *answer->records[0].name == 0)
        {
          /* RFC 7505 sections 3 and 4. */
          refuse (plan, CLR_MX_PERMANENT, 556, "5.1.10", "the domain %s does not accept mail (null MX)",
                  domain);
          return;
        }
      if (!take_records (plan, answer))
        {
          refuse (plan, CLR_MX_PERMANENT, 550, "5.4.4", "the mail exchangers of %s have no valid names",
                  domain);
          return;
        }
    }
  drop_ourselves (plan, own_name);
  if (plan->n_hosts == 0)
    refuse (
        plan, CLR_MX_PERMANENT, 554, "5.4.6",
        "%s leads mail for %s to this relay itself: no route takes the domain another way, so it would go "
        "round in circles",
        answer->status == CLR_DNS_FOUND ? "the best mail exchanger" : "the address", domain);
  else
    name_site (plan, port);
}

void
clr_mx_plan_clear (ClrMxPlan *plan)
{
  for (unsigned i = 0; i < plan->n_hosts; i++)
    g_free (plan->hosts[i].name);
  g_free (plan->hosts);
  g_free (plan->site);
  g_free (plan->order);
  g_free (plan->why);
  *plan = (ClrMxPlan){ 0 };
}
