/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDatabase: what the queue's and the history's files have in common: how a SQLite file is opened, checked,
 * and left alone when it is not ours.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sqlite3.h>

typedef struct
{
  int application_id; /* says whose file it is */
  int version;        /* user_version we write; a file with a higher one is refused */
  const char *schema; /* SQL that makes an empty file */
  /* upgrades[i]: SQL that makes version i + 2 of version i + 1; each runs in a transaction of its own */
  const char *const *upgrades;
} ClrDatabaseKind;

sqlite3 *clr_database_open (const char *path, const ClrDatabaseKind *kind, GError **error);
/* Another connection to the same file, for reading. */
sqlite3 *clr_database_open_reader (const char *path, GError **error);
/* New ids will be above those of the table "message". */
gboolean clr_database_keep_ids (sqlite3 *db, GError **error);

/* Fills @error from the last failure. Returns: FALSE. */
gboolean clr_database_fail (sqlite3 *db, const char *doing, GError **error);
gboolean clr_database_exec (sqlite3 *db, const char *sql, GError **error);
/* Returns: NULL when the disk does not work. */
sqlite3_stmt *clr_database_prepare (sqlite3 *db, const char *sql);
/* Runs a statement that gives no rows, and resets it. */
gboolean clr_database_run (sqlite3_stmt *stmt, const char *doing, GError **error);

/* How a walk over rows ended: TRUE at their end. Whoever takes an error for the end of the rows loses mail.
 */
gboolean clr_database_ended (sqlite3_stmt *stmt, int code, GError **error);

/* A copy of a text column, NULL for NULL. */
char *clr_database_dup_text (sqlite3_stmt *stmt, int column);
void clr_database_bind_text (sqlite3_stmt *stmt, int index, const char *text);
