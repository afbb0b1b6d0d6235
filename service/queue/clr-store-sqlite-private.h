/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the SQLite store share: clr-store-sqlite.c (transactions), clr-store-rows.c,
 * clr-store-lanes.c (lanes and claims) and clr-store-choose.c (acts and pages). Queue thread.
 */
#pragma once

#include "queue/clr-database.h"
#include "queue/clr-store.h"

typedef enum
{
  CLR_SQL_BEGIN,
  CLR_SQL_COMMIT,
  CLR_SQL_ROLLBACK,
  CLR_SQL_TALLY,
  CLR_SQL_LANE_FIND,
  CLR_SQL_LANE_ADD,
  CLR_SQL_LANE_LOOK,
  CLR_SQL_LANE_SITE,
  CLR_SQL_MESSAGE_ADD,
  CLR_SQL_MESSAGE_GET,
  CLR_SQL_MESSAGE_DELETE,
  CLR_SQL_MESSAGE_HAS,
  CLR_SQL_RECIPIENT_ADD,
  CLR_SQL_RECIPIENT_UPDATE,
  CLR_SQL_RECIPIENT_CLAIM,
  CLR_SQL_RECIPIENT_MADE,
  CLR_SQL_RECIPIENT_ACT,
  CLR_SQL_RECIPIENT_DELETE,
  CLR_SQL_RECIPIENTS_OF,
  CLR_SQL_STATES_OF,
  CLR_SQL_RECIPIENTS_DELETE,
  CLR_SQL_REPORTS_DUE,
  CLR_SQL_EXPIRED,
  CLR_SQL_NOTICES_DUE,
  CLR_SQL_CONTENT_PUT,
  CLR_SQL_CONTENT_GET,
  CLR_SQL_CONTENT_DROP,
  CLR_SQL_PRIORITY,
  CLR_SQL_DUE,
  CLR_SQL_NEXT_DUE,
  CLR_SQL_LAST,
} ClrSql;

typedef struct
{
  uint64_t messages;
  uint64_t states[CLR_RECIPIENT_STATES];
} ClrTally;

typedef struct
{
  ClrQueueStore parent;
  ClrContentStore content;
  char *path;
  sqlite3 *db;
  GHashTable *lanes;       /* key -> ClrStoredLane: some of them; emptied when a transaction is rolled back */
  ClrTally tally, written; /* now, and as of the last commit */
  sqlite3_stmt *stmt[CLR_SQL_LAST];
  int wal_pages; /* in the log after the last commit */
} ClrSqliteStore;

typedef struct
{
  int64_t id;
  int64_t look_us; /* INT64_MAX: none */
} ClrStoredLane;

/* clr-store-sqlite.c */
sqlite3_stmt *clr_sqlite_use (ClrSqliteStore *self, ClrSql which);
gboolean clr_sqlite_run (ClrSqliteStore *self, ClrSql which, const char *doing, GError **error);
/* A recipient went from one state to another; -1: it came, or went. */
void clr_sqlite_count (ClrSqliteStore *self, int from, int to);

/* clr-store-rows.c */
extern const ClrContentStoreClass clr_sqlite_content_class;
gboolean clr_sqlite_add (ClrSqliteStore *self, const ClrMessage *message, GError **error);
gboolean clr_sqlite_update (ClrSqliteStore *self, const ClrRecipientUpdate *update, GError **error);
gboolean clr_sqlite_report_made (ClrSqliteStore *self, const ClrReportMade *made, GError **error);
gboolean clr_sqlite_remove (ClrSqliteStore *self, uint64_t id, GError **error);
/* The message with those of its recipients whose numbers are in @numbers (NULL: all). Returns: NULL with an
 * error, or without one when there is no such message. */
ClrMessage *clr_sqlite_load (ClrSqliteStore *self, uint64_t id, const GArray *numbers, GError **error);
/* Loads what each of @ids names into @messages; those that are gone are left out. */
gboolean clr_sqlite_load_all (ClrSqliteStore *self, const GArray *ids, GPtrArray *messages, GError **error);
/* Appends the ids (uint64_t) that the bound @stmt gives, and resets it. */
gboolean clr_sqlite_read_ids (sqlite3_stmt *stmt, GArray *ids, GError **error);

/* clr-store-lanes.c */
/* NULL with an error, or without one when there is none and it is not to be made. */
ClrStoredLane *clr_sqlite_find_lane (ClrSqliteStore *self, const char *key, gboolean make, GError **error);
/* Something waits in the lane from @due_us on. */
gboolean clr_sqlite_bring_forward (ClrSqliteStore *self, const char *key, int64_t due_us, GError **error);
gboolean clr_sqlite_set_lane (ClrSqliteStore *self, const ClrLaneUpdate *update, GError **error);
gboolean clr_sqlite_claim (ClrSqliteStore *self, ClrClaim *claim, GError **error);
gboolean clr_sqlite_visit_lanes (ClrQueueStore *store, ClrLaneCursor *cursor, unsigned n,
                                 ClrLaneVisitor visitor, void *data, GError **error);

/* clr-store-choose.c */
gboolean clr_sqlite_act (ClrSqliteStore *self, ClrAct *act, GError **error);
gboolean clr_sqlite_page (ClrQueueStore *store, ClrPage *page, GError **error);
