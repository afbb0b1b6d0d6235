/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last step of restoring: what lies ready in STATE/restoring takes the place of what is there. From the
 * rename that gives that folder its name on, the restore counts: whoever is killed after it is finished by
 * the next start of the relay, or the next `clrelay restore`. Before it nothing has changed. What was there
 * is moved aside and never deleted. Whoever calls holds the lock of the state directory. Waits for the disk.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Names in the state directory. */
#define CLR_RESTORE_LOCK  "lock"
#define CLR_RESTORE_PART  "restoring.part" /* being filled; counts for nothing */
#define CLR_RESTORE_READY "restoring"
#define CLR_RESTORE_DONE  "restored.done" /* to be removed */
/* Names in the folder that is made ready. */
#define CLR_RESTORE_INCOMING "incoming"
#define CLR_RESTORE_SETTINGS "settings"
#define CLR_RESTORE_CONF     "clrelay.conf" /* in the folder of settings, beside "versions" */

typedef struct
{
  char *stamp;            /* in the names of what is moved aside */
  char *settings_file;    /* which is replaced */
  gboolean only_settings; /* queue, history and state stay */
} ClrRestorePlan;

/* Of the state directory: the names that a restore brings, and moves aside. */
const char *const *clr_restore_swap_list_names (gboolean only_settings);
/* Where the former state is put. (transfer full) */
char *clr_restore_swap_dup_former (const char *stamp);

/* Into the folder that is being filled. */
gboolean clr_restore_plan_write (const ClrRestorePlan *plan, const char *state_directory, GError **error);

gboolean clr_restore_swap_is_pending (const char *state_directory);
/* The restore counts from here on. All that was put into the folder is on disk. */
gboolean clr_restore_swap_commit (const char *state_directory, GError **error);
/* Once or again, until it succeeds. */
gboolean clr_restore_swap_finish (const char *state_directory, const char *settings_file, GError **error);
/* Removes what a restore that did not count has left, and what is over. */
void clr_restore_swap_clean (const char *state_directory);
/* A folder and all in it; links are removed, not followed. */
void clr_restore_remove_tree (const char *path);

G_END_DECLS
