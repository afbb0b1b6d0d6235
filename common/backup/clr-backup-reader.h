/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrBackupReader: the entries of a backup, one after the other. Names, order, kinds, sizes and numbers are
 * held to what a backup has; links, folders, devices, holes and paths are refused. Whoever has seen the end
 * has seen a whole backup: before that nothing of it may count. Any thread, one at a time.
 */
#pragma once

#include "backup/clr-backup-manifest.h"
#include "backup/clr-backup-name.h"

#include <stddef.h>

G_BEGIN_DECLS

typedef struct ClrBackupReader ClrBackupReader;

/* Gives the next octets of the archive, good until the next call; @size 0: the end. */
typedef gboolean (*ClrBackupSource) (void *data, const void **bytes, size_t *size, GError **error);

typedef struct
{
  ClrBackupKind kind;
  const char *name; /* NULL: the end, the backup is whole */
  const char *rest; /* of the name, behind the kind's folder */
  uint64_t size;
} ClrBackupEntry;

/* The file's head is read and the passphrase tried: see clr_backup_head_read() for errors. */
ClrBackupReader *clr_backup_reader_open (const char *path, const char *passphrase, GError **error);
/* @source_free: (nullable): gets @data when the reader is freed. */
ClrBackupReader *clr_backup_reader_new (ClrBackupSource source, void *data, GDestroyNotify source_free,
                                        GError **error);
void clr_backup_reader_free (ClrBackupReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrBackupReader, clr_backup_reader_free)

/* Of every backup; has been read already. */
const ClrBackupManifest *clr_backup_reader_get_manifest (ClrBackupReader *reader);
/* What of the last entry was not read is read over. The manifest and the end are not among them. */
gboolean clr_backup_reader_next (ClrBackupReader *reader, ClrBackupEntry *entry, GError **error);
/* Some of the entry's content; 0: its end; -1 with @error. */
gssize clr_backup_reader_read (ClrBackupReader *reader, void *into, size_t size, GError **error);
/* All of it, and a zero; for kinds that are small. (transfer full) */
char *clr_backup_reader_read_all (ClrBackupReader *reader, gsize *size, GError **error);
/* When the end has come. */
const ClrBackupEnd *clr_backup_reader_get_end (ClrBackupReader *reader);

G_END_DECLS
