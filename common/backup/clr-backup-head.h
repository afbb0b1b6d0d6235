/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The head of a backup file: which format it has, and how the key is made of the passphrase. Pure but for the
 * computing, which takes a good part of a second. The format stands in README.md. Any thread.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

G_BEGIN_DECLS

#define CLR_BACKUP_FORMAT    1
#define CLR_BACKUP_HEAD_SIZE 64
#define CLR_BACKUP_KEY_SIZE  32
/* What PBKDF2 takes of a file that we make, and the bounds of what is taken from others: below them nothing
 * is protected, above them a stranger's file would keep this machine busy. */
#define CLR_BACKUP_ITERATIONS       600000
#define CLR_BACKUP_ITERATIONS_LEAST 1000
#define CLR_BACKUP_ITERATIONS_MOST  5000000
#define CLR_BACKUP_PASSPHRASE_LEAST 8    /* characters */
#define CLR_BACKUP_PASSPHRASE_MOST  1024 /* octets */

typedef struct
{
  uint8_t bytes[CLR_BACKUP_HEAD_SIZE];
  uint8_t key[CLR_BACKUP_KEY_SIZE]; /* secret */
} ClrBackupHead;

/* Fit to make a backup with. */
gboolean clr_backup_passphrase_is_good (const char *passphrase, GError **error);

/* A new head with a salt of its own. */
gboolean clr_backup_head_make (ClrBackupHead *head, const char *passphrase, unsigned iterations,
                               GError **error);
/* G_IO_ERROR_INVALID_DATA: this is no backup file; G_IO_ERROR_NOT_SUPPORTED: of a newer version;
 * G_IO_ERROR_PERMISSION_DENIED: the passphrase is not the one. */
gboolean clr_backup_head_read (ClrBackupHead *head, const uint8_t bytes[CLR_BACKUP_HEAD_SIZE],
                               const char *passphrase, GError **error);
void clr_backup_head_clear (ClrBackupHead *head);

G_END_DECLS
