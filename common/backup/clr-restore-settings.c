/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-restore-settings.h"

#include "settings/clr-plain-file.h"
#include "settings/clr-sections.h"
#include "settings/clr-settings-text.h"
#include "system/clr-folder.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define FILE_MOST (4u * 1024 * 1024)

typedef struct
{
  const ClrBackupManifest *manifest;
  ClrBackupPlace from;
  const ClrBackupPlace *to;
  const char *files;
  GHashTable *placed; /* path in the backup -> where it is here */
  GPtrArray *notes;
  char *text;
} Translation;

static void
tell (Translation *translation, const ClrPathSetting *setting, const char *now)
{
  g_ptr_array_add (translation->notes,
                   g_strdup_printf (_ ("[%s%s%s] %s: %s is now %s"), setting->group, setting->name ? " " : "",
                                    setting->name ? setting->name : "", setting->key, setting->value, now));
}

static gboolean
set (Translation *translation, const ClrPathSetting *setting, const char *value, GError **error)
{
  const ClrSettingChange change
      = { .group = setting->group, .name = setting->name, .key = setting->key, .value = (char *)value };
  char *text;

  if (g_strcmp0 (value, setting->value) == 0)
    return TRUE;
  text = clr_settings_text_change (translation->text, &change, error);
  if (text == NULL)
    return FALSE;
  g_free (translation->text);
  translation->text = text;
  return TRUE;
}

static const ClrBackupFile *
find_file (const ClrBackupManifest *manifest, const char *path)
{
  for (unsigned i = 0; i < manifest->files->len; i++)
    {
      const ClrBackupFile *file = g_ptr_array_index (manifest->files, i);

      if (g_str_equal (file->path, path))
        return file;
    }
  return NULL;
}

static gboolean
is_same (const char *a, const char *b)
{
  gsize a_size = 0, b_size = 0;
  g_autofree char *x = clr_plain_file_read (a, FILE_MOST, &a_size, NULL);
  g_autofree char *y = clr_plain_file_read (b, FILE_MOST, &b_size, NULL);
  gboolean same = x && y && a_size == b_size && memcmp (x, y, a_size) == 0;

  if (x)
    explicit_bzero (x, a_size);
  if (y)
    explicit_bzero (y, b_size);
  return same;
}

/* Gives the backup's file its place below the new state directory. (transfer full) */
static char *
place_file (Translation *translation, const ClrBackupFile *file, GError **error)
{
  const char *number = strchr (file->entry, '/') + 1;
  g_autofree char *base = clr_backup_path_dup_name (file->path);
  g_autofree char *name = g_strdup_printf ("%s-%s", number, base);
  g_autofree char *from = g_build_filename (translation->files, number, NULL);
  g_autofree char *to = g_build_filename (translation->files, name, NULL);

  if (!clr_file_rename (from, to))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   _ ("the backup's table of contents names %s, which is not in it"), file->path);
      return NULL;
    }
  return g_build_filename (translation->to->state_directory, "files", name, NULL);
}

/* A file that a setting names. Where this machine has it already, it is left alone. */
static gboolean
set_file (Translation *translation, const ClrPathSetting *setting, GError **error)
{
  const ClrBackupFile *file = find_file (translation->manifest, setting->value);
  const char *placed = g_hash_table_lookup (translation->placed, setting->value);
  ClrPathFate fate;
  g_autofree char *there
      = clr_backup_path_translate (&translation->from, translation->to, setting->value, &fate);
  g_autofree char *now = g_strdup (placed);

  if (now == NULL && file)
    {
      g_autofree char *staged = g_build_filename (translation->files, strchr (file->entry, '/') + 1, NULL);

      if (there
          && (setting->role == CLR_PATH_AUTHORITY ? g_file_test (there, G_FILE_TEST_EXISTS)
                                                  : is_same (there, staged)))
        now = g_strdup (there);
      else if ((now = place_file (translation, file, error)) == NULL)
        return FALSE;
      g_hash_table_insert (translation->placed, g_strdup (setting->value), g_strdup (now));
    }
  else if (now == NULL && there)
    now = g_steal_pointer (&there); /* in a folder that goes along as a whole, or it was missing before */
  if (now == NULL)
    {
      g_ptr_array_add (
          translation->notes,
          g_strdup_printf (_ ("[%s%s%s] %s: the file %s is not in the backup and cannot be here; "
                              "put it here and change the setting"),
                           setting->group, setting->name ? " " : "", setting->name ? setting->name : "",
                           setting->key, setting->value));
      now = clr_backup_path_dup_name (setting->value);
      g_autofree char *name = g_steal_pointer (&now);
      now = g_build_filename (translation->to->state_directory, "files", name, NULL);
    }
  else if (!g_str_equal (now, setting->value))
    tell (translation, setting, now);
  return set (translation, setting, now, error);
}

static gboolean
set_place (Translation *translation, const ClrPathSetting *setting, GError **error)
{
  ClrPathFate fate;
  g_autofree char *now
      = clr_backup_path_translate (&translation->from, translation->to, setting->value, &fate);

  if (now == NULL && g_str_equal (setting->key, "control-socket"))
    {
      g_ptr_array_add (translation->notes, g_strdup_printf (_ ("[server] control-socket: %s is of another "
                                                               "system; the usual one is used"),
                                                            setting->value));
      return set (translation, setting, NULL, error);
    }
  if (now == NULL)
    {
      g_autofree char *name = clr_backup_path_dup_name (setting->value);
      now = g_build_filename (translation->to->state_directory, name, NULL);
    }
  if (!g_str_equal (now, setting->value))
    tell (translation, setting, now);
  return set (translation, setting, now, error);
}

/* The directory that counts when none is set. (transfer full) */
static char *
dup_default_state (void)
{
  g_autoptr (GObject) section = g_object_new (clr_server_section_get_type (), NULL);

  return g_strdup (clr_section_get_text (CLR_SECTION (section), "state-directory"));
}

static gboolean
set_state (Translation *translation, const ClrPathSetting *stands, GError **error)
{
  static ClrPathSetting none = { .group = (char *)"server", .key = (char *)"state-directory" };
  g_autofree char *usual = dup_default_state ();

  if (stands == NULL && g_str_equal (usual, translation->to->state_directory))
    return TRUE;
  return set (translation, stands ? stands : &none, translation->to->state_directory, error);
}

static gboolean
remove_unused (const char *name, void *data)
{
  if (!strchr (name, '-'))
    g_ptr_array_add (data, g_strdup (name));
  return TRUE;
}

/* Files that are here already. */
static void
drop_unused (Translation *translation)
{
  g_autoptr (ClrFolder) folder = clr_folder_open_real (translation->files);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (folder)
    clr_folder_list (folder, remove_unused, names);
  for (unsigned i = 0; i < names->len; i++)
    clr_folder_unlink (folder, g_ptr_array_index (names, i));
}

char *
clr_restore_settings_translate (const char *text, const ClrBackupManifest *manifest, const ClrBackupPlace *to,
                                const char *files, GPtrArray *notes, GError **error)
{
  g_autoptr (GPtrArray) settings = clr_backup_path_list (text);
  Translation translation = {
    .manifest = manifest,
    .from = { manifest->is_windows, manifest->settings_file, manifest->state_directory },
    .to = to,
    .files = files,
    .placed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .notes = notes,
    .text = g_strdup (text),
  };
  const ClrPathSetting *state = NULL;
  gboolean ok = TRUE;

  for (unsigned i = 0; ok && i < settings->len; i++)
    {
      const ClrPathSetting *setting = g_ptr_array_index (settings, i);

      switch (setting->role)
        {
        case CLR_PATH_STATE:
          state = setting;
          break;
        case CLR_PATH_OWN_FILE:
        case CLR_PATH_AUTHORITY:
          ok = set_file (&translation, setting, error);
          break;
        case CLR_PATH_PLACE:
          ok = set_place (&translation, setting, error);
          break;
        }
    }
  ok = ok && set_state (&translation, state, error);
  if (ok)
    drop_unused (&translation);
  g_hash_table_unref (translation.placed);
  if (!ok)
    g_clear_pointer (&translation.text, g_free);
  return translation.text;
}
