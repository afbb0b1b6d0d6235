/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a job fits a peer: what the peer offers decides over what it may get, and in which pieces. Pure.
 */
#pragma once

#include "queue/clr-queue.h"
#include "smtp/clr-offers.h"
#include "smtp/clr-reply.h"

typedef enum
{
  CLR_FIT_AS_IS,
  CLR_FIT_RENDITION,  /* made 7-bit, its header section ASCII */
  CLR_FIT_OTHER_HOST, /* not here; a host that offers more could take it */
  CLR_FIT_NEVER,
} ClrFit;

/* @why: set with the last two. */
ClrFit clr_fit_judge (const ClrOffers *offers, const ClrJob *job, ClrSmtpReply *why);

/* How many of the recipients from @first on, @most at most, may stand in one transaction (RFC 9422). */
unsigned clr_fit_count_recipients (const ClrOffers *offers, const ClrJob *job, unsigned first, unsigned most);
