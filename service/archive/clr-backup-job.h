/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrBackupJob: a backup of this relay, made while it works, by a thread of its own. It copies the databases,
 * then gives the file piece by piece, as fast as they are taken. Whoever starts it owns it, and calls from
 * the thread that opens @reply_to.
 */
#pragma once

#include "backup/clr-backup-manifest.h"
#include "base/clr-mailbox.h"
#include "queue/clr-state.h"

typedef struct ClrBackupJob ClrBackupJob;

typedef struct
{
  const char *settings_file;
  const char *state_directory;
  const char *hostname;
  const char *passphrase;
  gboolean with_history;
  uint64_t min_free; /* octets that stay free on the state directory's disk */
  ClrState *state;   /* lives longer than the job */

  ClrMailbox *reply_to;
  /* Some octets of the file, in order. */
  void (*piece) (GBytes *bytes, void *data);
  /* The last call, always; the job is gone after it. @end: NULL when it failed; @problem says why. */
  void (*done) (const ClrBackupEnd *end, const char *problem, void *data);
  void *data;
} ClrBackupOrder;

/* All of the order is copied. */
ClrBackupJob *clr_backup_job_start (const ClrBackupOrder *order);
/* A piece has gone on its way: there is room for another one. */
void clr_backup_job_go_on (ClrBackupJob *job);
/* It ends soon, with done(); no piece comes any more. */
void clr_backup_job_cancel (ClrBackupJob *job);

/* What a backup leaves in the state directory when the relay is killed. */
void clr_backup_job_clean (const char *state_directory);
