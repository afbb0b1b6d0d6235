/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-sheet.h"

#include "control/clr-json.h"

#include <glib/gi18n.h>
#include <string.h>

/* Whether the word is in the list of the file, "a, b". */
static gboolean
holds_word (const char *list, const char *word)
{
  g_auto (GStrv) words = g_strsplit (list ? list : "", ",", -1);

  for (char **one = words; *one; one++)
    if (g_str_equal (g_strstrip (*one), word))
      return TRUE;
  return FALSE;
}

static const char *
get_encryption (const char *tls, gboolean no_starttls)
{
  if (g_strcmp0 (tls, "implicit") == 0)
    return _ ("SSL/TLS (from the start)");
  if (g_strcmp0 (tls, "none") == 0 || no_starttls)
    return _ ("none");
  if (g_strcmp0 (tls, "require") == 0)
    return _ ("STARTTLS");
  return _ ("STARTTLS if the device can, else none");
}

/* One address of a listener: the port is what counts; the panel wants the relay's name. */
static void
append_listener (GString *text, JsonObject *values, gboolean no_starttls)
{
  const char *addresses = clr_json_get_text (values, "address");
  g_auto (GStrv) list = g_strsplit (addresses ? addresses : "", ",", -1);
  g_autoptr (GString) ports = g_string_new (NULL);

  if (g_strcmp0 (clr_json_get_text (values, "role"), "inbound") == 0)
    return;
  for (char **address = list; *address; address++)
    {
      const char *colon = strrchr (*address, ':');

      if (colon && !holds_word (ports->str, colon + 1))
        g_string_append_printf (ports, "%s%s", ports->len ? ", " : "", colon + 1);
    }
  g_string_append_printf (text, _ ("Port: %s\n"), ports->len ? ports->str : "25");
  g_string_append_printf (text, _ ("Encryption: %s\n\n"),
                          get_encryption (clr_json_get_text (values, "tls"), no_starttls));
}

static void
append_login (GString *text, JsonObject *device)
{
  const char *logins = clr_json_get_text (device, "logins");

  if (logins == NULL)
    {
      g_string_append (text, _ ("Authentication (login): off; the relay knows the device by its address\n"));
      g_string_append_printf (text, _ ("Address of the device: %s\n"),
                              clr_json_get_text (device, "networks"));
      return;
    }
  g_string_append_printf (text,
                          _ ("Authentication (login): on\nUser name: %s\nPassword: "
                             "________________\n"),
                          logins);
}

static void
append_addresses (GString *text, JsonObject *device)
{
  const char *senders = clr_json_get_text (device, "senders"),
             *rewrite = clr_json_get_text (device, "rewrite-sender"),
             *recipients = clr_json_get_text (device, "recipients");

  if (rewrite)
    g_string_append_printf (text, _ ("Sender address: any; the relay makes it %s\n"), rewrite);
  else if (senders)
    g_string_append_printf (text, _ ("Sender address: one of %s\n"), senders);
  else
    g_string_append (text, _ ("Sender address: one of your own domain\n"));
  if (recipients)
    g_string_append_printf (text, _ ("Recipients: only at %s\n"), recipients);
}

char *
clr_sheet_make (ClrGroups *groups, const char *name)
{
  JsonObject *device = clr_groups_find (groups, "device", name);
  g_autoptr (GPtrArray) listeners = clr_groups_list (groups, "listener");
  GString *text;
  const char *label, *hostname = clr_groups_get (groups, "server", NULL, "hostname");
  gboolean no_starttls;

  if (device == NULL)
    return NULL;
  label = clr_json_get_text (device, "label");
  no_starttls = holds_word (clr_json_get_text (device, "quirks"), "no-starttls")
                || g_strcmp0 (clr_json_get_text (device, "preset"), "old-printer") == 0
                || g_strcmp0 (clr_json_get_text (device, "preset"), "ups-or-camera") == 0;
  text = g_string_new (NULL);
  g_string_append_printf (text, _ ("E-mail setup of %s\n\n"), label ? label : name);
  g_string_append_printf (text, _ ("Mail server (SMTP): %s\n"), hostname ? hostname : "");
  for (guint i = 0; i < listeners->len; i++)
    append_listener (text, clr_groups_find (groups, "listener", g_ptr_array_index (listeners, i)),
                     no_starttls);
  append_login (text, device);
  append_addresses (text, device);
  g_string_append (text, _ ("\nSend a test page by e-mail. If it does not arrive, the relay’s administrator "
                            "sees why on the page Devices.\n"));
  return g_string_free (text, FALSE);
}
