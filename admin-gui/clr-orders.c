/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-orders.h"

#include "clr-draft.h"
#include "control/clr-api.h"
#include "control/clr-json.h"
#include "widgets/clr-question.h"

#include <glib/gi18n.h>
#include <string.h>

GPtrArray *
clr_orders_targets_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
}

void
clr_orders_targets_add (GPtrArray *targets, const char *member, const char *value)
{
  JsonObject *target = json_object_new ();

  if (value)
    json_object_set_string_member (target, member, value);
  else
    json_object_set_boolean_member (target, member, TRUE);
  g_ptr_array_add (targets, target);
}

/* From the question to the last answer. */
typedef struct
{
  GPtrArray *targets;
  GPtrArray *names; /* of what can be chosen */
  char *count;
  ClrOrdersDone done;
  guint n_left;
  gint64 n_changed;
  char *problem; /* the first */
} Order;

static void
order_free (void *data)
{
  Order *order = data;

  g_clear_pointer (&order->targets, g_ptr_array_unref);
  g_clear_pointer (&order->names, g_ptr_array_unref);
  g_free (order->count);
  g_free (order->problem);
  g_free (order);
}

static Order *
order_new (GPtrArray *targets, const char *count, ClrOrdersDone done)
{
  Order *order = g_new0 (Order, 1);

  order->targets = targets;
  order->count = g_strdup (count);
  order->done = done;
  order->names = g_ptr_array_new_with_free_func (g_free);
  return order;
}

static void
on_changed (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  Order *order = data;

  if (answer)
    order->n_changed += json_object_get_int_member_with_default (answer, "recipients", 0);
  else if (order->problem == NULL)
    order->problem = g_strdup (error->message);
  if (--order->n_left > 0)
    return;
  if (order->problem)
    clr_page_fail (page, order->n_changed > 0 ? _ ("Not All Was Changed") : _ ("Nothing Was Changed"),
                   order->problem);
  else
    clr_page_tell (
        page, ngettext ("%d recipient is changed", "%d recipients are changed", (gulong)order->n_changed),
        (int)order->n_changed);
  order->done (page);
  order_free (order);
}

/* Takes the targets out of @asked, which is freed with its question. */
static void
send (ClrPage *page, Order *asked, const char *path)
{
  Order *order = order_new (g_steal_pointer (&asked->targets), asked->count, asked->done);

  order->n_left = order->targets->len;
  if (order->n_left == 0)
    {
      order_free (order);
      return;
    }
  for (guint i = 0; i < order->targets->len; i++)
    clr_page_ask (page, "POST", path, g_ptr_array_index (order->targets, i), on_changed, order);
}

/* -- another route */

static void
on_route (ClrPage *page, guint choice, const char *text, void *data)
{
  Order *order = data;

  if (choice + 1 >= order->names->len)
    return;
  for (guint i = 0; i < order->targets->len; i++)
    json_object_set_string_member (g_ptr_array_index (order->targets, i), "route",
                                   g_ptr_array_index (order->names, choice));
  send (page, order, CLR_API_QUEUE_REROUTE);
}

static void
on_settings (ClrPage *page, JsonObject *answer, const GError *error, void *data)
{
  Order *order = data;
  g_autoptr (ClrGroups) groups = clr_groups_new (answer);
  g_autoptr (GPtrArray) names = groups ? clr_groups_list (groups, "route") : NULL;
  g_autofree char *body = g_strdup_printf (
      _ ("%s It is tried at once; the route’s own conditions need not hold."), order->count);
  ClrQuestion question = {
    .heading = _ ("Send by Another Route"), .body = body, .label = _ ("_Send"), .choice_title = _ ("Route")
  };

  if (names == NULL || names->len == 0)
    {
      clr_page_fail (page, _ ("There Is No Route"), error ? error->message : "");
      order_free (order);
      return;
    }
  for (guint i = 0; i < names->len; i++)
    g_ptr_array_add (order->names, g_strdup (g_ptr_array_index (names, i)));
  g_ptr_array_add (order->names, NULL);
  question.choices = (const char *const *)order->names->pdata;
  clr_question_ask (page, &question, on_route, order, order_free);
}

void
clr_orders_reroute (ClrPage *page, GPtrArray *targets, const char *count, ClrOrdersDone done)
{
  clr_page_ask (page, "GET", CLR_API_SETTINGS, NULL, on_settings, order_new (targets, count, done));
}

/* -- another priority */

#define HIGHEST 9

static void
on_priority (ClrPage *page, guint choice, const char *text, void *data)
{
  Order *order = data;

  for (guint i = 0; i < order->targets->len; i++)
    json_object_set_int_member (g_ptr_array_index (order->targets, i), "priority", HIGHEST - (int)choice);
  send (page, order, CLR_API_QUEUE_PRIORITY);
}

void
clr_orders_set_priority (ClrPage *page, GPtrArray *targets, const char *count, ClrOrdersDone done)
{
  Order *order = order_new (targets, count, done);
  ClrQuestion question = { .heading = _ ("Sooner or Later Than Others"),
                           .body = order->count,
                           .label = _ ("_Set"),
                           .choice_title = _ ("Priority"),
                           .choice = HIGHEST };

  for (int i = HIGHEST; i >= -HIGHEST; i--)
    g_ptr_array_add (order->names, i == HIGHEST    ? g_strdup_printf (_ ("%d: first"), i)
                                   : i == -HIGHEST ? g_strdup_printf (_ ("%d: last"), i)
                                   : i == 0        ? g_strdup_printf (_ ("%d: as usual"), i)
                                                   : g_strdup_printf ("%d", i));
  g_ptr_array_add (order->names, NULL);
  question.choices = (const char *const *)order->names->pdata;
  clr_question_ask (page, &question, on_priority, order, order_free);
}

/* -- another recipient */

static void
on_recipient (ClrPage *page, guint choice, const char *text, void *data)
{
  Order *order = data;

  if (choice + 1 >= order->names->len)
    return;
  if (strchr (text, '@') == NULL)
    {
      clr_page_fail (page, _ ("Nothing Was Changed"), _ ("An address is needed, such as anna@example.com"));
      return;
    }
  json_object_set_string_member (g_ptr_array_index (order->targets, 0), "from",
                                 g_ptr_array_index (order->names, choice));
  json_object_set_string_member (g_ptr_array_index (order->targets, 0), "to", text);
  send (page, order, CLR_API_QUEUE_RECIPIENT);
}

void
clr_orders_change_recipient (ClrPage *page, const char *id, GListModel *recipients, ClrOrdersDone done)
{
  Order *order = order_new (clr_orders_targets_new (), NULL, done);
  ClrQuestion question = { .heading = _ ("Send to Another Address"),
                           .body = _ ("The message itself stays as it is; only where it goes is another."),
                           .label = _ ("_Send"),
                           .choice_title = _ ("Instead of"),
                           .text_title = _ ("To") };

  clr_orders_targets_add (order->targets, "id", id);
  for (guint i = 0; recipients && i < g_list_model_get_n_items (recipients); i++)
    {
      g_autoptr (GObject) recipient = g_list_model_get_item (recipients, i);
      g_autofree char *address = NULL, *state = NULL;

      g_object_get (recipient, "address", &address, "state", &state, NULL);
      if (address && g_strcmp0 (state, "delivered") != 0 && g_strcmp0 (state, "deleted") != 0)
        g_ptr_array_add (order->names, g_steal_pointer (&address));
    }
  question.text = order->names->len > 0 ? g_ptr_array_index (order->names, 0) : "";
  g_ptr_array_add (order->names, NULL);
  question.choices = (const char *const *)order->names->pdata;
  clr_question_ask (page, &question, on_recipient, order, order_free);
}
