/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDelivery: the delivering side of one worker: the transports of the lanes it has a shard of.
 */
#pragma once

#include "delivery/clr-tls-tally.h"
#include "delivery/clr-probe.h"
#include "delivery/clr-transport.h"

typedef struct ClrDelivery ClrDelivery;

/* Before the worker starts. */
ClrDelivery *clr_delivery_new (ClrWorker *worker, ClrDeliveryPlan *plan);
/* Before the worker starts. @keeper: of MTA-STS policies. @tally: of what comes of TLS. */
void clr_delivery_set_tls (ClrDelivery *delivery, ClrStsKeeper *keeper, ClrTlsTally *tally);
/* Before the worker starts; the queue is made after the sides that serve it. */
void clr_delivery_set_queue (ClrDelivery *delivery, ClrQueue *queue, ClrDisk *disk);
/* After it has ended. */
void clr_delivery_free (ClrDelivery *delivery);

/* Before the worker starts: the deliveries of all workers, by index, for next hops that fewer of them carry;
 * and who is told of a token that a server refuses, in the worker's thread. */
void clr_delivery_set_others (ClrDelivery *delivery, ClrDelivery **all,
                              void (*refuse_token) (const ClrToken *token, const char *reply, void *data),
                              void *data);

/* Any thread. Takes @probe. */
void clr_delivery_post_probe (ClrDelivery *delivery, ClrProbe *probe);
/* Any thread. Takes a reference. */
void clr_delivery_post_token (ClrDelivery *delivery, ClrToken *token);
/* Any thread. */
void clr_delivery_post_job (ClrDelivery *delivery, ClrJob *job);
/* Any thread: new jobs go by the new settings, connections of the former ones end with their jobs. */
void clr_delivery_post_plan (ClrDelivery *delivery, ClrDeliveryPlan *plan);
/* Any thread: jobs that have not begun go back; those that have may end, or are cut with @now. */
void clr_delivery_post_stop (ClrDelivery *delivery, gboolean now);
