/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the queue's and the history's structures to the models that are shown.
 */
#pragma once

#include "model/clr-model.h"
#include "queue/clr-history.h"
#include "queue/clr-queue.h"

/* What waits in the queue, without attempts. */
ClrMessageInfo *clr_view_message (const ClrMessage *message);
/* What is in the queue, in the history, or with some of its recipients in each. */
ClrMessageInfo *clr_view_traced (const ClrTraced *traced);
ClrLaneInfo *clr_view_lane (const ClrLaneFacts *facts);
