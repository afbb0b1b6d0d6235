/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRendering: a message being made ready for a peer that cannot have it as it is stored: looked through,
 * measured, and signed again with the keys it had been signed with. Nothing of it is kept but its header
 * section; the body is made anew from the content each time, so that memory is bounded whatever the size.
 * Belongs to one worker.
 */
#pragma once

#include "delivery/clr-content-pump.h"
#include "delivery/clr-delivery-plan.h"
#include "mail/clr-rendition.h"
#include "smtp/clr-reply.h"

typedef struct ClrRendering ClrRendering;

/* @ready is told once, also from inside clr_rendering_start(). */
ClrRendering *clr_rendering_new (const ClrDeliveryPlace *place, const ClrDeliveryPlan *plan,
                                 const ClrMessage *message, void (*ready) (void *data), void *data);
void clr_rendering_free (ClrRendering *rendering);
void clr_rendering_start (ClrRendering *rendering);

/* What is in the way of it, code 0 when nothing; 4xx: only now. */
const ClrSmtpReply *clr_rendering_get_problem (const ClrRendering *rendering);
uint64_t clr_rendering_get_size (const ClrRendering *rendering); /* octets */

/* Sends it: first the top, then the content goes through the rendition to @sink. */
void clr_rendering_begin (ClrRendering *rendering, ClrRenditionSink sink, void *data);
void clr_rendering_feed (ClrRendering *rendering, const uint8_t *bytes, size_t size);
void clr_rendering_end (ClrRendering *rendering);
