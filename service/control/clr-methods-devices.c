/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices and client addresses: what is known of them.
 */
#include "control/clr-methods-private.h"

#include "control/clr-api.h"
#include "model/clr-model.h"
#include "settings/clr-device.h"

#include <gio/gio.h>
#include <string.h>

/* A list of clients under way. */
typedef struct
{
  const ClrPolicy *policy;
  const char *device; /* whose; NULL: all */
  gboolean unknown;   /* only those that no device is set up for */
  unsigned left;      /* rows there is room for */
  gboolean more;
  GListStore *into;
  int64_t last_us; /* of those chosen */
} Gathering;

static void
set_time (void *object, const char *name, int64_t time_us)
{
  g_autofree char *text = time_us ? clr_time_to_text (time_us) : NULL;

  g_object_set (object, name, text, NULL);
}

static ClrClientInfo *
view_client (const ClrSighting *sighting, const ClrDevice *device)
{
  ClrClientInfo *info = g_object_new (
      CLR_TYPE_CLIENT_INFO, "address", sighting->address, "helo", sighting->helo, "tls",
      sighting->tls && *sighting->tls ? sighting->tls : NULL, "login", sighting->login, "device",
      device ? device->name : NULL, "reason", sighting->why, "sessions", (gint64)sighting->sessions,
      "messages", (gint64)sighting->messages, "refusals", (gint64)sighting->refusals, NULL);

  set_time (info, "first-seen", sighting->first_us);
  set_time (info, "last-seen", sighting->last_us);
  set_time (info, "last-success", sighting->success_us);
  set_time (info, "last-refusal", sighting->refusal_us);
  return info;
}

/* Which device a client is says the policy in force, not the one of its last visit. */
static gboolean
gather (const ClrSighting *sighting, void *data)
{
  Gathering *gathering = data;
  const ClrDevice *device = clr_policy_find_device (gathering->policy, sighting->octets, sighting->login);
  g_autoptr (ClrClientInfo) info = NULL;

  if ((gathering->unknown && device)
      || (gathering->device && (device == NULL || !g_str_equal (device->name, gathering->device))))
    return TRUE;
  gathering->last_us = MAX (gathering->last_us, sighting->last_us);
  gathering->more = gathering->left == 0;
  if (gathering->more)
    return FALSE;
  gathering->left--;
  info = view_client (sighting, device);
  g_list_store_append (gathering->into, info);
  return TRUE;
}

/* {"clients": [...]}, the one seen last first. ?unknown=true: only those that may not relay; ?limit=N. */
void
clr_method_list_clients (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  const char *unknown = clr_call_get_parameter (call, "unknown"),
             *limit = clr_call_get_parameter (call, "limit");
  g_autoptr (GListStore) clients = g_list_store_new (CLR_TYPE_CLIENT_INFO);
  guint64 most = CLR_API_PAGE_MOST;
  Gathering gathering = { .policy = host->get_policy (host->data), .into = clients };
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object;

  if (limit && !g_ascii_string_to_unsigned (limit, 10, 1, CLR_STATE_CLIENTS_MOST, &most, NULL))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "limit: a number from 1 to 10000");
      return;
    }
  gathering.unknown = unknown && g_str_equal (unknown, "true");
  gathering.left = (unsigned)most;
  clr_inventory_visit (host->inventory, gather, &gathering);
  object = json_object_new ();
  json_object_set_member (object, "clients", clr_json_from_list (G_LIST_MODEL (clients)));
  json_object_set_boolean_member (object, "more", gathering.more);
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}

/* @clients: NULL: they are not told. */
static ClrDeviceInfo *
view_device (ClrControlHost *host, ClrSection *section, GListStore *clients)
{
  g_autofree char *quirks = clr_quirks_to_text (clr_section_get_quirks (section));
  g_auto (GStrv) words = *quirks ? g_strsplit (quirks, ", ", -1) : NULL;
  const char *name = clr_section_get_name (section), *label = clr_section_get_text (section, "label");

  return g_object_new (CLR_TYPE_DEVICE_INFO, "name", name, "label", label ? label : name, "preset",
                       clr_section_get_text (section, "preset"), "networks",
                       clr_section_get_list (section, "networks"), "logins",
                       clr_section_get_list (section, "logins"), "quirks", words, "clients", clients, NULL);
}

/* {"devices": [...]}, in the order of the settings. */
void
clr_method_list_devices (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  GPtrArray *sections = clr_settings_get_sections (host->get_settings (host->data), "device");
  g_autoptr (GListStore) devices = g_list_store_new (CLR_TYPE_DEVICE_INFO);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  for (unsigned i = 0; i < sections->len; i++)
    {
      g_autoptr (ClrDeviceInfo) info = view_device (host, g_ptr_array_index (sections, i), NULL);

      g_list_store_append (devices, info);
    }
  json_object_set_member (object, "devices", clr_json_from_list (G_LIST_MODEL (devices)));
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}

/* One, with the addresses it came from. */
void
clr_method_get_device (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  ClrSection *section = clr_settings_find (host->get_settings (host->data), "device", call->rest);
  g_autoptr (GListStore) clients = g_list_store_new (CLR_TYPE_CLIENT_INFO);
  Gathering gathering = {
    .policy = host->get_policy (host->data), .device = call->rest, .left = CLR_API_PAGE, .into = clients
  };
  g_autoptr (ClrDeviceInfo) info = NULL;

  if (section == NULL)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND,
                                "there is no such [device] in the settings; clrelay device list");
      return;
    }
  clr_inventory_visit (host->inventory, gather, &gathering);
  info = view_device (host, section, clients);
  set_time (info, "last-seen", gathering.last_us);
  clr_methods_answer_object (call->message, G_OBJECT (info));
}
