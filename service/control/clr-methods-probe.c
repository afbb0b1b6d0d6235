/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/checks/smarthost: a smarthost is looked at, step by step, by the worker that would deliver to it.
 * /v1/checks/relay: whether strangers could relay, by the settings in force.
 * /v1/checks/route: which way a message would take, without a question to the DNS; nothing is sent.
 */
#include "control/clr-methods-private.h"

void
clr_method_probe_smarthost (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *smarthost = object ? clr_json_get_text (object, "smarthost") : NULL;
  const char *from = object ? clr_json_get_text (object, "from") : NULL;
  const char *to = object ? clr_json_get_text (object, "to") : NULL;

  if (smarthost == NULL || (from && strpbrk (from, "<>\r\n ")) || (to && strpbrk (to, "<>\r\n ")))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "say {\"smarthost\": \"...\", \"from\": \"a@example.com\", \"to\": \"...\"}");
      return;
    }
  host->probe (smarthost, from ? from : "", to, call->place->mailbox, clr_call_wait (call), host->data);
}

/* {"to": "...", "from": "...", "device": "..." or "client": "..."}: as clrelay check route. */
void
clr_method_check_route (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) root = clr_call_read_object (call), answer = NULL;
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  static const char *const members[] = { "to", "from", "device", "client" };

  for (unsigned i = 0; object && i < G_N_ELEMENTS (members); i++)
    if (json_object_has_member (object, members[i]) && clr_json_get_text (object, members[i]) == NULL)
      object = NULL;
  if (object == NULL || !json_object_has_member (object, "to"))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "say {\"to\": \"a@example.com\", \"from\": \"...\", \"device\": \"...\"}");
      return;
    }
  answer = host->check_route (object, host->data);
  clr_methods_answer_json (call->message, answer);
}

void
clr_method_check_relay (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) answer = host->check_relay (host->data);

  clr_methods_answer_json (call->message, answer);
}

void
clr_methods_tell_probe (JsonNode *answer, void *data)
{
  ClrPendingCall *pending = data;

  clr_methods_answer_json (pending->message, answer);
  clr_pending_call_go_on (pending);
}
