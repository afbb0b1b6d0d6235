/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a device is answered to MAIL and RCPT: whether it may use that sender, and send to that recipient, and
 * what stands in their place. Pure but for the device's account, which is only looked at.
 */
#pragma once

#include "policy/clr-policy.h"

/* Why an address is not taken; the reply that says so. */
typedef struct
{
  int code;
  const char *enhanced;
  const char *text;
} ClrObjection;

/* @sender: (inout): becomes the one that is used instead, of @device. @now_us: since 1970. Returns: NULL, or
 * why the device may not send so, or not now. */
const ClrObjection *clr_acceptance_judge_sender (const ClrDevice *device, const char **sender,
                                                 int64_t now_us);

/* @recipient: (inout): becomes the postmaster's address for "postmaster". @n: recipients the message has
 * already.
 * @lane: (out) (transfer full): by which it leaves. Returns: NULL, or why it is not taken. */
const ClrObjection *clr_acceptance_judge_recipient (const ClrPolicy *policy, const ClrDevice *device,
                                                    const char *sender, const char **recipient, unsigned n,
                                                    char **lane);
