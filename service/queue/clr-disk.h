/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ClrDisk: the two threads that touch spool files: one writes, syncs and unlinks, the other reads, so that
 * what leaves does not wait for the sync of what arrives. Contents too large for the queue's database stream
 * there as they arrive, and from there when they leave. Answers come as letters to the asker's mailbox.
 * Requests of one kind are done in the order in which they were posted; a file is read only after its sync
 * has been answered.
 */
#pragma once

#include "base/clr-block.h"
#include "base/clr-mailbox.h"

typedef struct ClrDisk ClrDisk;
typedef struct ClrDiskRequest ClrDiskRequest;

typedef enum
{
  CLR_DISK_WRITE, /* appends @bytes; the file is made by the first write, and stays open until SYNC or UNLINK
                   */
  CLR_DISK_SYNC,  /* file and directory are on disk when it answers */
  CLR_DISK_READ,  /* @size octets at @offset into @bytes */
  CLR_DISK_UNLINK,
} ClrDiskKind;

struct ClrDiskRequest
{
  ClrLetter letter;
  ClrDiskKind kind;
  uint64_t id; /* the message's */
  uint64_t offset;
  size_t size;
  ClrRope bytes;

  /* The answer; @open gets this request back, and frees it. No answer is wanted where reply_to is NULL. */
  ClrMailbox *reply_to;
  void (*open) (ClrLetter *request, void *owner);
  void *data;
  char *problem; /* NULL: it worked */
  gboolean no_space;
  gboolean is_foreign; /* WRITE: there is a file of this id already, of another message */
};

/* Makes @path and the folders above it if need be, each with its entry on disk: what is synced in a folder is
 * lost with the folder. */
gboolean clr_disk_make_folder (const char *path, int mode, GError **error);

/* Makes @directory if need be. */
ClrDisk *clr_disk_new (const char *directory, GError **error);
void clr_disk_free (ClrDisk *disk);

void clr_disk_post (ClrDisk *disk, ClrDiskRequest *request);
void clr_disk_post_unlink (ClrDisk *disk, uint64_t id);
/* Runs @work in the thread that writes. */
void clr_disk_post_work (ClrDisk *disk, void (*work) (void *data), void *data);
/* Inside such work: appends the spool file of @id to @fd. Returns: FALSE with errno set. */
gboolean clr_disk_copy (ClrDisk *disk, uint64_t id, uint64_t size, int fd);
void clr_disk_request_free (ClrDiskRequest *request);

/* Before the first post: removes files of which @is_known says that no row knows them. Returns: how many. */
unsigned clr_disk_sweep (ClrDisk *disk, gboolean (*is_known) (uint64_t id, void *data), void *data);
