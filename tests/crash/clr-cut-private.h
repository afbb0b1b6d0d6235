/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the failing disk share: clr-cut.c (the calls, and when they fail) and clr-cut-disk.c
 * (what stood where at the last sync, what has changed since, and what a power cut leaves of it). All with
 * the lock.
 */
#pragma once

#include "clr-cut.h"

#include <pthread.h>

#define CLR_CUT_FDS 4096

typedef struct
{
  size_t offset, size; /* TRUNCATE: the new size in @offset */
  uint8_t *bytes;      /* NULL: a truncation */
} ClrCutChange;

/* What a name stands for. Files that have lost their name are kept: their removal may not have survived. */
typedef struct
{
  gboolean is_folder;
  GByteArray *synced;
  GArray *changes; /* of ClrCutChange, since the last sync */
} ClrCutNode;

typedef struct
{
  char *path, *to;  /* @to: a rename, else NULL */
  ClrCutNode *node; /* NULL: an unlink */
} ClrCutEntry;

typedef struct
{
  pthread_mutex_t lock;
  char *root;
  size_t root_length;
  ClrCutKind kind;
  unsigned at, count;
  gboolean come;
  GPtrArray *nodes;
  GHashTable *live, *safe; /* path -> ClrCutNode: as it is, as it was synced */
  GArray *entry_changes;
  ClrCutNode *fds[CLR_CUT_FDS];
  char *folders[CLR_CUT_FDS]; /* path of an open folder */
} ClrCutDisk;

extern ClrCutDisk clr_cut_disk;

ClrCutNode *clr_cut_add_node (const char *path, gboolean is_folder);
void clr_cut_free_node (void *node);
/* An entry of a folder: made, gone (@node NULL), or renamed. */
void clr_cut_note_entry (const char *path, const char *to, ClrCutNode *node);
/* @bytes: NULL: truncated to @offset. */
void clr_cut_note_change (ClrCutNode *node, size_t offset, const void *bytes, size_t size);
void clr_cut_sync_file (ClrCutNode *node);
void clr_cut_sync_folder (const char *folder);
/* Makes the folder what @seed says is left after a power cut. */
void clr_cut_write_image (uint32_t seed);
