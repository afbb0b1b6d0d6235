/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-history-schema.h"

#include "backup/clr-formats.h"

/* The indexes serve what a trace looks up whole; all else is a walk by id, which is by age. */
#define INDEXES                                                                                              \
  "CREATE INDEX message_sender ON message(sender COLLATE NOCASE, id);"                                       \
  "CREATE INDEX message_name ON message(message_id COLLATE NOCASE, id) WHERE message_id IS NOT NULL;"        \
  "CREATE INDEX recipient_address ON recipient(address COLLATE NOCASE, message);"

static const char schema[]
    = "CREATE TABLE message(id INTEGER PRIMARY KEY, node INTEGER NOT NULL, created INTEGER NOT NULL,"
      " sender TEXT NOT NULL, size INTEGER NOT NULL, origin TEXT, client TEXT, device TEXT, attributes TEXT,"
      " subject TEXT, message_id TEXT, envid TEXT);"
      "CREATE TABLE recipient(message INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
      " lane TEXT NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, code INTEGER NOT NULL DEFAULT "
      "0,"
      " enhanced TEXT, text TEXT, host TEXT, tried INTEGER NOT NULL DEFAULT 0, who TEXT, PRIMARY "
      "KEY(message, number))"
      " WITHOUT ROWID;"
      "CREATE TABLE attempt(message INTEGER NOT NULL, number INTEGER NOT NULL, started INTEGER NOT NULL,"
      " ended INTEGER NOT NULL, outcome INTEGER NOT NULL, phase TEXT, code INTEGER NOT NULL, enhanced TEXT,"
      " text TEXT, host TEXT, tls TEXT, PRIMARY KEY(message, number, started)) WITHOUT ROWID;" INDEXES;

static const char *const upgrades[] = {
  "ALTER TABLE message ADD COLUMN subject TEXT; ALTER TABLE message ADD COLUMN message_id TEXT;"
  "ALTER TABLE message ADD COLUMN envid TEXT;"
  "ALTER TABLE recipient ADD COLUMN code INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE recipient ADD COLUMN enhanced TEXT; ALTER TABLE recipient ADD COLUMN text TEXT;"
  "ALTER TABLE recipient ADD COLUMN host TEXT;"
  "ALTER TABLE recipient ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;"
  "UPDATE message SET subject=json_extract(attributes,'$.subject'),"
  " message_id=json_extract(attributes,'$.\"message-id\"') WHERE json_valid(attributes);"
  "DROP INDEX message_sender; DROP INDEX recipient_address;" INDEXES,
  "ALTER TABLE recipient ADD COLUMN who TEXT",
};

const ClrDatabaseKind clr_history_schema = { .application_id = CLR_FORMAT_HISTORY_ID,
                                             .version = CLR_FORMAT_HISTORY,
                                             .schema = schema,
                                             .upgrades = upgrades };
