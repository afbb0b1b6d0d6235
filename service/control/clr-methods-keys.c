/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /v1/keys: the DKIM keys of the settings with the records that are to be published, and new keys. A private
 * key never leaves.
 */
#include "control/clr-methods-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define NAME_MOST 253u /* octets of a DNS name, RFC 1035 section 2.3.4 */

static JsonObject *
make_question (ClrSection *key)
{
  JsonObject *question = json_object_new ();

  json_object_set_string_member (question, "file", clr_section_get_text (key, "file"));
  json_object_set_string_member (question, "domain", clr_section_get_text (key, "domain"));
  json_object_set_string_member (question, "selector", clr_section_get_text (key, "selector"));
  return question;
}

/* {"keys": [{"key": the name of its section, "domain", "selector", "file", "state", "result", "reason",
 * "details"}]} */
void
clr_method_list_keys (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  GPtrArray *sections = clr_settings_get_sections (host->get_settings (host->data), "key");
  JsonArray *keys = json_array_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  for (unsigned i = 0; i < sections->len; i++)
    {
      ClrSection *section = g_ptr_array_index (sections, i);
      JsonObject *question = make_question (section), *answer;
      JsonNode *checked = host->check_key (question, host->data);

      answer = json_node_get_object (checked);
      json_object_set_string_member (answer, "key", clr_section_get_name (section));
      json_object_set_string_member (answer, "domain", clr_section_get_text (section, "domain"));
      json_object_set_string_member (answer, "selector", clr_section_get_text (section, "selector"));
      json_object_set_string_member (answer, "file", clr_section_get_text (section, "file"));
      json_object_set_string_member (answer, "state", clr_section_get_text (section, "state"));
      json_array_add_element (keys, checked);
      json_object_unref (question);
    }
  json_object_set_array_member (object, "keys", keys);
  json_node_take_object (node, object);
  clr_methods_answer_json (call->message, node);
}

/* It becomes a part of a file's name. */
static gboolean
is_dns_name (const char *text)
{
  if (text == NULL || *text == 0 || strlen (text) > NAME_MOST || *text == '.' || *text == '-'
      || strstr (text, ".."))
    return FALSE;
  for (const char *p = text; *p; p++)
    if (!g_ascii_isalnum (*p) && *p != '-' && *p != '.' && *p != '_')
      return FALSE;
  return TRUE;
}

/* A key that is being made. */
typedef struct
{
  ClrPendingCall *pending;
  char *file, *what, *who;
} KeyOrder;

static void
on_made (JsonNode *answer, void *data)
{
  KeyOrder *order = data;
  SoupServerMessage *message = order->pending->message;
  JsonObject *object = json_node_get_object (answer);

  if (g_strcmp0 (clr_json_get_text (object, "result"), "ok") != 0)
    clr_methods_answer_error (message, SOUP_STATUS_INTERNAL_SERVER_ERROR,
                              clr_json_get_text (object, "reason"));
  else
    {
      clr_methods_note (order->pending->place, order->who, order->what, NULL);
      json_object_set_string_member (object, "file", order->file);
      clr_methods_answer_json (message, answer);
    }
  clr_pending_call_go_on (order->pending);
  g_free (order->file);
  g_free (order->what);
  g_free (order->who);
  g_free (order);
}

/* {"domain": "example.com", "selector": "s1", "kind": "rsa" or "ed25519"}: makes a key in the state
 * directory; a [key] that names its "file" makes it sign. */
void
clr_method_make_key (ClrCall *call)
{
  ClrControlHost *host = &call->place->host;
  g_autoptr (JsonNode) root = clr_call_read_object (call);
  KeyOrder *order;
  JsonObject *object = root ? json_node_get_object (root) : NULL, *question;
  const char *domain = object ? clr_json_get_text (object, "domain") : NULL,
             *selector = object ? clr_json_get_text (object, "selector") : NULL,
             *kind = object ? clr_json_get_text (object, "kind") : NULL;
  ClrSection *server = clr_settings_get_section (host->get_settings (host->data), "server");
  g_autofree char *folder = NULL, *base = NULL, *file = NULL;

  if (!is_dns_name (domain) || !is_dns_name (selector)
      || (g_strcmp0 (kind, "rsa") != 0 && g_strcmp0 (kind, "ed25519") != 0))
    {
      clr_methods_answer_error (
          call->message, SOUP_STATUS_BAD_REQUEST,
          "say {\"domain\": \"example.com\", \"selector\": \"s1\", \"kind\": \"rsa\" or \"ed25519\"}");
      return;
    }
  folder = g_build_filename (clr_section_get_text (server, "state-directory"), "keys", NULL);
  base = g_strdup_printf ("%s.%s.pem", selector, domain);
  file = g_build_filename (folder, base, NULL);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_autofree char *why = g_strdup_printf ("the folder %s cannot be made: %s", folder, g_strerror (errno));

      clr_methods_answer_error (call->message, SOUP_STATUS_INTERNAL_SERVER_ERROR, why);
      return;
    }
  if (g_file_test (file, G_FILE_TEST_EXISTS))
    {
      clr_methods_answer_error (
          call->message, SOUP_STATUS_CONFLICT,
          "there is a key of this selector and domain already; choose another selector");
      return;
    }
  question = json_object_new ();
  json_object_set_string_member (question, "file", file);
  json_object_set_string_member (question, "domain", domain);
  json_object_set_string_member (question, "selector", selector);
  json_object_set_string_member (question, "make", kind);
  order = g_new0 (KeyOrder, 1);
  order->file = g_steal_pointer (&file);
  order->what = g_strdup_printf ("DKIM key %s of %s made", selector, domain);
  order->who = g_strdup (call->who);
  order->pending = clr_call_wait (call);
  host->check (CLR_CONTROL_CHECK_KEY, question, call->place->mailbox, on_made, order, host->data);
}
