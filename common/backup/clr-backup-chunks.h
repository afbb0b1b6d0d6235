/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What follows the head of a backup file: chunks sealed by AES-256-GCM, numbered in their nonces, the last
 * one marked in its own. Whatever is changed, moved, added or cut off is found before a single octet of the
 * chunk is used. One chunk is in memory at a time. Any thread, one at a time.
 */
#pragma once

#include "backup/clr-backup-head.h"

#include <stddef.h>

G_BEGIN_DECLS

#define CLR_BACKUP_CHUNK 65536 /* octets of content in each but the last */
#define CLR_BACKUP_TAG   16

typedef struct ClrBackupSealer ClrBackupSealer;
typedef struct ClrBackupOpener ClrBackupOpener;

/* Takes octets of the file as they become ready, the head first. FALSE: no more is wanted. */
typedef gboolean (*ClrBackupSink) (const void *bytes, size_t size, void *data, GError **error);

ClrBackupSealer *clr_backup_sealer_new (const ClrBackupHead *head, ClrBackupSink sink, void *data,
                                        GError **error);
void clr_backup_sealer_free (ClrBackupSealer *sealer);
gboolean clr_backup_sealer_write (ClrBackupSealer *sealer, const void *bytes, size_t size, GError **error);
/* Without it the file counts as cut short. */
gboolean clr_backup_sealer_finish (ClrBackupSealer *sealer, GError **error);

/* Reads the head from @fd, which stays the caller's. The errors are those of clr_backup_head_read(). */
ClrBackupOpener *clr_backup_opener_new (int fd, const char *passphrase, GError **error);
void clr_backup_opener_free (ClrBackupOpener *opener);
/* The next chunk's content, good until the next call; @size 0: the end, and the file is whole. */
gboolean clr_backup_opener_read (ClrBackupOpener *opener, const void **bytes, size_t *size, GError **error);

G_END_DECLS
