/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue/clr-disk.h"

#include "base/clr-error.h"
#include "base/clr-id.h"
#include "system/clr-folder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX     ".msg"
#define COPY_PIECE (256u * 1024)

typedef struct
{
  ClrDisk *disk;
  ClrMailbox *mailbox;
  GThread *thread;
  gboolean stopping;
} DiskThread;

struct ClrDisk
{
  DiskThread writer;
  DiskThread reader;
  ClrFolder *folder;
  GHashTable *open; /* the writer's: id -> descriptor + 1 of files that are being written */
};

typedef struct
{
  ClrLetter letter;
  void (*work) (void *data);
  void *data;
} WorkLetter;

static void
name_of (uint64_t id, char name[CLR_ID_TEXT + 8])
{
  clr_id_to_text (id, name);
  strcat (name, SUFFIX);
}

static void
fail (ClrDiskRequest *request, const char *doing)
{
  request->no_space = clr_file_is_no_space (errno);
  request->problem = g_strdup_printf ("%s a spool file: %s", doing, g_strerror (errno));
}

static void
do_write (ClrDiskRequest *request, int fd)
{
  for (unsigned i = 0; i < request->bytes.n_slices; i++)
    if (!clr_file_write_all (fd, request->bytes.slices[i].data, request->bytes.slices[i].size))
      {
        fail (request, "writing");
        return;
      }
}

static void
do_read (ClrDiskRequest *request, int fd)
{
  size_t left = request->size;

  while (left > 0)
    {
      size_t room;
      uint8_t *to = clr_rope_reserve (&request->bytes, left, &room);
      ssize_t n = clr_file_read_at (fd, to, room, request->offset + request->size - left);

      if (n <= 0)
        {
          if (n == 0)
            errno = EIO; /* shorter than its row says */
          fail (request, "reading");
          return;
        }
      clr_rope_added (&request->bytes, n);
      left -= n;
    }
}

/* The descriptor of a file that is being written; -1 with errno set. It is the same one until the sync, which
 * tells of everything that went wrong since it was opened. */
static int
open_for_writing (ClrDisk *disk, ClrDiskRequest *request, const char *name)
{
  int fd = GPOINTER_TO_INT (g_hash_table_lookup (disk->open, &request->id)) - 1;

  if (fd >= 0 || request->kind == CLR_DISK_SYNC)
    {
      errno = EBADF; /* a sync without a write that worked */
      return fd;
    }
  fd = clr_folder_open_file (disk->folder, name, CLR_FILE_NEW, 0600);
  request->is_foreign = fd < 0 && errno == EEXIST;
  if (fd >= 0)
    g_hash_table_insert (disk->open, g_memdup2 (&request->id, sizeof request->id), GINT_TO_POINTER (fd + 1));
  return fd;
}

static void
close_written (ClrDisk *disk, uint64_t id)
{
  int fd = GPOINTER_TO_INT (g_hash_table_lookup (disk->open, &id)) - 1;

  if (fd < 0)
    return;
  close (fd);
  g_hash_table_remove (disk->open, &id);
}

static void
open_request (ClrLetter *letter, void *owner)
{
  ClrDisk *disk = ((DiskThread *)owner)->disk;
  ClrDiskRequest *request = (ClrDiskRequest *)letter;
  char name[CLR_ID_TEXT + 8];
  int fd;

  name_of (request->id, name);
  switch (request->kind)
    {
    case CLR_DISK_WRITE:
      if ((fd = open_for_writing (disk, request, name)) < 0)
        fail (request, "making");
      else
        do_write (request, fd);
      break;
    case CLR_DISK_SYNC:
      if ((fd = open_for_writing (disk, request, name)) < 0 || !clr_file_sync (fd)
          || !clr_folder_sync (disk->folder))
        fail (request, "syncing");
      close_written (disk, request->id);
      break;
    case CLR_DISK_READ:
      if ((fd = clr_folder_open_file (disk->folder, name, CLR_FILE_READ, 0)) < 0)
        fail (request, "opening");
      else
        {
          do_read (request, fd);
          close (fd);
        }
      break;
    case CLR_DISK_UNLINK:
      close_written (disk, request->id);
      if (!clr_folder_unlink (disk->folder, name) && errno != ENOENT)
        fail (request, "removing");
      break;
    }
  if (request->reply_to == NULL)
    {
      clr_disk_request_free (request);
      return;
    }
  if (request->kind == CLR_DISK_WRITE)
    clr_rope_clear (&request->bytes);
  request->letter.open = request->open;
  clr_mailbox_post (request->reply_to, &request->letter);
}

void
clr_disk_request_free (ClrDiskRequest *request)
{
  clr_rope_clear (&request->bytes);
  g_free (request->problem);
  g_free (request);
}

void
clr_disk_post (ClrDisk *disk, ClrDiskRequest *request)
{
  request->letter.open = open_request;
  clr_mailbox_post (request->kind == CLR_DISK_READ ? disk->reader.mailbox : disk->writer.mailbox,
                    &request->letter);
}

void
clr_disk_post_unlink (ClrDisk *disk, uint64_t id)
{
  ClrDiskRequest *request = g_new0 (ClrDiskRequest, 1);

  request->kind = CLR_DISK_UNLINK;
  request->id = id;
  clr_disk_post (disk, request);
}

static void
open_work (ClrLetter *letter, void *owner)
{
  WorkLetter *work = (WorkLetter *)letter;

  work->work (work->data);
  g_free (work);
}

void
clr_disk_post_work (ClrDisk *disk, void (*work) (void *data), void *data)
{
  WorkLetter *letter = g_new0 (WorkLetter, 1);

  letter->letter.open = open_work;
  letter->work = work;
  letter->data = data;
  clr_mailbox_post (disk->writer.mailbox, &letter->letter);
}

gboolean
clr_disk_copy (ClrDisk *disk, uint64_t id, uint64_t size, int fd)
{
  ClrDiskRequest request = { .kind = CLR_DISK_READ, .id = id };
  char name[CLR_ID_TEXT + 8];
  int from;
  gboolean ok = TRUE;

  name_of (id, name);
  from = clr_folder_open_file (disk->folder, name, CLR_FILE_READ, 0);
  if (from < 0)
    return FALSE;
  for (uint64_t done = 0; ok && done < size; done += request.size)
    {
      request.offset = done;
      request.size = MIN (size - done, COPY_PIECE);
      do_read (&request, from);
      if (request.problem == NULL)
        do_write (&request, fd);
      ok = request.problem == NULL;
      clr_rope_clear (&request.bytes);
      g_clear_pointer (&request.problem, g_free);
    }
  close (from);
  return ok;
}

static void
open_stop (ClrLetter *letter, void *owner)
{
  ((DiskThread *)owner)->stopping = TRUE;
  g_free (letter);
}

static void *
run (void *data)
{
  DiskThread *thread = data;

  while (!thread->stopping)
    {
      clr_mailbox_wait (thread->mailbox, -1);
      clr_mailbox_open_all (thread->mailbox);
    }
  return NULL;
}

static void
start (DiskThread *thread, ClrDisk *disk, const char *name)
{
  thread->disk = disk;
  thread->mailbox = clr_mailbox_new (thread);
  thread->thread = g_thread_new (name, run, thread);
}

static void
stop (DiskThread *thread)
{
  ClrLetter *letter = g_new0 (ClrLetter, 1);

  letter->open = open_stop;
  clr_mailbox_post (thread->mailbox, letter);
  g_thread_join (thread->thread);
  clr_mailbox_free (thread->mailbox);
}

gboolean
clr_disk_make_folder (const char *path, int mode, GError **error)
{
  if (clr_folder_make (path, mode))
    return TRUE;
  g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "the folder %s cannot be made: %s", path,
               g_strerror (errno));
  return FALSE;
}

ClrDisk *
clr_disk_new (const char *directory, GError **error)
{
  ClrFolder *folder;

  if (!clr_disk_make_folder (directory, 0700, error))
    return NULL;
  folder = clr_folder_open (directory);
  if (folder == NULL)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "the spool %s cannot be used: %s", directory,
                   g_strerror (errno));
      return NULL;
    }
  ClrDisk *disk = g_new0 (ClrDisk, 1);
  disk->folder = folder;
  disk->open = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  start (&disk->writer, disk, "disk");
  start (&disk->reader, disk, "disk-reader");
  return disk;
}

void
clr_disk_free (ClrDisk *disk)
{
  GHashTableIter iter;
  void *fd;

  stop (&disk->reader);
  stop (&disk->writer);
  g_hash_table_iter_init (&iter, disk->open);
  while (g_hash_table_iter_next (&iter, NULL, &fd))
    close (GPOINTER_TO_INT (fd) - 1);
  g_hash_table_unref (disk->open);
  clr_folder_close (disk->folder);
  g_free (disk);
}

typedef struct
{
  ClrDisk *disk;
  gboolean (*is_known) (uint64_t id, void *data);
  void *data;
  unsigned n;
} Sweep;

static gboolean
sweep_file (const char *name, void *data)
{
  Sweep *sweep = data;
  g_autofree char *text = g_strndup (name, CLR_ID_TEXT - 1);
  uint64_t id;

  if (g_str_has_suffix (name, SUFFIX) && strlen (name) == CLR_ID_TEXT - 1 + strlen (SUFFIX)
      && clr_id_from_text (text, &id) && !sweep->is_known (id, sweep->data)
      && clr_folder_unlink (sweep->disk->folder, name))
    sweep->n++;
  return TRUE;
}

unsigned
clr_disk_sweep (ClrDisk *disk, gboolean (*is_known) (uint64_t id, void *data), void *data)
{
  Sweep sweep = { disk, is_known, data, 0 };

  clr_folder_list (disk->folder, sweep_file, &sweep);
  return sweep.n;
}
