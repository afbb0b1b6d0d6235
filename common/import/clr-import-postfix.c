/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Postfix: main.cf or `postconf -n`, by postconf(5). Tables that are text files (hash:, lmdb:, texthash:) are
 * read beside it through the caller's function.
 */
#include "import/clr-import-network.h"
#include "import/clr-import.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define EXPAND_DEPTH 8
#define EXPAND_MOST  10000 /* names that one value may lead to, empty ones too */
#define VALUE_MOST   (64 * 1024)
#define ROUTES_MOST  100

static const char *
get (GHashTable *settings, const char *name)
{
  const char *value = g_hash_table_lookup (settings, name);

  return value ? value : "";
}

/* Logical lines: what begins with white space goes on, "#" is a comment even between. */
static GHashTable *
read_lines (const char *text)
{
  GHashTable *settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) line = g_string_new (NULL);

  for (unsigned i = 0;; i++)
    {
      const char *raw = lines[i];

      if (raw && (raw[strspn (raw, " \t\r")] == 0 || raw[strspn (raw, " \t")] == '#'))
        continue;
      if (raw && (*raw == ' ' || *raw == '\t'))
        {
          g_string_append (line, raw);
          continue;
        }
      char *equals = strchr (line->str, '=');
      if (equals && line->len < VALUE_MOST)
        {
          *equals = 0;
          g_hash_table_replace (settings, g_strdup (g_strstrip (line->str)),
                                g_strstrip (g_strdelimit (g_strdup (equals + 1), "\r\t", ' ')));
        }
      if (raw == NULL)
        return settings;
      g_string_assign (line, raw);
    }
}

static gboolean
is_full_name (const char *name)
{
  return strchr (name, '.') && name[strspn (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS ".-")] == 0;
}

static void expand (GHashTable *settings, const char *text, unsigned depth, unsigned *left, GString *into);

/* The bracket that closes what stands at @p; the end of the text where there is none. */
static const char *
find_close (const char *p, char open, char close)
{
  for (unsigned depth = 1; *p; p++)
    if (*p == open)
      depth++;
    else if (*p == close && --depth == 0)
      break;
  return p;
}

/* "value" or "{value}". @rest: (out): what follows. (transfer full) */
static char *
take_value (const char *p, const char **rest)
{
  const char *end;

  p += strspn (p, " \t");
  if (*p != '{')
    {
      *rest = p + strlen (p);
      return g_strdup (p);
    }
  end = find_close (p + 1, '{', '}');
  *rest = *end ? end + 1 : end;
  *rest += strspn (*rest, " \t");
  return g_strndup (p + 1, end - p - 1);
}

/* postconf(5): ${name?value}, ${name:value}, ${name?{value}:{value}}. @rest: from the ? or : on. */
static void
expand_choice (GHashTable *settings, gboolean is_set, const char *rest, unsigned depth, unsigned *left,
               GString *into)
{
  gboolean is_if = *rest == '?';
  g_autofree char *value = take_value (rest + 1, &rest);

  if (is_if == is_set)
    expand (settings, value, depth, left, into);
  else if (is_if && *rest == ':')
    {
      g_autofree char *other = take_value (rest + 1, &rest);

      expand (settings, other, depth, left, into);
    }
}

/* $name, ${name} and $(name), and what depends on them. Bounded. */
static void
expand (GHashTable *settings, const char *text, unsigned depth, unsigned *left, GString *into)
{
  for (const char *p = text; *p && into->len<VALUE_MOST && * left> 0;)
    {
      const char *start = p + 1, *end, *close;
      gboolean braced = *p == '$' && (*start == '{' || *start == '(');

      if (*p != '$' || p[1] == '$')
        {
          g_string_append_c (into, *p);
          p += *p == '$' ? 2 : 1;
          continue;
        }
      --*left;
      close = braced ? find_close (start + 1, *start, *start == '{' ? '}' : ')') : NULL;
      start += braced;
      for (end = start; g_ascii_isalnum (*end) || *end == '_';)
        end++;
      g_autofree char *name = g_strndup (start, end - start);
      if (depth < EXPAND_DEPTH && braced && end < close && (*end == '?' || *end == ':'))
        {
          g_autofree char *rest = g_strndup (end, close - end);

          expand_choice (settings, *get (settings, name) != 0, rest, depth + 1, left, into);
        }
      else if (depth < EXPAND_DEPTH)
        expand (settings, get (settings, name), depth + 1, left, into);
      p = !braced ? end : *close ? close + 1 : close;
    }
}

/* (transfer full) */
static char *
look_up (GHashTable *settings, const char *name)
{
  GString *value = g_string_new (NULL);
  unsigned left = EXPAND_MOST;

  expand (settings, get (settings, name), 0, &left, value);
  return g_strstrip (g_string_free (value, FALSE));
}

/* "hash:/etc/postfix/x": what stands in that file. (transfer full) NULL: it cannot be read. */
static char *
load_table (ClrImport *import, const char *table)
{
  static const char *const kinds[] = { "hash:", "lmdb:", "texthash:", "btree:", "cdb:", "dbm:" };

  for (unsigned i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_has_prefix (table, kinds[i]) && import->load && !strpbrk (table, ", "))
      return import->load (table + strlen (kinds[i]), import->load_data);
  return NULL;
}

static void
take_networks (ClrImport *import, GHashTable *settings)
{
  g_autofree char *text = look_up (settings, "mynetworks");
  g_auto (GStrv) words = g_strsplit_set (text, ", ", CLR_IMPORT_WORDS_MOST);
  g_autoptr (GPtrArray) networks = g_ptr_array_new_with_free_func (g_free);

  if (*text == 0)
    clr_import_note (
        import, CLR_IMPORT_LOOK, "mynetworks",
        _ ("not set: Postfix then lets its own machine relay (or its networks, by mynetworks_style); "
           "set device:postfix.networks"));
  for (unsigned i = 0; words[i]; i++)
    if (*words[i] == '!')
      clr_import_note (import, CLR_IMPORT_NOT_DONE, "mynetworks",
                       _ ("%s: exceptions are not possible; a wider network would let it relay: look at "
                          "device:postfix.networks"),
                       words[i]);
    else if (*words[i] && !clr_import_network_add (networks, words[i]))
      clr_import_note (import, CLR_IMPORT_NOT_DONE, "mynetworks", _ ("%s is no network, or a table"),
                       words[i]);
  clr_import_allow (import, "mynetworks", "postfix", networks);
}

/* "[host]:port" is a host, "name" the exchangers of that name, which only all-through-one could mean here. */
static void
take_password (ClrImport *import, GHashTable *settings, const char *relayhost)
{
  g_autofree char *maps = look_up (settings, "smtp_sasl_password_maps");
  g_autofree char *text = g_str_has_prefix (maps, "static:") ? g_strdup_printf ("%s %s", relayhost, maps + 7)
                                                             : load_table (import, maps);
  g_auto (GStrv) lines = g_strsplit (text ? text : "", "\n", 10000);
  g_autofree char *bare = g_strdup (relayhost);

  if (g_ascii_strcasecmp (get (settings, "smtp_sasl_auth_enable"), "yes") != 0)
    return;
  g_strdelimit (bare, "[]", ' ');
  if (strchr (g_strchug (bare), ' '))
    *strchr (bare, ' ') = 0;
  for (unsigned i = 0; lines[i]; i++)
    {
      char *key = g_strstrip (lines[i]), *rest = strpbrk (key, " \t"), *colon;

      if (*key == '#' || rest == NULL)
        continue;
      *rest++ = 0;
      rest = g_strchug (rest);
      colon = strchr (rest, ':');
      if (colon == NULL || (g_ascii_strcasecmp (key, relayhost) != 0 && g_ascii_strcasecmp (key, bare) != 0))
        continue;
      *colon++ = 0;
      clr_import_set (import, "smarthost", "postfix", "user", rest);
      clr_import_keep_secret (import, "postfix", colon);
      clr_import_note (import, CLR_IMPORT_TAKEN, "smtp_sasl_password_maps", _ ("the password of %s"), rest);
      explicit_bzero (text, strlen (text));
      return;
    }
  clr_import_note (
      import, CLR_IMPORT_NOT_DONE, "smtp_sasl_password_maps",
      _ ("%s: cannot be read, or has no line for %s. Set smarthost:postfix.user and .password, and "
         "then: clrelay secret set NAME"),
      maps, relayhost);
}

static void
take_relayhost (ClrImport *import, GHashTable *settings)
{
  g_autofree char *text = look_up (settings, "relayhost"),
                  *level = look_up (settings, "smtp_tls_security_level");
  g_autofree char *first = g_strndup (text, strcspn (text, ", "));
  g_autofree char *host = *first ? clr_import_read_host (first, 25) : NULL;
  gboolean wrapped = g_ascii_strcasecmp (get (settings, "smtp_tls_wrappermode"), "yes") == 0;

  if (host == NULL)
    {
      clr_import_route_default (import, NULL);
      clr_import_note (import, *first ? CLR_IMPORT_NOT_DONE : CLR_IMPORT_TAKEN, "relayhost",
                       *first ? _ ("\"%s\" is no host; mail goes to the exchangers of its domain")
                              : _ ("none%s: mail goes to the exchangers of its domain"),
                       first);
      return;
    }
  clr_import_set (import, "smarthost", "postfix", "hosts", host);
  clr_import_set (import, "smarthost", "postfix", "tls",
                  wrapped                                                          ? "implicit"
                  : g_str_equal (level, "none")                                    ? "none"
                  : g_str_equal (level, "encrypt")                                 ? "encrypt"
                  : g_str_equal (level, "verify") || g_str_equal (level, "secure") ? "verify"
                  : g_str_equal (level, "dane")                                    ? "dane"
                  : g_str_equal (level, "dane-only")                               ? "dane-only"
                                                                                   : "may");
  g_autofree char *helo = look_up (settings, "smtp_helo_name"), *ca = look_up (settings, "smtp_tls_CAfile");
  g_autofree char *from = look_up (settings, "smtp_bind_address");
  clr_import_set (import, "smarthost", "postfix", "helo", is_full_name (helo) ? helo : NULL);
  clr_import_set (import, "smarthost", "postfix", "ca-file", ca);
  clr_import_set (import, "smarthost", "postfix", "source-address", from);
  clr_import_route_default (import, "postfix");
  clr_import_note (
      import, *first == '[' || g_hostname_is_ip_address (first) ? CLR_IMPORT_TAKEN : CLR_IMPORT_LOOK,
      "relayhost",
      *first == '[' ? _ ("everything goes to %s")
                    : _ ("everything goes to %s; without [ ] Postfix asks for the exchangers of that "
                         "name, here it is the host's own name"),
      host);
  take_password (import, settings, first);
}

/* 30 (of @unit), 5d, 4h, 10m, 90s. Seconds, or -1. */
static gint64
read_time (const char *text, unsigned unit)
{
  char *end;
  gint64 n = g_ascii_strtoll (text, &end, 10);
  const char *units = "smhdw", *at = *end ? strchr (units, *end) : NULL;
  static const unsigned seconds[] = { 1, 60, 3600, 86400, 7 * 86400 };

  if (end == text || n < 0 || n > 1000000 || (*end && (at == NULL || end[1])))
    return -1;
  return n * (at ? seconds[at - units] : unit);
}

static void
take_limits (ClrImport *import, GHashTable *settings)
{
  static const struct
  {
    const char *theirs, *group, *ours;
    unsigned unit; /* of a time; 0: a number */
    gint64 least;
  } rows[] = {
    { "message_size_limit", "limits", "max-message-size", 0, 64 * 1024 },
    { "smtpd_recipient_limit", "limits", "max-recipients", 0, 100 },
    { "hopcount_limit", "limits", "max-received", 0, 10 },
    { "smtpd_client_connection_count_limit", "limits", "max-connections-per-client", 0, 1 },
    { "smtpd_hard_error_limit", "limits", "max-errors", 0, 1 },
    { "maximal_queue_lifetime", "queue", "lifetime", 86400, 1 },
    { "delay_warning_time", "queue", "delay-notice", 3600, 0 },
    { "minimal_backoff_time", "queue", "retry-first", 1, 1 },
    { "maximal_backoff_time", "queue", "retry-longest", 1, 1 },
    { "smtpd_timeout", "limits", "command-timeout", 1, 1 },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = look_up (settings, rows[i].theirs);
      gint64 n = rows[i].unit ? read_time (text, rows[i].unit) : g_ascii_strtoll (text, NULL, 10);

      if (*text == 0)
        continue;
      if (n < 0 || (n == 0 && rows[i].least > 0))
        {
          clr_import_note (import, CLR_IMPORT_NOT_DONE, rows[i].theirs, _ ("\"%s\" is no limit here"), text);
          continue;
        }
      n = MAX (n, rows[i].least);
      clr_import_set_number (import, rows[i].group, NULL, rows[i].ours, n, rows[i].unit ? "s" : "");
      clr_import_note (import, CLR_IMPORT_TAKEN, rows[i].theirs, "[%s] %s = %" G_GINT64_FORMAT "%s",
                       rows[i].group, rows[i].ours, n, rows[i].unit ? "s" : "");
    }
}

static void
take_routes (ClrImport *import, GHashTable *settings)
{
  g_autofree char *maps = look_up (settings, "transport_maps"), *text = load_table (import, maps);
  g_auto (GStrv) lines = g_strsplit (text ? text : "", "\n", 10000);
  unsigned n = 0;

  if (*maps && text == NULL)
    clr_import_note (import, CLR_IMPORT_NOT_DONE, "transport_maps", _ ("%s cannot be read here"), maps);
  for (unsigned i = 0; lines[i]; i++)
    {
      char *key = g_strstrip (lines[i]), *rest = strpbrk (key, " \t");

      if (*key == '#' || *key == 0 || rest == NULL)
        continue;
      *rest++ = 0;
      rest = g_strchug (rest);
      const char *next = g_str_has_prefix (rest, "smtp:") || g_str_has_prefix (rest, "relay:")
                             ? strchr (rest, ':') + 1
                             : "";
      g_autofree char *host = *next ? clr_import_read_host (next, 25) : NULL;
      if (host && !strchr (key, '@') && *key != '*' && n++ < ROUTES_MOST)
        clr_import_route (import, "transport_maps", key, host);
      else
        clr_import_note (import, CLR_IMPORT_NOT_DONE, "transport_maps",
                         _ ("%s %s: only domains to a host by smtp or relay, and at most %d"), key, rest,
                         ROUTES_MOST);
    }
}

static void
take_server (ClrImport *import, GHashTable *settings)
{
  g_autofree char *name = look_up (settings, "myhostname"), *where = look_up (settings, "inet_interfaces");
  g_autofree char *cert = look_up (settings, "smtpd_tls_cert_file"),
                  *key = look_up (settings, "smtpd_tls_key_file");
  g_auto (GStrv) words = g_strsplit_set (*where ? where : "all", ", ", 100);

  if (strchr (name, '.'))
    {
      clr_import_set (import, "server", NULL, "hostname", name);
      clr_import_note (import, CLR_IMPORT_TAKEN, "myhostname", "[server] hostname = %s", name);
    }
  for (unsigned i = 0; words[i]; i++)
    {
      g_autofree char *host = g_str_equal (words[i], "all") ? g_strdup ("0.0.0.0:25")
                              : g_str_equal (words[i], "loopback-only") || g_str_equal (words[i], "localhost")
                                  ? g_strdup ("127.0.0.1:25")
                              : g_hostname_is_ip_address (words[i]) ? clr_import_read_host (words[i], 25)
                                                                    : NULL;
      if (host)
        {
          clr_import_add (import, "listener", "postfix", "address", host);
          clr_import_note (import, CLR_IMPORT_TAKEN, "inet_interfaces",
                           _ ("listens on %s; stop Postfix first, only one can have the port"), host);
        }
      else if (*words[i])
        clr_import_note (import, CLR_IMPORT_NOT_DONE, "inet_interfaces",
                         _ ("%s is no address: add that host's address to listener:postfix.address"),
                         words[i]);
    }
  if (*cert == '/' && clr_import_get (import, "listener", "postfix", "address"))
    {
      clr_import_set (import, "listener", "postfix", "certificate-file", cert);
      clr_import_set (import, "listener", "postfix", "key-file", *key ? key : cert);
      clr_import_note (import, CLR_IMPORT_LOOK, "smtpd_tls_cert_file",
                       _ ("%s; the user clrelay must be able to read its key"), cert);
    }
}

static void
tell_rest (ClrImport *import, GHashTable *settings)
{
  static const struct
  {
    const char *name, *why;
  } rows[] = {
    { "header_checks",
      N_ ("rules by header are not possible; a [device] has rewrite-sender and from-domains") },
    { "body_checks", N_ ("rules by content are not possible") },
    { "smtp_header_checks", N_ ("rules by header are not possible") },
    { "sender_canonical_maps", N_ ("senders are rewritten by device: rewrite-sender") },
    { "canonical_maps", N_ ("addresses are rewritten by device only: rewrite-sender") },
    { "smtp_generic_maps", N_ ("addresses are rewritten by device only: rewrite-sender") },
    { "virtual_alias_maps", N_ ("this relay has no aliases") },
    { "sender_dependent_relayhost_maps", N_ ("make a [route] with senders = ... for each") },
    { "relay_domains",
      N_ ("mail from outside needs a [listener] with role = inbound and [inbound] domains, and a [route]") },
    { "smtpd_milters", N_ ("milters are not possible; DKIM is signed here: [key]") },
    { "content_filter", N_ ("content filters are not possible") },
    { "always_bcc", N_ ("copies are made by device: journal") },
    { "smtpd_sasl_auth_enable", N_ ("logins are not taken over: \"clrelay user add\"") },
    { "virtual_mailbox_domains", N_ ("this relay keeps no mailboxes") },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *value = get (settings, rows[i].name);

      if (*value && g_ascii_strcasecmp (value, "no") != 0)
        clr_import_note (import, CLR_IMPORT_NOT_DONE, rows[i].name, "%s", _ (rows[i].why));
    }
}

gboolean
clr_import_read_postfix (ClrImport *import, const char *text, gsize size, GError **error)
{
  g_autoptr (GHashTable) settings = NULL;

  if (memchr (text, 0, size) == NULL)
    settings = read_lines (text);
  if (settings == NULL || g_hash_table_size (settings) == 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   _ ("there is no \"name = value\" in it; main.cf or the output of postconf -n is needed"));
      return FALSE;
    }
  take_server (import, settings);
  take_networks (import, settings);
  take_relayhost (import, settings);
  take_routes (import, settings);
  take_limits (import, settings);
  tell_rest (import, settings);
  return TRUE;
}
