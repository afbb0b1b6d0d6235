/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrInbound: the receiving side of one worker: its sessions, and what they are made with.
 */
#pragma once

#include "devices/clr-sightings.h"
#include "intake/clr-intake.h"
#include "net/clr-endpoint.h"
#include "net/clr-tls.h"
#include "reception/clr-visitor.h"
#include "users/clr-logins.h"

typedef struct ClrInbound ClrInbound;

/* What a listener's connections are born with; frozen, counted, shared by the workers. */
typedef struct
{
  int references; /* atomic */
  char *name;
  ClrEntrance entrance;
  ClrTlsContext *context;     /* NULL with CLR_LISTENER_TLS_NONE */
  ClrTlsContext *old_context; /* for devices with old TLS; NULL: there is none */
  ClrPolicy *policy;
} ClrReception;

ClrReception *clr_reception_new (const char *name, const ClrEntrance *entrance, ClrTlsContext *context,
                                 ClrPolicy *policy);
ClrReception *clr_reception_ref (ClrReception *reception);
void clr_reception_unref (ClrReception *reception);

/* Before the worker starts. */
ClrInbound *clr_inbound_new (ClrWorker *worker, ClrLogins *logins, ClrInventory *inventory);
/* Before the worker starts; the queue is made after the sides that serve it. */
void clr_inbound_set_queue (ClrInbound *inbound, ClrQueue *queue, ClrDisk *disk);
/* After it has ended. */
void clr_inbound_free (ClrInbound *inbound);

/* In the worker: a connection was accepted. Takes @fd. */
void clr_inbound_accept (ClrInbound *inbound, int fd, const ClrEndpoint *peer, ClrReception *reception);
/* Any thread: idle sessions are told goodbye now, the others after their message; with @now all of them. */
void clr_inbound_post_stop (ClrInbound *inbound, gboolean now);
