/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both names of each call are defined here, so none may be made of the other by the headers. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include "clr-cut.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS 4096

typedef struct
{
  size_t offset, size; /* TRUNCATE: the new size in @offset */
  uint8_t *bytes;      /* NULL: a truncation */
} Change;

/* What a name stands for. Files that have lost their name are kept: their removal may not have survived. */
typedef struct
{
  gboolean is_folder;
  GByteArray *synced;
  GArray *changes; /* of Change, since the last sync */
} Node;

typedef struct
{
  char *path, *to; /* @to: a rename, else NULL */
  Node *node;      /* NULL: an unlink */
} EntryChange;

static struct
{
  pthread_mutex_t lock;
  char *root;
  size_t root_length;
  ClrCutKind kind;
  unsigned at, count;
  gboolean come;
  GPtrArray *nodes;
  GHashTable *live, *safe; /* path -> Node: as it is, as it was synced */
  GArray *entry_changes;
  Node *fds[FDS];
  char *folders[FDS]; /* path of an open folder */
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER };

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
  if (disk.kind == CLR_CUT_READ)
    return FALSE;
  disk.count++;
  if (disk.kind != CLR_CUT_NEVER && disk.count == disk.at)
    disk.come = TRUE;
  if (!disk.come)
    return FALSE;
  errno = disk.kind == CLR_CUT_FULL ? ENOSPC : EIO;
  switch (disk.kind)
    {
    case CLR_CUT_ONCE:
      return disk.count == disk.at;
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
  return disk.come && disk.count > disk.at;
}

static Node *
add_node (const char *path, gboolean is_folder)
{
  Node *node = g_new0 (Node, 1);

  node->is_folder = is_folder;
  if (!is_folder)
    {
      node->synced = g_byte_array_new ();
      node->changes = g_array_new (FALSE, FALSE, sizeof (Change));
    }
  g_ptr_array_add (disk.nodes, node);
  g_hash_table_replace (disk.live, g_strdup (path), node);
  return node;
}

static void
note_entry (const char *path, const char *to, Node *node)
{
  EntryChange change = { g_strdup (path), g_strdup (to), node };

  g_array_append_val (disk.entry_changes, change);
}

static void
apply_change (GByteArray *bytes, const Change *change)
{
  size_t end = change->bytes ? change->offset + change->size : change->offset;
  size_t before = bytes->len;

  if (change->bytes == NULL || end > before)
    g_byte_array_set_size (bytes, end);
  if (end > before)
    memset (bytes->data + before, 0, end - before);
  if (change->bytes)
    memcpy (bytes->data + change->offset, change->bytes, change->size);
}

static void
note_change (Node *node, size_t offset, const void *bytes, size_t size)
{
  Change change = { offset, size, bytes ? g_memdup2 (bytes, size) : NULL };

  if (bytes == NULL || size > 0)
    g_array_append_val (node->changes, change);
}

static void
drop_changes (Node *node)
{
  for (unsigned i = 0; i < node->changes->len; i++)
    g_free (g_array_index (node->changes, Change, i).bytes);
  g_array_set_size (node->changes, 0);
}

static void
sync_file (Node *node)
{
  for (unsigned i = 0; i < node->changes->len; i++)
    apply_change (node->synced, &g_array_index (node->changes, Change, i));
  drop_changes (node);
}

static void
apply_entry (GHashTable *entries, const EntryChange *change)
{
  if (change->to)
    {
      g_hash_table_remove (entries, change->path);
      g_hash_table_replace (entries, g_strdup (change->to), change->node);
    }
  else if (change->node)
    g_hash_table_replace (entries, g_strdup (change->path), change->node);
  else
    g_hash_table_remove (entries, change->path);
}

static gboolean
is_in (const char *path, const char *folder)
{
  size_t n = strlen (folder);

  return strncmp (path, folder, n) == 0 && path[n] == '/' && strchr (path + n + 1, '/') == NULL;
}

static void
sync_folder (const char *folder)
{
  for (unsigned i = 0; i < disk.entry_changes->len;)
    {
      EntryChange *change = &g_array_index (disk.entry_changes, EntryChange, i);

      if (!is_in (change->path, folder))
        {
          i++;
          continue;
        }
      apply_entry (disk.safe, change);
      g_free (change->path);
      g_free (change->to);
      g_array_remove_index (disk.entry_changes, i);
    }
}

/* -- the calls */

static gboolean
is_ours (const char *path)
{
  return strncmp (path, disk.root, disk.root_length) == 0
         && (path[disk.root_length] == '/' || path[disk.root_length] == 0);
}

/* The whole path if it lies in the folder, else NULL. (transfer full) */
static char *
resolve (int at, const char *path)
{
  if (path[0] != '/' && at >= 0 && at < FDS && disk.folders[at])
    return g_strconcat (disk.folders[at], "/", path, NULL);
  return is_ours (path) ? g_strdup (path) : NULL;
}

static Node *
node_of (int fd)
{
  return fd >= 0 && fd < FDS ? disk.fds[fd] : NULL;
}

static int
do_open (int at, const char *path, int flags, mode_t mode)
{
  REAL (openat64);
  if (!atomic_load (&active))
    return real (at, path, flags, mode);

  pthread_mutex_lock (&disk.lock);
  g_autofree char *whole = resolve (at, path);
  int fd = -1;
  Node *node = whole ? g_hash_table_lookup (disk.live, whole) : NULL;
  gboolean makes = whole && node == NULL && (flags & O_CREAT);
  gboolean fail = makes && fails (TRUE);

  if (fail && disk.kind == CLR_CUT_POWER && !is_too_late ())
    note_entry (whole, NULL, add_node (whole, FALSE));
  if (!fail)
    fd = real (at, path, flags, mode);
  if (fd >= 0 && fd < FDS && whole)
    {
      struct stat facts;

      g_assert (disk.fds[fd] == NULL && disk.folders[fd] == NULL);
      if (fstat (fd, &facts) == 0 && S_ISDIR (facts.st_mode))
        disk.folders[fd] = g_steal_pointer (&whole);
      else
        {
          if (node == NULL)
            {
              node = add_node (whole, FALSE);
              note_entry (whole, NULL, node);
            }
          else if (flags & O_TRUNC)
            note_change (node, 0, NULL, 0);
          disk.fds[fd] = node;
        }
    }
  int problem = errno;
  pthread_mutex_unlock (&disk.lock);
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

int
close (int fd)
{
  REAL (close);
  if (!atomic_load (&active))
    return real (fd);
  pthread_mutex_lock (&disk.lock);
  if (fd >= 0 && fd < FDS)
    {
      disk.fds[fd] = NULL;
      g_clear_pointer (&disk.folders[fd], g_free);
    }
  int result = real (fd);
  pthread_mutex_unlock (&disk.lock);
  return result;
}

static ssize_t
do_write (int fd, const void *bytes, size_t size, off_t offset)
{
  REAL (pwrite64);
  Node *node;
  ssize_t n = -1;
  struct stat facts;

  pthread_mutex_lock (&disk.lock);
  node = node_of (fd);
  if (node == NULL)
    {
      pthread_mutex_unlock (&disk.lock);
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

      can = is_too_late () ? 0 : disk.kind == CLR_CUT_POWER ? size : size / 2;
      if (disk.kind == CLR_CUT_FULL)
        can = MIN (size, (size_t)MAX (facts.st_size - offset, 0));
      if (can > 0)
        {
          note_change (node, offset, bytes, can);
          if (disk.kind != CLR_CUT_POWER && real (fd, bytes, can, offset) < 0)
            g_error ("the test's own disk fails: %s", g_strerror (errno));
        }
      errno = problem;
    }
  else
    {
      n = real (fd, bytes, size, offset);
      if (n > 0)
        note_change (node, offset, bytes, n);
    }
  int problem = errno;
  pthread_mutex_unlock (&disk.lock);
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
  pthread_mutex_lock (&disk.lock);
  Node *node = node_of (fd);
  int result = -1;
  struct stat facts;
  fstat (fd, &facts);
  gboolean fail = node && fails (size > facts.st_size);
  if (node && (!fail || (disk.kind == CLR_CUT_POWER && !is_too_late ())))
    note_change (node, size, NULL, 0);
  if (!fail)
    result = real (fd, size);
  int problem = errno;
  pthread_mutex_unlock (&disk.lock);
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

  pthread_mutex_lock (&disk.lock);
  Node *node = node_of (fd);
  const char *folder = fd >= 0 && fd < FDS ? disk.folders[fd] : NULL;
  if (node || folder)
    {
      if (fails (FALSE))
        result = -1;
      else if (node)
        sync_file (node);
      else
        sync_folder (folder);
    }
  int problem = errno;
  pthread_mutex_unlock (&disk.lock);
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
  pthread_mutex_lock (&disk.lock);
  g_autofree char *whole = resolve (at, path);
  gboolean known = whole && g_hash_table_lookup (disk.live, whole);
  gboolean fail = known && fails (FALSE);
  int result = fail ? -1 : real (at, path, flags);
  if (known && (result == 0 || (disk.kind == CLR_CUT_POWER && !is_too_late ())))
    {
      note_entry (whole, NULL, NULL);
      g_hash_table_remove (disk.live, whole);
    }
  int problem = errno;
  pthread_mutex_unlock (&disk.lock);
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
  pthread_mutex_lock (&disk.lock);
  g_autofree char *whole = resolve (from_at, from), *whole_to = resolve (to_at, to);
  Node *node = whole ? g_hash_table_lookup (disk.live, whole) : NULL;
  gboolean fail = node && fails (FALSE);
  int result = fail ? -1 : real (from_at, from, to_at, to);
  if (node && (result == 0 || (disk.kind == CLR_CUT_POWER && !is_too_late ())))
    {
      note_entry (whole, whole_to, node);
      g_hash_table_remove (disk.live, whole);
      g_hash_table_replace (disk.live, g_strdup (whole_to), node);
    }
  int problem = errno;
  pthread_mutex_unlock (&disk.lock);
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
  pthread_mutex_lock (&disk.lock);
  g_autofree char *whole = resolve (AT_FDCWD, path);
  gboolean is_new = whole && !g_hash_table_lookup (disk.live, whole);
  int result = is_new && fails (TRUE) ? -1 : real (path, mode);
  if (is_new && result == 0)
    note_entry (whole, NULL, add_node (whole, TRUE));
  int problem = errno;
  pthread_mutex_unlock (&disk.lock);
  errno = problem;
  return result;
}

static gboolean
read_fails (int fd)
{
  gboolean fail = FALSE;

  if (!atomic_load (&active) || disk.kind != CLR_CUT_READ)
    return FALSE;
  pthread_mutex_lock (&disk.lock);
  if (node_of (fd) && ++disk.count == disk.at)
    fail = disk.come = TRUE;
  pthread_mutex_unlock (&disk.lock);
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
          add_node (path, TRUE);
          scan (path);
          continue;
        }
      Node *node = add_node (path, FALSE);
      g_autofree char *text = NULL;
      size_t size;

      g_assert_true (g_file_get_contents (path, &text, &size, NULL));
      g_byte_array_append (node->synced, (uint8_t *)text, size);
    }
  g_dir_close (dir);
}

static void
free_node (void *data)
{
  Node *node = data;

  if (node->changes)
    {
      drop_changes (node);
      g_array_unref (node->changes);
      g_byte_array_unref (node->synced);
    }
  g_free (node);
}

void
clr_cut_begin (const char *folder, ClrCutKind kind, unsigned at)
{
  GHashTableIter iter;
  void *path, *node;

  g_assert (!atomic_load (&active));
  disk.root = g_strdup (folder);
  disk.root_length = strlen (folder);
  disk.kind = kind;
  disk.at = at;
  disk.count = 0;
  disk.come = FALSE;
  disk.nodes = g_ptr_array_new_with_free_func (free_node);
  disk.live = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  disk.safe = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  disk.entry_changes = g_array_new (FALSE, FALSE, sizeof (EntryChange));
  scan (folder);
  g_hash_table_iter_init (&iter, disk.live);
  while (g_hash_table_iter_next (&iter, &path, &node))
    g_hash_table_replace (disk.safe, g_strdup (path), node);
  memset (disk.fds, 0, sizeof disk.fds);
  atomic_store (&active, TRUE);
}

gboolean
clr_cut_has_come (void)
{
  pthread_mutex_lock (&disk.lock);
  gboolean come = disk.come;
  pthread_mutex_unlock (&disk.lock);
  return come;
}

unsigned
clr_cut_get_count (void)
{
  pthread_mutex_lock (&disk.lock);
  unsigned count = disk.count;
  pthread_mutex_unlock (&disk.lock);
  return count;
}

void
clr_cut_change (ClrCutKind kind, unsigned at)
{
  pthread_mutex_lock (&disk.lock);
  disk.kind = kind;
  disk.at = at;
  disk.count = 0;
  disk.come = FALSE;
  pthread_mutex_unlock (&disk.lock);
}

void
clr_cut_now (void)
{
  pthread_mutex_lock (&disk.lock);
  if (!disk.come)
    disk.at = disk.count;
  disk.come = TRUE;
  pthread_mutex_unlock (&disk.lock);
}

void
clr_cut_heal (void)
{
  pthread_mutex_lock (&disk.lock);
  disk.come = FALSE;
  disk.kind = CLR_CUT_NEVER;
  pthread_mutex_unlock (&disk.lock);
}

/* How a power cut treats what was not synced. */
typedef enum
{
  LOSE_ALL,
  LOSE_NOTHING,
  LOSE_SOME,
} Loss;

static GByteArray *
survive (const Node *node, Loss loss, size_t sector, GRand *rand)
{
  unsigned n = node->changes->len;
  g_autoptr (GByteArray) version = g_byte_array_new ();
  GByteArray *result = g_byte_array_new ();
  g_autofree size_t *sizes = g_new (size_t, n + 1);

  if (loss != LOSE_SOME)
    {
      g_byte_array_append (result, node->synced->data, node->synced->len);
      for (unsigned i = 0; loss == LOSE_NOTHING && i < n; i++)
        apply_change (result, &g_array_index (node->changes, Change, i));
      return result;
    }

  /* Which version of each sector has reached the disk is thrown first; then the versions are made one after
   * another, and each gives the sectors that are its own. */
  sizes[0] = node->synced->len;
  size_t most = sizes[0];
  for (unsigned i = 0; i < n; i++)
    {
      const Change *change = &g_array_index (node->changes, Change, i);
      size_t end = change->offset + (change->bytes ? change->size : 0);

      sizes[i + 1] = change->bytes ? MAX (sizes[i], end) : end;
      most = MAX (most, sizes[i + 1]);
    }
  size_t size = sizes[g_rand_int_range (rand, 0, n + 1)];
  size_t n_sectors = (most + sector - 1) / sector;
  g_autofree unsigned *which = g_new (unsigned, n_sectors + 1);
  for (size_t s = 0; s < n_sectors; s++)
    which[s] = n == 0 ? 0 : g_rand_int_range (rand, 0, n + 1);

  g_byte_array_set_size (result, size);
  if (size > 0)
    memset (result->data, 0, size);
  g_byte_array_append (version, node->synced->data, node->synced->len);
  for (unsigned i = 0;; i++)
    {
      for (size_t s = 0; s * sector < MIN (size, version->len); s++)
        if (which[s] == i)
          memcpy (result->data + s * sector, version->data + s * sector,
                  MIN (sector, MIN (size, version->len) - s * sector));
      if (i == n)
        return result;
      apply_change (version, &g_array_index (node->changes, Change, i));
    }
}

void
clr_cut_remove_folder (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *inner = g_build_filename (path, name, NULL);

      if (g_file_test (inner, G_FILE_TEST_IS_DIR))
        clr_cut_remove_folder (inner);
      else
        g_unlink (inner);
    }
  if (dir)
    g_dir_close (dir);
  g_rmdir (path);
}

static int
compare_paths (const void *a, const void *b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static void
write_image (uint32_t seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  static const Loss losses[] = { LOSE_SOME, LOSE_SOME, LOSE_SOME, LOSE_SOME, LOSE_ALL, LOSE_NOTHING };
  Loss loss = losses[g_rand_int_range (rand, 0, G_N_ELEMENTS (losses))];
  size_t sector = g_rand_boolean (rand) ? 512 : 4096;
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  GHashTableIter iter;
  void *path;

  for (unsigned i = 0; i < disk.entry_changes->len; i++)
    if (loss == LOSE_NOTHING || (loss == LOSE_SOME && g_rand_boolean (rand)))
      apply_entry (disk.safe, &g_array_index (disk.entry_changes, EntryChange, i));

  clr_cut_remove_folder (disk.root);
  g_mkdir (disk.root, 0700);
  g_hash_table_iter_init (&iter, disk.safe);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    g_ptr_array_add (paths, path);
  g_ptr_array_sort (paths,
                    compare_paths); /* folders before what is in them; and the same for the same seed */
  for (unsigned i = 0; i < paths->len; i++)
    {
      Node *node = g_hash_table_lookup (disk.safe, paths->pdata[i]);
      g_autofree char *folder = g_path_get_dirname (paths->pdata[i]);

      /* What lies in a folder that is lost is lost. */
      if (node->is_folder && g_file_test (folder, G_FILE_TEST_IS_DIR))
        g_mkdir (paths->pdata[i], 0700);
      if (node->is_folder)
        continue;
      g_autoptr (GByteArray) bytes = survive (node, loss, sector, rand);
      if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
        continue;
      /* SQLite's index of the log is a map of memory: after a power cut anything may stand in it. */
      for (unsigned k = 0; g_str_has_suffix (paths->pdata[i], "-shm") && k < bytes->len; k++)
        bytes->data[k] = g_rand_int (rand);
      g_assert_true (g_file_set_contents_full (paths->pdata[i], (char *)bytes->data, bytes->len,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
}

void
clr_cut_end (uint32_t seed)
{
  atomic_store (&active, FALSE);
  if (disk.kind == CLR_CUT_POWER)
    write_image (seed);
  for (unsigned i = 0; i < disk.entry_changes->len; i++)
    {
      g_free (g_array_index (disk.entry_changes, EntryChange, i).path);
      g_free (g_array_index (disk.entry_changes, EntryChange, i).to);
    }
  g_array_unref (disk.entry_changes);
  g_hash_table_unref (disk.live);
  g_hash_table_unref (disk.safe);
  g_ptr_array_unref (disk.nodes);
  for (unsigned i = 0; i < FDS; i++)
    g_clear_pointer (&disk.folders[i], g_free);
  g_free (disk.root);
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
