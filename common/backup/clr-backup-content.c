/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-backup-content.h"

#include "backup/clr-backup-name.h"
#include "backup/clr-backup-paths.h"
#include "settings/clr-plain-file.h"
#include "settings/clr-secret.h"
#include "settings/clr-settings-file.h"
#include "system/clr-folder.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  char *name;
  char *bytes;
  gsize size;
} Item;

struct ClrBackupContent
{
  GPtrArray *items; /* of Item, in the order of the file */
  const char *state_directory;
  GPtrArray *notes;
};

static void
item_free (void *data)
{
  Item *item = data;

  explicit_bzero (item->bytes, item->size);
  g_free (item->bytes);
  g_free (item->name);
  g_free (item);
}

/* @bytes is taken. */
static void
add (ClrBackupContent *content, ClrBackupKind kind, const char *rest, char *bytes, gsize size)
{
  Item *item = g_new0 (Item, 1);

  item->name = g_strconcat (clr_backup_kind_get_info (kind)->name, rest, NULL);
  item->bytes = bytes;
  item->size = size;
  g_ptr_array_add (content->items, item);
}

static void
note (ClrBackupContent *content, const char *what, const GError *problem)
{
  g_ptr_array_add (content->notes, g_strdup_printf (_ ("%s is not in the backup: %s"), what,
                                                    problem ? problem->message : _ ("there are too many")));
}

static void
add_versions (ClrBackupContent *content, const char *settings_file)
{
  g_autoptr (GArray) numbers = clr_settings_file_list_versions (settings_file);

  for (unsigned i = numbers->len; i-- > 0;)
    {
      uint64_t number = g_array_index (numbers, uint64_t, i);
      g_autofree char *rest = g_strdup_printf ("%" G_GUINT64_FORMAT, (guint64)number);
      g_autoptr (GError) error = NULL;
      char *text = clr_settings_file_read_version (settings_file, number, NULL, &error);

      if (text)
        add (content, CLR_BACKUP_VERSION, rest, text, strlen (text));
      else
        note (content, rest, error);
    }
}

static gboolean
collect_name (const char *name, void *data)
{
  if (clr_backup_name_is_plain (name))
    g_ptr_array_add (data, g_strdup (name));
  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* The plain names in a folder of the state directory, none when there is no such folder. (transfer full) */
static GPtrArray *
list_folder (ClrBackupContent *content, const char *name)
{
  g_autofree char *path = g_build_filename (content->state_directory, name, NULL);
  g_autoptr (ClrFolder) folder = clr_folder_open_real (path);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  if (folder)
    clr_folder_list (folder, collect_name, names);
  g_ptr_array_sort (names, compare_names);
  return names;
}

static void
add_secrets (ClrBackupContent *content)
{
  g_autoptr (GPtrArray) names = list_folder (content, "secrets");

  for (unsigned i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autoptr (GError) error = NULL;
      char *secret = i < clr_backup_kind_get_info (CLR_BACKUP_SECRET)->n_most
                         ? clr_secret_load (content->state_directory, name, &error)
                         : NULL;

      if (secret)
        add (content, CLR_BACKUP_SECRET, name, secret, strlen (secret));
      else
        note (content, name, error);
    }
}

static void
add_users (ClrBackupContent *content)
{
  g_autoptr (GError) error = NULL;
  char *text = clr_secret_load_users (content->state_directory, &error);

  if (text)
    add (content, CLR_BACKUP_USERS, "", text, strlen (text));
  else if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    note (content, "users", error);
}

/* The regular files of a folder of the state directory. */
static void
add_folder (ClrBackupContent *content, ClrBackupKind kind, const char *folder)
{
  const ClrBackupKindInfo *info = clr_backup_kind_get_info (kind);
  g_autoptr (GPtrArray) names = list_folder (content, folder);

  for (unsigned i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *path = g_build_filename (content->state_directory, folder, name, NULL);
      g_autoptr (GError) error = NULL;
      gsize size = 0;
      char *bytes = i < info->n_most ? clr_plain_file_read (path, info->size_most, &size, &error) : NULL;

      if (bytes)
        add (content, kind, name, bytes, size);
      else
        note (content, path, error);
    }
}

static gboolean
is_listed (const ClrBackupManifest *manifest, const char *path)
{
  for (unsigned i = 0; i < manifest->files->len; i++)
    if (g_str_equal (((ClrBackupFile *)g_ptr_array_index (manifest->files, i))->path, path))
      return TRUE;
  return FALSE;
}

/* What lies in a folder that goes along as a whole is not taken a second time. */
static gboolean
is_in_folder (ClrBackupContent *content, const ClrBackupManifest *manifest, const char *path)
{
  g_autofree char *below = clr_backup_path_below (manifest->is_windows, content->state_directory, path);

  return below && (g_str_has_prefix (below, "keys/") || g_str_has_prefix (below, "tls/"))
         && clr_backup_name_is_plain (strchr (below, '/') + 1);
}

static void
add_named_files (ClrBackupContent *content, const char *text, ClrBackupManifest *manifest)
{
  const ClrBackupKindInfo *info = clr_backup_kind_get_info (CLR_BACKUP_FILE);
  g_autoptr (GPtrArray) settings = clr_backup_path_list (text);

  for (unsigned i = 0; i < settings->len; i++)
    {
      const ClrPathSetting *setting = g_ptr_array_index (settings, i);
      g_autofree char *rest = g_strdup_printf ("%u", manifest->files->len + 1);
      g_autoptr (GError) error = NULL;
      ClrBackupFile *file;
      gsize size = 0;
      char *bytes;

      if ((setting->role != CLR_PATH_OWN_FILE && setting->role != CLR_PATH_AUTHORITY)
          || is_listed (manifest, setting->value) || is_in_folder (content, manifest, setting->value))
        continue;
      bytes = manifest->files->len < info->n_most
                  ? clr_plain_file_read (setting->value, info->size_most, &size, &error)
                  : NULL;
      if (bytes == NULL)
        {
          note (content, setting->value, error);
          continue;
        }
      file = g_new0 (ClrBackupFile, 1);
      file->path = g_strdup (setting->value);
      file->entry = g_strconcat (info->name, rest, NULL);
      g_ptr_array_add (manifest->files, file);
      add (content, CLR_BACKUP_FILE, rest, bytes, size);
    }
}

ClrBackupContent *
clr_backup_content_read (const char *settings_file, const char *state_directory, ClrBackupManifest *manifest,
                         GPtrArray *notes, GError **error)
{
  g_autoptr (ClrSettingsFile) file = clr_settings_file_read (settings_file, error);
  ClrBackupContent *content;

  if (file == NULL)
    return NULL;
  content = g_new0 (ClrBackupContent, 1);
  content->items = g_ptr_array_new_with_free_func (item_free);
  content->state_directory = state_directory;
  content->notes = notes;
#ifdef _WIN32
  manifest->is_windows = TRUE;
#endif
  manifest->settings_file = g_strdup (settings_file);
  manifest->state_directory = g_strdup (state_directory);
  add (content, CLR_BACKUP_SETTINGS, "", g_strdup (file->text), strlen (file->text));
  add_versions (content, settings_file);
  add_secrets (content);
  add_users (content);
  add_folder (content, CLR_BACKUP_KEY, "keys");
  add_folder (content, CLR_BACKUP_TLS, "tls");
  add_named_files (content, file->text, manifest);
  content->state_directory = NULL;
  content->notes = NULL;
  return content;
}

gboolean
clr_backup_content_write (ClrBackupContent *content, const ClrBackupManifest *manifest,
                          ClrBackupWriter *writer, GError **error)
{
  g_autofree char *text = clr_backup_manifest_to_text (manifest);

  if (!clr_backup_writer_add (writer, clr_backup_kind_get_info (CLR_BACKUP_MANIFEST)->name, text,
                              strlen (text), error))
    return FALSE;
  for (unsigned i = 0; i < content->items->len; i++)
    {
      const Item *item = g_ptr_array_index (content->items, i);

      if (!clr_backup_writer_add (writer, item->name, item->bytes, item->size, error))
        return FALSE;
    }
  return TRUE;
}

void
clr_backup_content_free (ClrBackupContent *content)
{
  g_ptr_array_unref (content->items);
  g_free (content);
}
