/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrBackupWriter: the entries of a backup, as a tar archive (pax), into a sealer. Names and order are those
 * of clr-backup-name.h. Any thread, one at a time.
 */
#pragma once

#include "backup/clr-backup-chunks.h"
#include "backup/clr-backup-manifest.h"

G_BEGIN_DECLS

typedef struct ClrBackupWriter ClrBackupWriter;

/* @sealer: taken, whatever happens. */
ClrBackupWriter *clr_backup_writer_new (ClrBackupSealer *sealer, GError **error);
void clr_backup_writer_free (ClrBackupWriter *writer);
gboolean clr_backup_writer_add (ClrBackupWriter *writer, const char *name, const void *bytes, size_t size,
                                GError **error);
/* The first @size octets of @fd; it is an error when there are less. */
gboolean clr_backup_writer_add_file (ClrBackupWriter *writer, const char *name, int fd, uint64_t size,
                                     GError **error);
/* Puts the end behind all; the writer fills in what it has counted. */
gboolean clr_backup_writer_finish (ClrBackupWriter *writer, ClrBackupEnd *end, GError **error);

G_END_DECLS
