/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/domains/NAME/dns: what mail of a domain needs in the DNS, what is found there, and the verdict.
 * /v1/certificates: what listeners show.
 */
#include "control/clr-methods-private.h"

#include "base/clr-domain.h"
#include "control/clr-api.h"

#include <string.h>

/* The check's answer, its details brought up. */
static void
on_checked (JsonNode *answer, void *data)
{
  ClrPendingCall *pending = data;
  JsonObject *object = json_node_get_object (answer);
  const char *result = clr_json_get_text (object, "result");
  JsonObject *details
      = json_object_has_member (object, "details") ? json_object_get_object_member (object, "details") : NULL;

  if (details == NULL)
    clr_methods_answer_error (pending->message, SOUP_STATUS_SERVICE_UNAVAILABLE,
                              clr_json_get_text (object, "reason"));
  else
    {
      g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

      json_object_set_string_member (details, "result", result);
      json_object_set_string_member (details, "reason", clr_json_get_text (object, "reason"));
      json_node_set_object (node, details);
      clr_methods_answer_json (pending->message, node);
    }
  clr_pending_call_go_on (pending);
}

void
clr_method_check_domain (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autofree char *name = clr_domain_to_ascii (call->rest);
  JsonObject *question;

  if (name == NULL || strchr (name, '.') == NULL)
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "a domain is needed, such as " CLR_API_DOMAINS "example.com/dns");
      return;
    }
  question = json_object_new ();
  json_object_set_string_member (question, "domain", name);
  host->check (CLR_CONTROL_CHECK_DOMAIN, question, call->place->mailbox, on_checked, clr_call_wait (call),
               host->data);
}

/* Certificates that listeners show. */
void
clr_method_list_certificates (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_array_member (object, "certificates", host->list_certificates (host->data));
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}
