/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backup becomes a relay again. The file is read once: each octet is proven before it is used, everything
 * is put into a folder beside what is there, and only when the backup's end has come, and the settings are
 * valid here, it takes the place of the former state (clr-restore-swap.h). The relay must be stopped. Waits
 * for the disk.
 */
#pragma once

#include "backup/clr-backup-manifest.h"

G_BEGIN_DECLS

typedef struct
{
  const char *file;
  const char *passphrase;
  const char *settings_file;   /* which is written */
  const char *state_directory; /* NULL: the one of the settings that are there, or of the backup */
  gboolean only_settings;      /* and secrets, users, keys; queue, history and state stay as they are */
  gboolean may_replace;        /* a state that is there is moved aside */
  gboolean has_moved;          /* the old relay is off: what waits is delivered, not held */
} ClrRestoreOptions;

typedef struct
{
  ClrBackupManifest *manifest;
  ClrBackupEnd *end;
  char *state_directory;
  char *former;     /* the name in it under which the former state is kept; NULL: there was none */
  GPtrArray *notes; /* of char *: what is not as it was */
} ClrRestoreReport;

/* The whole file is read and proven; nothing is written. (transfer full) */
ClrRestoreReport *clr_restore_check (const char *file, const char *passphrase, GError **error);
/* (transfer full); NULL with @error: nothing has changed, unless the error says that it is to be finished. */
ClrRestoreReport *clr_restore (const ClrRestoreOptions *options, GError **error);
/* Finishes one that was interrupted. FALSE without @error: there is none. */
gboolean clr_restore_finish (const ClrRestoreOptions *options, GError **error);
void clr_restore_report_free (ClrRestoreReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrRestoreReport, clr_restore_report_free)

/* What the restored state says at the relay's first start. */
#define CLR_RESTORED_FILE "restored.json"

typedef struct
{
  char *time; /* of the backup */
  char *hostname;
  gboolean hold; /* what waits may have been delivered by the old relay */
} ClrRestored;

/* FALSE without @error: this is no first start. */
gboolean clr_restored_read (const char *state_directory, ClrRestored *restored, GError **error);
/* All that it asks for is on disk. */
gboolean clr_restored_forget (const char *state_directory, GError **error);
void clr_restored_clear (ClrRestored *restored);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ClrRestored, clr_restored_clear)

G_END_DECLS
