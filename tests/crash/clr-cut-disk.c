/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-cut-private.h"

#include <glib/gstdio.h>
#include <string.h>

ClrCutDisk clr_cut_disk = { .lock = PTHREAD_MUTEX_INITIALIZER };

ClrCutNode *
clr_cut_add_node (const char *path, gboolean is_folder)
{
  ClrCutNode *node = g_new0 (ClrCutNode, 1);

  node->is_folder = is_folder;
  if (!is_folder)
    {
      node->synced = g_byte_array_new ();
      node->changes = g_array_new (FALSE, FALSE, sizeof (ClrCutChange));
    }
  g_ptr_array_add (clr_cut_disk.nodes, node);
  g_hash_table_replace (clr_cut_disk.live, g_strdup (path), node);
  return node;
}

void
clr_cut_note_entry (const char *path, const char *to, ClrCutNode *node)
{
  ClrCutEntry change = { g_strdup (path), g_strdup (to), node };

  g_array_append_val (clr_cut_disk.entry_changes, change);
}

static void
apply_change (GByteArray *bytes, const ClrCutChange *change)
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

void
clr_cut_note_change (ClrCutNode *node, size_t offset, const void *bytes, size_t size)
{
  ClrCutChange change = { offset, size, bytes ? g_memdup2 (bytes, size) : NULL };

  if (bytes == NULL || size > 0)
    g_array_append_val (node->changes, change);
}

static void
drop_changes (ClrCutNode *node)
{
  for (unsigned i = 0; i < node->changes->len; i++)
    g_free (g_array_index (node->changes, ClrCutChange, i).bytes);
  g_array_set_size (node->changes, 0);
}

void
clr_cut_sync_file (ClrCutNode *node)
{
  for (unsigned i = 0; i < node->changes->len; i++)
    apply_change (node->synced, &g_array_index (node->changes, ClrCutChange, i));
  drop_changes (node);
}

static void
apply_entry (GHashTable *entries, const ClrCutEntry *change)
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

void
clr_cut_sync_folder (const char *folder)
{
  for (unsigned i = 0; i < clr_cut_disk.entry_changes->len;)
    {
      ClrCutEntry *change = &g_array_index (clr_cut_disk.entry_changes, ClrCutEntry, i);

      if (!is_in (change->path, folder))
        {
          i++;
          continue;
        }
      apply_entry (clr_cut_disk.safe, change);
      g_free (change->path);
      g_free (change->to);
      g_array_remove_index (clr_cut_disk.entry_changes, i);
    }
}

void
clr_cut_free_node (void *data)
{
  ClrCutNode *node = data;

  if (node->changes)
    {
      drop_changes (node);
      g_array_unref (node->changes);
      g_byte_array_unref (node->synced);
    }
  g_free (node);
}

/* How a power cut treats what was not synced. */
typedef enum
{
  LOSE_ALL,
  LOSE_NOTHING,
  LOSE_SOME,
} Loss;

static GByteArray *
survive (const ClrCutNode *node, Loss loss, size_t sector, GRand *rand)
{
  unsigned n = node->changes->len;
  g_autoptr (GByteArray) version = g_byte_array_new ();
  GByteArray *result = g_byte_array_new ();
  g_autofree size_t *sizes = g_new (size_t, n + 1);

  if (loss != LOSE_SOME)
    {
      g_byte_array_append (result, node->synced->data, node->synced->len);
      for (unsigned i = 0; loss == LOSE_NOTHING && i < n; i++)
        apply_change (result, &g_array_index (node->changes, ClrCutChange, i));
      return result;
    }

  /* Which version of each sector has reached the disk is thrown first; then the versions are made one after
   * another, and each gives the sectors that are its own. */
  sizes[0] = node->synced->len;
  size_t most = sizes[0];
  for (unsigned i = 0; i < n; i++)
    {
      const ClrCutChange *change = &g_array_index (node->changes, ClrCutChange, i);
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
      apply_change (version, &g_array_index (node->changes, ClrCutChange, i));
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

void
clr_cut_write_image (uint32_t seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  static const Loss losses[] = { LOSE_SOME, LOSE_SOME, LOSE_SOME, LOSE_SOME, LOSE_ALL, LOSE_NOTHING };
  Loss loss = losses[g_rand_int_range (rand, 0, G_N_ELEMENTS (losses))];
  size_t sector = g_rand_boolean (rand) ? 512 : 4096;
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  GHashTableIter iter;
  void *path;

  for (unsigned i = 0; i < clr_cut_disk.entry_changes->len; i++)
    if (loss == LOSE_NOTHING || (loss == LOSE_SOME && g_rand_boolean (rand)))
      apply_entry (clr_cut_disk.safe, &g_array_index (clr_cut_disk.entry_changes, ClrCutEntry, i));

  clr_cut_remove_folder (clr_cut_disk.root);
  g_mkdir (clr_cut_disk.root, 0700);
  g_hash_table_iter_init (&iter, clr_cut_disk.safe);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    g_ptr_array_add (paths, path);
  g_ptr_array_sort (paths,
                    compare_paths); /* folders before what is in them; and the same for the same seed */
  for (unsigned i = 0; i < paths->len; i++)
    {
      ClrCutNode *node = g_hash_table_lookup (clr_cut_disk.safe, paths->pdata[i]);
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
