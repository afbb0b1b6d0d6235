/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDeliveryPlace: what everything that delivers in one worker uses.
 */
#pragma once

#include "delivery/clr-reach-memory.h"
#include "delivery/clr-token-box.h"
#include "net/clr-worker.h"
#include "queue/clr-disk.h"
#include "queue/clr-queue.h"

typedef struct
{
  ClrWorker *worker;
  ClrQueue *queue;
  ClrDisk *disk;
  ClrReachMemory *memory;
  struct ClrTlsTally *tally; /* NULL: what comes of TLS is not counted */
  struct ClrStsKeeper *sts;  /* NULL: MTA-STS is not looked at */
  ClrTokenBox *tokens;
  /* A server refused @token: whoever makes them is told. */
  void (*refuse_token) (const ClrToken *token, const char *reply, void *data);
  void *token_data;
} ClrDeliveryPlace;
