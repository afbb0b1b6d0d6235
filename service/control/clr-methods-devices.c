/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices and client addresses: what is known of them.
 */
#include "control/clr-methods-private.h"

#include "base/clr-clock.h"
#include "base/clr-log.h"
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

static void
add_use (GListStore *list, const char *name, uint64_t n)
{
  g_autoptr (ClrUseInfo) use
      = n ? g_object_new (CLR_TYPE_USE_INFO, "name", name, "messages", (gint64)n, NULL) : NULL;

  if (use)
    g_list_store_append (list, use);
}

static void
set_account (ClrDeviceInfo *info, ClrAccount *account)
{
  ClrAccountFacts facts;
  uint32_t hour = (uint32_t)(clr_clock_wall () / CLR_ACCOUNT_HOUR_US);
  g_autoptr (GListStore) quirks = g_list_store_new (CLR_TYPE_USE_INFO),
                         repairs = g_list_store_new (CLR_TYPE_USE_INFO);

  clr_account_read (account, &facts);
  for (unsigned i = 0; i < CLR_QUIRK_COUNT; i++)
    add_use (quirks, clr_quirk_get_word (i), facts.quirks[i]);
  for (unsigned i = 0; i < CLR_REPAIR_COUNT; i++)
    add_use (repairs, clr_repair_get_word (i), facts.repairs[i]);
  g_object_set (info, "messages", (gint64)facts.n_messages, "sent", (gint64)facts.n_recipients, "this-hour",
                (gint64)(facts.volumes[hour & 1].period == hour ? facts.volumes[hour & 1].n : 0),
                "frozen-reason", clr_freeze_to_text (facts.frozen), "quirks-used", quirks, "repairs-used",
                repairs, NULL);
  set_time (info, "last-message", facts.last_us);
  set_time (info, "frozen-since", facts.frozen ? facts.frozen_us : 0);
}

/* @clients: NULL: they are not told. */
static ClrDeviceInfo *
view_device (ClrControlHost *host, ClrSection *section, GListStore *clients)
{
  g_autofree char *quirks = clr_quirks_to_text (clr_section_get_quirks (section));
  g_auto (GStrv) words = *quirks ? g_strsplit (quirks, ", ", -1) : NULL;
  const char *name = clr_section_get_name (section), *label = clr_section_get_text (section, "label");

  ClrDeviceInfo *info = g_object_new (
      CLR_TYPE_DEVICE_INFO, "name", name, "label", label ? label : name, "preset",
      clr_section_get_text (section, "preset"), "networks", clr_section_get_list (section, "networks"),
      "logins", clr_section_get_list (section, "logins"), "quirks", words, "clients", clients, NULL);

  set_account (info, clr_account_get (name));
  return info;
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

/* {"device": NAME}. Returns: its account, NULL when a refusal has been answered. @order: (out). */
static ClrAccount *
read_order (ClrCall *call, JsonNode **order, const char **name)
{
  ClrControlHost *host = &call->place->host;

  *order = clr_call_read_object (call);
  *name = *order ? clr_json_get_text (json_node_get_object (*order), "device") : NULL;
  if (*name && clr_settings_find (host->get_settings (host->data), "device", *name))
    return clr_account_get (*name);
  clr_methods_answer_error (call->message, *name ? SOUP_STATUS_NOT_FOUND : SOUP_STATUS_BAD_REQUEST,
                            *name ? "there is no such [device] in the settings; clrelay device list"
                                  : "say {\"device\": \"NAME\"}");
  return NULL;
}

/* Who is answered can rely on it: it is on disk. */
static void
keep (ClrControlHost *host)
{
  clr_ledger_tick (host->ledger, clr_clock_wall ());
  if (host->state)
    clr_state_flush (host->state);
  clr_log_flush ();
}

void
clr_method_freeze_device (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) order = NULL;
  const char *name;
  ClrAccount *account = read_order (call, &order, &name);

  if (account == NULL)
    return;
  if (clr_account_freeze (account, CLR_FREEZE_BY_HAND, clr_clock_wall ()))
    {
      g_autofree char *what = g_strdup_printf ("device %s frozen", name);

      clr_log_event (CLR_EVENT_DEVICE_FROZEN, name, clr_freeze_to_text (CLR_FREEZE_BY_HAND));
      clr_methods_note (call->place, call->who, what, NULL);
      keep (host);
    }
  clr_methods_answer_number (call->message, "frozen", 1);
}

/* "release": true releases what this freeze has held; what is held for other reasons stays so. */
void
clr_method_thaw_device (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) order = NULL;
  g_autofree char *words = NULL, *what = NULL;
  const char *name;
  ClrAccount *account = read_order (call, &order, &name);
  ClrAccountFacts facts;

  if (account == NULL)
    return;
  clr_account_read (account, &facts);
  if (!clr_account_thaw (account, clr_clock_wall ()))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_CONFLICT, "this device is not frozen");
      return;
    }
  what = g_strdup_printf ("device %s thawed", name);
  clr_log_event (CLR_EVENT_DEVICE_THAWED, name, call->who);
  clr_methods_note (call->place, call->who, what, NULL);
  keep (host);
  words = g_strdup_printf ("device:=%s state:held held:" CLR_FREEZE_NAME, name, facts.frozen_us);
  if (!clr_json_is_true (json_node_get_object (order), "release"))
    clr_methods_answer_number (call->message, "recipients", 0);
  else
    clr_call_release (call, words);
}
