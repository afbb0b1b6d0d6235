/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-act.h"

#include "queue/clr-report-job.h"

ClrAct *
clr_act_new (ClrActKind kind, uint64_t message, int64_t now_us)
{
  ClrAct *act = g_new0 (ClrAct, 1);

  act->kind = kind;
  act->message = message;
  act->now_us = now_us;
  act->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)clr_message_unref);
  act->spool_files = g_array_new (FALSE, TRUE, sizeof (uint64_t));
  return act;
}

void
clr_act_reset (ClrAct *act)
{
  act->more = FALSE;
  act->n_changed = 0;
  g_ptr_array_set_size (act->messages, 0);
  g_array_set_size (act->spool_files, 0);
}

void
clr_act_free (ClrAct *act)
{
  g_clear_pointer (&act->filter, clr_filter_unref);
  g_ptr_array_unref (act->messages);
  g_array_unref (act->spool_files);
  g_free (act);
}

gboolean
clr_act_is_by_time (const ClrAct *act)
{
  return act->kind == CLR_ACT_AGE || act->kind == CLR_ACT_NOTICE;
}

static gboolean
is_one_of (ClrRecipientState state, unsigned states)
{
  return (states & 1u << state) != 0;
}

#define WAITING (1u << CLR_RECIPIENT_WAITING)
#define ACTIVE  (1u << CLR_RECIPIENT_ACTIVE)
#define FAILED  (1u << CLR_RECIPIENT_FAILED)
#define HELD    (1u << CLR_RECIPIENT_HELD)

static gboolean
is_meant (const ClrAct *act, const ClrMessage *message, const ClrRecipient *recipient)
{
  static const unsigned states[] = {
    [CLR_ACT_RETRY] = WAITING | FAILED,
    [CLR_ACT_DELETE] = WAITING | FAILED | HELD,
    [CLR_ACT_EXPIRE] = WAITING | FAILED | HELD,
    [CLR_ACT_REFUSE] = WAITING | FAILED | HELD,
    [CLR_ACT_HOLD] = WAITING,
    [CLR_ACT_RELEASE] = HELD,
    [CLR_ACT_PRIORITY] = WAITING | ACTIVE | FAILED | HELD,
    [CLR_ACT_MOVE] = WAITING | FAILED | HELD,
    [CLR_ACT_AGE] = WAITING,
    [CLR_ACT_NOTICE] = WAITING,
    [CLR_ACT_SET_BACK] = WAITING | ACTIVE | HELD,
  };

  if (!is_one_of (recipient->state, states[act->kind])
      || (act->filter && !clr_filter_fits (act->filter, message, recipient)))
    return FALSE;
  if (act->kind == CLR_ACT_MOVE)
    return act->move->from == NULL || g_str_equal (act->move->from, recipient->address);
  if (act->kind == CLR_ACT_AGE)
    return recipient->expires_us <= act->now_us;
  if (act->kind == CLR_ACT_NOTICE)
    return recipient->notice_us > 0 && recipient->notice_us <= act->now_us;
  if (act->kind == CLR_ACT_SET_BACK)
    return message->id <= act->until;
  return TRUE;
}

void
clr_move_free (ClrMove *move)
{
  if (move->free)
    move->free (move->data);
  g_free (move->from);
  g_free (move->to);
  g_free (move);
}

/* A second life for what has failed, or lay too long: its time starts anew, else it would fail at once. */
static void
revive (const ClrAct *act, const ClrMessage *message, ClrRecipient *recipient)
{
  if (recipient->state == CLR_RECIPIENT_FAILED
      || (recipient->state == CLR_RECIPIENT_HELD && recipient->expires_us <= act->now_us))
    recipient->expires_us += act->now_us - message->created_us;
  recipient->state = CLR_RECIPIENT_WAITING;
  recipient->due_us = act->now_us;
}

/* Returns: FALSE when there is no way. */
static gboolean
move (const ClrAct *act, const ClrMessage *message, ClrRecipient *recipient)
{
  const char *address = act->move->to ? act->move->to : recipient->address;
  char *lane = act->move->find_lane (message, address, act->move->data);

  if (lane == NULL)
    return FALSE;
  g_free (recipient->lane);
  recipient->lane = lane;
  if (act->move->to)
    {
      g_free (recipient->address);
      recipient->address = g_strdup (act->move->to);
    }
  if (recipient->state != CLR_RECIPIENT_HELD)
    revive (act, message, recipient);
  return TRUE;
}

/* What the report says is our own word: RFC 3463 section 3.8, delivery not authorized. */
static void
refuse (const ClrAct *act, ClrRecipient *recipient)
{
  recipient->code = 550;
  g_free (recipient->enhanced);
  recipient->enhanced = g_strdup ("5.7.1");
  g_free (recipient->text);
  recipient->text = g_strdup (act->reason ? act->reason : "deleted by an administrator");
  g_clear_pointer (&recipient->host, g_free);
}

/* A retry comes after as long as it would have, and never later than one that is planned now. What came while
 * the clock was ahead lives, and waits for its notice, no longer than what comes now. */
static gboolean
set_back (const ClrAct *act, const ClrMessage *message, ClrRecipient *recipient)
{
  int64_t due_us = recipient->due_us, expires_us = recipient->expires_us, notice_us = recipient->notice_us;

  if (recipient->state == CLR_RECIPIENT_WAITING && due_us > act->now_us)
    recipient->due_us
        = MIN (MAX (due_us - act->back_us, act->now_us), act->now_us + clr_retry_get_longest (&act->rule));
  if (message->created_us > act->now_us)
    {
      recipient->expires_us = MIN (expires_us, act->now_us + act->rule.lifetime_us);
      if (notice_us > 0)
        recipient->notice_us = MIN (notice_us, act->now_us + act->rule.notice_us);
    }
  return recipient->due_us != due_us || recipient->expires_us != expires_us
         || recipient->notice_us != notice_us;
}

gboolean
clr_act_change (const ClrAct *act, const ClrMessage *message, ClrRecipient *recipient, gboolean *gone)
{
  *gone = FALSE;
  if (!is_meant (act, message, recipient))
    return FALSE;
  switch (act->kind)
    {
    case CLR_ACT_RETRY:
    case CLR_ACT_RELEASE:
      revive (act, message, recipient);
      break;
    case CLR_ACT_MOVE:
      return move (act, message, recipient);
    case CLR_ACT_DELETE:
      *gone = TRUE;
      break;
    case CLR_ACT_REFUSE:
      refuse (act, recipient);
      clr_report_give_up (message, recipient, act->reports);
      break;
    case CLR_ACT_EXPIRE:
    case CLR_ACT_AGE:
      clr_report_give_up (message, recipient, act->reports);
      break;
    case CLR_ACT_HOLD:
      recipient->state = CLR_RECIPIENT_HELD;
      break;
    case CLR_ACT_PRIORITY:
      recipient->priority = act->priority;
      break;
    case CLR_ACT_NOTICE:
      recipient->notice_us = 0;
      if (act->reports)
        recipient->report |= CLR_REPORT_DELAYED;
      break;
    case CLR_ACT_SET_BACK:
      return set_back (act, message, recipient);
    }
  return TRUE;
}
