/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods of the control API: one table row each (HTTP method, path, role, function).
 */
#pragma once

#include "control/clr-access.h"
#include "control/clr-audit.h"
#include "control/clr-control.h"
#include "control/clr-door.h"
#include "control/clr-keyring.h"
#include "control/clr-series.h"

#include <libsoup/soup.h>

#define CLR_METHODS_SOCKET "clr-socket" /* of a request's remote address: the GSocket it came by */

typedef struct ClrMethodsBackup ClrMethodsBackup;

typedef struct
{
  ClrControlHost host;
  ClrKeyring *keyring;
  ClrDoor *door;            /* NULL: not over TCP */
  ClrMailbox *mailbox;      /* the main thread's: answers of other threads come here */
  unsigned n_waiting;       /* requests that wait for such an answer */
  GSList *followers;        /* of the log, that wait */
  ClrSeries *series;        /* the counters over time */
  ClrAudit *audit;          /* who changed what */
  ClrMethodsBackup *backup; /* the one that is being made, NULL: none */
  uint64_t submitted;       /* octets of messages on their way in, arriving or waiting for the commit */
} ClrMethodPlace;

/* Whether a request whose head has come may go on: its body need not be kept otherwise. FALSE: a refusal has
 * been answered. */
gboolean clr_methods_admit (SoupServerMessage *message, ClrRole role);
/* Handles one request. @role, @who: the peer's. */
void clr_methods_handle (ClrMethodPlace *place, SoupServerMessage *message, const char *path,
                         GHashTable *query, ClrRole role, const char *who);

/* Answers those who wait for events. */
void clr_methods_log_stop (ClrMethodPlace *place);
/* A backup that is being made ends soon. */
void clr_methods_backup_stop (ClrMethodPlace *place);

void clr_methods_answer_error (SoupServerMessage *message, unsigned status, const char *text);
