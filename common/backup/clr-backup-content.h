/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What of a relay is small and goes into a backup: settings with their former versions, secrets, users, keys,
 * certificates. All of it is held in memory, and wiped when it is freed. Waits for the disk.
 */
#pragma once

#include "backup/clr-backup-writer.h"

G_BEGIN_DECLS

typedef struct ClrBackupContent ClrBackupContent;

/* Reads it all as it is now, and fills in the place and the files of @manifest. What is missing or cannot be
 * read, and is not the settings file itself, is told in @notes (of char *). */
ClrBackupContent *clr_backup_content_read (const char *settings_file, const char *state_directory,
                                           ClrBackupManifest *manifest, GPtrArray *notes, GError **error);
/* The manifest, and all of it. */
gboolean clr_backup_content_write (ClrBackupContent *content, const ClrBackupManifest *manifest,
                                   ClrBackupWriter *writer, GError **error);
void clr_backup_content_free (ClrBackupContent *content);

G_END_DECLS
