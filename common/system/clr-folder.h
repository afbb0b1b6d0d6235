/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrFolder: an open folder, and files by their names in it. On Unix it is a descriptor: who renames the
 * folder, or puts a link in its place, changes nothing for those who have it open. Names are one component;
 * links are not followed. Any thread, one at a time.
 *
 * What is synced: on Unix clr_folder_sync() brings the names to the disk. Windows has no such call for
 * folders; NTFS writes names through its journal in the order in which they were made, and
 * clr_file_sync() of a file flushes the journal up to that file's own name (FlushFileBuffers). So there a new
 * file is safe once it is synced, a rename is asked for with write-through, and clr_folder_sync() does
 * nothing.
 */
#pragma once

#include "system/clr-file.h"

typedef struct ClrFolder ClrFolder;

/* NULL with errno. */
ClrFolder *clr_folder_open (const char *path);
/* The same, unless @path is a link that somebody has put there. */
ClrFolder *clr_folder_open_real (const char *path);
void clr_folder_close (ClrFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClrFolder, clr_folder_close)

/* Makes @path and the folders above it if need be, each with its entry on disk: what is synced in a folder is
 * lost with the folder. FALSE with errno. */
gboolean clr_folder_make (const char *path, int mode);

/* As clr_file_open(). ELOOP: it is a link. */
int clr_folder_open_file (ClrFolder *folder, const char *name, ClrFileOpening opening, int mode);
/* FALSE with errno. */
gboolean clr_folder_unlink (ClrFolder *folder, const char *name);
/* Within it, over what is there. */
gboolean clr_folder_rename (ClrFolder *folder, const char *from, const char *to);
/* EXDEV: @to is on another disk. */
gboolean clr_folder_move (ClrFolder *folder, const char *name, ClrFolder *to, const char *new_name);
gboolean clr_folder_look (ClrFolder *folder, const char *name, ClrFileFacts *facts);
gboolean clr_folder_has (ClrFolder *folder, const char *name);
gboolean clr_folder_get_facts (ClrFolder *folder, ClrFileFacts *facts);
gboolean clr_folder_sync (ClrFolder *folder);
/* Waits until no other of our processes has this folder locked; until it is closed. */
gboolean clr_folder_lock (ClrFolder *folder);
/* May this process put files in, and take them away? */
gboolean clr_folder_may_write (ClrFolder *folder);
/* Everybody on this machine may put files in, and only this process and administrators see and remove them.
 * FALSE with errno. */
gboolean clr_folder_let_all_put_in (ClrFolder *folder);
/* As clr_file_make_like(). */
void clr_folder_make_like (ClrFolder *folder, const ClrFileFacts *like);

/* Calls @see with each name but "." and "..", until it returns FALSE. FALSE with errno: it cannot be read. */
gboolean clr_folder_list (ClrFolder *folder, gboolean (*see) (const char *name, void *data), void *data);
