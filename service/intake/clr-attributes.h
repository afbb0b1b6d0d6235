/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The attributes of a message: what it says of itself and what was done to it, as a JSON object, for lists
 * and traces.
 */
#pragma once

#include "intake/clr-stamp.h"
#include "mail/clr-repair.h"
#include "settings/clr-device.h"

/* @header: the header section as it will be sent. @authentication: (nullable): of mail from outside,
 * "spf=pass" and the like. @held: (nullable): why it is held. @reported: the id of the message that a report
 * is about, 0 for all other mail. (transfer full) */
char *clr_attributes_make (const GString *header, const ClrStamp *stamp, ClrRepair repairs, ClrQuirks quirks,
                           char **authentication, const char *held, uint64_t reported);
