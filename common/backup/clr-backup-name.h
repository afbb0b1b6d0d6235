/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The names that can stand in a backup, and what bounds each kind. A name that is none of these is refused,
 * so that no path of a stranger is ever put together with one of ours. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

/* In the order in which they stand in the file. */
typedef enum
{
  CLR_BACKUP_MANIFEST,
  CLR_BACKUP_SETTINGS,
  CLR_BACKUP_VERSION, /* a former version of the settings */
  CLR_BACKUP_SECRET,
  CLR_BACKUP_USERS,
  CLR_BACKUP_KEY,  /* of STATE/keys */
  CLR_BACKUP_TLS,  /* of STATE/tls */
  CLR_BACKUP_FILE, /* named by a setting, from anywhere; the manifest says where it was */
  CLR_BACKUP_SPOOL,
  CLR_BACKUP_QUEUE,
  CLR_BACKUP_STATE,
  CLR_BACKUP_HISTORY,
  CLR_BACKUP_END, /* what has to be there in all */
  CLR_BACKUP_KINDS
} ClrBackupKind;

typedef struct
{
  const char *name;   /* of one thing; with a slash at its end: of a folder */
  uint64_t size_most; /* octets each */
  uint64_t n_most;
} ClrBackupKindInfo;

const ClrBackupKindInfo *clr_backup_kind_get_info (ClrBackupKind kind);

/* @rest: (out): what stands behind the folder, "" for one thing. FALSE: there is no such name. */
gboolean clr_backup_name_parse (const char *name, ClrBackupKind *kind, const char **rest);
/* Letters, digits, - _ . and no dot at the beginning, 1 to 100 octets: the name of a file on every system. */
gboolean clr_backup_name_is_plain (const char *name);

G_END_DECLS
