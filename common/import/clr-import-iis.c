/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The SMTP service of Microsoft's IIS: MetaBase.xml, by what Microsoft's Metabase Property Reference says.
 * IIsSmtpServer is a virtual server, IIsSmtpDomain a domain of its own; IIsSmtpService holds what both
 * inherit.
 */
#include "import/clr-import-network.h"
#include "import/clr-import-xml.h"
#include "import/clr-import.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "iis"

/* RouteAction. */
#define ROUTE_DROP      0x1
#define ROUTE_SMARTHOST 0x2
#define ROUTE_TLS       0x4
#define ROUTE_LOCAL     0x30 /* alias, deliver */

typedef struct
{
  ClrImport *import;
  gboolean seen;
  char *server; /* Location of the virtual server that is taken */
} Iis;

static gint64
get_number (GHashTable *attributes, const char *name)
{
  return g_ascii_strtoll (clr_import_xml_get (attributes, name), NULL, 10);
}

static guint32
read_word (const guint8 *octets, unsigned index)
{
  return octets[4 * index] | octets[4 * index + 1] << 8 | octets[4 * index + 2] << 16
         | (guint32)octets[4 * index + 3] << 24;
}

/* (transfer full) NULL when it is no hexadecimal text. */
static GByteArray *
read_hex (const char *text)
{
  size_t n = strlen (text);
  g_autoptr (GByteArray) octets = g_byte_array_sized_new (n / 2);

  if (n % 2 || n > 64 * 1024)
    return NULL;
  for (size_t i = 0; i < n; i += 2)
    {
      int high = g_ascii_xdigit_value (text[i]), low = g_ascii_xdigit_value (text[i + 1]);
      guint8 octet = (guint8)(high * 16 + low);

      if (high < 0 || low < 0)
        return NULL;
      g_byte_array_append (octets, &octet, 1);
    }
  return g_steal_pointer (&octets);
}

/* The list of addresses is a binary block, hexadecimal in the file. Of its forms one is known for certain and
 * read: "only the list below", addresses under one mask: nineteen words of head, of which the tenth is the
 * number of addresses; the mask; the addresses. Anything else is left to the administrator. */
static gboolean
read_relay_list (const char *text, GPtrArray *networks)
{
  static const guint32 head[] = { 24u | 1u << 31, 32u | 1u << 31, 60u | 1u << 31, 68u | 1u << 31, 1, 76 };
  g_autoptr (GByteArray) octets = read_hex (text);
  guint32 n;

  if (octets == NULL || octets->len < 80)
    return FALSE;
  for (unsigned i = 0; i < G_N_ELEMENTS (head); i++)
    if (read_word (octets->data, i) != head[i])
      return FALSE;
  n = read_word (octets->data, 9);
  if (read_word (octets->data, 8) != 1 || n > 4096 || octets->len != 80 + 4 * n)
    return FALSE;
  for (unsigned i = 0; i < n; i++)
    {
      const guint8 *mask = octets->data + 76, *a = octets->data + 80 + 4 * i;
      g_autofree char *m = g_strdup_printf ("%u.%u.%u.%u", mask[0], mask[1], mask[2], mask[3]);
      g_autofree char *address = g_strdup_printf ("%u.%u.%u.%u", a[0], a[1], a[2], a[3]);

      if (!clr_import_network_add_mask (networks, address, m))
        return FALSE;
    }
  return TRUE;
}

static void
take_relay_list (Iis *iis, GHashTable *attributes)
{
  const char *text = clr_import_xml_get (attributes, "RelayIpList");
  g_autoptr (GPtrArray) networks = g_ptr_array_new_with_free_func (g_free);

  if (*text && read_relay_list (text, networks) && networks->len > 0)
    clr_import_allow (iis->import, "RelayIpList", DEVICE, networks);
  else if (*text)
    clr_import_note (
        iis->import, CLR_IMPORT_NOT_DONE, "RelayIpList",
        _ ("this form of the list is not documented (a network, a name, or \"all except\"). Look "
           "at Access > Relay in IIS 6.0 Manager and set it: clrelay config set "
           "device:" DEVICE ".networks=ADDRESSES"));
  else
    clr_import_note (iis->import, CLR_IMPORT_LOOK, "RelayIpList",
                     _ ("no list: IIS relays for nobody but those who log in. Set device:" DEVICE
                        ".networks to the addresses of your devices"));
  if (get_number (attributes, "RelayForAuth"))
    clr_import_note (
        iis->import, CLR_IMPORT_NOT_DONE, "RelayForAuth",
        _ ("those who log in may relay, with Windows accounts, which are not known here: \"clrelay "
           "user add\" makes logins, and [device] logins = * lets them relay"));
}

/* "address:port:name" one a line. */
static void
take_bindings (Iis *iis, const char *text)
{
  g_auto (GStrv) lines = g_strsplit_set (text, "\r\n\t ", 200);

  for (unsigned i = 0; lines[i]; i++)
    {
      g_auto (GStrv) parts = NULL;

      if (*lines[i] == 0)
        continue;
      parts = g_strsplit (lines[i], ":", 3);
      if (g_strv_length (parts) < 2 || atoi (parts[1]) < 1 || atoi (parts[1]) > 65535)
        {
          clr_import_note (iis->import, CLR_IMPORT_NOT_DONE, "ServerBindings",
                           _ ("\"%s\" is no IPv4 binding"), lines[i]);
          continue;
        }
      g_autofree char *address = g_strdup_printf ("%s:%d", *parts[0] ? parts[0] : "0.0.0.0", atoi (parts[1]));
      clr_import_add (iis->import, "listener", "iis", "address", address);
      clr_import_note (iis->import, CLR_IMPORT_TAKEN, "ServerBindings",
                       _ ("listens on %s; stop IIS's SMTP service first, only one can have the port"),
                       address);
    }
}

static void
take_smarthost (Iis *iis, GHashTable *attributes)
{
  const char *host = clr_import_xml_get (attributes, "SmartHost");
  const char *user = clr_import_xml_get (attributes, "RouteUserName");
  gint64 port = get_number (attributes, "SmtpRemotePort"), kind = get_number (attributes, "SmartHostType");
  g_autofree char *read
      = *host ? clr_import_read_host (host, port > 0 && port < 65536 ? (unsigned)port : 25) : NULL;

  if (*host == 0 || kind == 0)
    {
      clr_import_route_default (iis->import, NULL);
      clr_import_note (iis->import, CLR_IMPORT_TAKEN, "SmartHost",
                       _ ("none: mail goes to the exchangers of its domain"));
      return;
    }
  if (read == NULL)
    {
      clr_import_note (iis->import, CLR_IMPORT_NOT_DONE, "SmartHost", _ ("\"%s\" is no host"), host);
      return;
    }
  clr_import_set (iis->import, "smarthost", "iis", "hosts", read);
  clr_import_set (iis->import, "smarthost", "iis", "tls",
                  get_number (attributes, "AlwaysUseSsl")
                          || get_number (attributes, "RouteAction") & ROUTE_TLS
                      ? "encrypt"
                      : "may");
  clr_import_route_default (iis->import, "iis");
  clr_import_note (iis->import, kind == 1 ? CLR_IMPORT_LOOK : CLR_IMPORT_TAKEN, "SmartHost",
                   kind == 1
                       ? _ ("everything goes to %s. IIS tried the exchangers first, which is not done here")
                       : _ ("everything goes to %s"),
                   read);
  if (*user)
    {
      clr_import_set (iis->import, "smarthost", "iis", "user", user);
      clr_import_set (iis->import, "smarthost", "iis", "password", "iis");
      clr_import_note (
          iis->import, CLR_IMPORT_NOT_DONE, "RoutePassword",
          _ ("IIS keeps the password of %s encrypted by a key of its machine: clrelay secret set iis"), user);
    }
}

static void
take_limits (Iis *iis, GHashTable *attributes)
{
  static const struct
  {
    const char *theirs, *group, *ours;
    gint64 factor, least;
    const char *unit;
  } rows[] = {
    { "MaxMessageSize", "limits", "max-message-size", 1, 64 * 1024, "" },
    { "MaxInConnections", "limits", "max-connections", 1, 1, "" },
    { "MaxRecipients", "limits", "max-recipients", 1, 100, "" },
    { "HopCount", "limits", "max-received", 1, 10, "" },
    { "SmtpRemoteNDRExpireMinutes", "queue", "lifetime", 1, 1, "m" },
    { "SmtpRemoteDelayExpireMinutes", "queue", "delay-notice", 1, 1, "m" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 n = get_number (attributes, rows[i].theirs);

      /* 0, -1 and the largest number mean "no limit": then ours stays. */
      if (n <= 0 || n >= G_MAXINT32)
        continue;
      n = MAX (n, rows[i].least);
      clr_import_set_number (iis->import, rows[i].group, NULL, rows[i].ours, n, rows[i].unit);
      clr_import_note (iis->import, CLR_IMPORT_TAKEN, rows[i].theirs, "[%s] %s = %" G_GINT64_FORMAT "%s",
                       rows[i].group, rows[i].ours, n, rows[i].unit);
    }
  gint64 retry = get_number (attributes, "SmtpRemoteProgressiveRetry"); /* the first of a list, minutes */
  if (retry > 0 && retry <= 1440)
    clr_import_set_number (iis->import, "queue", NULL, "retry-first", retry, "m");
}

static void
take_folders (Iis *iis, GHashTable *attributes)
{
  const char *pickup = clr_import_xml_get (attributes, "PickupDirectory");
  const char *bad = clr_import_xml_get (attributes, "BadMailDirectory");

  if (*pickup)
    {
      clr_import_set (iis->import, "pickup", "iis", "directory", pickup);
      clr_import_set (iis->import, "pickup", "iis", "bad-directory", bad);
      clr_import_note (iis->import, CLR_IMPORT_TAKEN, "PickupDirectory",
                       _ ("files left in %s are sent, as before"), pickup);
    }
  if (*clr_import_xml_get (attributes, "DropDirectory"))
    clr_import_note (iis->import, CLR_IMPORT_NOT_DONE, "DropDirectory",
                     _ ("this relay has no local domains and drops no mail into folders"));
}

static void
take_names (Iis *iis, GHashTable *attributes)
{
  const char *name = clr_import_xml_get (attributes, "FullyQualifiedDomainName");

  if (strchr (name, '.'))
    {
      clr_import_set (iis->import, "server", NULL, "hostname", name);
      clr_import_note (iis->import, CLR_IMPORT_TAKEN, "FullyQualifiedDomainName", "[server] hostname = %s",
                       name);
    }
  const char *domain = clr_import_xml_get (attributes, "MasqueradeDomain");
  if (*domain)
    clr_import_note (iis->import, CLR_IMPORT_NOT_DONE, "MasqueradeDomain",
                     _ ("senders keep their domain; a [device] can have its sender rewritten to one address: "
                        "rewrite-sender (%s)"),
                     domain);
}

static gboolean
is_below (const char *location, const char *server)
{
  size_t n = strlen (server);

  return g_ascii_strncasecmp (location, server, n) == 0 && location[n] == '/';
}

static void
take_domain (Iis *iis, const char *location, GHashTable *attributes)
{
  const char *slash = strrchr (location, '/');
  gint64 action = get_number (attributes, "RouteAction");
  const char *host = clr_import_xml_get (attributes, "RouteActionString");
  g_autofree char *read = *host ? clr_import_read_host (host, 25) : NULL;
  g_autofree char *what = g_strdup_printf ("IIsSmtpDomain %s", slash + 1);
  const char *domain = g_str_has_prefix (slash + 1, "*.") ? slash + 2 : slash + 1; /* "*.x" is below x */

  if (action & ROUTE_SMARTHOST && read)
    {
      clr_import_route (iis->import, what, domain, read);
      return;
    }
  clr_import_note (iis->import, CLR_IMPORT_NOT_DONE, what,
                   action & (ROUTE_LOCAL | ROUTE_DROP) ? _ (
                       "a local domain: its mail was dropped into a folder, which this relay does not do")
                                                       : _ ("no other way than all mail"));
}

static void
see (const char *name, unsigned depth, GHashTable *attributes, void *data)
{
  Iis *iis = data;
  const char *location = clr_import_xml_get (attributes, "Location");

  if (g_str_equal (name, "IIsSmtpServer") && iis->server)
    clr_import_note (iis->import, CLR_IMPORT_NOT_DONE, location,
                     _ ("a second virtual server; only %s is taken over"), iis->server);
  else if (g_str_equal (name, "IIsSmtpServer"))
    {
      iis->server = g_strdup (location);
      take_bindings (iis, clr_import_xml_get (attributes, "ServerBindings"));
      take_relay_list (iis, attributes);
      take_smarthost (iis, attributes);
      take_limits (iis, attributes);
      take_folders (iis, attributes);
      take_names (iis, attributes);
    }
  else if (g_str_equal (name, "IIsSmtpDomain") && strchr (location, '/') && iis->server
           && is_below (location, iis->server))
    take_domain (iis, location, attributes);
  iis->seen = iis->seen || g_str_has_prefix (name, "IIsSmtp");
}

gboolean
clr_import_read_iis (ClrImport *import, const char *text, gsize size, GError **error)
{
  Iis iis = { .import = import };
  gboolean ok = clr_import_xml_read (text, size, see, &iis, error);

  if (ok && iis.server == NULL)
    {
      g_set_error (
          error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          _ ("there is no SMTP virtual server in it; MetaBase.xml of a machine with IIS's SMTP service "
             "is needed (%%SystemRoot%%\\System32\\inetsrv)"));
      ok = FALSE;
    }
  g_free (iis.server);
  return ok;
}
