/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a backup says of itself: the manifest, which comes first, and the end, which tells what has to be
 * there. Pure.
 */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

G_BEGIN_DECLS

/* A file from anywhere, which a setting names. */
typedef struct
{
  char *path;  /* where it was */
  char *entry; /* "files/1" */
} ClrBackupFile;

typedef struct
{
  char *program; /* the version that made it */
  char *time;    /* when, as on the wire */
  char *hostname;
  gboolean is_windows;
  char *settings_file;
  char *state_directory;
  unsigned queue_format, history_format, state_format; /* 0: not in it */
  GPtrArray *files;                                    /* of ClrBackupFile */
} ClrBackupManifest;

typedef struct
{
  uint64_t n_entries; /* before this one */
  uint64_t octets;    /* of their contents */
  uint64_t n_messages, n_recipients;
  GPtrArray *notes; /* of char *: what could not be taken along */
} ClrBackupEnd;

ClrBackupManifest *clr_backup_manifest_new (void);
void clr_backup_manifest_free (ClrBackupManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrBackupManifest, clr_backup_manifest_free)
/* (transfer full) */
char *clr_backup_manifest_to_text (const ClrBackupManifest *manifest);
/* (transfer full); NULL with @error */
ClrBackupManifest *clr_backup_manifest_from_text (const char *text, GError **error);

ClrBackupEnd *clr_backup_end_new (void);
void clr_backup_end_free (ClrBackupEnd *end);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrBackupEnd, clr_backup_end_free)
char *clr_backup_end_to_text (const ClrBackupEnd *end);
ClrBackupEnd *clr_backup_end_from_text (const char *text, GError **error);

G_END_DECLS
