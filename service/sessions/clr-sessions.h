/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrSessions: the sessions of all workers as the main thread sees them: it has them listed, orders records
 * of some, and keeps the records. They are in memory only, few, and small.
 */
#pragma once

#include "sessions/clr-record-order.h"
#include "sessions/clr-census.h"

typedef struct ClrSessions ClrSessions;
struct ClrWorker;

#define CLR_RECORDS_MOST        10u /* the oldest give way */
#define CLR_RECORD_SESSIONS     20u /* of one record */
#define CLR_RECORD_SIZE         (256 * 1024)
#define CLR_RECORD_SIZE_MOST    (2 * 1024 * 1024) /* octets of one session */
#define CLR_RECORD_SECONDS      600
#define CLR_RECORD_SECONDS_MOST 86400

/* One session of a record. */
typedef struct
{
  char *id; /* "2-17" */
  char *peer;
  gboolean is_outgoing;
  gboolean has_ended;
  gboolean is_cut;
  GArray *lines; /* of ClrRecordLine */
} ClrRecordedSession;

typedef struct
{
  uint64_t number;
  char *who; /* ordered it */
  ClrRecordOrder *order;
  unsigned wanted;            /* sessions */
  int64_t begun_us, until_us; /* since 1970 */
  GPtrArray *sessions;        /* of ClrRecordedSession */
} ClrRecord;

/* Makes the workers' rosters. Before the workers start; they must outlive it. */
ClrSessions *clr_sessions_new (struct ClrWorker **workers, unsigned n_workers);
/* After the workers have ended. */
void clr_sessions_free (ClrSessions *sessions);

/* The roll goes round and comes back to who asked. Takes @roll. */
void clr_sessions_post_census (ClrSessions *sessions, ClrCensus *roll);

/* What is to be recorded. */
typedef struct
{
  ClrRecordKind kind;
  const char *name;
  unsigned sessions, seconds;
  size_t size;
  gboolean with_content;
  const char *who;
} ClrRecordWish;

/* Returns: NULL when the address is none. (transfer none) */
const ClrRecord *clr_sessions_record (ClrSessions *sessions, const ClrRecordWish *wish);
/* Of ClrRecord, the oldest first. */
const GPtrArray *clr_sessions_list_records (ClrSessions *sessions);
const ClrRecord *clr_sessions_find_record (ClrSessions *sessions, uint64_t number);
/* Ends it, and forgets what it has. Returns: FALSE when there is none. */
gboolean clr_sessions_drop_record (ClrSessions *sessions, uint64_t number);
/* Whether nothing will be added to it any more. */
gboolean clr_record_is_over (const ClrRecord *record);
