/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/audit: who changed what, and who read the content of messages.
 */
#include "control/clr-methods-private.h"

#include "control/clr-api.h"

void
clr_method_list_audit (ClrCall *call)
{
  const char *before = clr_call_get_parameter (call, "before"),
             *limit = clr_call_get_parameter (call, "limit");
  guint64 cursor = 0, n = CLR_API_PAGE;
  ClrAuditQuestion question = {
    .who = clr_call_get_parameter (call, "who"),
    .text = clr_call_get_parameter (call, "text"),
  };
  g_autoptr (JsonNode) node = NULL;

  if ((before && !g_ascii_string_to_unsigned (before, 10, 0, G_MAXINT64, &cursor, NULL))
      || (limit && !g_ascii_string_to_unsigned (limit, 10, 1, CLR_API_PAGE_MOST, &n, NULL)))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                "before: the number of an entry; limit: a number from 1 to 1000");
      return;
    }
  question.before = cursor;
  question.limit = n;
  node = clr_audit_list (call->place->audit, &question);
  clr_methods_answer_json (call->message, node);
}
