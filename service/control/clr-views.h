/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the queue's and the history's structures to the models that are shown.
 */
#pragma once

#include "model/clr-model.h"
#include "queue/clr-history.h"
#include "queue/clr-queue.h"

/* @place: "queue" or "history". @attempts: of ClrAttempt, or NULL. */
ClrMessageInfo *clr_view_message (const ClrMessage *message, const char *place, const GArray *attempts);
ClrLaneInfo *clr_view_lane (const ClrLaneFacts *facts);
