/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/tls-results: what came of TLS on the way out, by domain and day, as RFC 8460 counts it. A
 * POST sends reports now.
 */
#include "control/clr-methods-private.h"

void
clr_method_get_tls_results (ClrCall *call)
{
  g_autoptr (JsonNode) node = call->place->host.describe_tls (call->place->host.data);

  clr_methods_answer_json (call->message, node);
}

void
clr_method_send_tls_reports (ClrCall *call)
{
  clr_methods_answer_number (call->message, "domains",
                             call->place->host.send_tls_reports (call->place->host.data));
}
