/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-key-maker.h"

#include "clr-draft.h"
#include "control/clr-api.h"
#include "control/clr-json.h"

#include <string.h>

typedef struct
{
  char *domain, *selector, *record, *state;
  ClrKeyMade made;
} Order;

static void
order_free (Order *order)
{
  g_free (order->domain);
  g_free (order->selector);
  g_free (order->record);
  g_free (order->state);
  g_free (order);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Order, order_free)

static void
on_set (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autoptr (Order) order = data;

  order->made (page, answer ? order->record : NULL, error);
}

static void
on_key (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  g_autoptr (Order) order = data;
  g_autoptr (ClrDraft) draft = NULL;
  g_autofree char *name = NULL;
  JsonNode *node = answer ? json_object_get_member (answer, "details") : NULL;
  const char *file = answer ? clr_json_get_text (answer, "file") : NULL,
             *record = node && JSON_NODE_HOLDS_OBJECT (node)
                           ? clr_json_get_text (json_node_get_object (node), "zone")
                           : NULL;
  JsonObject *body;

  if (file == NULL)
    {
      order->made (page, NULL, error);
      return;
    }
  order->record = g_strdup (record ? record : "");
  draft = clr_draft_new ();
  name = g_strdup_printf ("%s.%s", order->selector, order->domain);
  clr_draft_set (draft, "key", name, "domain", order->domain);
  clr_draft_set (draft, "key", name, "selector", order->selector);
  clr_draft_set (draft, "key", name, "file", file);
  if (order->state)
    clr_draft_set (draft, "key", name, "state", order->state);
  body = clr_draft_to_body (draft, NULL);
  clr_page_ask (page, "PATCH", CLR_API_SETTINGS, body, on_set, g_steal_pointer (&order));
  json_object_unref (body);
}

void
clr_key_maker_make (ClrPage *page, const char *domain, const char *selector, const char *kind,
                    const char *state, ClrKeyMade made)
{
  Order *order = g_new0 (Order, 1);
  JsonObject *body = json_object_new ();

  order->domain = g_strdup (domain);
  order->selector = g_strdup (selector);
  order->state = g_strdup (state);
  order->made = made;
  json_object_set_string_member (body, "domain", domain);
  json_object_set_string_member (body, "selector", selector);
  json_object_set_string_member (body, "kind", kind);
  clr_page_ask (page, "POST", CLR_API_KEYS, body, on_key, order);
  json_object_unref (body);
}
