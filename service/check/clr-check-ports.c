/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check/clr-check-dial.h"
#include "check/clr-check-question.h"
#include "check/clr-check.h"
#include "system/clr-data.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define TARGETS_MOST   16u
#define ADDRESSES_MOST 2u /* of a target and family */
#define PORT           25
#define TIMEOUT        10

/* Asked when the settings name none: large, and always there. Their exchangers are looked up. */
static const char *const usual[] = { "gmail.com", "outlook.com", NULL };

/* What is known of the relay itself. */
typedef struct
{
  const char *helo;
  GInetAddress *source; /* that the settings bind to; NULL: the system chooses */
  gboolean found;       /* a port 25 out there answered */
  gboolean agree;       /* so far */
  JsonArray *advice;
} Ports;

static void
advise (Ports *ports, char *text)
{
  json_array_add_string_element (ports->advice, text);
  g_free (text);
}

/* -- where to */

static void
add_addresses (GPtrArray *dials, ClrZone *zone, const char *target, const char *host, guint16 port)
{
  static const char *const types[] = { "A", "AAAA" };

  for (unsigned t = 0; t < G_N_ELEMENTS (types); t++)
    {
      g_autoptr (GPtrArray) found = NULL;

      if (clr_zone_find (zone, host, types[t], &found) != CLR_ZONE_FOUND)
        continue;
      for (unsigned i = 0; i < MIN (found->len, ADDRESSES_MOST); i++)
        {
          GInetAddress *address = g_inet_address_new_from_string (g_ptr_array_index (found, i));
          ClrDial *dial;

          if (address == NULL)
            continue;
          dial = g_new0 (ClrDial, 1);
          dial->target = g_strdup (target);
          dial->host = g_strdup (host);
          dial->address = address;
          dial->port = port;
          g_ptr_array_add (dials, dial);
        }
    }
}

/* The most preferred exchanger of a domain; NULL: it has none. (transfer full) */
static char *
find_exchanger (ClrZone *zone, const char *domain)
{
  g_autoptr (GPtrArray) found = NULL;
  const char *best = NULL;
  guint64 lowest = G_MAXUINT64;

  if (clr_zone_find (zone, domain, "MX", &found) != CLR_ZONE_FOUND)
    return NULL;
  for (unsigned i = 0; i < found->len; i++)
    {
      char *host;
      guint64 preference = g_ascii_strtoull (g_ptr_array_index (found, i), &host, 10);

      host += *host == ' ';
      if (preference < lowest && *host && !g_str_equal (host, "."))
        {
          lowest = preference;
          best = host;
        }
    }
  return g_strdup (best);
}

static gboolean
add_target (GPtrArray *dials, ClrZone *zone, const char *target, char **problem)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnectable) parsed = g_network_address_parse (target, PORT, &error);
  g_autofree char *exchanger = NULL;
  GInetAddress *address;
  unsigned before = dials->len;

  if (parsed == NULL)
    {
      *problem = g_strdup_printf (_ ("to: %s: %s"), target, error->message);
      return FALSE;
    }
  const char *host = g_network_address_get_hostname (G_NETWORK_ADDRESS (parsed));
  guint16 port = g_network_address_get_port (G_NETWORK_ADDRESS (parsed));
  address = g_inet_address_new_from_string (host);
  if (address)
    {
      ClrDial *dial = g_new0 (ClrDial, 1);

      dial->target = g_strdup (target);
      dial->host = g_strdup (host);
      dial->address = address;
      dial->port = port;
      g_ptr_array_add (dials, dial);
      return TRUE;
    }
  exchanger = find_exchanger (zone, host);
  add_addresses (dials, zone, target, exchanger ? exchanger : host, port);
  if (dials->len == before)
    *problem = g_strdup_printf (_ ("to: %s: the DNS gives no address for it"), target);
  return dials->len > before;
}

/* -- from where */

/* "4.3.2.1.in-addr.arpa", RFC 1035 section 3.5 and RFC 3596 section 2.5. (transfer full) */
static char *
make_reverse_name (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);
  GString *name = g_string_new (NULL);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    g_string_printf (name, "%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
  else
    {
      for (int i = 15; i >= 0; i--)
        g_string_append_printf (name, "%x.%x.", bytes[i] & 15, bytes[i] >> 4);
      g_string_append (name, "ip6.arpa");
    }
  return g_string_free (name, FALSE);
}

static gboolean
resolves_to (ClrZone *zone, const char *name, GInetAddress *address)
{
  g_autoptr (GPtrArray) found = NULL;
  const char *type = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 ? "A" : "AAAA";

  if (clr_zone_find (zone, name, type, &found) != CLR_ZONE_FOUND)
    return FALSE;
  for (unsigned i = 0; i < found->len; i++)
    {
      g_autoptr (GInetAddress) other = g_inet_address_new_from_string (g_ptr_array_index (found, i));

      if (other && g_inet_address_equal (other, address))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_private (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  return g_inet_address_get_is_site_local (address) || g_inet_address_get_is_link_local (address)
         || (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6
                 ? (bytes[0] & 0xfe) == 0xfc
                 : bytes[0] == 100 && (bytes[1] & 0xc0) == 64);
}

/* PTR -> name -> address again, and whether that is the name we say (RFC 1912 section 2.1). */
static JsonObject *
check_own (Ports *ports, ClrZone *zone, GInetAddress *address)
{
  g_autofree char *text = g_inet_address_to_string (address), *reverse = make_reverse_name (address);
  g_autoptr (GPtrArray) names = NULL;
  JsonObject *object = json_object_new ();
  JsonArray *array = json_array_new ();
  ClrZoneStatus status = clr_zone_find (zone, reverse, "PTR", &names);
  gboolean confirmed = FALSE, is_helo = FALSE, helo_back = resolves_to (zone, ports->helo, address);

  for (unsigned i = 0; status == CLR_ZONE_FOUND && i < MIN (names->len, 10u); i++)
    {
      const char *name = g_ptr_array_index (names, i);

      json_array_add_string_element (array, name);
      confirmed = confirmed || resolves_to (zone, name, address);
      is_helo = is_helo || g_ascii_strcasecmp (name, ports->helo) == 0;
    }
  json_object_set_string_member (object, "address", text);
  json_object_set_array_member (object, "ptr", array);
  json_object_set_boolean_member (object, "ptr-confirmed", confirmed);
  json_object_set_boolean_member (object, "ptr-is-helo", is_helo);
  json_object_set_boolean_member (object, "helo-resolves-to-it", helo_back);
  if (status == CLR_ZONE_SERVFAIL || status == CLR_ZONE_TIMEOUT)
    advise (ports, g_strdup_printf (_ ("%s: the DNS does not answer for its PTR record (%s); try again"),
                                    text, reverse));
  else if (status != CLR_ZONE_FOUND)
    advise (ports,
            g_strdup_printf (_ ("%s has no PTR record; ask your provider to set it to %s: many receivers "
                                "refuse mail without one"),
                             text, ports->helo));
  else if (!confirmed)
    advise (ports,
            g_strdup_printf (_ ("%s: its PTR record names %s, which does not resolve back to it; publish an "
                                "%s record there, or have the PTR record changed"),
                             text, (char *)g_ptr_array_index (names, 0), strchr (text, ':') ? "AAAA" : "A"));
  else if (!is_helo)
    advise (ports,
            g_strdup_printf (_ ("%s: its PTR record names %s, but the relay says %s; set [server] hostname "
                                "to that name, or have the PTR record changed"),
                             text, (char *)g_ptr_array_index (names, 0), ports->helo));
  if (!helo_back)
    advise (ports, g_strdup_printf (_ ("%s, the name in EHLO, does not resolve to %s; publish an %s record"),
                                    ports->helo, text, strchr (text, ':') ? "AAAA" : "A"));
  ports->agree = ports->agree && confirmed && is_helo && helo_back;
  return object;
}

static void
add_own (GPtrArray *own, GInetAddress *address)
{
  for (unsigned i = 0; i < own->len; i++)
    if (g_inet_address_equal (g_ptr_array_index (own, i), address))
      return;
  g_ptr_array_add (own, g_object_ref (address));
}

/* Behind a router that translates addresses, ours is not what others see: then the name in EHLO tells it. */
static void
add_public (Ports *ports, GPtrArray *own, ClrZone *zone)
{
  static const char *const types[] = { "A", "AAAA" };

  for (unsigned t = 0; t < G_N_ELEMENTS (types); t++)
    {
      g_autoptr (GPtrArray) found = NULL;

      if (clr_zone_find (zone, ports->helo, types[t], &found) != CLR_ZONE_FOUND)
        continue;
      for (unsigned i = 0; i < MIN (found->len, ADDRESSES_MOST); i++)
        {
          g_autoptr (GInetAddress) address = g_inet_address_new_from_string (g_ptr_array_index (found, i));

          if (address)
            add_own (own, address);
        }
    }
}

/* -- the whole */

static JsonArray *
tell_dials (Ports *ports, GPtrArray *dials, gboolean *blocked)
{
  JsonArray *array = json_array_new ();
  unsigned n_timed_out = 0;

  for (unsigned i = 0; i < dials->len; i++)
    {
      ClrDial *dial = g_ptr_array_index (dials, i);
      g_autofree char *address = g_inet_address_to_string (dial->address);
      g_autofree char *local = dial->local ? g_inet_address_to_string (dial->local) : NULL;
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "target", dial->target);
      json_object_set_string_member (object, "host", dial->host);
      json_object_set_string_member (object, "address", address);
      json_object_set_int_member (object, "port", dial->port);
      json_object_set_string_member (object, "result", clr_dial_result_to_text (dial->result));
      clr_check_set_text (object, "text", dial->text);
      clr_check_set_text (object, "local", local);
      json_array_add_object_element (array, object);
      ports->found = ports->found || dial->result == CLR_DIAL_GREETED;
      n_timed_out += dial->result == CLR_DIAL_TIMED_OUT;
    }
  *blocked = dials->len > 0 && n_timed_out == dials->len;
  return array;
}

static GPtrArray *
list_own (Ports *ports, GPtrArray *dials, const char *given, ClrZone *zone)
{
  g_autoptr (GInetAddress) address = given ? g_inet_address_new_from_string (given) : NULL;
  GPtrArray *own = g_ptr_array_new_with_free_func (g_object_unref);
  gboolean hidden = FALSE;

  if (address)
    {
      add_own (own, address);
      return own;
    }
  for (unsigned i = 0; i < dials->len; i++)
    {
      ClrDial *dial = g_ptr_array_index (dials, i);

      if (dial->local && is_private (dial->local))
        hidden = TRUE;
      else if (dial->local && (dial->result == CLR_DIAL_GREETED || !ports->found))
        add_own (own, dial->local);
    }
  if (hidden)
    {
      add_public (ports, own, zone);
      advise (ports, g_strdup (_ (
                         "this machine has a private address, so that others see another one; what the name "
                         "in EHLO resolves to was looked at instead, or say it with --address")));
    }
  return own;
}

static JsonNode *
run (JsonObject *in, ClrZone *zone, Ports *ports, const char *const *targets, guint timeout)
{
  g_autoptr (GPtrArray) dials = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_dial_free), own = NULL;
  JsonObject *details = json_object_new ();
  JsonArray *addresses = json_array_new ();
  gboolean blocked;

  ports->advice = json_array_new ();
  ports->agree = TRUE;
  for (unsigned i = 0; targets[i] && i < TARGETS_MOST; i++)
    {
      g_autofree char *why = NULL;

      if (!add_target (dials, zone, targets[i], &why))
        advise (ports, g_steal_pointer (&why));
    }
  clr_dial_all (dials, ports->source, timeout);
  json_object_set_array_member (details, "targets", tell_dials (ports, dials, &blocked));
  own = list_own (ports, dials, clr_check_get_text (in, "address"), zone);
  for (unsigned i = 0; i < own->len; i++)
    json_array_add_object_element (addresses, check_own (ports, zone, g_ptr_array_index (own, i)));
  json_object_set_string_member (details, "helo", ports->helo);
  json_object_set_array_member (details, "own", addresses);
  if (blocked)
    advise (ports, g_strdup (_ (
                       "nothing came back from any server: the port is probably blocked by your provider or "
                       "firewall; ask them to open it for this machine, or deliver through a [smarthost] on "
                       "port 587")));
  else if (!ports->found && dials->len > 0)
    advise (ports, g_strdup (_ (
                       "no server greeted; look at the targets above: a firewall that refuses, or the wrong "
                       "host")));
  json_object_set_array_member (details, "advice", ports->advice);
  return dials->len == 0 ? clr_check_answer ("temperror", _ ("no target has an address"), details)
         : !ports->found ? clr_check_answer ("blocked", _ ("no mail server could be reached"), details)
         : own->len == 0 ? clr_check_answer (
               "unknown", _ ("servers are reached; which address they see is not known"), details)
         : !ports->agree
             ? clr_check_answer ("mismatch",
                                 _ ("servers are reached, but the names and addresses of this "
                                    "relay do not agree"),
                                 details)
             : clr_check_answer ("ok", _ ("servers are reached; PTR, name and address agree"), details);
}

/* The address from which mail to exchangers leaves, where the settings bind it. */
static GInetAddress *
find_source (ClrSettings *settings)
{
  GPtrArray *routes = clr_settings_get_sections (settings, "route");

  for (unsigned i = 0; i < routes->len; i++)
    {
      ClrSection *route = g_ptr_array_index (routes, i);
      const char *address = clr_section_get_text (route, "source-address");

      if (address && g_str_equal (clr_section_get_text (route, "via"), "mx"))
        return g_inet_address_new_from_string (address);
    }
  return NULL;
}

static char **
list_targets (JsonObject *in, ClrSettings *settings)
{
  g_autoptr (JsonArray) given = clr_check_get_list (in, "to");
  const char *const *set
      = settings ? clr_section_get_list (clr_settings_get_section (settings, "check"), "port-hosts") : NULL;
  GPtrArray *targets = g_ptr_array_new ();

  for (unsigned i = 0; given && i < json_array_get_length (given); i++)
    {
      JsonNode *node = json_array_get_element (given, i);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        g_ptr_array_add (targets, json_node_dup_string (node));
    }
  for (const char *const *target = set && *set ? set : usual; given == NULL && *target; target++)
    g_ptr_array_add (targets, g_strdup (*target));
  g_ptr_array_add (targets, NULL);
  return (char **)g_ptr_array_free (targets, FALSE);
}

JsonNode *
clr_check_ports (JsonObject *in, ClrZone *zone)
{
  const char *file = clr_check_get_text (in, "config"), *helo = clr_check_get_text (in, "helo"),
             *address = clr_check_get_text (in, "address");
  gint64 timeout = clr_check_get_number (in, "timeout", TIMEOUT);
  g_autoptr (GInetAddress) source = NULL;
  g_autoptr (ClrSettings) settings = NULL;
  g_auto (GStrv) problems = NULL, targets = NULL;
  Ports ports = { 0 };

  if (timeout < 1 || timeout > 120)
    return clr_check_answer ("error", _ ("timeout: 1 to 120 seconds"), NULL);
  if (address && !g_hostname_is_ip_address (address))
    return clr_check_answer ("error", _ ("address: an IP address is needed"), NULL);
  if (zone == NULL)
    return clr_check_answer ("error", _ ("there are no DNS answers to be had"), NULL);
  /* With all of it given no settings are needed. */
  if (file || helo == NULL || !json_object_has_member (in, "to"))
    {
      settings = clr_settings_new_from_file (file ? file : clr_data_get_settings_file (), &problems);
      if (settings == NULL)
        {
          g_autofree char *all = g_strjoinv ("\n", problems);
          return clr_check_answer ("error", all, NULL);
        }
      source = find_source (settings);
    }
  ports.helo = helo ? helo : clr_section_get_text (clr_settings_get_section (settings, "server"), "hostname");
  ports.source = source;
  targets = list_targets (in, settings);
  return run (in, zone, &ports, (const char *const *)targets, (guint)timeout);
}
