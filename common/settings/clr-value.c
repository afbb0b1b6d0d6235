/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-value.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static const struct
{
  const char *name;
  const char *help;
} kinds[] = {
  [CLR_VALUE_TEXT] = { "text", N_ ("text on one line") },
  [CLR_VALUE_HOSTNAME] = { "hostname", N_ ("a full host name such as relay.example.com") },
  [CLR_VALUE_MAILBOX] = { "mailbox", N_ ("a mail address such as postmaster@example.com") },
  [CLR_VALUE_PATH] = { "path", N_ ("an absolute path") },
  [CLR_VALUE_CHOICE] = { "choice", N_ ("one of the words listed") },
  [CLR_VALUE_ROUTE] = { "route", N_ ("smarthost:NAME, mx, capture, discard or reject") },
  [CLR_VALUE_SECRET] = { "secret", N_ ("the name of a secret set with \"clrelay secret set NAME\"") },
  [CLR_VALUE_ENDPOINTS] = { "endpoints", N_ ("addresses with port, such as 192.0.2.1:25, [2001:db8::1]:25") },
  [CLR_VALUE_HOSTS] = { "hosts", N_ ("host names or addresses, such as smtp.example.com:587, 192.0.2.1") },
  [CLR_VALUE_NETWORKS]
  = { "networks", N_ ("addresses or networks, such as 192.0.2.0/24, 2001:db8::/64, 192.0.2.7") },
  [CLR_VALUE_DOMAINS]
  = { "domains", N_ ("domains, such as example.com, .example.com (its subdomains), or *") },
  [CLR_VALUE_SENDERS]
  = { "senders", N_ ("addresses or domains, such as a@example.com, example.com, .example.com, or <> "
                     "for mail without a sender") },
  [CLR_VALUE_NAMES] = { "names", N_ ("words, separated by commas") },
  [CLR_VALUE_LOGINS] = { "logins", N_ ("logins, separated by commas, or * for any login") },
  [CLR_VALUE_DATE] = { "date", N_ ("a day such as 2027-06-30") },
  [CLR_VALUE_ADDRESS] = { "address", N_ ("an IP address") },
  [CLR_VALUE_BOOLEAN] = { "boolean", N_ ("true or false") },
  [CLR_VALUE_NUMBER] = { "number", N_ ("a whole number") },
  [CLR_VALUE_DURATION] = { "duration", N_ ("a time such as 30s, 5m, 4h, 5d") },
  [CLR_VALUE_SIZE] = { "size", N_ ("a size such as 64K, 25M, 1G") },
};

static G_DEFINE_QUARK (clr - value - kind, kind);
static G_DEFINE_QUARK (clr - value - choices, choices);

const char *
clr_value_kind_get_name (ClrValueKind kind)
{
  return kinds[kind].name;
}

const char *
clr_value_kind_get_help (ClrValueKind kind)
{
  return _ (kinds[kind].help);
}

void
clr_value_set_kind (GParamSpec *pspec, ClrValueKind kind, const char *choices)
{
  g_param_spec_set_qdata (pspec, kind_quark (), GINT_TO_POINTER (kind));
  g_param_spec_set_qdata (pspec, choices_quark (), (void *)choices);
}

ClrValueKind
clr_value_get_kind (GParamSpec *pspec)
{
  return GPOINTER_TO_INT (g_param_spec_get_qdata (pspec, kind_quark ()));
}

const char *
clr_value_get_choices (GParamSpec *pspec)
{
  return g_param_spec_get_qdata (pspec, choices_quark ());
}

static gboolean
is_hostname (const char *text)
{
  size_t label = 0, size = strlen (text);

  if (size == 0 || size > 253)
    return FALSE;
  for (size_t i = 0; i < size; i++)
    if (text[i] == '.')
      {
        if (label == 0)
          return FALSE;
        label = 0;
      }
    else if ((!g_ascii_isalnum (text[i]) && text[i] != '-' && text[i] != '_') || ++label > 63)
      return FALSE;
  return label > 0;
}

static gboolean
is_address (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL;
}

static gboolean
is_mailbox (const char *text)
{
  const char *at = strrchr (text, '@');

  if (at == NULL || at == text || strlen (text) > 254)
    return FALSE;
  for (const char *p = text; p < at; p++)
    if ((unsigned char)*p <= 32 || *p == 127 || strchr ("<>()[]\\,;:\"", *p))
      return FALSE;
  return is_hostname (at + 1);
}

/* "host", "host:port", "[address]:port"; with @literal the host must be an address and the port be there. */
static gboolean
is_host_and_port (const char *text, gboolean literal)
{
  g_autofree char *host = NULL;
  const char *port = NULL, *close;

  if (*text == '[')
    {
      close = strchr (text, ']');
      if (close == NULL || (close[1] != 0 && close[1] != ':'))
        return FALSE;
      host = g_strndup (text + 1, close - text - 1);
      port = close[1] ? close + 2 : NULL;
      if (!strchr (host, ':') || !is_address (host))
        return FALSE;
    }
  else
    {
      const char *colon = strrchr (text, ':');

      if (colon && strchr (text, ':') != colon) /* bare IPv6 */
        return !literal && is_address (text);
      host = colon ? g_strndup (text, colon - text) : g_strdup (text);
      port = colon ? colon + 1 : NULL;
      if (literal ? !is_address (host) : !is_hostname (host))
        return FALSE;
    }
  if (port == NULL)
    return !literal;
  guint64 number;
  return g_ascii_string_to_unsigned (port, 10, literal ? 0 : 1, 65535, &number, NULL);
}

static gboolean
is_network (const char *text)
{
  g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (text, NULL);

  return mask != NULL;
}

static gboolean
is_domain_pattern (const char *text)
{
  return strcmp (text, "*") == 0 || is_hostname (text + (*text == '.'));
}

static gboolean
is_sender (const char *text)
{
  return strcmp (text, "<>") == 0 || is_domain_pattern (text) || is_mailbox (text);
}

gboolean
clr_domain_pattern_matches (const char *pattern, const char *domain)
{
  size_t size = strlen (domain), pattern_size = strlen (pattern);

  if (g_str_equal (pattern, "*"))
    return TRUE;
  if (*pattern == '.')
    return size > pattern_size && g_ascii_strcasecmp (domain + size - pattern_size, pattern) == 0;
  return g_ascii_strcasecmp (domain, pattern) == 0;
}

gint64
clr_date_setting_to_time (const char *text)
{
  g_autofree char *full = g_strdup_printf ("%sT00:00:00Z", text);
  g_autoptr (GDateTime) time = strlen (text) == 10 ? g_date_time_new_from_iso8601 (full, NULL) : NULL;

  return time ? g_date_time_to_unix (time) + 24 * 60 * 60 : -1;
}

static gboolean
is_login (const char *text)
{
  if (g_str_equal (text, "*"))
    return TRUE;
  for (const char *p = text; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.@+", *p))
      return FALSE;
  return *text && strlen (text) <= 100;
}

static gboolean
is_word (const char *text)
{
  for (const char *p = text; *p; p++)
    if (!g_ascii_isalnum (*p) && !strchr ("-_.", *p))
      return FALSE;
  return *text != 0;
}

static gboolean
is_route (const char *text)
{
  if (g_str_has_prefix (text, "smarthost:"))
    return is_word (text + strlen ("smarthost:"));
  return strcmp (text, "mx") == 0 || strcmp (text, "capture") == 0 || strcmp (text, "discard") == 0
         || strcmp (text, "reject") == 0;
}

static gboolean
is_choice (GParamSpec *pspec, const char *text)
{
  g_auto (GStrv) words = g_strsplit (clr_value_get_choices (pspec), "|", -1);

  return g_strv_contains ((const char *const *)words, text);
}

static gboolean
fits (GParamSpec *pspec, ClrValueKind kind, const char *text)
{
  switch (kind)
    {
    case CLR_VALUE_HOSTNAME:
      return is_hostname (text);
    case CLR_VALUE_MAILBOX:
      return is_mailbox (text);
    case CLR_VALUE_PATH:
      return g_path_is_absolute (text);
    case CLR_VALUE_CHOICE:
      return is_choice (pspec, text);
    case CLR_VALUE_ROUTE:
      return is_route (text);
    case CLR_VALUE_SECRET:
    case CLR_VALUE_NAMES:
      return is_word (text);
    case CLR_VALUE_ENDPOINTS:
      return is_host_and_port (text, TRUE);
    case CLR_VALUE_HOSTS:
      return is_host_and_port (text, FALSE);
    case CLR_VALUE_NETWORKS:
      return is_network (text);
    case CLR_VALUE_DOMAINS:
      return is_domain_pattern (text);
    case CLR_VALUE_SENDERS:
      return is_sender (text);
    case CLR_VALUE_LOGINS:
      return is_login (text);
    case CLR_VALUE_DATE:
      return clr_date_setting_to_time (text) >= 0;
    case CLR_VALUE_ADDRESS:
      return is_address (text);
    default:
      return TRUE;
    }
}

/* A number with one of the unit letters. */
static gboolean
read_number (const char *text, const char *units, const gint64 *factors, gint64 *number)
{
  char *end;
  guint64 value;

  if (!g_ascii_isdigit (*text))
    return FALSE;
  value = g_ascii_strtoull (text, &end, 10);
  if (*end)
    {
      const char *unit = strchr (units, *end);

      if (unit == NULL || end[1] != 0 || value > (guint64)(G_MAXINT64 / factors[unit - units]))
        return FALSE;
      value *= factors[unit - units];
    }
  *number = value;
  return value <= G_MAXINT64;
}

static const gint64 duration_factors[] = { 1, 60, 3600, 86400 };
static const gint64 size_factors[] = { 1 << 10, 1 << 20, 1 << 30 };

static char *
number_to_text (gint64 number, const char *units, const gint64 *factors)
{
  for (size_t i = strlen (units); i-- > 0;)
    if (number > 0 && number % factors[i] == 0)
      return g_strdup_printf ("%" G_GINT64_FORMAT "%c", number / factors[i], units[i]);
  return g_strdup_printf ("%" G_GINT64_FORMAT, number);
}

static char *
int_to_text (ClrValueKind kind, gint64 number)
{
  if (kind == CLR_VALUE_DURATION)
    return number_to_text (number, "smhd", duration_factors);
  if (kind == CLR_VALUE_SIZE)
    return number_to_text (number, "KMG", size_factors);
  return g_strdup_printf ("%" G_GINT64_FORMAT, number);
}

static gboolean
parse_int (GParamSpec *pspec, ClrValueKind kind, const char *text, gint64 *number, char **why)
{
  GParamSpecInt64 *range = G_PARAM_SPEC_INT64 (pspec);
  gboolean ok = kind == CLR_VALUE_DURATION ? read_number (text, "smhd", duration_factors, number)
                : kind == CLR_VALUE_SIZE   ? read_number (text, "KMG", size_factors, number)
                                           : read_number (text, "", NULL, number);

  if (ok && *number >= range->minimum && *number <= range->maximum)
    return TRUE;
  g_autofree char *least = int_to_text (kind, range->minimum);
  g_autofree char *most = int_to_text (kind, range->maximum);
  *why = g_strdup_printf (_ ("\"%s\" does not fit; it takes %s, from %s to %s"), text,
                          clr_value_kind_get_help (kind), least, most);
  return FALSE;
}

static char *
complain (GParamSpec *pspec, ClrValueKind kind, const char *text)
{
  if (kind == CLR_VALUE_CHOICE)
    return g_strdup_printf (_ ("\"%s\" does not fit; it takes one of %s"), text,
                            clr_value_get_choices (pspec));
  return g_strdup_printf (_ ("\"%s\" does not fit; it takes %s"), text, clr_value_kind_get_help (kind));
}

gboolean
clr_value_parse (GParamSpec *pspec, const char *text, GValue *value, char **why)
{
  ClrValueKind kind = clr_value_get_kind (pspec);
  gint64 number;

  *why = NULL;
  g_value_init (value, pspec->value_type);
  if (pspec->value_type == G_TYPE_BOOLEAN)
    {
      gboolean yes = strcmp (text, "true") == 0;

      if (yes || strcmp (text, "false") == 0)
        g_value_set_boolean (value, yes);
      else
        *why = complain (pspec, kind, text);
    }
  else if (pspec->value_type == G_TYPE_INT64)
    {
      if (parse_int (pspec, kind, text, &number, why))
        g_value_set_int64 (value, number);
    }
  else if (pspec->value_type == G_TYPE_STRV)
    {
      g_auto (GStrv) words = g_strsplit (text, ",", -1);

      for (char **word = words; *word && *why == NULL; word++)
        if (!fits (pspec, kind, g_strstrip (*word)))
          *why = complain (pspec, kind, *word);
      if (*text == 0)
        *why = complain (pspec, kind, text);
      if (*why == NULL)
        g_value_take_boxed (value, g_steal_pointer (&words));
    }
  else if (*text == 0 || !g_utf8_validate (text, -1, NULL) || !fits (pspec, kind, text))
    *why = complain (pspec, kind, text);
  else
    g_value_set_string (value, text);

  if (*why)
    g_value_unset (value);
  return *why == NULL;
}

char *
clr_value_to_text (GParamSpec *pspec, const GValue *value)
{
  if (pspec->value_type == G_TYPE_BOOLEAN)
    return g_strdup (g_value_get_boolean (value) ? "true" : "false");
  if (pspec->value_type == G_TYPE_INT64)
    return int_to_text (clr_value_get_kind (pspec), g_value_get_int64 (value));
  if (pspec->value_type == G_TYPE_STRV)
    return g_value_get_boxed (value) ? g_strjoinv (", ", g_value_get_boxed (value)) : g_strdup ("");
  return g_strdup (g_value_get_string (value) ? g_value_get_string (value) : "");
}
