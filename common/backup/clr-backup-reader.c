/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-backup-reader.h"

#include "backup/clr-backup-chunks.h"
#include "system/clr-file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#define SMALL_MOST (256u * 1024 * 1024) /* of what is read as a whole */

struct ClrBackupReader
{
  ClrBackupSource source;
  void *data;
  GDestroyNotify source_free;
  struct archive *archive;
  GError *error; /* of the source */
  ClrBackupManifest *manifest;
  ClrBackupEnd *end;

  char *name; /* of the entry at hand */
  ClrBackupKind kind;
  uint64_t size;
  GHashTable *names; /* those of its kind that were there; spool files come in order instead */
  uint64_t n_of_kind;
  uint64_t n_entries, octets; /* of all */
};

static gboolean
fail (ClrBackupReader *reader, GError **error, const char *why)
{
  if (reader->error)
    g_propagate_error (error, g_steal_pointer (&reader->error));
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("the backup is not as this program makes them (%s); nothing of it is used"), why);
  return FALSE;
}

static la_ssize_t
on_read (struct archive *archive, void *data, const void **bytes)
{
  ClrBackupReader *reader = data;
  size_t size;

  if (reader->error || !reader->source (reader->data, bytes, &size, &reader->error))
    {
      archive_set_error (archive, EIO, "the source fails");
      return -1;
    }
  return (la_ssize_t)size;
}

static const char *
get_words (ClrBackupReader *reader)
{
  const char *words = archive_error_string (reader->archive);

  return words ? words : "?";
}

/* An entry of the archive: its head is held to the rules. Returns: FALSE with @error, or at the archive's
 * end, which is then told by @at_end. */
static gboolean
next_entry (ClrBackupReader *reader, gboolean *at_end, GError **error)
{
  struct archive_entry *entry;
  const ClrBackupKindInfo *info;
  const char *name, *rest;
  ClrBackupKind kind;
  int code = archive_read_next_header (reader->archive, &entry);

  *at_end = code == ARCHIVE_EOF && reader->error == NULL;
  if (*at_end)
    return TRUE;
  if (code != ARCHIVE_OK)
    return fail (reader, error, get_words (reader));
  name = archive_entry_pathname (entry);
  if (name == NULL || archive_entry_filetype (entry) != AE_IFREG || archive_entry_hardlink (entry)
      || archive_entry_symlink (entry) || archive_entry_sparse_count (entry) > 0
      || !archive_entry_size_is_set (entry) || !clr_backup_name_parse (name, &kind, &rest))
    return fail (reader, error, "an entry of another kind");
  info = clr_backup_kind_get_info (kind);
  if (archive_entry_size (entry) < 0 || (uint64_t)archive_entry_size (entry) > info->size_most)
    return fail (reader, error, "an entry that is too large");
  if (reader->name && kind < reader->kind)
    return fail (reader, error, "entries in another order");
  if (reader->name == NULL || kind != reader->kind)
    {
      reader->n_of_kind = 0;
      g_hash_table_remove_all (reader->names);
    }
  else if (kind == CLR_BACKUP_SPOOL && strcmp (name, reader->name) <= 0)
    return fail (reader, error, "spool files in another order");
  if (++reader->n_of_kind > info->n_most
      || (kind != CLR_BACKUP_SPOOL && !g_hash_table_add (reader->names, g_strdup (name))))
    return fail (reader, error, "too many entries, or one that comes twice");
  g_free (reader->name);
  reader->name = g_strdup (name);
  reader->kind = kind;
  reader->size = archive_entry_size (entry);
  return TRUE;
}

static gboolean
read_manifest (ClrBackupReader *reader, GError **error)
{
  gboolean at_end;

  if (!next_entry (reader, &at_end, error))
    return FALSE;
  if (at_end || reader->kind != CLR_BACKUP_MANIFEST)
    return fail (reader, error, "no table of contents");
  g_autofree char *text = clr_backup_reader_read_all (reader, NULL, error);
  reader->n_entries++;
  reader->octets += reader->size;
  if (text)
    reader->manifest = clr_backup_manifest_from_text (text, error);
  return reader->manifest != NULL;
}

ClrBackupReader *
clr_backup_reader_new (ClrBackupSource source, void *data, GDestroyNotify source_free, GError **error)
{
  ClrBackupReader *reader = g_new0 (ClrBackupReader, 1);

  reader->source = source;
  reader->data = data;
  reader->source_free = source_free;
  reader->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  reader->archive = archive_read_new ();
  archive_read_support_format_tar (reader->archive);
  if (archive_read_open (reader->archive, reader, NULL, on_read, NULL) != ARCHIVE_OK)
    fail (reader, error, get_words (reader));
  else if (read_manifest (reader, error))
    return reader;
  clr_backup_reader_free (reader);
  return NULL;
}

void
clr_backup_reader_free (ClrBackupReader *reader)
{
  archive_read_free (reader->archive);
  if (reader->source_free)
    reader->source_free (reader->data);
  g_clear_pointer (&reader->manifest, clr_backup_manifest_free);
  g_clear_pointer (&reader->end, clr_backup_end_free);
  g_hash_table_unref (reader->names);
  g_clear_error (&reader->error);
  g_free (reader->name);
  g_free (reader);
}

const ClrBackupManifest *
clr_backup_reader_get_manifest (ClrBackupReader *reader)
{
  return reader->manifest;
}

const ClrBackupEnd *
clr_backup_reader_get_end (ClrBackupReader *reader)
{
  return reader->end;
}

/* Behind the archive's end there are zeros only, to the end of the last chunk: only then the file is whole.
 */
static gboolean
drain (ClrBackupReader *reader, GError **error)
{
  const void *bytes;
  size_t size;

  do
    {
      if (!reader->source (reader->data, &bytes, &size, error))
        return FALSE;
      for (size_t i = 0; i < size; i++)
        if (((const uint8_t *)bytes)[i])
          return fail (reader, error, "something behind its end");
    }
  while (size > 0);
  return TRUE;
}

static gboolean
finish (ClrBackupReader *reader, GError **error)
{
  g_autofree char *text = clr_backup_reader_read_all (reader, NULL, error);
  gboolean at_end;

  if (text == NULL)
    return FALSE;
  reader->end = clr_backup_end_from_text (text, error);
  if (reader->end == NULL)
    return FALSE;
  if (reader->end->n_entries != reader->n_entries || reader->end->octets != reader->octets)
    return fail (reader, error, "its end tells of other contents");
  if (!next_entry (reader, &at_end, error))
    return FALSE;
  return at_end ? drain (reader, error) : fail (reader, error, "something behind its end");
}

gboolean
clr_backup_reader_next (ClrBackupReader *reader, ClrBackupEntry *entry, GError **error)
{
  gboolean at_end;
  const char *rest;

  *entry = (ClrBackupEntry){ 0 };
  if (reader->end)
    return TRUE;
  if (!next_entry (reader, &at_end, error))
    return FALSE;
  if (at_end)
    return fail (reader, error, "it has no end");
  if (reader->kind == CLR_BACKUP_END)
    return finish (reader, error);
  reader->n_entries++;
  reader->octets += reader->size;
  entry->name = reader->name;
  entry->size = reader->size;
  if (clr_backup_name_parse (reader->name, &entry->kind, &rest))
    entry->rest = rest;
  return TRUE;
}

gssize
clr_backup_reader_read (ClrBackupReader *reader, void *into, size_t size, GError **error)
{
  la_ssize_t n = archive_read_data (reader->archive, into, size);

  if (n >= 0 && reader->error == NULL)
    return n;
  fail (reader, error, get_words (reader));
  return -1;
}

char *
clr_backup_reader_read_all (ClrBackupReader *reader, gsize *size, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guint8 piece[16 * 1024];
  gssize n;

  while ((n = clr_backup_reader_read (reader, piece, sizeof piece, error)) > 0)
    {
      g_byte_array_append (all, piece, n);
      if (all->len > MIN (reader->size, SMALL_MOST))
        {
          fail (reader, error, "an entry that is too large");
          return NULL;
        }
    }
  if (n < 0)
    return NULL;
  if (size)
    *size = all->len;
  g_byte_array_append (all, (const guint8 *)"", 1);
  return (char *)g_byte_array_free (g_steal_pointer (&all), FALSE);
}

/* -- from a file */

typedef struct
{
  int fd;
  ClrBackupOpener *opener;
} File;

static void
file_free (void *data)
{
  File *file = data;

  if (file->opener)
    clr_backup_opener_free (file->opener);
  close (file->fd);
  g_free (file);
}

static gboolean
read_chunk (void *data, const void **bytes, size_t *size, GError **error)
{
  return clr_backup_opener_read (((File *)data)->opener, bytes, size, error);
}

ClrBackupReader *
clr_backup_reader_open (const char *path, const char *passphrase, GError **error)
{
  File *file = g_new0 (File, 1);
  ClrFileFacts facts;

  file->fd = clr_file_open (path, CLR_FILE_READ, 0);
  if (file->fd < 0 || !clr_file_get_facts (file->fd, &facts) || facts.kind != CLR_FILE_REGULAR)
    {
      g_set_error (error, G_IO_ERROR,
                   file->fd < 0 ? g_io_error_from_errno (errno) : G_IO_ERROR_NOT_REGULAR_FILE, "%s: %s", path,
                   file->fd < 0 ? g_strerror (errno) : _ ("this is no regular file"));
      if (file->fd >= 0)
        close (file->fd);
      g_free (file);
      return NULL;
    }
  file->opener = clr_backup_opener_new (file->fd, passphrase, error);
  if (file->opener)
    return clr_backup_reader_new (read_chunk, file, file_free, error);
  file_free (file);
  return NULL;
}
