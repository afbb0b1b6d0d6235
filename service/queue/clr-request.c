/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-queue-private.h"

#include "base/clr-clock.h"
#include "base/clr-counter.h"
#include "base/clr-id.h"
#include "base/clr-log.h"

#define LANES_TOLD 200u

void
clr_queue_plan_requests (ClrQueue *queue, ClrBatch *batch, int64_t now_us)
{
  for (unsigned i = 0; i < queue->requests->len; i++)
    {
      ClrQueueRequest *request = g_ptr_array_index (queue->requests, i);

      if (request->kind != CLR_REQUEST_ACT)
        continue;
      if (request->running == NULL)
        {
          request->running = clr_act_new (request->act, request->id, now_us);
          request->running->filter = request->filter ? clr_filter_ref (request->filter) : NULL;
          request->running->priority = request->priority;
          request->running->move = request->move;
          request->running->reason = request->reason;
          request->running->reports = queue->options.post_report != NULL;
        }
      clr_act_reset (request->running);
      g_ptr_array_add (batch->acts, request->running);
    }
}

static ClrLaneFacts
describe (const ClrLane *lane)
{
  const ClrLimitGroup *group = lane->group;

  return (ClrLaneFacts){
    .key = g_strdup (lane->key),
    .site = g_str_equal (group->key, lane->key) ? NULL : g_strdup (group->key),
    .n_memory = lane->n_memory,
    .next_due_us = lane->next_due_us == INT64_MAX ? 0 : lane->next_due_us,
    .rest_until_us = group->rest_until_us,
    .rest_reason = g_strdup (group->rest_reason),
  };
}

static void
status (ClrQueue *queue, ClrQueueRequest *request)
{
  queue->store->klass->count (queue->store, &request->n_messages, request->n_by_state);
  request->lanes = g_array_new (FALSE, TRUE, sizeof (ClrLaneFacts));
  /* First those with something to tell. */
  for (int pass = 0; pass < 2; pass++)
    {
      GHashTableIter iter;
      void *value;

      g_hash_table_iter_init (&iter, queue->lanes);
      while (g_hash_table_iter_next (&iter, NULL, &value) && request->lanes->len < LANES_TOLD)
        {
          const ClrLane *lane = value;
          gboolean busy = lane->n_memory > 0 || lane->group->failures > 0;

          if (busy == (pass == 0))
            {
              ClrLaneFacts facts = describe (lane);
              g_array_append_val (request->lanes, facts);
            }
        }
    }
}

/* "Now" means now: of a next hop that rests, too; but only where mail was chosen. */
static void
wake_lane (ClrQueue *queue, const char *key, int64_t due_us)
{
  ClrLane *lane = clr_queue_find_lane (queue, key, NULL);

  if (clr_limit_group_wake (lane->group))
    clr_queue_unblock (queue, lane->group, due_us);
  clr_queue_note_due (queue, lane, due_us);
  clr_queue_schedule (queue, lane);
}

static void
tell_changed (const ClrAct *act, const char *id, const ClrRecipient *recipient, const char *who)
{
  static const char *const done[]
      = { [CLR_ACT_RETRY] = "set to be tried now", [CLR_ACT_HOLD] = "held", [CLR_ACT_RELEASE] = "released" };
  g_autofree char *detail = NULL;

  if (act->kind == CLR_ACT_DELETE)
    {
      clr_log_event (CLR_EVENT_RECIPIENT_DELETED, id, recipient->address, who);
      return;
    }
  if (act->kind == CLR_ACT_PRIORITY)
    detail = g_strdup_printf ("given priority %d", act->priority);
  else if (act->kind == CLR_ACT_MOVE)
    detail = g_strdup_printf ("%s%s%s, by way of %s", act->move->from ? "instead of <" : "sent",
                              act->move->from ? act->move->from : " another way", act->move->from ? ">" : "",
                              recipient->lane);
  clr_log_event (CLR_EVENT_RECIPIENT_CHANGED, id, recipient->address, detail ? detail : done[act->kind], who);
}

static void
take_changed (ClrQueue *queue, const ClrAct *act, const ClrMessage *message, const ClrRecipient *recipient,
              const char *who)
{
  char id[CLR_ID_TEXT];
  g_autofree char *why = NULL;

  clr_id_to_text (message->id, id);
  switch (act->kind)
    {
    case CLR_ACT_RETRY:
    case CLR_ACT_RELEASE:
      wake_lane (queue, recipient->lane, recipient->due_us);
      tell_changed (act, id, recipient, who);
      break;
    case CLR_ACT_MOVE:
      if (recipient->state == CLR_RECIPIENT_WAITING)
        wake_lane (queue, recipient->lane, recipient->due_us);
      tell_changed (act, id, recipient, who);
      break;
    case CLR_ACT_DELETE:
    case CLR_ACT_HOLD:
    case CLR_ACT_PRIORITY:
      tell_changed (act, id, recipient, who);
      break;
    case CLR_ACT_AGE:
      clr_queue_tell_failed (message, recipient, recipient->host,
                             recipient->text ? recipient->text : "its lifetime is over");
      break;
    case CLR_ACT_REFUSE:
      why = g_strdup_printf ("deleted by %s: %s", who, recipient->text);
      clr_queue_tell_failed (message, recipient, recipient->host, why);
      break;
    case CLR_ACT_EXPIRE:
      why = g_strconcat ("given up by ", who, NULL);
      clr_queue_tell_failed (message, recipient, recipient->host, why);
      break;
    case CLR_ACT_SET_BACK:
      if (recipient->state == CLR_RECIPIENT_WAITING)
        clr_queue_note_due (queue, clr_queue_find_lane (queue, recipient->lane, NULL), recipient->due_us);
      break;
    case CLR_ACT_NOTICE:
      break;
    }
  queue->reports_due = queue->reports_due || recipient->report;
}

void
clr_queue_take_act (ClrQueue *queue, ClrAct *act, const char *who, int64_t now_us)
{
  for (unsigned m = 0; m < act->messages->len; m++)
    {
      const ClrMessage *message = g_ptr_array_index (act->messages, m);

      for (unsigned i = 0; i < message->n_recipients; i++)
        take_changed (queue, act, message, &message->recipients[i], who);
      /* What was deleted or given up may have been the last thing that a message waited for. */
      if (act->kind == CLR_ACT_DELETE || act->kind == CLR_ACT_AGE || act->kind == CLR_ACT_EXPIRE
          || act->kind == CLR_ACT_REFUSE)
        clr_queue_finish_if_done (queue, message->id);
      if (act->kind == CLR_ACT_DELETE && queue->history)
        clr_history_post_deleted (queue->history, clr_message_ref (g_ptr_array_index (act->messages, m)),
                                  who);
    }
  for (unsigned i = 0; queue->options.disk && i < act->spool_files->len; i++)
    clr_disk_post_unlink (queue->options.disk, g_array_index (act->spool_files, uint64_t, i));
}

static void
show (ClrQueue *queue, ClrQueueRequest *request)
{
  g_autoptr (GError) error = NULL;
  ClrMessage *message = queue->store->klass->load (queue->store, request->id, &error);

  request->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  if (message && request->kind == CLR_REQUEST_CONTENT)
    {
      ClrContentStore *content = queue->store->klass->get_content (queue->store);

      content->klass->get (content, message->id, &message->content, &error);
    }
  if (message)
    g_ptr_array_add (request->messages, message);
  if (error)
    request->problem = g_strdup (error->message);
}

/* One slice of the queue. Returns: whether the answer is complete. */
static gboolean
look (ClrQueue *queue, ClrQueueRequest *request)
{
  ClrPage page = { .filter = request->filter,
                   .n = request->kind == CLR_REQUEST_LIST ? request->n : 0,
                   .after = request->after };
  g_autoptr (GError) error = NULL;

  if (request->messages == NULL)
    request->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  page.messages = request->messages;
  if (!queue->store->klass->page (queue->store, &page, &error))
    request->problem = g_strdup (error->message);
  request->after = page.after;
  request->more = page.more;
  request->n_messages += page.n_messages;
  request->n_recipients += page.n_recipients;
  return request->problem || !page.more || (page.n > 0 && request->messages->len >= page.n);
}

/* A slice of it has been stored, or could not be. */
static gboolean
end_slice (ClrQueue *queue, ClrQueueRequest *request, const GError *error, int64_t now_us)
{
  ClrAct *act = request->running;

  if (error || act == NULL)
    {
      request->problem = g_strdup (error ? error->message : "the queue's store does not work at the moment");
      return TRUE;
    }
  request->n_changed += act->n_changed;
  clr_queue_take_act (queue, act, request->who, now_us);
  return !act->more;
}

static gboolean
go_on (ClrQueue *queue, ClrQueueRequest *request, const GError *error, int64_t now_us)
{
  switch (request->kind)
    {
    case CLR_REQUEST_STATUS:
      status (queue, request);
      return TRUE;
    case CLR_REQUEST_LIST:
    case CLR_REQUEST_COUNT:
      return look (queue, request);
    case CLR_REQUEST_SHOW:
    case CLR_REQUEST_CONTENT:
      show (queue, request);
      return TRUE;
    case CLR_REQUEST_ACT:
      return end_slice (queue, request, error, now_us);
    }
  g_assert_not_reached ();
}

void
clr_queue_answer_requests (ClrQueue *queue, const GError *error, int64_t now_us)
{
  unsigned left = 0;

  for (unsigned i = 0; i < queue->requests->len; i++)
    {
      ClrQueueRequest *request = g_ptr_array_index (queue->requests, i);

      if (!go_on (queue, request, error, now_us) && !queue->stopping)
        {
          queue->requests->pdata[left++] = request;
          continue;
        }
      request->letter.open = request->open;
      clr_mailbox_post (request->reply_to, &request->letter);
    }
  g_ptr_array_set_size (queue->requests, left);
}

void
clr_queue_request_free (ClrQueueRequest *request)
{
  for (unsigned i = 0; request->lanes && i < request->lanes->len; i++)
    {
      ClrLaneFacts *facts = &g_array_index (request->lanes, ClrLaneFacts, i);

      g_free (facts->key);
      g_free (facts->site);
      g_free (facts->rest_reason);
    }
  if (request->lanes)
    g_array_unref (request->lanes);
  if (request->messages)
    g_ptr_array_unref (request->messages);
  g_clear_pointer (&request->running, clr_act_free);
  g_clear_pointer (&request->move, clr_move_free); /* behind the act, which borrows it */
  g_clear_pointer (&request->filter, clr_filter_unref);
  g_free (request->who);
  g_free (request->reason);
  g_free (request->problem);
  g_free (request);
}
