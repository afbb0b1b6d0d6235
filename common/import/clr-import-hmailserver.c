/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * hMailServer: hMailServerBackup.xml out of a backup: its properties, IP ranges, routes, ports, domains.
 */
#include "import/clr-import-network.h"
#include "import/clr-import-xml.h"
#include "import/clr-import.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "hmailserver"

/* Options of an IP range. */
#define RANGE_SMTP             0x1
#define RANGE_REMOTE_TO_REMOTE 0x200
#define RANGE_LOCAL_TO_REMOTE  0x80
#define RANGE_AUTH_TO_REMOTE   (0x4000 | 0x10000)

typedef struct
{
  ClrImport *import;
  GHashTable *properties;
  gboolean seen;
  unsigned n_domains, n_accounts;
} Backup;

static const char *
get (Backup *backup, const char *name)
{
  const char *value = g_hash_table_lookup (backup->properties, name);

  return value ? value : "";
}

static void
take_range (Backup *backup, GHashTable *attributes)
{
  const char *name = clr_import_xml_get (attributes, "Name");
  const char *low = clr_import_xml_get (attributes, "LowerIP"),
             *high = clr_import_xml_get (attributes, "UpperIP");
  gint64 options = g_ascii_strtoll (clr_import_xml_get (attributes, "Options"), NULL, 10);
  g_autoptr (GPtrArray) networks = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *what = g_strdup_printf (_ ("IP range \"%s\""), name);

  if (!(options & RANGE_SMTP) || !(options & (RANGE_LOCAL_TO_REMOTE | RANGE_REMOTE_TO_REMOTE)))
    clr_import_note (backup->import, CLR_IMPORT_NOT_DONE, what, _ ("it may not send to others by SMTP"));
  else if (options & RANGE_AUTH_TO_REMOTE)
    clr_import_note (
        backup->import, CLR_IMPORT_NOT_DONE, what,
        _ ("%s to %s must log in: make logins with \"clrelay user add\" and name them in a [device]"), low,
        high);
  else if (!clr_import_network_add_range (networks, low, high))
    clr_import_note (backup->import, CLR_IMPORT_NOT_DONE, what, _ ("%s to %s is no range"), low, high);
  else
    clr_import_allow (backup->import, what, DEVICE, networks);
}

static const char *
tls_of (gint64 security)
{
  /* 0 none, 1 TLS from the first octet, 2 STARTTLS if offered, 3 STARTTLS required */
  return security == 1 ? "implicit" : security == 3 ? "encrypt" : security == 2 ? "may" : "none";
}

static void
take_route (Backup *backup, GHashTable *attributes)
{
  const char *domain = clr_import_xml_get (attributes, "Name");
  const char *target = clr_import_xml_get (attributes, "TargetHost");
  int port = atoi (clr_import_xml_get (attributes, "TargetPort"));
  g_autofree char *what = g_strdup_printf (_ ("route \"%s\""), domain);
  g_autofree char *host
      = *target ? clr_import_read_host (target, port > 0 && port < 65536 ? (unsigned)port : 25) : NULL;

  if (host == NULL || strchr (domain, '*') || *domain == 0)
    clr_import_note (backup->import, CLR_IMPORT_NOT_DONE, what, _ ("\"%s\" to \"%s\" is no route here"),
                     domain, target);
  else
    clr_import_route (backup->import, what, domain, host);
  if (atoi (clr_import_xml_get (attributes, "UseAuthentication")))
    clr_import_note (backup->import, CLR_IMPORT_NOT_DONE, what,
                     _ ("it logs in as %s, with a password that is encrypted: set user and password of its "
                        "smarthost"),
                     clr_import_xml_get (attributes, "AuthenticationUsername"));
}

static void
take_port (Backup *backup, GHashTable *attributes)
{
  int port = atoi (clr_import_xml_get (attributes, "PortNumber"));
  const char *address = clr_import_xml_get (attributes, "Address");
  int security = atoi (clr_import_xml_get (attributes, "ConnectionSecurity"));
  g_autofree char *where = NULL, *name = NULL;

  /* 1 is SMTP; POP3 and IMAP are not ours. */
  if (atoi (clr_import_xml_get (attributes, "PortProtocol")) != 1 || port < 1 || port > 65535)
    return;
  where = clr_import_read_host (g_hostname_is_ip_address (address) ? address : "0.0.0.0", (unsigned)port);
  name = g_strdup_printf (DEVICE "-%d", port);
  clr_import_add (backup->import, "listener", name, "address", where);
  clr_import_set (backup->import, "listener", name, "tls",
                  security == 1   ? "implicit"
                  : security == 3 ? "require"
                                  : "may");
  clr_import_note (backup->import, CLR_IMPORT_TAKEN, "TCPIPPort",
                   _ ("listens on %s; stop hMailServer first, only one can have the port"), where);
}

static void
see (const char *name, unsigned depth, GHashTable *attributes, void *data)
{
  Backup *backup = data;

  if (g_str_equal (name, "Property"))
    {
      const char *text = clr_import_xml_get (attributes, "StringValue");
      g_autofree char *key = g_ascii_strdown (clr_import_xml_get (attributes, "Name"), -1);

      g_hash_table_replace (backup->properties, g_steal_pointer (&key),
                            g_strdup (*text ? text : clr_import_xml_get (attributes, "LongValue")));
    }
  else if (g_str_equal (name, "SecurityRange"))
    take_range (backup, attributes);
  else if (g_str_equal (name, "Route"))
    take_route (backup, attributes);
  else if (g_str_equal (name, "TCPIPPort"))
    take_port (backup, attributes);
  else if (g_str_equal (name, "Domain"))
    backup->n_domains++;
  else if (g_str_equal (name, "Account"))
    backup->n_accounts++;
  backup->seen = backup->seen || g_str_equal (name, "BackupInformation") || g_str_equal (name, "Property");
}

static void
take_smarthost (Backup *backup)
{
  const char *relayer = get (backup, "smtprelayer");
  int port = atoi (get (backup, "smtprelayerport"));
  g_autofree char *host
      = *relayer ? clr_import_read_host (relayer, port > 0 && port < 65536 ? (unsigned)port : 25) : NULL;
  const char *security = get (backup, "smtprelayerconnectionsecurity");

  if (host == NULL)
    {
      clr_import_route_default (backup->import, NULL);
      clr_import_note (backup->import, *relayer ? CLR_IMPORT_NOT_DONE : CLR_IMPORT_TAKEN, "SMTP relayer",
                       *relayer ? _ ("\"%s\" is no host; mail goes to the exchangers of its domain")
                                : _ ("none%s: mail goes to the exchangers of its domain"),
                       relayer);
      return;
    }
  clr_import_set (backup->import, "smarthost", DEVICE, "hosts", host);
  clr_import_set (backup->import, "smarthost", DEVICE, "tls",
                  *security                                  ? tls_of (atoi (security))
                  : atoi (get (backup, "smtprelayerusessl")) ? "implicit"
                                                             : "may");
  clr_import_set (backup->import, "smarthost", DEVICE, "source-address",
                  get (backup, "smtpdeliverybindtoip"));
  clr_import_route_default (backup->import, DEVICE);
  clr_import_note (backup->import, CLR_IMPORT_TAKEN, "SMTP relayer", _ ("everything goes to %s"), host);
  if (!atoi (get (backup, "usesmtprelayerauthentication")))
    return;
  clr_import_set (backup->import, "smarthost", DEVICE, "user", get (backup, "smtprelayerusername"));
  clr_import_set (backup->import, "smarthost", DEVICE, "password", DEVICE);
  clr_import_note (backup->import, CLR_IMPORT_NOT_DONE, "SMTP relayer",
                   _ ("the password of %s is encrypted in the backup: clrelay secret set " DEVICE),
                   get (backup, "smtprelayerusername"));
}

static void
take_properties (Backup *backup)
{
  gint64 kib = g_ascii_strtoll (get (backup, "maxmessagesize"), NULL, 10);
  gint64 minutes = g_ascii_strtoll (get (backup, "smtpminutesbetweenretries"), NULL, 10);
  gint64 connections = g_ascii_strtoll (get (backup, "maxsmtpconnections"), NULL, 10);

  if (strchr (get (backup, "hostname"), '.'))
    {
      clr_import_set (backup->import, "server", NULL, "hostname", get (backup, "hostname"));
      clr_import_note (backup->import, CLR_IMPORT_TAKEN, "hostname", "[server] hostname = %s",
                       get (backup, "hostname"));
    }
  if (kib > 0 && kib <= 4 * 1024 * 1024)
    clr_import_set_number (backup->import, "limits", NULL, "max-message-size", MAX (kib, 64), "K");
  if (connections > 0 && connections <= 100000)
    clr_import_set_number (backup->import, "limits", NULL, "max-connections", connections, "");
  if (minutes > 0 && minutes <= 1440)
    clr_import_set_number (backup->import, "queue", NULL, "retry-first", minutes, "m");
}

gboolean
clr_import_read_hmailserver (ClrImport *import, const char *text, gsize size, GError **error)
{
  g_autoptr (GHashTable) properties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Backup backup = { .import = import, .properties = properties };

  if (!clr_import_xml_read (text, size, see, &backup, error))
    return FALSE;
  if (!backup.seen)
    {
      g_set_error (
          error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          _ ("this is no backup of hMailServer; hMailServerBackup.xml out of the archive is needed"));
      return FALSE;
    }
  take_smarthost (&backup);
  take_properties (&backup);
  if (backup.n_domains > 0)
    clr_import_note (
        import, CLR_IMPORT_NOT_DONE, "Domains",
        _ ("%u domains with %u accounts: this relay keeps no mailboxes. Let a [route] with their "
           "domains lead to the server that does"),
        backup.n_domains, backup.n_accounts);
  return TRUE;
}
