/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-database.h"

#include "base/clr-error.h"
#include "base/clr-id.h"
#include "system/clr-folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAGE_SIZE        4096
#define QUICK_CHECK_SIZE (64 * 1024 * 1024) /* files up to this size are checked whole at every start */
#define BUSY_MS          10000

gboolean
clr_database_fail (sqlite3 *db, const char *doing, GError **error)
{
  int code = sqlite3_errcode (db), number = sqlite3_system_errno (db);
  /* SQLite has a code of its own for a full disk, but not for a quota. */
  gboolean is_full = code == SQLITE_FULL || (code == SQLITE_IOERR && clr_file_is_no_space (number));

  g_set_error (error, CLR_ERROR,
               is_full                                           ? CLR_ERROR_NO_SPACE
               : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? CLR_ERROR_CORRUPT
                                                                 : CLR_ERROR_STORE,
               "%s: %s (SQLite %d)", doing, sqlite3_errmsg (db), sqlite3_extended_errcode (db));
  return FALSE;
}

gboolean
clr_database_exec (sqlite3 *db, const char *sql, GError **error)
{
  return sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK || clr_database_fail (db, sql, error);
}

sqlite3_stmt *
clr_database_prepare (sqlite3 *db, const char *sql)
{
  sqlite3_stmt *stmt = NULL;

  /* Statements are ours and the schema is known: an error in one is a mistake in the program. But the schema
   * is read from the disk; then the statement is NULL, which SQLite's functions bear, and running it fails.
   */
  if (sqlite3_prepare_v3 (db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) == SQLITE_ERROR)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
  return stmt;
}

gboolean
clr_database_run (sqlite3_stmt *stmt, const char *doing, GError **error)
{
  gboolean ok
      = sqlite3_step (stmt) == SQLITE_DONE || clr_database_fail (sqlite3_db_handle (stmt), doing, error);

  sqlite3_reset (stmt);
  return ok;
}

gboolean
clr_database_ended (sqlite3_stmt *stmt, int code, GError **error)
{
  return code == SQLITE_DONE || clr_database_fail (sqlite3_db_handle (stmt), sqlite3_sql (stmt), error);
}

char *
clr_database_dup_text (sqlite3_stmt *stmt, int column)
{
  return g_strdup ((const char *)sqlite3_column_text (stmt, column));
}

void
clr_database_bind_text (sqlite3_stmt *stmt, int index, const char *text)
{
  if (text)
    sqlite3_bind_text (stmt, index, text, -1, SQLITE_STATIC);
  else
    sqlite3_bind_null (stmt, index);
}

/* Looks at a file before SQLite does, which would already change it. */
static gboolean
look_at_file (const char *path, const ClrDatabaseKind *kind, gboolean *is_new, GError **error)
{
  uint8_t head[100];
  ClrFileFacts facts;
  int fd = clr_file_open (path, CLR_FILE_READ, 0);
  ssize_t n;

  *is_new = FALSE;
  if (fd < 0)
    {
      *is_new = errno == ENOENT;
      if (!*is_new)
        g_set_error (error, CLR_ERROR, CLR_ERROR_STORE, "%s cannot be opened: %s", path, g_strerror (errno));
      return *is_new;
    }
  n = clr_file_read_at (fd, head, sizeof head, 0);
  if (n < 0 || !clr_file_get_facts (fd, &facts))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_STORE, "%s cannot be read: %s", path, g_strerror (errno));
      close (fd);
      return FALSE;
    }
  close (fd);
  if (facts.size == 0)
    {
      *is_new = TRUE; /* nothing can be lost of it */
      return TRUE;
    }

#define BE32(at)                                                                                             \
  ((int)((unsigned)head[at] << 24 | head[(at) + 1] << 16 | head[(at) + 2] << 8 | head[(at) + 3]))
  if (n < (ssize_t)sizeof head || memcmp (head, "SQLite format 3", 16) != 0
      || BE32 (68) != kind->application_id)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_CORRUPT,
                   "%s is damaged, or not a file of Cl Mail Relay. It was left untouched. Move it and its "
                   "-wal and -shm "
                   "files aside (do not delete them: they may hold mail), or restore them from a backup, and "
                   "start again.",
                   path);
      return FALSE;
    }
  if (BE32 (60) > kind->version)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_NEWER,
                   "%s was written by a newer version of Cl Mail Relay (format %d, this version knows %d). "
                   "It was left "
                   "untouched. Install the newer version again.",
                   path, BE32 (60), kind->version);
      return FALSE;
    }
#undef BE32
  return TRUE;
}

static gboolean
check (sqlite3 *db, const char *path, GError **error)
{
  sqlite3_stmt *stmt = NULL;
  ClrFileFacts facts;
  gboolean ok = TRUE;
  int code;
  const char *sql = clr_file_look (path, &facts) && facts.size <= QUICK_CHECK_SIZE
                        ? "PRAGMA quick_check(1)"
                        : "SELECT 'ok' FROM sqlite_master";

  code = sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_step (stmt);
  if (code != SQLITE_ROW && code != SQLITE_DONE && code != SQLITE_CORRUPT && code != SQLITE_NOTADB)
    ok = clr_database_fail (db, path, error); /* the disk, or somebody else's lock: no word about the file */
  else if (code != SQLITE_ROW || g_strcmp0 ((const char *)sqlite3_column_text (stmt, 0), "ok") != 0)
    {
      g_autofree char *what
          = g_strdup (code == SQLITE_ROW ? (const char *)sqlite3_column_text (stmt, 0) : NULL);
      g_set_error (error, CLR_ERROR, CLR_ERROR_CORRUPT,
                   "%s is damaged (%s). It was left untouched. Move it and its -wal and -shm files aside (do "
                   "not delete "
                   "them: they may hold mail), or restore them from a backup, and start again.",
                   path, what ? what : sqlite3_errmsg (db));
      ok = FALSE;
    }
  sqlite3_finalize (stmt);
  return ok;
}

/* The version that counts stands in the log as long as the log has not been copied. */
static gboolean
read_version (sqlite3 *db, int *version, GError **error)
{
  sqlite3_stmt *stmt = clr_database_prepare (db, "PRAGMA user_version");
  gboolean ok = sqlite3_step (stmt) == SQLITE_ROW && sqlite3_column_int (stmt, 0) > 0;

  if (ok)
    *version = sqlite3_column_int (stmt, 0);
  else
    clr_database_fail (db, "reading the database's format", error);
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
upgrade (sqlite3 *db, const ClrDatabaseKind *kind, GError **error)
{
  int version;

  if (!read_version (db, &version, error))
    return FALSE;
  if (version > kind->version)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_NEWER,
                   "the database was written by a newer version of Cl Mail Relay (format %d, this version "
                   "knows %d). Install the newer version again.",
                   version, kind->version);
      return FALSE;
    }
  for (; version < kind->version; version++)
    {
      g_autofree char *step = g_strdup_printf ("BEGIN IMMEDIATE; %s; PRAGMA user_version=%d; COMMIT;",
                                               kind->upgrades[version - 1], version + 1);

      if (!clr_database_exec (db, step, error))
        {
          g_prefix_error (error, "bringing the database to format %d: ", version + 1);
          clr_database_exec (db, "ROLLBACK", NULL);
          return FALSE;
        }
    }
  return TRUE;
}

static sqlite3 *
open_connection (const char *path, int flags, GError **error)
{
  sqlite3 *db = NULL;

  if (sqlite3_open_v2 (path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_STORE, "%s cannot be opened: %s", path,
                   db ? sqlite3_errmsg (db) : "out of memory");
      sqlite3_close (db);
      return NULL;
    }
  sqlite3_busy_timeout (db, BUSY_MS);
  sqlite3_extended_result_codes (db, 0);
  return db;
}

/* The file is made under another name, and gets its own when it is whole and on disk: a start that is cut
 * leaves no half of a database. */
static gboolean
make_file (const char *path, const ClrDatabaseKind *kind, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".new", NULL), *log = g_strconcat (path, "-wal", NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *sql
      = g_strdup_printf ("PRAGMA page_size=%d; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=OFF;"
                         "PRAGMA synchronous=FULL; BEGIN IMMEDIATE; %s; PRAGMA application_id=%d;"
                         "PRAGMA user_version=%d; COMMIT;",
                         PAGE_SIZE, kind->schema, kind->application_id, kind->version);
  ClrFileFacts facts;
  sqlite3 *db;
  gboolean ok;

  /* SQLite would take a log of another file for this one's. */
  if (clr_file_look (log, &facts))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_CORRUPT,
                   "%s is missing or empty, but its log %s is there, and may hold mail. Restore the file, or "
                   "move the log aside (do not delete it), and start again.",
                   path, log);
      return FALSE;
    }
  if (!clr_file_unlink (temporary) && errno != ENOENT)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_STORE, "%s cannot be removed: %s", temporary,
                   g_strerror (errno));
      return FALSE;
    }
  db = open_connection (temporary, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
  if (db == NULL)
    return FALSE;
  ok = sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK
       || clr_database_fail (db, "making the database", error);
  sqlite3_close (db);
  if (!ok)
    return FALSE;

  g_autoptr (ClrFolder) folder = clr_folder_open (directory);
  ok = folder && clr_file_rename (temporary, path) && clr_folder_sync (folder);
  if (!ok)
    g_set_error (error, CLR_ERROR, CLR_ERROR_STORE, "%s cannot be made: %s", path, g_strerror (errno));
  return ok;
}

sqlite3 *
clr_database_open (const char *path, const ClrDatabaseKind *kind, GError **error)
{
  gboolean is_new;
  sqlite3 *db;

  if (!look_at_file (path, kind, &is_new, error) || (is_new && !make_file (path, kind, error)))
    return NULL;
  db = open_connection (path, SQLITE_OPEN_READWRITE, error);
  if (db == NULL)
    return NULL;
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  if (!is_new && !check (db, path, error))
    goto failed;

  /* Checkpoints are run elsewhere; the log's file is kept, so that a commit need not grow it. */
  if (!clr_database_exec (db,
                          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                          "PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF;",
                          error)
      || !upgrade (db, kind, error))
    goto failed;
  return db;

failed:
  sqlite3_close (db);
  return NULL;
}

sqlite3 *
clr_database_open_reader (const char *path, GError **error)
{
  return open_connection (path, SQLITE_OPEN_READWRITE, error);
}

gboolean
clr_database_keep_ids (sqlite3 *db, GError **error)
{
  sqlite3_stmt *stmt = clr_database_prepare (db, "SELECT max(id) FROM message");
  gboolean ok = sqlite3_step (stmt) == SQLITE_ROW || clr_database_fail (db, "looking at the ids", error);

  if (ok)
    clr_id_keep_above (sqlite3_column_int64 (stmt, 0));
  sqlite3_finalize (stmt);
  return ok;
}
