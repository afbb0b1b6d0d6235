/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrContentPump: reads the content of a message from its beginning to its end: what is in memory, then the
 * spool file by way of the disk thread. It stops where its owner has no room. Belongs to one worker.
 */
#pragma once

#include "delivery/clr-place.h"

typedef struct ClrContentPump ClrContentPump;

typedef struct
{
  /* FALSE: the pump stops until clr_content_pump_run(). */
  gboolean (*has_room) (void *data);
  void (*piece) (const uint8_t *bytes, size_t size, void *data);
  /* All has been given. The pump may be freed inside. */
  void (*ended) (void *data);
  /* The spool file cannot be read; @why in words. The pump may be freed inside. */
  void (*failed) (const char *why, void *data);
  /* A piece that came from the disk has been given, outside of clr_content_pump_run(). */
  void (*went_on) (void *data);
} ClrContentPumpEvents;

ClrContentPump *clr_content_pump_new (const ClrDeliveryPlace *place, const ClrMessage *message,
                                      const ClrContentPumpEvents *events, void *data);
void clr_content_pump_free (ClrContentPump *pump);

/* Begins, or goes on. */
void clr_content_pump_run (ClrContentPump *pump);
