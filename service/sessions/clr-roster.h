/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrRoster: the sessions of one worker, for those who look at them or have them recorded. Belongs to the
 * worker. A session enters and leaves; it is asked only when somebody looks, and what passes through it is
 * looked at only while an order wants it.
 */
#pragma once

#include "net/clr-stream.h"
#include "sessions/clr-record-order.h"
#include "sessions/clr-census.h"

typedef struct ClrRoster ClrRoster;
typedef struct ClrRosterEntry ClrRosterEntry;
typedef struct ClrRecording ClrRecording;

/* A part of the session. */
struct ClrRosterEntry
{
  ClrRosterEntry *former, *next;
  /* Fills in what is known; @facts has nothing but what the roster knows. */
  void (*describe) (const ClrRosterEntry *entry, ClrSessionFacts *facts);
  ClrStream *stream; /* while it stands */
  uint64_t number;
  int64_t since_us; /* monotonic */
  gboolean is_outgoing;
  ClrRecording *recording; /* NULL: it is not recorded */
};

/* Before the worker starts. */
ClrRoster *clr_roster_new (ClrWorker *worker);
/* After it has ended, and all sessions have left. */
void clr_roster_free (ClrRoster *roster);

/* @entry: zeroed but for describe, is_outgoing and stream. A worker without a roster, in a test, has none. */
void clr_roster_enter (ClrWorker *worker, ClrRosterEntry *entry);
/* Before the stream is freed. */
void clr_roster_leave (ClrWorker *worker, ClrRosterEntry *entry);
/* Whether it is worth saying what is known of a session. */
gboolean clr_roster_has_orders (const ClrWorker *worker);
/* Records the session from here on when an order means it. */
void clr_roster_look (ClrWorker *worker, ClrRosterEntry *entry, const ClrRecordMark *mark);
/* Something that nobody said, for the record. */
void clr_roster_note (ClrWorker *worker, ClrRosterEntry *entry, const char *text);

/* The worker's thread: adds its sessions. */
void clr_roster_add_to (ClrRoster *roster, ClrCensus *roll);
void clr_roster_take_order (ClrRoster *roster, ClrRecordOrder *order);
