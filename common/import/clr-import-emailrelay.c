/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * E-MailRelay: its configuration file, one option a line, with or without "--" and "=", by its reference.
 */
#include "import/clr-import-network.h"
#include "import/clr-import.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static GHashTable *
read_options (const char *text)
{
  GHashTable *options = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 10000);

  for (unsigned i = 0; lines[i]; i++)
    {
      char *line = g_strstrip (lines[i]), *value;

      while (*line == '-')
        line++;
      if (*line == '#' || *line == 0 || !g_ascii_isalpha (*line))
        continue;
      value = line + strcspn (line, " \t=");
      if (*value)
        *value++ = 0;
      value = g_strstrip (value);
      if (*value == '"' && strlen (value) > 1 && g_str_has_suffix (value, "\""))
        {
          value[strlen (value) - 1] = 0;
          value++;
        }
      g_hash_table_replace (options, g_strdup (line), g_strdup (value));
    }
  return options;
}

static const char *
get (GHashTable *options, const char *name)
{
  const char *value = g_hash_table_lookup (options, name);

  return value ? value : "";
}

static gboolean
is_on (GHashTable *options, const char *name)
{
  return g_hash_table_contains (options, name) && !g_str_equal (get (options, name), "no");
}

/* "+41" is "A" (RFC 3461 section 4). (transfer full) */
static char *
decode_xtext (const char *text)
{
  GString *into = g_string_new (NULL);

  for (const char *p = text; *p; p++)
    if (*p == '+' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]))
      {
        g_string_append_c (into, (char)(g_ascii_xdigit_value (p[1]) * 16 + g_ascii_xdigit_value (p[2])));
        p += 2;
      }
    else
      g_string_append_c (into, *p);
  return g_string_free (into, FALSE);
}

/* @word as the kind of password says: "plain" is xtext, "plain:b" base64. (transfer full) NULL: not text. */
static char *
decode (const char *kind, const char *word)
{
  gsize size;

  if (!g_str_has_suffix (kind, ":b"))
    return decode_xtext (word);
  g_autofree guchar *octets = g_base64_decode (word, &size);
  return memchr (octets, 0, size) ? NULL : g_strndup ((const char *)octets, size);
}

static void
take_password (ClrImport *import, const char *from)
{
  gboolean inlined = g_str_has_prefix (from, "plain:");
  g_autofree char *text = inlined        ? g_strdup_printf ("client plain:b %s", from + 6)
                          : import->load ? import->load (from, import->load_data)
                                         : NULL;
  g_auto (GStrv) lines = NULL;

  if (inlined && text)
    g_strdelimit (text + 15, ":", ' ');
  lines = g_strsplit (text ? text : "", "\n", 10000);
  for (unsigned i = 0; lines[i]; i++)
    {
      g_auto (GStrv) words = g_strsplit_set (g_strstrip (lines[i]), " \t", 8);

      if (g_strv_length (words) < 4 || !g_str_equal (words[0], "client")
          || !g_str_has_prefix (words[1], "plain"))
        continue;
      g_autofree char *user = decode (words[1], words[2]), *password = decode (words[1], words[3]);
      if (user == NULL || password == NULL || *password == 0)
        continue;
      clr_import_set (import, "smarthost", "emailrelay", "user", user);
      clr_import_keep_secret (import, "emailrelay", password);
      clr_import_note (import, CLR_IMPORT_TAKEN, "client-auth", _ ("the password of %s"), user);
      explicit_bzero (password, strlen (password));
      return;
    }
  clr_import_note (
      import, CLR_IMPORT_NOT_DONE, "client-auth",
      _ ("no password in clear can be read there. Set smarthost:emailrelay.user and .password, and "
         "then: clrelay secret set NAME"));
}

static void
take_way_out (ClrImport *import, GHashTable *options)
{
  const char *to = *get (options, "as-client")  ? get (options, "as-client")
                   : *get (options, "as-proxy") ? get (options, "as-proxy")
                                                : get (options, "forward-to");
  g_autofree char *host = *to ? clr_import_read_host (to, 25) : NULL;

  if (host == NULL)
    {
      clr_import_note (import, CLR_IMPORT_NOT_DONE, "forward-to",
                       _ ("there is no host (\"%s\"); set a [route default]"), to);
      return;
    }
  clr_import_set (import, "smarthost", "emailrelay", "hosts", host);
  clr_import_set (import, "smarthost", "emailrelay", "tls",
                  is_on (options, "client-tls-connection") ? "implicit"
                  : is_on (options, "client-tls-verify")   ? "verify"
                  : is_on (options, "client-tls-required") ? "encrypt"
                                                           : "may");
  clr_import_set (import, "smarthost", "emailrelay", "source-address", get (options, "client-interface"));
  clr_import_route_default (import, "emailrelay");
  clr_import_note (import, CLR_IMPORT_TAKEN, "forward-to", _ ("everything goes to %s"), host);
  if (*get (options, "client-auth"))
    take_password (import, get (options, "client-auth"));
}

static void
take_way_in (ClrImport *import, GHashTable *options)
{
  g_auto (GStrv) interfaces = g_strsplit_set (get (options, "interface"), ", ", 100);
  guint64 port = 25;
  gboolean any = FALSE;

  if (*get (options, "port")
      && !g_ascii_string_to_unsigned (get (options, "port"), 10, 1, 65535, &port, NULL))
    clr_import_note (import, CLR_IMPORT_NOT_DONE, "port", _ ("\"%s\" is no port"), get (options, "port"));
  for (unsigned i = 0; interfaces[i]; i++)
    {
      const char *equals = strchr (interfaces[i], '='), *word = equals ? equals + 1 : interfaces[i];
      g_autofree char *address
          = g_hostname_is_ip_address (word) ? clr_import_read_host (word, (unsigned)port) : NULL;

      if (address == NULL || (equals && !g_str_has_prefix (interfaces[i], "smtp=")))
        continue;
      any = TRUE;
      clr_import_add (import, "listener", "emailrelay", "address", address);
    }
  if (!any)
    {
      g_autofree char *address = g_strdup_printf ("0.0.0.0:%u", (unsigned)port);
      clr_import_add (import, "listener", "emailrelay", "address", address);
    }
  clr_import_note (import, CLR_IMPORT_TAKEN, "port, interface",
                   _ ("listens on %s; stop E-MailRelay first, only one can have the port"),
                   clr_import_get (import, "listener", "emailrelay", "address"));
  clr_import_set (import, "listener", "emailrelay", "tls",
                  is_on (options, "server-tls-connection") ? "implicit"
                  : is_on (options, "server-tls-required") ? "require"
                                                           : "may");
  if (is_on (options, "remote-clients"))
    clr_import_note (
        import, CLR_IMPORT_LOOK, "remote-clients",
        _ ("E-MailRelay let everybody relay who could reach it. Here nobody may but those named: set "
           "device:emailrelay.networks to the networks of your devices"));
  else
    {
      clr_import_set (import, "device", "emailrelay", "networks", "127.0.0.1, ::1");
      clr_import_note (import, CLR_IMPORT_TAKEN, "remote-clients",
                       _ ("not set: only this machine may relay"));
    }
}

static void
take_rest (ClrImport *import, GHashTable *options)
{
  static const struct
  {
    const char *name, *why;
  } rows[] = {
    { "server-auth", N_ ("logins are not taken over: \"clrelay user add\"") },
    { "filter", N_ ("filter programs are not possible") },
    { "client-filter", N_ ("filter programs are not possible") },
    { "address-verifier", N_ ("verifiers of addresses are not possible; a [device] has recipients") },
    { "spool-dir", N_ ("what waits there is not taken over: let E-MailRelay send it before it stops") },
    { "pop", N_ ("this relay has no POP") },
    { "dnsbl", N_ ("block lists are not asked: only those named may relay") },
  };
  guint64 size;

  if (strchr (get (options, "domain"), '.'))
    {
      clr_import_set (import, "server", NULL, "hostname", get (options, "domain"));
      clr_import_note (import, CLR_IMPORT_TAKEN, "domain", "[server] hostname = %s", get (options, "domain"));
    }
  if (g_ascii_string_to_unsigned (get (options, "size"), 10, 1, G_MAXINT32, &size, NULL))
    {
      clr_import_set_number (import, "limits", NULL, "max-message-size", MAX ((gint64)size, 64 * 1024), "");
      clr_import_note (import, CLR_IMPORT_TAKEN, "size", "[limits] max-message-size = %s",
                       clr_import_get (import, "limits", NULL, "max-message-size"));
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    if (is_on (options, rows[i].name))
      clr_import_note (import, CLR_IMPORT_NOT_DONE, rows[i].name, "%s", _ (rows[i].why));
}

gboolean
clr_import_read_emailrelay (ClrImport *import, const char *text, gsize size, GError **error)
{
  g_autoptr (GHashTable) options = NULL;

  if (memchr (text, 0, size) == NULL)
    options = read_options (text);
  if (options == NULL || g_hash_table_size (options) == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   _ ("there is no option in it; emailrelay.conf is needed"));
      return FALSE;
    }
  take_way_in (import, options);
  take_way_out (import, options);
  take_rest (import, options);
  return TRUE;
}
