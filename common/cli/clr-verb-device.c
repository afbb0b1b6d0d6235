/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `clrelay device`: the devices of the settings, every client address that tried, and how one of these
 * becomes a device.
 */
#include "clr-place.h"

#include "control/clr-api.h"
#include "control/clr-json.h"
#include "settings/clr-settings-change.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  gboolean unknown;
  gboolean clients;
  gboolean release;
  char *preset;
  char *name;
  char *label;
} Wanted;

static void
wanted_clear (Wanted *wanted)
{
  g_free (wanted->preset);
  g_free (wanted->name);
  g_free (wanted->label);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, wanted_clear)

/* "a, b"; "" for none. (transfer full) */
static char *
join (JsonObject *object, const char *member)
{
  JsonArray *words
      = json_object_has_member (object, member) ? json_object_get_array_member (object, member) : NULL;
  GString *text = g_string_new (NULL);

  for (guint i = 0; words && i < json_array_get_length (words); i++)
    g_string_append_printf (text, "%s%s", i ? ", " : "", json_array_get_string_element (words, i));
  return g_string_free (text, FALSE);
}

static const char *
get_or_dash (JsonObject *object, const char *member)
{
  const char *text = clr_verb_get (object, member);

  return *text ? text : "-";
}

static void
print_client (JsonObject *client)
{
  const char *tls = clr_verb_get (client, "tls"), *refused = clr_verb_get (client, "last-refusal");

  printf (_ ("%-20s device %s, HELO %s, %s\n"), clr_verb_get (client, "address"),
          get_or_dash (client, "device"), get_or_dash (client, "helo"), *tls ? tls : _ ("in clear"));
  printf (_ ("    seen %s, accepted %s (%d messages)\n"), get_or_dash (client, "last-seen"),
          get_or_dash (client, "last-success"),
          (int)json_object_get_int_member_with_default (client, "messages", 0));
  if (*refused)
    printf (_ ("    refused %s: %s\n"), refused, clr_verb_get (client, "reason"));
}

static void
print_clients (JsonArray *clients)
{
  for (guint i = 0; clients && i < json_array_get_length (clients); i++)
    print_client (json_array_get_object_element (clients, i));
}

/* "date 3, from 1"; "-" for none. (transfer full) */
static char *
join_uses (JsonObject *object, const char *member)
{
  JsonArray *uses
      = json_object_has_member (object, member) ? json_object_get_array_member (object, member) : NULL;
  GString *text = g_string_new (NULL);

  for (guint i = 0; uses && i < json_array_get_length (uses); i++)
    {
      JsonObject *use = json_array_get_object_element (uses, i);

      g_string_append_printf (text, "%s%s %d", i ? ", " : "", clr_verb_get (use, "name"),
                              (int)json_object_get_int_member_with_default (use, "messages", 0));
    }
  return g_string_free (g_string_append (text, text->len ? "" : "-"), FALSE);
}

static void
print_device (JsonObject *device)
{
  g_autofree char *networks = join (device, "networks"), *logins = join (device, "logins");

  printf (_ ("%-20s %s; networks %s; logins %s\n"), clr_verb_get (device, "name"),
          clr_verb_get (device, "label"), *networks ? networks : "-", *logins ? logins : "-");
  if (json_object_has_member (device, "frozen-since"))
    printf (_ ("    FROZEN since %s, its mail is held: %s\n"), clr_verb_get (device, "frozen-since"),
            clr_verb_get (device, "frozen-reason"));
}

static int
print_array (JsonObject *object, const char *member)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);

  json_node_set_array (node, json_object_get_array_member (object, member));
  clr_verb_print_json (node);
  return CLR_EXIT_OK;
}

static int
list_clients (ClrVerbOptions *options, gboolean unknown)
{
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (
      options, "GET", unknown ? CLR_API_CLIENTS "?unknown=true" : CLR_API_CLIENTS, NULL, &code);
  JsonArray *clients;

  if (root == NULL)
    return code;
  if (options->json)
    return print_array (json_node_get_object (root), "clients");
  clients = json_object_get_array_member (json_node_get_object (root), "clients");
  print_clients (clients);
  if (json_array_get_length (clients) == 0)
    printf (unknown ? _ ("Nobody tried whom no device is set up for.\n") : _ ("Nobody has connected yet.\n"));
  else if (unknown)
    printf (_ ("\"clrelay device allow ADDRESS --preset KIND\" lets one of them send.\n"));
  return CLR_EXIT_OK;
}

static int
list (ClrVerbOptions *options, const Wanted *wanted)
{
  int code;
  g_autoptr (JsonNode) root = NULL;
  JsonArray *devices;

  if (wanted->unknown || wanted->clients)
    return list_clients (options, wanted->unknown);
  root = clr_verb_request (options, "GET", CLR_API_DEVICES, NULL, &code);
  if (root == NULL)
    return code;
  if (options->json)
    return print_array (json_node_get_object (root), "devices");
  devices = json_object_get_array_member (json_node_get_object (root), "devices");
  for (guint i = 0; i < json_array_get_length (devices); i++)
    print_device (json_array_get_object_element (devices, i));
  if (json_array_get_length (devices) == 0)
    printf (_ ("No device is set up: nobody may relay.\n"));
  return CLR_EXIT_OK;
}

static int
show (ClrVerbOptions *options, const char *name)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree char *path = g_strconcat (CLR_API_DEVICES "/", escaped, NULL);
  int code;
  g_autoptr (JsonNode) root = clr_verb_request (options, "GET", path, NULL, &code);
  JsonObject *device;

  if (root == NULL)
    return code;
  if (options->json)
    {
      clr_verb_print_json (root);
      return CLR_EXIT_OK;
    }
  device = json_node_get_object (root);
  g_autofree char *quirks = join (device, "quirks");
  print_device (device);
  printf (_ ("    preset %s, quirks %s, seen %s\n"), get_or_dash (device, "preset"), *quirks ? quirks : "-",
          get_or_dash (device, "last-seen"));
  g_autofree char *used = join_uses (device, "quirks-used"), *repaired = join_uses (device, "repairs-used");
  printf (_ ("    %d messages to %d recipients, %d in this hour; last message %s\n"),
          (int)json_object_get_int_member_with_default (device, "messages", 0),
          (int)json_object_get_int_member_with_default (device, "sent", 0),
          (int)json_object_get_int_member_with_default (device, "this-hour", 0),
          get_or_dash (device, "last-message"));
  printf (_ ("    quirks used: %s; repaired: %s\n"), used, repaired);
  print_clients (json_object_get_array_member (device, "clients"));
  return CLR_EXIT_OK;
}

/* -- allow */

/* "client-192-0-2-7". (transfer full) */
static char *
make_name (const char *address)
{
  char *name = g_strconcat ("client-", address, NULL);

  return g_strcanon (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-", '-');
}

static void
add_change (GPtrArray *changes, const char *device, const char *key, const char *value)
{
  ClrSettingChange *change = g_new0 (ClrSettingChange, 1);

  change->group = g_strdup ("device");
  change->name = g_strdup (device);
  change->key = g_strdup (key);
  change->value = g_strdup (value);
  g_ptr_array_add (changes, change);
}

/* Whether the settings have no [device @name] yet. */
static gboolean
is_free (ClrVerbOptions *options, const char *name, int *code)
{
  ClrPlace place = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean found = FALSE;

  if (!clr_place_open (&place, options, &error))
    {
      *code = clr_verb_fail (error);
      return FALSE;
    }
  g_autoptr (JsonArray) groups = clr_settings_change_list (place.now->text);
  for (guint i = 0; i < json_array_get_length (groups); i++)
    {
      JsonObject *group = json_array_get_object_element (groups, i);

      found = found
              || (g_str_equal (clr_verb_get (group, "group"), "device")
                  && g_str_equal (clr_verb_get (group, "name"), name));
    }
  clr_place_clear (&place);
  if (found)
    {
      g_autofree char *text
          = g_strdup_printf (_ ("there is a [device %s] already; choose another --name, or change that one: "
                                "clrelay config set device:%s.networks=..."),
                             name, name);

      clr_verb_complain (text);
      *code = CLR_EXIT_FAILED;
    }
  return !found;
}

static int
allow (ClrVerbOptions *options, const Wanted *wanted, const char *address)
{
  g_autofree char *name = wanted->name ? g_strdup (wanted->name) : make_name (address);
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_setting_change_free);
  int code;

  if (!is_free (options, name, &code))
    return code;
  add_change (changes, name, "networks", address);
  if (wanted->preset)
    add_change (changes, name, "preset", wanted->preset);
  if (wanted->label)
    add_change (changes, name, "label", wanted->label);
  return clr_config_change (options, changes);
}

/* -- freeze, thaw */

static int
order (ClrVerbOptions *options, const char *path, const char *name, gboolean release)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT), answer = NULL;
  JsonObject *object = json_object_new ();
  int code = CLR_EXIT_OK;

  json_object_set_string_member (object, "device", name);
  if (release)
    json_object_set_boolean_member (object, "release", TRUE);
  json_node_take_object (node, object);
  g_autofree char *body = clr_json_to_text (node, FALSE);
  answer = clr_verb_request (options, "POST", path, body, &code);
  if (answer == NULL)
    return code;
  if (options->json)
    clr_verb_print_json (answer);
  else if (g_str_equal (path, CLR_API_DEVICES_FREEZE))
    printf (_ ("%s is frozen: what it sends is held until \"clrelay device thaw %s\".\n"), name, name);
  else if (release)
    printf (_ ("%s is thawed; held mail was released for %d recipients.\n"), name,
            (int)json_object_get_int_member_with_default (json_node_get_object (answer), "recipients", 0));
  else
    printf (_ ("%s is thawed; what was held of its mail stays held: clrelay queue list --filter "
               "\"device:=%s state:held\"\n"),
            name, name);
  return CLR_EXIT_OK;
}

int
clr_verb_device (ClrVerbOptions *options, int argc, char **argv)
{
  g_auto (Wanted) wanted = { 0 };
  const GOptionEntry entries[] = {
    { "unknown", 'u', 0, G_OPTION_ARG_NONE, &wanted.unknown,
      N_ ("list: the client addresses that tried, and that no device is set up for"), NULL },
    { "clients", 'a', 0, G_OPTION_ARG_NONE, &wanted.clients, N_ ("list: every client address that tried"),
      NULL },
    { "release", 'r', 0, G_OPTION_ARG_NONE, &wanted.release,
      N_ ("thaw: also release what is held of its mail; else that stays held"), NULL },
    { "preset", 'p', 0, G_OPTION_ARG_STRING, &wanted.preset,
      N_ ("allow: generic-printer, old-printer, ups-or-camera, application or bulk"), "KIND" },
    { "name", 'n', 0, G_OPTION_ARG_STRING, &wanted.name, N_ ("allow: name of the new [device]"), "NAME" },
    { "label", 'l', 0, G_OPTION_ARG_STRING, &wanted.label, N_ ("allow: what people call it"), "TEXT" },
    G_OPTION_ENTRY_NULL,
  };
  int code;

  if (!clr_verb_parse (options, "list | show NAME | allow ADDRESS | freeze NAME | thaw NAME",
                       _ ("Lists devices and who tried to send; allow writes a [device] for an address, or a "
                          "network, into the settings; what a frozen device sends is held."),
                       entries, &argc, &argv, &code))
    return code;
  if (argc == 2 && g_str_equal (argv[1], "list"))
    return list (options, &wanted);
  if (argc == 3 && g_str_equal (argv[1], "show"))
    return show (options, argv[2]);
  if (argc == 3 && g_str_equal (argv[1], "allow"))
    return allow (options, &wanted, argv[2]);
  if (argc == 3 && g_str_equal (argv[1], "freeze"))
    return order (options, CLR_API_DEVICES_FREEZE, argv[2], FALSE);
  if (argc == 3 && g_str_equal (argv[1], "thaw"))
    return order (options, CLR_API_DEVICES_THAW, argv[2], wanted.release);
  return clr_verb_usage (_ ("device: list, show NAME, allow ADDRESS, freeze NAME, or thaw NAME"));
}
