/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/clr-mask.h"

#include <gio/gio.h>
#include <string.h>

/* A local part, quoted (RFC 5321 section 4.1.2) or not, and its domain. */
#define ADDRESS "(?:\"(?:[^\"\\\\]|\\\\.)*+\"|[^\\s<>\"\\\\,;:=()@]*+)@[^\\s<>\"\\\\,;:=()]++"
/* Whom a smarthost, device or provider knows by name. */
#define LOGIN "(\\b(?:user|logins|client-id|tenant) *= *)[^\\r\\n]*+"
#define IPV4  "(?<![\\w.])(?:\\d{1,3}\\.){3}\\d{1,3}(?![\\w.]*\\w)"
#define IPV6                                                                                                 \
  "(?<![\\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\\d{1,3}\\.){3}\\d{1,3})?(?![\\w:])"
/* Not a part of a path. */
#define HOST                                                                                                 \
  "(?<![\\w/\\\\-])(?<![\\w/"                                                                                \
  "]\\.)(?:[A-Za-z0-9_](?:[\\w-]*\\w)?\\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9](?![\\w/\\\\-])"

typedef struct
{
  ClrMaskFlags flags;
  GRegex *address, *login, *ipv6, *ipv4, *host;
  GHashTable *known; /* what was there -> what stands for it */
  unsigned n_hosts, n_ips;
  gboolean failed;
} Mask;

/* What looks like a host's name and is a file's, or one of our own words. */
static gboolean
is_host (const char *word)
{
  static const char *const ends[]
      = { ".conf", ".db",  ".pem",  ".key", ".crt",  ".pfx", ".sock", ".log", ".json",
          ".msg",  ".eml", ".part", ".txt", ".pass", ".xml", ".cf",   NULL };

  for (const char *const *end = ends; *end; end++)
    if (g_str_has_suffix (word, *end))
      return FALSE;
  return g_ascii_strcasecmp (word, "localhost.localdomain") != 0;
}

/* Of this machine, or of none. */
static gboolean
is_telling (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address && !g_inet_address_get_is_loopback (address) && !g_inet_address_get_is_any (address);
}

static gboolean
on_found (Mask *mask, const GMatchInfo *match, GString *into, gboolean is_ip)
{
  g_autofree char *word = g_match_info_fetch (match, 0);
  g_autofree char *folded = g_ascii_strdown (word, -1);
  const char *stands = g_hash_table_lookup (mask->known, folded);

  if (is_ip ? !is_telling (word) : !is_host (folded))
    g_string_append (into, word);
  else if (stands)
    g_string_append (into, stands);
  else
    {
      char *new
          = is_ip ? g_strdup_printf ("IP%u", ++mask->n_ips) : g_strdup_printf ("HOST%u", ++mask->n_hosts);

      g_string_append (into, new);
      g_hash_table_insert (mask->known, g_steal_pointer (&folded), new);
    }
  return FALSE;
}

static gboolean
on_ip (const GMatchInfo *match, GString *into, void *data)
{
  return on_found (data, match, into, TRUE);
}

static gboolean
on_host (const GMatchInfo *match, GString *into, void *data)
{
  return on_found (data, match, into, FALSE);
}

/* Takes @text. (transfer full) */
static char *
take (Mask *mask, char *text, char *masked)
{
  if (masked == NULL)
    mask->failed = TRUE;
  g_free (text);
  return masked ? masked : g_strdup ("");
}

static char *
mask_text (Mask *mask, const char *from)
{
  char *text = g_strdup (from);

  if (mask->flags & CLR_MASK_ADDRESSES)
    {
      text = take (mask, text, g_regex_replace_literal (mask->address, text, -1, 0, "ADDRESS", 0, NULL));
      text = take (mask, text, g_regex_replace (mask->login, text, -1, 0, "\\1MASKED", 0, NULL));
    }
  if (mask->flags & CLR_MASK_HOSTS)
    {
      text = take (mask, text, g_regex_replace_eval (mask->ipv6, text, -1, 0, 0, on_ip, mask, NULL));
      text = take (mask, text, g_regex_replace_eval (mask->ipv4, text, -1, 0, 0, on_ip, mask, NULL));
      text = take (mask, text, g_regex_replace_eval (mask->host, text, -1, 0, 0, on_host, mask, NULL));
    }
  return text;
}

static void mask_node (Mask *mask, JsonNode *node);

static void
mask_member (JsonObject *object, const char *name, JsonNode *node, void *data)
{
  if (!g_str_equal (name, "event"))
    mask_node (data, node);
}

static void
mask_element (JsonArray *array, guint index, JsonNode *node, void *data)
{
  mask_node (data, node);
}

static void
mask_node (Mask *mask, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), mask_member, mask);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    json_array_foreach_element (json_node_get_array (node), mask_element, mask);
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      g_autofree char *text = mask_text (mask, json_node_get_string (node));

      json_node_set_string (node, text);
    }
}

gboolean
clr_mask_json (JsonNode *node, ClrMaskFlags flags)
{
  Mask mask = {
    .flags = flags,
    .address = g_regex_new (ADDRESS, G_REGEX_OPTIMIZE, 0, NULL),
    .login = g_regex_new (LOGIN, G_REGEX_OPTIMIZE, 0, NULL),
    .ipv6 = g_regex_new (IPV6, G_REGEX_OPTIMIZE, 0, NULL),
    .ipv4 = g_regex_new (IPV4, G_REGEX_OPTIMIZE, 0, NULL),
    .host = g_regex_new (HOST, G_REGEX_OPTIMIZE, 0, NULL),
    .known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
  };

  g_assert (mask.address && mask.login && mask.ipv6 && mask.ipv4 && mask.host);
  mask_node (&mask, node);
  g_regex_unref (mask.address);
  g_regex_unref (mask.login);
  g_regex_unref (mask.ipv6);
  g_regex_unref (mask.ipv4);
  g_regex_unref (mask.host);
  g_hash_table_unref (mask.known);
  return !mask.failed;
}
