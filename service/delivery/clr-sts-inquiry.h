/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrStsInquiry: the question of one worker which MTA-STS policy applies to a domain: its record by our own
 * resolver, then the keeper in the main thread. It waits as a look-up does. Belongs to one worker.
 */
#pragma once

#include "delivery/clr-place.h"
#include "delivery/clr-sts-keeper.h"

typedef struct ClrStsInquiry ClrStsInquiry;

/* @done is called later, once, never inside this call. @answer: valid during it; its policy may be taken. */
ClrStsInquiry *clr_sts_inquiry_new (const ClrDeliveryPlace *place, const char *domain,
                                    void (*done) (ClrStsQuestion *answer, void *data), void *data);
/* @done will not come. */
void clr_sts_inquiry_cancel (ClrStsInquiry *inquiry);
