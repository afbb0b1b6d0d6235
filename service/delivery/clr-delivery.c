/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-delivery.h"

#include <string.h>

#define REAP_US (5 * (int64_t)G_USEC_PER_SEC)

struct ClrDelivery
{
  ClrDeliveryPlace place;
  ClrDeliveryPlan *plan;
  ClrDelivery **all;      /* one a worker, or NULL */
  GHashTable *transports; /* way -> ClrTransport */
  GPtrArray *probes;      /* under way */
  GPtrArray *retired;     /* of former settings, until they are idle */
  ClrTimer reap;
  gboolean stopping;
};

typedef struct
{
  ClrLetter letter;
  ClrDelivery *delivery;
  ClrToken *token;
} TokenLetter;

typedef struct
{
  ClrLetter letter;
  ClrDelivery *delivery;
  ClrDeliveryPlan *plan;
  gboolean now;
} OrderLetter;

static void
transport_free (void *data)
{
  ClrTransport *transport = data;

  transport->klass->free (transport);
}

/* A lane's key without the domain: all domains of a route via mx share a transport. Returns: (transfer full)
 * (nullable): NULL when it is the key itself */
static char *
dup_way (const char *key)
{
  const char *slash = g_str_has_prefix (key, "mx:") ? strchr (key, '/') : NULL;

  return slash ? g_strndup (key, slash - key) : NULL;
}

static ClrTransport *
open_transport (ClrDelivery *delivery, const char *key)
{
  const char *argument = strchr (key, ':') + 1;
  const ClrNextHop *hop;
  const char *reply;

  if ((hop = clr_delivery_plan_find_next_hop (delivery->plan, key)) != NULL)
    return (hop->is_mx ? clr_transport_mx_new : clr_transport_smtp_new) (&delivery->place, delivery->plan,
                                                                         hop);
  if (g_str_has_prefix (key, "capture:"))
    return clr_transport_capture_new (&delivery->place, argument);
  if (g_str_has_prefix (key, "discard:"))
    return clr_transport_discard_new (&delivery->place);
  if (g_str_has_prefix (key, "reject:")
      && (reply = clr_delivery_plan_find_reply (delivery->plan, argument)) != NULL)
    return clr_transport_reject_new (&delivery->place, reply);
  return clr_transport_missing_new (&delivery->place, key);
}

/* A next hop that may have fewer connections than there are workers is carried by the first of them. Returns:
 * FALSE when the job has gone to one. */
static gboolean
is_ours (ClrDelivery *delivery, const char *way, ClrJob *job)
{
  const ClrNextHop *hop = clr_delivery_plan_find_next_hop (delivery->plan, way);
  unsigned index = delivery->place.worker->index;

  if (hop == NULL || delivery->all == NULL || index < hop->shards)
    return TRUE;
  clr_delivery_post_job (delivery->all[index % hop->shards], job);
  return FALSE;
}

static void
open_job (ClrLetter *letter, void *owner)
{
  ClrDelivery *delivery = ((ClrWorker *)owner)->delivery;
  ClrJob *job = (ClrJob *)letter;
  g_autofree char *shared_way = dup_way (job->key);
  const char *way = shared_way ? shared_way : job->key;
  ClrTransport *transport = g_hash_table_lookup (delivery->transports, way);

  if (delivery->stopping)
    {
      clr_transport_give_back (&delivery->place, job);
      return;
    }
  if (!is_ours (delivery, way, job))
    return;
  if (transport == NULL)
    {
      transport = open_transport (delivery, way);
      g_hash_table_insert (delivery->transports, g_strdup (way), transport);
    }
  transport->klass->deliver (transport, job);
}

void
clr_delivery_post_job (ClrDelivery *delivery, ClrJob *job)
{
  job->letter.open = open_job;
  clr_worker_post (delivery->place.worker, &job->letter);
}

static void
open_token (ClrLetter *letter, void *owner)
{
  TokenLetter *order = (TokenLetter *)letter;
  GHashTableIter iter;
  void *value;

  clr_token_box_put (order->delivery->place.tokens, order->token);
  g_hash_table_iter_init (&iter, order->delivery->transports);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((ClrTransport *)value)->klass->look)
      ((ClrTransport *)value)->klass->look (value);
  g_free (order);
}

typedef struct
{
  ClrLetter letter;
  ClrDelivery *delivery;
  ClrProbe *probe;
} ProbeLetter;

static void
on_probe_ended (ClrProbe *probe, void *data)
{
  unsigned index;

  if (g_ptr_array_find (((ClrDelivery *)data)->probes, probe, &index))
    g_ptr_array_steal_index_fast (((ClrDelivery *)data)->probes, index);
}

static void
open_probe (ClrLetter *letter, void *owner)
{
  ProbeLetter *order = (ProbeLetter *)letter;
  ClrDelivery *delivery = order->delivery;

  g_ptr_array_add (delivery->probes, order->probe);
  clr_probe_run (order->probe, &delivery->place, delivery->plan, on_probe_ended, delivery);
  g_free (order);
}

void
clr_delivery_post_probe (ClrDelivery *delivery, ClrProbe *probe)
{
  ProbeLetter *order = g_new0 (ProbeLetter, 1);

  order->letter.open = open_probe;
  order->delivery = delivery;
  order->probe = probe;
  clr_worker_post (delivery->place.worker, &order->letter);
}

void
clr_delivery_post_token (ClrDelivery *delivery, ClrToken *token)
{
  TokenLetter *order = g_new0 (TokenLetter, 1);

  order->letter.open = open_token;
  order->delivery = delivery;
  order->token = clr_token_ref (token);
  clr_worker_post (delivery->place.worker, &order->letter);
}

static void
on_reap (ClrTimer *timer, void *data)
{
  ClrDelivery *delivery = data;

  for (unsigned i = delivery->retired->len; i-- > 0;)
    {
      ClrTransport *transport = g_ptr_array_index (delivery->retired, i);

      if (transport->klass->is_idle (transport))
        g_ptr_array_remove_index_fast (delivery->retired, i);
    }
  if (delivery->retired->len > 0)
    clr_timers_set (delivery->place.worker->timers, timer, delivery->place.worker->now + REAP_US);
}

/* What has not begun goes back to the queue, and comes again. */
static void
retire_all (ClrDelivery *delivery, gboolean now)
{
  GHashTableIter iter;
  void *key, *value;

  g_hash_table_iter_init (&iter, delivery->transports);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      ClrTransport *transport = value;

      g_hash_table_iter_steal (&iter);
      g_free (key);
      g_ptr_array_add (delivery->retired, transport);
    }
  for (unsigned i = 0; i < delivery->retired->len; i++)
    {
      ClrTransport *transport = g_ptr_array_index (delivery->retired, i);
      transport->klass->cancel (transport, now);
    }
  if (delivery->retired->len > 0)
    clr_timers_set (delivery->place.worker->timers, &delivery->reap, delivery->place.worker->now + REAP_US);
}

static void
open_plan (ClrLetter *letter, void *owner)
{
  OrderLetter *order = (OrderLetter *)letter;
  ClrDelivery *delivery = order->delivery;

  clr_delivery_plan_unref (delivery->plan);
  delivery->plan = order->plan;
  retire_all (delivery, FALSE);
  g_free (order);
}

void
clr_delivery_post_plan (ClrDelivery *delivery, ClrDeliveryPlan *plan)
{
  OrderLetter *order = g_new0 (OrderLetter, 1);

  order->letter.open = open_plan;
  order->delivery = delivery;
  order->plan = clr_delivery_plan_ref (plan);
  clr_worker_post (delivery->place.worker, &order->letter);
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  OrderLetter *order = (OrderLetter *)letter;

  order->delivery->stopping = TRUE;
  retire_all (order->delivery, order->now);
  g_free (order);
}

void
clr_delivery_post_stop (ClrDelivery *delivery, gboolean now)
{
  OrderLetter *order = g_new0 (OrderLetter, 1);

  order->letter.open = open_stop;
  order->delivery = delivery;
  order->now = now;
  clr_worker_post (delivery->place.worker, &order->letter);
}

ClrDelivery *
clr_delivery_new (ClrWorker *worker, ClrDeliveryPlan *plan)
{
  ClrDelivery *delivery = g_new0 (ClrDelivery, 1);

  delivery->place = (ClrDeliveryPlace){ .worker = worker,
                                        .memory = clr_reach_memory_new (),
                                        .tokens = clr_token_box_new () };
  delivery->plan = clr_delivery_plan_ref (plan);
  delivery->transports = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, transport_free);
  delivery->retired = g_ptr_array_new_with_free_func (transport_free);
  delivery->probes = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_probe_free);
  clr_timer_init (&delivery->reap, on_reap, delivery);
  worker->delivery = delivery;
  return delivery;
}

void
clr_delivery_set_queue (ClrDelivery *delivery, ClrQueue *queue, ClrDisk *disk)
{
  delivery->place.queue = queue;
  delivery->place.disk = disk;
}

void
clr_delivery_set_tls (ClrDelivery *delivery, ClrStsKeeper *keeper, ClrTlsTally *tally)
{
  delivery->place.tally = tally;
  delivery->place.sts = keeper;
}

void
clr_delivery_set_others (ClrDelivery *delivery, ClrDelivery **all,
                         void (*refuse_token) (const ClrToken *token, const char *reply, void *data),
                         void *data)
{
  delivery->all = all;
  delivery->place.refuse_token = refuse_token;
  delivery->place.token_data = data;
}

void
clr_delivery_free (ClrDelivery *delivery)
{
  clr_timers_clear (delivery->place.worker->timers, &delivery->reap);
  g_ptr_array_unref (delivery->probes);
  g_hash_table_unref (delivery->transports);
  g_ptr_array_unref (delivery->retired);
  clr_token_box_free (delivery->place.tokens);
  clr_reach_memory_free (delivery->place.memory);
  clr_delivery_plan_unref (delivery->plan);
  g_free (delivery);
}
