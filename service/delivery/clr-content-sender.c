/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "delivery/clr-content-sender.h"

void
clr_content_sender_init (ClrContentSender *sender, const ClrDeliveryPlace *place, const ClrMessage *message,
                         const ClrContentPumpEvents *events, void *data)
{
  *sender = (ClrContentSender){ .place = place, .message = message, .events = events, .data = data };
}

void
clr_content_sender_clear (ClrContentSender *sender)
{
  g_clear_pointer (&sender->pump, clr_content_pump_free);
  g_clear_pointer (&sender->rendering, clr_rendering_free);
}

void
clr_content_sender_render (ClrContentSender *sender, const ClrDeliveryPlan *plan, void (*ready) (void *data))
{
  sender->rendering = clr_rendering_new (sender->place, plan, sender->message, ready, sender->data);
  clr_rendering_start (sender->rendering);
}

gboolean
clr_content_sender_is_rendering (const ClrContentSender *sender)
{
  return sender->rendering != NULL;
}

const ClrSmtpReply *
clr_content_sender_get_problem (const ClrContentSender *sender)
{
  return clr_rendering_get_problem (sender->rendering);
}

uint64_t
clr_content_sender_get_size (const ClrContentSender *sender)
{
  return sender->rendering ? clr_rendering_get_size (sender->rendering)
                           : sender->message->content.size + sender->message->spool_size;
}

static gboolean
has_room (void *data)
{
  ClrContentSender *sender = data;

  return sender->events->has_room (sender->data);
}

static void
on_piece (const uint8_t *bytes, size_t size, void *data)
{
  ClrContentSender *sender = data;

  if (sender->rendering)
    clr_rendering_feed (sender->rendering, bytes, size);
  else
    sender->events->piece (bytes, size, sender->data);
}

static void
on_ended (void *data)
{
  ClrContentSender *sender = data;

  g_clear_pointer (&sender->pump, clr_content_pump_free);
  if (sender->rendering)
    clr_rendering_end (sender->rendering);
  sender->events->ended (sender->data);
}

static void
on_failed (const char *why, void *data)
{
  ClrContentSender *sender = data;

  g_clear_pointer (&sender->pump, clr_content_pump_free);
  sender->events->failed (why, sender->data);
}

static void
on_went_on (void *data)
{
  ClrContentSender *sender = data;

  sender->events->went_on (sender->data);
}

static const ClrContentPumpEvents pump_events = { has_room, on_piece, on_ended, on_failed, on_went_on };

void
clr_content_sender_begin (ClrContentSender *sender)
{
  g_clear_pointer (&sender->pump, clr_content_pump_free);
  sender->pump = clr_content_pump_new (sender->place, sender->message, &pump_events, sender);
  if (sender->rendering)
    clr_rendering_begin (sender->rendering, sender->events->piece, sender->data);
}

void
clr_content_sender_run (ClrContentSender *sender)
{
  clr_content_pump_run (sender->pump);
}

gboolean
clr_content_sender_is_sending (const ClrContentSender *sender)
{
  return sender->pump != NULL;
}
