/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both names of each call are defined here, so none may be made of the other by the headers. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include "clr-cut-private.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_bool active;

#define REAL(name)                                                                                           \
  static __typeof__ (name) *real;                                                                            \
  if (real == NULL)                                                                                          \
  real = (__typeof__ (name) *)dlsym (RTLD_NEXT, #name)

/* -- counting and failing; all with the lock */

/* Returns: whether this change is to fail, with errno set. */
static gboolean
fails (gboolean grows)
{
  if (clr_cut_disk.kind == CLR_CUT_READ)
    return FALSE;
  clr_cut_disk.count++;
  if (clr_cut_disk.kind != CLR_CUT_NEVER && clr_cut_disk.count == clr_cut_disk.at)
    clr_cut_disk.come = TRUE;
  if (!clr_cut_disk.come)
    return FALSE;
  errno = clr_cut_disk.kind == CLR_CUT_FULL ? ENOSPC : EIO;
  switch (clr_cut_disk.kind)
    {
    case CLR_CUT_ONCE:
      return clr_cut_disk.count == clr_cut_disk.at;
    case CLR_CUT_FULL:
      return grows;
    default:
      return TRUE;
    }
}

/* Only what the power cut itself met may still have reached the disk. */
static gboolean
is_too_late (void)
{
  return clr_cut_disk.come && clr_cut_disk.count > clr_cut_disk.at;
}

/* -- the calls */

static gboolean
is_ours (const char *path)
{
  return strncmp (path, clr_cut_disk.root, clr_cut_disk.root_length) == 0
         && (path[clr_cut_disk.root_length] == '/' || path[clr_cut_disk.root_length] == 0);
}

/* The whole path if it lies in the folder, else NULL. (transfer full) */
static char *
resolve (int at, const char *path)
{
  if (path[0] != '/' && at >= 0 && at < CLR_CUT_FDS && clr_cut_disk.folders[at])
    return g_strconcat (clr_cut_disk.folders[at], "/", path, NULL);
  return is_ours (path) ? g_strdup (path) : NULL;
}

static ClrCutNode *
node_of (int fd)
{
  return fd >= 0 && fd < CLR_CUT_FDS ? clr_cut_disk.fds[fd] : NULL;
}

static int
do_open (int at, const char *path, int flags, mode_t mode)
{
  REAL (openat64);
  if (!atomic_load (&active))
    return real (at, path, flags, mode);

  pthread_mutex_lock (&clr_cut_disk.lock);
  g_autofree char *whole = resolve (at, path);
  int fd = -1;
  ClrCutNode *node = whole ? g_hash_table_lookup (clr_cut_disk.live, whole) : NULL;
  gboolean makes = whole && node == NULL && (flags & O_CREAT);
  gboolean fail = makes && fails (TRUE);

  if (fail && clr_cut_disk.kind == CLR_CUT_POWER && !is_too_late ())
    clr_cut_note_entry (whole, NULL, clr_cut_add_node (whole, FALSE));
  if (!fail)
    fd = real (at, path, flags, mode);
  if (fd >= 0 && fd < CLR_CUT_FDS && whole)
    {
      struct stat facts;

      g_assert (clr_cut_disk.fds[fd] == NULL && clr_cut_disk.folders[fd] == NULL);
      if (fstat (fd, &facts) == 0 && S_ISDIR (facts.st_mode))
        clr_cut_disk.folders[fd] = g_steal_pointer (&whole);
      else
        {
          if (node == NULL)
            {
              node = clr_cut_add_node (whole, FALSE);
              clr_cut_note_entry (whole, NULL, node);
            }
          else if (flags & O_TRUNC)
            clr_cut_note_change (node, 0, NULL, 0);
          clr_cut_disk.fds[fd] = node;
        }
    }
  int problem = errno;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  errno = problem;
  return fd;
}

#define MODE_OF(flags, mode)                                                                                 \
  mode_t mode = 0;                                                                                           \
  if ((flags) & (O_CREAT | __O_TMPFILE))                                                                     \
    {                                                                                                        \
      va_list rest;                                                                                          \
      va_start (rest, flags);                                                                                \
      mode = va_arg (rest, mode_t);                                                                          \
      va_end (rest);                                                                                         \
    }

int
open (const char *path, int flags, ...)
{
  MODE_OF (flags, mode);
  return do_open (AT_FDCWD, path, flags, mode);
}

int
open64 (const char *path, int flags, ...)
{
  MODE_OF (flags, mode);
  return do_open (AT_FDCWD, path, flags, mode);
}

int
openat (int at, const char *path, int flags, ...)
{
  MODE_OF (flags, mode);
  return do_open (at, path, flags, mode);
}

int
openat64 (int at, const char *path, int flags, ...)
{
  MODE_OF (flags, mode);
  return do_open (at, path, flags, mode);
}

/* With the lock. */
static void
forget (int fd)
{
  if (fd < 0 || fd >= CLR_CUT_FDS)
    return;
  clr_cut_disk.fds[fd] = NULL;
  g_clear_pointer (&clr_cut_disk.folders[fd], g_free);
}

int
close (int fd)
{
  REAL (close);
  if (!atomic_load (&active))
    return real (fd);
  pthread_mutex_lock (&clr_cut_disk.lock);
  forget (fd);
  int result = real (fd);
  pthread_mutex_unlock (&clr_cut_disk.lock);
  return result;
}

/* The C library closes the descriptor below a DIR by itself, unseen by close() above. */
int
closedir (DIR *dir)
{
  REAL (closedir);
  if (!atomic_load (&active))
    return real (dir);
  pthread_mutex_lock (&clr_cut_disk.lock);
  forget (dirfd (dir));
  int result = real (dir);
  pthread_mutex_unlock (&clr_cut_disk.lock);
  return result;
}

static ssize_t
do_write (int fd, const void *bytes, size_t size, off_t offset)
{
  REAL (pwrite64);
  ClrCutNode *node;
  ssize_t n = -1;
  struct stat facts;

  pthread_mutex_lock (&clr_cut_disk.lock);
  node = node_of (fd);
  if (node == NULL)
    {
      pthread_mutex_unlock (&clr_cut_disk.lock);
      return -2;
    }
  fstat (fd, &facts);
  if (offset < 0) /* write(): our programs only append */
    offset = facts.st_size;
  size_t can = size;
  gboolean grows = offset + (off_t)size > facts.st_size;
  if (fails (grows))
    {
      int problem = errno;

      can = is_too_late () ? 0 : clr_cut_disk.kind == CLR_CUT_POWER ? size : size / 2;
      if (clr_cut_disk.kind == CLR_CUT_FULL)
        can = MIN (size, (size_t)MAX (facts.st_size - offset, 0));
      if (can > 0)
        {
          clr_cut_note_change (node, offset, bytes, can);
          if (clr_cut_disk.kind != CLR_CUT_POWER && real (fd, bytes, can, offset) < 0)
            g_error ("the test's own disk fails: %s", g_strerror (errno));
        }
      errno = problem;
    }
  else
    {
      n = real (fd, bytes, size, offset);
      if (n > 0)
        clr_cut_note_change (node, offset, bytes, n);
    }
  int problem = errno;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  errno = problem;
  return n;
}

ssize_t
write (int fd, const void *bytes, size_t size)
{
  REAL (write);
  ssize_t n = atomic_load (&active) ? do_write (fd, bytes, size, -1) : -2;

  return n == -2 ? real (fd, bytes, size) : n;
}

ssize_t
pwrite64 (int fd, const void *bytes, size_t size, off64_t offset)
{
  REAL (pwrite64);
  ssize_t n = atomic_load (&active) ? do_write (fd, bytes, size, offset) : -2;

  return n == -2 ? real (fd, bytes, size, offset) : n;
}

ssize_t
pwrite (int fd, const void *bytes, size_t size, off_t offset)
{
  return pwrite64 (fd, bytes, size, offset);
}

int
ftruncate64 (int fd, off64_t size)
{
  REAL (ftruncate64);
  if (!atomic_load (&active))
    return real (fd, size);
  pthread_mutex_lock (&clr_cut_disk.lock);
  ClrCutNode *node = node_of (fd);
  int result = -1;
  struct stat facts;
  fstat (fd, &facts);
  gboolean fail = node && fails (size > facts.st_size);
  if (node && (!fail || (clr_cut_disk.kind == CLR_CUT_POWER && !is_too_late ())))
    clr_cut_note_change (node, size, NULL, 0);
  if (!fail)
    result = real (fd, size);
  int problem = errno;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  errno = problem;
  return result;
}

int
ftruncate (int fd, off_t size)
{
  return ftruncate64 (fd, size);
}

static int
do_sync (int fd)
{
  int result = 0;

  pthread_mutex_lock (&clr_cut_disk.lock);
  ClrCutNode *node = node_of (fd);
  const char *folder = fd >= 0 && fd < CLR_CUT_FDS ? clr_cut_disk.folders[fd] : NULL;
  if (node || folder)
    {
      if (fails (FALSE))
        result = -1;
      else if (node)
        clr_cut_sync_file (node);
      else
        clr_cut_sync_folder (folder);
    }
  int problem = errno;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  errno = problem;
  return result;
}

int
fsync (int fd)
{
  REAL (fsync);
  return atomic_load (&active) ? do_sync (fd) : real (fd);
}

int
fdatasync (int fd)
{
  REAL (fdatasync);
  return atomic_load (&active) ? do_sync (fd) : real (fd);
}

int
unlinkat (int at, const char *path, int flags)
{
  REAL (unlinkat);
  if (!atomic_load (&active))
    return real (at, path, flags);
  pthread_mutex_lock (&clr_cut_disk.lock);
  g_autofree char *whole = resolve (at, path);
  gboolean known = whole && g_hash_table_lookup (clr_cut_disk.live, whole);
  gboolean fail = known && fails (FALSE);
  int result = fail ? -1 : real (at, path, flags);
  if (known && (result == 0 || (clr_cut_disk.kind == CLR_CUT_POWER && !is_too_late ())))
    {
      clr_cut_note_entry (whole, NULL, NULL);
      g_hash_table_remove (clr_cut_disk.live, whole);
    }
  int problem = errno;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  errno = problem;
  return result;
}

int
unlink (const char *path)
{
  return unlinkat (AT_FDCWD, path, 0);
}

int
renameat (int from_at, const char *from, int to_at, const char *to)
{
  REAL (renameat);
  if (!atomic_load (&active))
    return real (from_at, from, to_at, to);
  pthread_mutex_lock (&clr_cut_disk.lock);
  g_autofree char *whole = resolve (from_at, from), *whole_to = resolve (to_at, to);
  ClrCutNode *node = whole ? g_hash_table_lookup (clr_cut_disk.live, whole) : NULL;
  gboolean fail = node && fails (FALSE);
  int result = fail ? -1 : real (from_at, from, to_at, to);
  if (node && (result == 0 || (clr_cut_disk.kind == CLR_CUT_POWER && !is_too_late ())))
    {
      clr_cut_note_entry (whole, whole_to, node);
      g_hash_table_remove (clr_cut_disk.live, whole);
      g_hash_table_replace (clr_cut_disk.live, g_strdup (whole_to), node);
    }
  int problem = errno;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  errno = problem;
  return result;
}

int
rename (const char *from, const char *to)
{
  return renameat (AT_FDCWD, from, AT_FDCWD, to);
}

int
mkdir (const char *path, mode_t mode)
{
  REAL (mkdir);
  if (!atomic_load (&active))
    return real (path, mode);
  pthread_mutex_lock (&clr_cut_disk.lock);
  g_autofree char *whole = resolve (AT_FDCWD, path);
  gboolean is_new = whole && !g_hash_table_lookup (clr_cut_disk.live, whole);
  int result = is_new && fails (TRUE) ? -1 : real (path, mode);
  if (is_new && result == 0)
    clr_cut_note_entry (whole, NULL, clr_cut_add_node (whole, TRUE));
  int problem = errno;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  errno = problem;
  return result;
}

static gboolean
read_fails (int fd)
{
  gboolean fail = FALSE;

  if (!atomic_load (&active) || clr_cut_disk.kind != CLR_CUT_READ)
    return FALSE;
  pthread_mutex_lock (&clr_cut_disk.lock);
  if (node_of (fd) && ++clr_cut_disk.count == clr_cut_disk.at)
    fail = clr_cut_disk.come = TRUE;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  if (fail)
    errno = EIO;
  return fail;
}

ssize_t
pread64 (int fd, void *bytes, size_t size, off64_t offset)
{
  REAL (pread64);
  return read_fails (fd) ? -1 : real (fd, bytes, size, offset);
}

ssize_t
pread (int fd, void *bytes, size_t size, off_t offset)
{
  return pread64 (fd, bytes, size, offset);
}

/* -- begin and end */

static void
scan (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          clr_cut_add_node (path, TRUE);
          scan (path);
          continue;
        }
      ClrCutNode *node = clr_cut_add_node (path, FALSE);
      g_autofree char *text = NULL;
      size_t size;

      g_assert_true (g_file_get_contents (path, &text, &size, NULL));
      g_byte_array_append (node->synced, (uint8_t *)text, size);
    }
  g_dir_close (dir);
}

void
clr_cut_begin (const char *folder, ClrCutKind kind, unsigned at)
{
  GHashTableIter iter;
  void *path, *node;

  g_assert (!atomic_load (&active));
  clr_cut_disk.root = g_strdup (folder);
  clr_cut_disk.root_length = strlen (folder);
  clr_cut_disk.kind = kind;
  clr_cut_disk.at = at;
  clr_cut_disk.count = 0;
  clr_cut_disk.come = FALSE;
  clr_cut_disk.nodes = g_ptr_array_new_with_free_func (clr_cut_free_node);
  clr_cut_disk.live = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  clr_cut_disk.safe = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  clr_cut_disk.entry_changes = g_array_new (FALSE, FALSE, sizeof (ClrCutEntry));
  scan (folder);
  g_hash_table_iter_init (&iter, clr_cut_disk.live);
  while (g_hash_table_iter_next (&iter, &path, &node))
    g_hash_table_replace (clr_cut_disk.safe, g_strdup (path), node);
  memset (clr_cut_disk.fds, 0, sizeof clr_cut_disk.fds);
  atomic_store (&active, TRUE);
}

gboolean
clr_cut_has_come (void)
{
  pthread_mutex_lock (&clr_cut_disk.lock);
  gboolean come = clr_cut_disk.come;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  return come;
}

unsigned
clr_cut_get_count (void)
{
  pthread_mutex_lock (&clr_cut_disk.lock);
  unsigned count = clr_cut_disk.count;
  pthread_mutex_unlock (&clr_cut_disk.lock);
  return count;
}

void
clr_cut_change (ClrCutKind kind, unsigned at)
{
  pthread_mutex_lock (&clr_cut_disk.lock);
  clr_cut_disk.kind = kind;
  clr_cut_disk.at = at;
  clr_cut_disk.count = 0;
  clr_cut_disk.come = FALSE;
  pthread_mutex_unlock (&clr_cut_disk.lock);
}

void
clr_cut_now (void)
{
  pthread_mutex_lock (&clr_cut_disk.lock);
  if (!clr_cut_disk.come)
    clr_cut_disk.at = clr_cut_disk.count;
  clr_cut_disk.come = TRUE;
  pthread_mutex_unlock (&clr_cut_disk.lock);
}

void
clr_cut_heal (void)
{
  pthread_mutex_lock (&clr_cut_disk.lock);
  clr_cut_disk.come = FALSE;
  clr_cut_disk.kind = CLR_CUT_NEVER;
  pthread_mutex_unlock (&clr_cut_disk.lock);
}

void
clr_cut_end (uint32_t seed)
{
  atomic_store (&active, FALSE);
  if (clr_cut_disk.kind == CLR_CUT_POWER)
    clr_cut_write_image (seed);
  for (unsigned i = 0; i < clr_cut_disk.entry_changes->len; i++)
    {
      g_free (g_array_index (clr_cut_disk.entry_changes, ClrCutEntry, i).path);
      g_free (g_array_index (clr_cut_disk.entry_changes, ClrCutEntry, i).to);
    }
  g_array_unref (clr_cut_disk.entry_changes);
  g_hash_table_unref (clr_cut_disk.live);
  g_hash_table_unref (clr_cut_disk.safe);
  g_ptr_array_unref (clr_cut_disk.nodes);
  for (unsigned i = 0; i < CLR_CUT_FDS; i++)
    g_clear_pointer (&clr_cut_disk.folders[i], g_free);
  g_free (clr_cut_disk.root);
}

static char note[400];

static void
on_abort (int number)
{
  REAL (write);
  if (real (STDERR_FILENO, note, strlen (note)) < 0)
    _exit (3);
}

void
clr_cut_note (const char *format, ...)
{
  va_list rest;

  va_start (rest, format);
  g_vsnprintf (note, sizeof note - 1, format, rest);
  va_end (rest);
  strcat (note, "\n");
  signal (SIGABRT, on_abort);
}

char *
clr_cut_make_folder (void)
{
  char *path = g_strdup (g_access ("/dev/shm", W_OK) == 0 ? "/dev/shm/clrelay-crash-XXXXXX" : NULL);

  if (path == NULL)
    path = g_build_filename (g_get_tmp_dir (), "clrelay-crash-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp_full (path, 0700));
  return path;
}
