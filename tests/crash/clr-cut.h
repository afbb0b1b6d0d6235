/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A disk that fails. It stands in for the C library's file calls in a test program, so that SQLite, the spool
 * and everything else that writes below one folder goes through it, in whatever thread. It counts what
 * changes the disk (write, truncate, sync, create, rename, unlink, mkdir) and fails at the chosen one.
 *
 * It keeps for every file what stood in it at its last sync, and each change since; for every folder the
 * entries at its last sync, and each change since. When the power fails, of what was not synced any part may
 * have reached the disk, in any order: of each sector of 512 or 4096 octets any of its versions, of a file's
 * size any of its sizes, of a folder's entries any of the changes.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_CUT_NEVER, /* only counts */
  CLR_CUT_ERROR, /* from then on everything fails with EIO */
  CLR_CUT_ONCE,  /* that one fails with EIO, half done if it is a write */
  CLR_CUT_FULL,  /* from then on no file grows and none is made: ENOSPC */
  CLR_CUT_READ,  /* of the reads, that one fails with EIO */
  CLR_CUT_POWER, /* as ERROR; clr_cut_end() leaves what a power cut would */
} ClrCutKind;

/* What lies below @folder now is safe. The cut comes with the change number @at, from 1. */
void clr_cut_begin (const char *folder, ClrCutKind kind, unsigned at);
/* Another kind of cut, counted anew. */
void clr_cut_change (ClrCutKind kind, unsigned at);
/* Without waiting for a change. */
void clr_cut_now (void);
gboolean clr_cut_has_come (void);
/* Changes (READ: reads) so far. */
unsigned clr_cut_get_count (void);
/* The disk works again. */
void clr_cut_heal (void);
/* Whoever used the folder has gone. After a power cut: makes the folder what @seed says is left. */
void clr_cut_end (uint32_t seed);

/* What is said if the program aborts: how to do it again. */
void clr_cut_note (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* A new folder, in memory if there is such a place: what is slow about a disk is not what is tested. */
char *clr_cut_make_folder (void);
void clr_cut_remove_folder (const char *path);
