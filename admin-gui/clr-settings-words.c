/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-settings-words.h"

#include "control/clr-json.h"

#include <glib/gi18n.h>
#include <string.h>

static void
append (GString *text, const char *between, const char *format, const char *value)
{
  if (value == NULL || *value == '\0')
    return;
  if (text->len > 0)
    g_string_append (text, between);
  g_string_append_printf (text, format, value);
}

static char *
describe_destination (JsonObject *values)
{
  const char *via = clr_json_get_text (values, "via"), *reply = clr_json_get_text (values, "reply"),
             *directory = clr_json_get_text (values, "directory");

  if (via && g_str_has_prefix (via, "smarthost:"))
    return g_strdup_printf (_ ("through the smarthost %s"), via + strlen ("smarthost:"));
  if (g_strcmp0 (via, "mx") == 0)
    return g_strdup (_ ("straight to the recipients’ own servers"));
  if (g_strcmp0 (via, "capture") == 0)
    return g_strdup_printf (_ ("written into the folder %s, not sent"), directory ? directory : "");
  if (g_strcmp0 (via, "discard") == 0)
    return g_strdup (_ ("thrown away, and counted as delivered"));
  if (g_strcmp0 (via, "reject") == 0)
    return reply ? g_strdup_printf (_ ("refused: %s"), reply) : g_strdup (_ ("refused"));
  return g_strdup (via ? via : "");
}

char *
clr_words_route (const char *name, JsonObject *values)
{
  g_autoptr (GString) conditions = g_string_new (NULL);
  g_autofree char *destination = describe_destination (values);

  append (conditions, ", ", _ ("for %s"), clr_json_get_text (values, "recipients"));
  append (conditions, ", ", _ ("sent by %s"), clr_json_get_text (values, "senders"));
  append (conditions, ", ", _ ("of the devices %s"), clr_json_get_text (values, "devices"));
  if (g_strcmp0 (name, "default") == 0)
    return g_strdup_printf (_ ("All other mail: %s"), destination);
  if (conditions->len == 0)
    return g_strdup_printf (_ ("All mail: %s"), destination);
  /* Translators: conditions, then where it goes */
  return g_strdup_printf (_ ("Mail %s: %s"), conditions->str, destination);
}

char *
clr_words_smarthost (JsonObject *values)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *preset = clr_json_get_text (values, "preset"), *auth = clr_json_get_text (values, "auth");

  if (g_strcmp0 (preset, "microsoft365") == 0)
    g_string_append (text, "Microsoft 365");
  else if (g_strcmp0 (preset, "google") == 0)
    g_string_append (text, "Google");
  else if (preset)
    g_string_append (text, preset);
  append (text, ": ", "%s", clr_json_get_text (values, "hosts"));
  append (text, " · ", _ ("TLS %s"), clr_json_get_text (values, "tls"));
  append (text, " · ", _ ("logs in as %s"), clr_json_get_text (values, "user"));
  append (text, " · ", "%s", g_strcmp0 (auth, "oauth") == 0 ? "OAuth" : NULL);
  append (text, " · ", _ ("at most %s messages a minute"),
          clr_json_get_text (values, "max-messages-per-minute"));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

const char *
clr_words_preset (const char *preset)
{
  static const struct
  {
    const char *wire, *words;
  } presets[] = {
    { "generic-printer", N_ ("Printer or scanner") },
    { "old-printer", N_ ("Old printer, without modern TLS") },
    { "ups-or-camera", N_ ("UPS, camera or sensor") },
    { "application", N_ ("Application or server") },
    { "bulk", N_ ("Bulk mailer") },
  };

  for (guint i = 0; preset && i < G_N_ELEMENTS (presets); i++)
    if (g_str_equal (preset, presets[i].wire))
      return _ (presets[i].words);
  return preset;
}

char *
clr_words_device (JsonObject *values)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append (text, " · ", "%s", clr_words_preset (clr_json_get_text (values, "preset")));
  append (text, " · ", _ ("connects from %s"), clr_json_get_text (values, "networks"));
  append (text, " · ", _ ("logs in as %s"), clr_json_get_text (values, "logins"));
  append (text, " · ", _ ("sends as %s"), clr_json_get_text (values, "rewrite-sender"));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
clr_words_listener (JsonObject *values)
{
  const char *tls = clr_json_get_text (values, "tls"), *auth = clr_json_get_text (values, "auth");
  g_autoptr (GString) text = g_string_new (NULL);

  append (text, " · ", _ ("on %s"), clr_json_get_text (values, "address"));
  append (text, " · ", "%s",
          g_strcmp0 (tls, "none") == 0       ? _ ("never TLS")
          : g_strcmp0 (tls, "require") == 0  ? _ ("nothing without TLS")
          : g_strcmp0 (tls, "implicit") == 0 ? _ ("TLS from the first octet")
                                             : _ ("TLS for those who want it"));
  append (text, " · ", "%s",
          g_strcmp0 (auth, "require") == 0 ? _ ("nothing without a login")
          : g_strcmp0 (auth, "none") == 0  ? _ ("no logins")
                                           : NULL);
  append (text, " · ", "%s",
          g_strcmp0 (clr_json_get_text (values, "role"), "inbound") == 0 ? _ ("for mail from outside")
                                                                         : NULL);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
append_hosts (GString *text, JsonObject *details)
{
  JsonNode *node = json_object_get_member (details, "hosts");
  JsonArray *hosts = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; hosts && i < json_array_get_length (hosts); i++)
    {
      JsonNode *host = json_array_get_element (hosts, i);

      if (JSON_NODE_HOLDS_VALUE (host) && json_node_get_value_type (host) == G_TYPE_STRING)
        append (list, ", ", "%s", json_node_get_string (host));
    }
  append (text, "\n", _ ("To: %s"), list->str);
}

char *
clr_words_way (JsonObject *answer)
{
  JsonNode *node = json_object_get_member (answer, "details");
  JsonObject *details = node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *result = clr_json_get_text (answer, "result"), *reason = clr_json_get_text (answer, "reason"),
             *transport = details ? clr_json_get_text (details, "transport") : NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  JsonNode *signatures;

  if (g_strcmp0 (result, "ok") != 0)
    append (text, "\n", g_strcmp0 (result, "refused") == 0 ? _ ("It would be refused: %s") : "%s", reason);
  if (details == NULL)
    return g_string_free (g_steal_pointer (&text), FALSE);
  append (text, "\n", _ ("Comes from the device %s"), clr_json_get_text (details, "device"));
  append (text, "\n", _ ("Takes the route %s"), clr_json_get_text (details, "route"));
  if (g_strcmp0 (transport, "mx") == 0)
    append (text, "\n", _ ("Straight to the mail exchangers of %s"), clr_json_get_text (details, "domain"));
  append (text, "\n", _ ("Through the smarthost %s"), clr_json_get_text (details, "smarthost"));
  append_hosts (text, details);
  append (text, "\n", _ ("TLS: %s"), clr_json_get_text (details, "tls"));
  append (text, "\n", _ ("Logs in as %s"), clr_json_get_text (details, "user"));
  signatures = json_object_get_member (details, "signatures");
  for (guint i = 0; signatures && JSON_NODE_HOLDS_ARRAY (signatures)
                    && i < json_array_get_length (json_node_get_array (signatures));
       i++)
    append (text, "\n", _ ("Signed by %s"),
            json_array_get_string_element (json_node_get_array (signatures), i));
  return g_string_free (g_steal_pointer (&text), FALSE);
}
