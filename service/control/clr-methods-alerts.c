/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/alerts: what is wrong, or was a short while ago.
 */
#include "control/clr-methods-private.h"

#include "control/clr-api.h"
#include "model/clr-model.h"

#include <gio/gio.h>

static void
set_time (void *object, const char *name, int64_t time_us)
{
  g_autofree char *text = time_us ? clr_time_to_text (time_us) : NULL;

  g_object_set (object, name, text, NULL);
}

static ClrAlertInfo *
view_alert (const ClrAlert *alert)
{
  ClrAlertInfo *info
      = g_object_new (CLR_TYPE_ALERT_INFO, "name", alert->name, "kind", clr_alert_kind_get_name (alert->kind),
                      "subject", alert->subject, "text", alert->text, "state",
                      alert->cleared_us        ? "cleared"
                      : alert->acknowledged_us ? "acknowledged"
                                               : "active",
                      "acknowledged-by", alert->acknowledged_by, NULL);

  set_time (info, "since", alert->raised_us);
  set_time (info, "acknowledged", alert->acknowledged_us);
  set_time (info, "cleared", alert->cleared_us);
  return info;
}

void
clr_method_list_alerts (ClrCall *call)
{
  g_autoptr (GPtrArray) alerts = clr_alerts_list (call->place->host.alerts);
  g_autoptr (GListStore) list = g_list_store_new (CLR_TYPE_ALERT_INFO);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  for (unsigned i = 0; i < alerts->len; i++)
    {
      g_autoptr (ClrAlertInfo) info = view_alert (g_ptr_array_index (alerts, i));

      g_list_store_append (list, info);
    }
  json_object_set_member (object, "alerts", clr_json_from_list (G_LIST_MODEL (list)));
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}

/* {"name": the [alert], "subject": which of its alerts; "" where there is only one} */
void
clr_method_acknowledge_alert (ClrCall *call)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *name = object ? clr_json_get_text (object, "name") : NULL;
  const char *subject = object ? clr_json_get_text (object, "subject") : NULL;

  if (name == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                              "say {\"name\": \"NAME\", \"subject\": \"...\"}");
  else if (!clr_alerts_acknowledge (call->place->host.alerts, name, subject ? subject : "", call->who))
    clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND,
                              "no such alert is active; " CLR_API_ALERTS " lists them");
  else
    {
      g_autofree char *what
          = g_strdup_printf ("alert %s%s%s acknowledged", name, subject ? " " : "", subject ? subject : "");

      clr_methods_note (call->place, call->who, what, NULL);
      clr_methods_answer_number (call->message, "alerts", 1);
    }
}

void
clr_method_test_alert (ClrCall *call)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  const char *name = root ? clr_json_get_text (json_node_get_object (root), "name") : NULL;

  if (name == NULL)
    clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "say {\"name\": \"NAME\"}");
  else if (!clr_alerts_test (call->place->host.alerts, name))
    clr_methods_answer_error (call->message, SOUP_STATUS_NOT_FOUND,
                              "there is no such [alert] in the settings");
  else
    clr_methods_answer_number (call->message, "alerts", 1);
}
