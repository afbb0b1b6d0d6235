/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-store-schema.h"

#include "backup/clr-formats.h"

/* Claims need no lease while there is one node: recover() takes them all back. The column is there for a
 * shared queue.
 *
 * All indexes are partial: a recipient that is delivered at once is in none but recipient_passing, which is
 * as long as what is under way. `look` is the time at which the scheduler should look at a lane, never later
 * than the first that is due in it unless the lane rests. `tally` counts the messages, and the recipients by
 * state, as of the same transaction: counting a million rows would take a second of a start. */
#define LANE_LOOK "CREATE INDEX lane_look ON lane(look) WHERE look IS NOT NULL;"
#define RECIPIENT_INDEXES                                                                                    \
  "CREATE INDEX recipient_due ON recipient(lane, priority, due) WHERE state=0;"                              \
  "CREATE INDEX recipient_notice ON recipient(notice) WHERE state=0 AND notice>0;"                           \
  "CREATE INDEX recipient_report ON recipient(message) WHERE report<>0;"                                     \
  "CREATE INDEX recipient_passing ON recipient(message) WHERE state IN (1,2,6);"
#define TALLY                                                                                                \
  "CREATE TABLE tally(messages INTEGER NOT NULL, waiting INTEGER NOT NULL, active INTEGER NOT NULL,"         \
  " failed INTEGER NOT NULL, held INTEGER NOT NULL, bouncing INTEGER NOT NULL);"

static const char schema[]
    = "CREATE TABLE lane(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, site TEXT, look "
      "INTEGER);" LANE_LOOK
      "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL,"
      " sender TEXT NOT NULL, ret INTEGER NOT NULL, envid TEXT, eight_bit INTEGER NOT NULL,"
      " size INTEGER NOT NULL, spool INTEGER NOT NULL, recipients INTEGER NOT NULL, origin TEXT, client TEXT,"
      " device TEXT, stream TEXT, campaign TEXT, tag TEXT, priority INTEGER NOT NULL,"
      " requiretls INTEGER NOT NULL, attributes TEXT, smtputf8 INTEGER NOT NULL DEFAULT 0);"
      "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
      " notify INTEGER NOT NULL, orcpt TEXT, lane INTEGER NOT NULL, state INTEGER NOT NULL,"
      " due INTEGER NOT NULL, expires INTEGER NOT NULL, lease INTEGER NOT NULL DEFAULT 0,"
      " attempts INTEGER NOT NULL, code INTEGER NOT NULL, enhanced TEXT, text TEXT, host TEXT,"
      " tried INTEGER NOT NULL, report INTEGER NOT NULL DEFAULT 0, reported INTEGER NOT NULL DEFAULT 0,"
      " notice INTEGER NOT NULL DEFAULT 0, priority INTEGER NOT NULL DEFAULT 0,"
      " PRIMARY KEY(message, number)) WITHOUT ROWID;" RECIPIENT_INDEXES
      "CREATE INDEX recipient_expires ON recipient(expires) WHERE state=0;"
      "CREATE TABLE content(message INTEGER PRIMARY KEY, bytes BLOB NOT NULL);" TALLY
      "INSERT INTO tally VALUES(0,0,0,0,0,0)";

static const char *const upgrades[] = {
  "ALTER TABLE message ADD COLUMN smtputf8 INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE recipient ADD COLUMN report INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE recipient ADD COLUMN reported INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE recipient ADD COLUMN notice INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE recipient ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE lane ADD COLUMN site TEXT;"
  "ALTER TABLE lane ADD COLUMN look INTEGER;"
  "DROP INDEX recipient_due;" RECIPIENT_INDEXES LANE_LOOK
  "UPDATE lane SET look=(SELECT min(due) FROM recipient WHERE lane=lane.id AND state=0);" TALLY
  "INSERT INTO tally SELECT (SELECT count(*) FROM message), total(state=0), total(state=1), total(state=3),"
  " total(state=4), total(state=5) FROM recipient",
};

const ClrDatabaseKind clr_store_schema = {
  .application_id = CLR_FORMAT_QUEUE_ID, .version = CLR_FORMAT_QUEUE, .schema = schema, .upgrades = upgrades
};
