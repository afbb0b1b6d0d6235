/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-id.h"
#include "base/clr-log.h"

void
clr_queue_plan_requests (ClrQueue *queue, ClrBatch *batch, int64_t now_us)
{
  for (unsigned i = 0; i < queue->requests->len; i++)
    {
      ClrQueueRequest *request = g_ptr_array_index (queue->requests, i);

      if (request->kind == CLR_REQUEST_RETRY || request->kind == CLR_REQUEST_DELETE)
        g_ptr_array_add (batch->acts,
                         clr_act_new (request->kind == CLR_REQUEST_RETRY ? CLR_ACT_RETRY : CLR_ACT_DELETE,
                                      request->id, now_us));
    }
}

static void
status (ClrQueue *queue, ClrQueueRequest *request)
{
  GHashTableIter iter;
  void *value;
  g_autoptr (GError) error = NULL;

  queue->store->klass->count (queue->store, &request->n_messages, request->n_by_state, &error);
  request->lanes = g_array_new (FALSE, TRUE, sizeof (ClrLaneFacts));
  g_hash_table_iter_init (&iter, queue->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ClrLane *lane = value;
      ClrLaneFacts facts = {
        .key = g_strdup (lane->key),
        .n_memory = lane->n_memory,
        .next_due_us = lane->next_due_us == INT64_MAX ? 0 : lane->next_due_us,
        .rest_until_us = lane->rest_until_us,
        .rest_reason = g_strdup (lane->rest_reason),
      };
      g_array_append_val (request->lanes, facts);
    }
}

/* Messages whose recipients changed by an order or by their age. */
void
clr_queue_take_act (ClrQueue *queue, ClrAct *act, const char *who, int64_t now_us)
{
  GHashTableIter iter;
  void *value;

  for (unsigned m = 0; m < act->messages->len; m++)
    {
      ClrMessage *message = g_ptr_array_index (act->messages, m);
      char id[CLR_ID_TEXT];

      clr_id_to_text (message->id, id);
      for (unsigned i = 0; i < message->n_recipients; i++)
        {
          const ClrRecipient *recipient = &message->recipients[i];

          if (act->kind == CLR_ACT_DELETE)
            clr_log_event (CLR_EVENT_RECIPIENT_DELETED, id, recipient->address, who);
          else if (act->kind == CLR_ACT_EXPIRE)
            clr_log_event (CLR_EVENT_RECIPIENT_FAILED, id, recipient->address, recipient->host,
                           recipient->text ? recipient->text : "its lifetime is over");
        }
    }
  /* What was deleted may have been the last thing that a message waited for. */
  for (unsigned m = 0; act->kind == CLR_ACT_DELETE && m < act->messages->len; m++)
    clr_queue_finish_if_done (queue, ((ClrMessage *)g_ptr_array_index (act->messages, m))->id);
  for (unsigned i = 0; queue->options.disk && i < act->spool_files->len; i++)
    clr_disk_post_unlink (queue->options.disk, g_array_index (act->spool_files, uint64_t, i));
  if (act->n_changed == 0)
    return;
  if (act->kind == CLR_ACT_EXPIRE)
    clr_counter_add (CLR_COUNTER_RECIPIENTS_FAILED_TOTAL, act->n_changed);

  /* The gauges are read again rather than guessed: a filter may have met any state. */
  uint64_t messages, by_state[CLR_RECIPIENT_BOUNCING + 1] = { 0 };
  if (queue->store->klass->count (queue->store, &messages, by_state, NULL))
    {
      clr_counter_add (CLR_COUNTER_QUEUE_MESSAGES,
                       (int64_t)messages - clr_counter_get (CLR_COUNTER_QUEUE_MESSAGES));
      clr_counter_add (CLR_COUNTER_QUEUE_WAITING, (int64_t)by_state[CLR_RECIPIENT_WAITING]
                                                      - clr_counter_get (CLR_COUNTER_QUEUE_WAITING));
      clr_counter_add (CLR_COUNTER_QUEUE_FAILED,
                       (int64_t)by_state[CLR_RECIPIENT_FAILED] - clr_counter_get (CLR_COUNTER_QUEUE_FAILED));
    }
  if (act->kind == CLR_ACT_RETRY)
    {
      /* "Now" means now: next hops that rest are tried as well. */
      g_hash_table_iter_init (&iter, queue->lanes);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        {
          ClrLane *lane = value;

          clr_lane_wake (lane);
          lane->next_due_us = now_us;
        }
    }
}

static void
show (ClrQueue *queue, ClrQueueRequest *request)
{
  g_autoptr (GError) error = NULL;
  ClrMessage *message;

  request->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  message = queue->store->klass->load (queue->store, request->id, &error);
  if (message)
    g_ptr_array_add (request->messages, message);
  if (error)
    request->problem = g_strdup (error->message);
}

static void
list (ClrQueue *queue, ClrQueueRequest *request)
{
  g_autoptr (GError) error = NULL;

  request->messages
      = queue->store->klass->page (queue->store, request->after, request->n, request->state, &error);
  if (error)
    request->problem = g_strdup (error->message);
}

void
clr_queue_answer_requests (ClrQueue *queue, ClrBatch *batch, const GError *error, int64_t now_us)
{
  /* Own acts stand first in the batch, those of requests behind them, in order. */
  unsigned next_act = 0;

  while (next_act < batch->acts->len && next_act < queue->acts->len
         && g_ptr_array_index (batch->acts, next_act) == g_ptr_array_index (queue->acts, next_act))
    next_act++;
  for (unsigned i = 0; i < queue->requests->len; i++)
    {
      ClrQueueRequest *request = g_ptr_array_index (queue->requests, i);

      switch (request->kind)
        {
        case CLR_REQUEST_STATUS:
          status (queue, request);
          break;
        case CLR_REQUEST_LIST:
          list (queue, request);
          break;
        case CLR_REQUEST_SHOW:
          show (queue, request);
          break;
        case CLR_REQUEST_RETRY:
        case CLR_REQUEST_DELETE:
          if (next_act < batch->acts->len)
            {
              ClrAct *act = g_ptr_array_index (batch->acts, next_act++);

              if (error == NULL)
                {
                  request->n_changed = act->n_changed;
                  clr_queue_take_act (queue, act, request->who, now_us);
                }
              clr_act_free (act);
            }
          else
            request->problem = g_strdup ("the queue's store does not work at the moment");
          if (error)
            request->problem = g_strdup (error->message);
          break;
        }
      request->letter.open = request->open;
      clr_mailbox_post (request->reply_to, &request->letter);
    }
  g_ptr_array_set_size (queue->requests, 0);
}

void
clr_queue_request_free (ClrQueueRequest *request)
{
  for (unsigned i = 0; request->lanes && i < request->lanes->len; i++)
    {
      g_free (g_array_index (request->lanes, ClrLaneFacts, i).key);
      g_free (g_array_index (request->lanes, ClrLaneFacts, i).rest_reason);
    }
  if (request->lanes)
    g_array_unref (request->lanes);
  if (request->messages)
    g_ptr_array_unref (request->messages);
  g_free (request->who);
  g_free (request->problem);
  g_free (request);
}
