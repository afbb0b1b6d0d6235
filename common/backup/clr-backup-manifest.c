/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-backup-manifest.h"

#include "backup/clr-backup-head.h"
#include "backup/clr-backup-name.h"
#include "control/clr-json.h"

#include <glib/gi18n-lib.h>

#define NOTES_MOST 1000

static void
file_free (void *data)
{
  ClrBackupFile *file = data;

  g_free (file->path);
  g_free (file->entry);
  g_free (file);
}

ClrBackupManifest *
clr_backup_manifest_new (void)
{
  ClrBackupManifest *manifest = g_new0 (ClrBackupManifest, 1);

  manifest->files = g_ptr_array_new_with_free_func (file_free);
  return manifest;
}

void
clr_backup_manifest_free (ClrBackupManifest *manifest)
{
  g_free (manifest->program);
  g_free (manifest->time);
  g_free (manifest->hostname);
  g_free (manifest->settings_file);
  g_free (manifest->state_directory);
  g_ptr_array_unref (manifest->files);
  g_free (manifest);
}

static char *
to_text (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return clr_json_to_text (node, TRUE);
}

char *
clr_backup_manifest_to_text (const ClrBackupManifest *manifest)
{
  JsonObject *object = json_object_new (), *formats = json_object_new ();
  JsonArray *files = json_array_new ();

  json_object_set_int_member (object, "format", CLR_BACKUP_FORMAT);
  json_object_set_string_member (object, "program", manifest->program);
  json_object_set_string_member (object, "time", manifest->time);
  json_object_set_string_member (object, "hostname", manifest->hostname);
  json_object_set_string_member (object, "system", manifest->is_windows ? "windows" : "unix");
  json_object_set_string_member (object, "settings-file", manifest->settings_file);
  json_object_set_string_member (object, "state-directory", manifest->state_directory);
  json_object_set_int_member (formats, "queue", manifest->queue_format);
  json_object_set_int_member (formats, "history", manifest->history_format);
  json_object_set_int_member (formats, "state", manifest->state_format);
  json_object_set_object_member (object, "formats", formats);
  for (unsigned i = 0; i < manifest->files->len; i++)
    {
      const ClrBackupFile *file = g_ptr_array_index (manifest->files, i);
      JsonObject *one = json_object_new ();

      json_object_set_string_member (one, "path", file->path);
      json_object_set_string_member (one, "entry", file->entry);
      json_array_add_object_element (files, one);
    }
  json_object_set_array_member (object, "files", files);
  return to_text (object);
}

static JsonNode *
read_object (const char *text, GError **error)
{
  JsonNode *root = clr_json_parse (text, NULL);

  if (root && JSON_NODE_HOLDS_OBJECT (root))
    return root;
  g_clear_pointer (&root, json_node_unref);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("the backup's table of contents is none"));
  return NULL;
}

/* 0 when it is no such number. */
static uint64_t
get_number (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return 0;
  return (uint64_t)MAX (json_node_get_int (node), 0);
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static JsonArray *
get_array (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static unsigned
get_format (JsonObject *formats, const char *name)
{
  return formats ? (unsigned)MIN (get_number (formats, name), G_MAXINT) : 0;
}

static gboolean
read_files (ClrBackupManifest *manifest, JsonArray *array)
{
  for (unsigned i = 0; array && i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const char *path = object ? clr_json_get_text (object, "path") : NULL;
      const char *entry = object ? clr_json_get_text (object, "entry") : NULL, *rest;
      ClrBackupFile *file;
      ClrBackupKind kind;

      if (path == NULL || entry == NULL || !clr_backup_name_parse (entry, &kind, &rest)
          || kind != CLR_BACKUP_FILE || i >= clr_backup_kind_get_info (kind)->n_most)
        return FALSE;
      file = g_new0 (ClrBackupFile, 1);
      file->path = g_strdup (path);
      file->entry = g_strdup (entry);
      g_ptr_array_add (manifest->files, file);
    }
  return TRUE;
}

ClrBackupManifest *
clr_backup_manifest_from_text (const char *text, GError **error)
{
  g_autoptr (JsonNode) root = read_object (text, error);
  g_autoptr (ClrBackupManifest) manifest = clr_backup_manifest_new ();
  JsonObject *object, *formats;
  const char *system;

  if (root == NULL)
    return NULL;
  object = json_node_get_object (root);
  formats = get_object (object, "formats");
  system = clr_json_get_text (object, "system");
  manifest->program = g_strdup (clr_json_get_text (object, "program"));
  manifest->time = g_strdup (clr_json_get_text (object, "time"));
  manifest->hostname = g_strdup (clr_json_get_text (object, "hostname"));
  manifest->settings_file = g_strdup (clr_json_get_text (object, "settings-file"));
  manifest->state_directory = g_strdup (clr_json_get_text (object, "state-directory"));
  manifest->is_windows = g_strcmp0 (system, "windows") == 0;
  manifest->queue_format = get_format (formats, "queue");
  manifest->history_format = get_format (formats, "history");
  manifest->state_format = get_format (formats, "state");
  if (manifest->program && manifest->time && manifest->hostname && manifest->settings_file
      && manifest->state_directory && system && read_files (manifest, get_array (object, "files")))
    return g_steal_pointer (&manifest);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _ ("the backup's table of contents is not complete"));
  return NULL;
}

/* -- the end */

ClrBackupEnd *
clr_backup_end_new (void)
{
  ClrBackupEnd *end = g_new0 (ClrBackupEnd, 1);

  end->notes = g_ptr_array_new_with_free_func (g_free);
  return end;
}

void
clr_backup_end_free (ClrBackupEnd *end)
{
  g_ptr_array_unref (end->notes);
  g_free (end);
}

char *
clr_backup_end_to_text (const ClrBackupEnd *end)
{
  JsonObject *object = json_object_new ();
  JsonArray *notes = json_array_new ();

  json_object_set_int_member (object, "entries", (gint64)end->n_entries);
  json_object_set_int_member (object, "octets", (gint64)end->octets);
  json_object_set_int_member (object, "messages", (gint64)end->n_messages);
  json_object_set_int_member (object, "recipients", (gint64)end->n_recipients);
  for (unsigned i = 0; i < MIN (end->notes->len, NOTES_MOST); i++)
    json_array_add_string_element (notes, g_ptr_array_index (end->notes, i));
  json_object_set_array_member (object, "notes", notes);
  return to_text (object);
}

ClrBackupEnd *
clr_backup_end_from_text (const char *text, GError **error)
{
  g_autoptr (JsonNode) root = read_object (text, error);
  ClrBackupEnd *end;
  JsonObject *object;
  JsonArray *notes;

  if (root == NULL)
    return NULL;
  end = clr_backup_end_new ();
  object = json_node_get_object (root);
  end->n_entries = get_number (object, "entries");
  end->octets = get_number (object, "octets");
  end->n_messages = get_number (object, "messages");
  end->n_recipients = get_number (object, "recipients");
  notes = get_array (object, "notes");
  for (unsigned i = 0; notes && i < MIN (json_array_get_length (notes), NOTES_MOST); i++)
    {
      JsonNode *node = json_array_get_element (notes, i);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        g_ptr_array_add (end->notes, json_node_dup_string (node));
    }
  return end;
}
