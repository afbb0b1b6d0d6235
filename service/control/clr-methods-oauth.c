/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OAuth accounts through the API: how they are, and a login. No token passes here.
 */
#include "control/clr-methods-private.h"

#include "base/clr-log.h"

#include <gio/gio.h>

static void
ask (ClrCall *call, ClrControlOauth what, const char *account, const char *text)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = host->ask_oauth (what, account, text, &error, host->data);

  if (node)
    clr_methods_answer_json (call->message, node);
  else
    clr_methods_answer_error (call->message,
                              g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
                                  ? SOUP_STATUS_NOT_FOUND
                                  : SOUP_STATUS_BAD_REQUEST,
                              error->message);
}

/* What a body says is about one account. */
static void
ask_of_body (ClrCall *call, ClrControlOauth what, const char *done)
{
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  JsonObject *object = root ? json_node_get_object (root) : NULL;
  const char *account = object ? clr_json_get_text (object, "account") : NULL;
  const char *text = object ? clr_json_get_text (object, "url") : NULL;

  if (account == NULL || (what == CLR_CONTROL_OAUTH_PASTE && text == NULL))
    {
      clr_methods_answer_error (call->message, SOUP_STATUS_BAD_REQUEST,
                                what == CLR_CONTROL_OAUTH_PASTE
                                    ? "say {\"account\": \"...\", \"url\": \"...\"}"
                                    : "say {\"account\": \"...\"}");
      return;
    }
  ask (call, what, account, text);
  if (soup_server_message_get_status (call->message) == SOUP_STATUS_OK)
    {
      g_autofree char *told = g_strdup_printf ("oauth %s: %s", account, done);
      clr_methods_note (call->place, call->who, told, NULL);
    }
}

void
clr_method_list_oauth (ClrCall *call)
{
  ask (call, CLR_CONTROL_OAUTH_LIST, NULL, NULL);
}

void
clr_method_renew_oauth (ClrCall *call)
{
  ask_of_body (call, CLR_CONTROL_OAUTH_RENEW, "a new token asked for");
}

void
clr_method_login_oauth (ClrCall *call)
{
  ask_of_body (call, CLR_CONTROL_OAUTH_LOGIN, "a login begun");
}

void
clr_method_watch_oauth (ClrCall *call)
{
  ask (call, CLR_CONTROL_OAUTH_WATCH, clr_call_get_parameter (call, "account"), NULL);
}

void
clr_method_paste_oauth (ClrCall *call)
{
  ask_of_body (call, CLR_CONTROL_OAUTH_PASTE, "the answer of a login given");
}
