/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files where systems differ: how they are opened, what reaches the disk, who may read them. A file is a
 * descriptor; read(), write() and close() are the same everywhere. Paths are UTF-8. Any thread.
 *
 * On Windows files are opened so that others may rename and delete them meanwhile, and what a virus scanner
 * or an indexer holds for a moment is tried again for a bounded time (clr-windows.h).
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum
{
  CLR_FILE_READ,   /* what is there; a pipe or device does not make the opening wait */
  CLR_FILE_NEW,    /* for writing; EEXIST when there is something of that name */
  CLR_FILE_OVER,   /* for writing, emptied when it is there */
  CLR_FILE_APPEND, /* for writing at the end, made when missing */
  CLR_FILE_LOCK,   /* for clr_file_try_lock(), made when missing */
} ClrFileOpening;

typedef enum
{
  CLR_FILE_REGULAR,
  CLR_FILE_FOLDER,
  CLR_FILE_LINK,
  CLR_FILE_OTHER, /* pipes, sockets, devices */
} ClrFileKind;

typedef struct
{
  ClrFileKind kind;
  uint64_t size;
  int64_t modified_us; /* wall clock */
  unsigned n_names;    /* hard links */
  uint64_t place;      /* what stays when a file is renamed, and differs among files of a disk */
  unsigned owner; /* user, group and mode of Unix; 0 on Windows, where files have what their folder gives */
  unsigned group;
  unsigned mode;
} ClrFileFacts;

/* @mode: 0600 when only the one who made it may read it; 0640 and 0644 as on Unix, on Windows as the folder
 * says. Returns: a descriptor that children do not inherit, or -1 with errno. */
int clr_file_open (const char *path, ClrFileOpening opening, int mode);

/* Returns: FALSE with errno; some may be written then. */
gboolean clr_file_write_all (int fd, const void *bytes, size_t size);
/* Moves no position. Returns: how many, 0 at the end, -1 with errno. */
ssize_t clr_file_read_at (int fd, void *into, size_t size, uint64_t offset);
/* The content is on disk, and the size with it: fdatasync() or FlushFileBuffers(). FALSE with errno. */
gboolean clr_file_sync (int fd);

/* Over what is there, at once for all who look. Returns: FALSE with errno. */
gboolean clr_file_rename (const char *from, const char *to);
gboolean clr_file_unlink (const char *path);

/* FALSE with errno. */
gboolean clr_file_get_facts (int fd, ClrFileFacts *facts);
gboolean clr_file_look (const char *path, ClrFileFacts *facts);
/* Owner and mode of another file, as far as this process may give them; nothing on Windows. */
void clr_file_make_like (int fd, const ClrFileFacts *like);
/* The name of the user whose file it is, or "user id N"; NULL when the system does not tell. (transfer full)
 */
char *clr_file_dup_owner (int fd);
/* FALSE with errno. */
gboolean clr_file_may_read (const char *path);
/* TRUE when everybody on this machine can read it. */
gboolean clr_file_is_open_to_all (const char *path);
/* The command by which an administrator takes a file from everybody but those who need it, this process among
 * them. (transfer full) */
char *clr_file_dup_closing_command (const char *path);
/* Without links. (transfer full) NULL with errno. */
char *clr_file_dup_real_path (const char *path);

/* For this process alone until @fd is closed, or the process ends in whatever way. FALSE: somebody has it. */
gboolean clr_file_try_lock (int fd);

/* Does this errno say that the disk, or this user's share of it, is full? */
gboolean clr_file_is_no_space (int problem);
/* From here on @former is what @fd is, for whoever uses it meanwhile too; @fd is closed. */
void clr_file_take_place (int fd, int former);
/* Octets free for this process on the disk of the folder @path. Returns: FALSE with errno. */
gboolean clr_file_get_free_space (const char *path, uint64_t *octets);
