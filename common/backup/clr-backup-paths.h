/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Paths in settings, when a relay moves to another place or another system. Pure.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where a relay is. */
typedef struct
{
  gboolean is_windows;
  const char *settings_file;
  const char *state_directory;
} ClrBackupPlace;

typedef enum
{
  CLR_PATH_KEPT,    /* it can be the same there */
  CLR_PATH_MOVED,   /* it lies in a folder of the relay's, which has moved */
  CLR_PATH_FOREIGN, /* of another system, in no folder of the relay's */
} ClrPathFate;

/* Where @path of @from is at @to. Returns: (transfer full): NULL when it is foreign. */
char *clr_backup_path_translate (const ClrBackupPlace *from, const ClrBackupPlace *to, const char *path,
                                 ClrPathFate *fate);
/* The last name in it, of letters that every file system takes. (transfer full) */
char *clr_backup_path_dup_name (const char *path);
/* What of @path lies below @folder, with slashes; NULL: it does not. (transfer full) */
char *clr_backup_path_below (gboolean is_windows, const char *folder, const char *path);

typedef enum
{
  CLR_PATH_STATE,     /* the state directory itself */
  CLR_PATH_OWN_FILE,  /* a certificate or key: it goes along */
  CLR_PATH_AUTHORITY, /* a file that the system may have, too: it goes along for a system that has not */
  CLR_PATH_PLACE,     /* where something is written or looked for */
} ClrPathRole;

typedef struct
{
  char *group;
  char *name; /* NULL for a group without */
  char *key;
  char *value;
  ClrPathRole role;
} ClrPathSetting;

ClrPathRole clr_backup_path_get_role (const char *group, const char *key);
/* The settings of a file's text that are paths; the text need not be valid here. (transfer full)
 * (element-type ClrPathSetting) */
GPtrArray *clr_backup_path_list (const char *text);

G_END_DECLS
