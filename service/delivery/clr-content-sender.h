/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrContentSender: the content of a job's message as one peer gets it: as it is stored, or as a rendition.
 * It may be sent several times, once for each transaction. Lies inside its owner, which hears of it by the
 * events of a pump. Belongs to one worker.
 */
#pragma once

#include "delivery/clr-rendering.h"

typedef struct
{
  const ClrDeliveryPlace *place;
  const ClrMessage *message;
  const ClrContentPumpEvents *events;
  void *data;
  ClrContentPump *pump;    /* while it is being sent */
  ClrRendering *rendering; /* NULL: as it is stored */
} ClrContentSender;

void clr_content_sender_init (ClrContentSender *sender, const ClrDeliveryPlace *place,
                              const ClrMessage *message, const ClrContentPumpEvents *events, void *data);
/* May be called inside any event, and more than once. */
void clr_content_sender_clear (ClrContentSender *sender);

/* From now on it is a rendition. @ready is told once, also from inside. */
void clr_content_sender_render (ClrContentSender *sender, const ClrDeliveryPlan *plan,
                                void (*ready) (void *data));
gboolean clr_content_sender_is_rendering (const ClrContentSender *sender);
/* What is in the way of the rendition, code 0 when nothing. */
const ClrSmtpReply *clr_content_sender_get_problem (const ClrContentSender *sender);
uint64_t clr_content_sender_get_size (const ClrContentSender *sender); /* octets */

/* From the beginning; then run whenever there is room. */
void clr_content_sender_begin (ClrContentSender *sender);
void clr_content_sender_run (ClrContentSender *sender);
gboolean clr_content_sender_is_sending (const ClrContentSender *sender);
