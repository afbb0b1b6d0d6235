/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The settings of a backup for another place or system: paths in the relay's own folders move along, files
 * that settings name are where they can be, and whatever is not as it was is told.
 */
#pragma once

#include "backup/clr-backup-manifest.h"
#include "backup/clr-backup-paths.h"

G_BEGIN_DECLS

/* @files: the folder that holds the backup's files by their numbers; each becomes "NUMBER-NAME", for
 * STATE/files, or is removed when it is not needed. @notes: of char *, is added to.
 * Returns: (transfer full): the text; NULL with @error */
char *clr_restore_settings_translate (const char *text, const ClrBackupManifest *manifest,
                                      const ClrBackupPlace *to, const char *files, GPtrArray *notes,
                                      GError **error);

G_END_DECLS
