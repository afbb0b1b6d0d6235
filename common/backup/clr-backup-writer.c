/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-backup-writer.h"

#include "backup/clr-backup-name.h"
#include "system/clr-file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define PIECE (64 * 1024)

struct ClrBackupWriter
{
  ClrBackupSealer *sealer;
  struct archive *archive;
  int64_t time_s; /* of all entries */
  uint64_t n_entries, octets;
  GError *error; /* what the sealer said, which the archive's library cannot pass on */
};

static la_ssize_t
on_write (struct archive *archive, void *data, const void *bytes, size_t size)
{
  ClrBackupWriter *writer = data;

  return clr_backup_sealer_write (writer->sealer, bytes, size, &writer->error) ? (la_ssize_t)size : -1;
}

static gboolean
fail (ClrBackupWriter *writer, GError **error)
{
  const char *words = archive_error_string (writer->archive);

  if (writer->error)
    g_propagate_error (error, g_steal_pointer (&writer->error));
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("the archive cannot be written: %s"),
                 words ? words : "?");
  return FALSE;
}

ClrBackupWriter *
clr_backup_writer_new (ClrBackupSealer *sealer, GError **error)
{
  ClrBackupWriter *writer = g_new0 (ClrBackupWriter, 1);

  writer->sealer = sealer;
  writer->time_s = g_get_real_time () / G_USEC_PER_SEC;
  writer->archive = archive_write_new ();
  if (archive_write_set_format_pax_restricted (writer->archive) == ARCHIVE_OK
      && archive_write_set_bytes_per_block (writer->archive, PIECE) == ARCHIVE_OK
      && archive_write_set_bytes_in_last_block (writer->archive, 1) == ARCHIVE_OK
      && archive_write_open (writer->archive, writer, NULL, on_write, NULL) == ARCHIVE_OK)
    return writer;
  fail (writer, error);
  clr_backup_writer_free (writer);
  return NULL;
}

void
clr_backup_writer_free (ClrBackupWriter *writer)
{
  /* What is not finished shall not look so: nothing more reaches the sealer. */
  archive_write_fail (writer->archive);
  archive_write_free (writer->archive);
  clr_backup_sealer_free (writer->sealer);
  g_clear_error (&writer->error);
  g_free (writer);
}

static gboolean
begin (ClrBackupWriter *writer, const char *name, uint64_t size, GError **error)
{
  struct archive_entry *entry = archive_entry_new ();
  int code;

  archive_entry_set_pathname (entry, name);
  archive_entry_set_size (entry, (la_int64_t)size);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_perm (entry, 0600);
  archive_entry_set_mtime (entry, writer->time_s, 0);
  code = archive_write_header (writer->archive, entry);
  archive_entry_free (entry);
  writer->n_entries++;
  writer->octets += size;
  return code == ARCHIVE_OK || fail (writer, error);
}

static gboolean
put (ClrBackupWriter *writer, const void *bytes, size_t size, GError **error)
{
  return size == 0 || archive_write_data (writer->archive, bytes, size) == (la_ssize_t)size
         || fail (writer, error);
}

gboolean
clr_backup_writer_add (ClrBackupWriter *writer, const char *name, const void *bytes, size_t size,
                       GError **error)
{
  return begin (writer, name, size, error) && put (writer, bytes, size, error);
}

gboolean
clr_backup_writer_add_file (ClrBackupWriter *writer, const char *name, int fd, uint64_t size, GError **error)
{
  uint8_t piece[PIECE];

  if (!begin (writer, name, size, error))
    return FALSE;
  for (uint64_t done = 0; done < size;)
    {
      ssize_t n = clr_file_read_at (fd, piece, MIN (size - done, sizeof piece), done);

      if (n <= 0)
        {
          g_set_error (error, G_IO_ERROR, n < 0 ? g_io_error_from_errno (errno) : G_IO_ERROR_FAILED,
                       _ ("%s cannot be read: %s"), name,
                       n < 0 ? g_strerror (errno) : _ ("it is shorter than it was"));
          return FALSE;
        }
      if (!put (writer, piece, n, error))
        return FALSE;
      done += n;
    }
  return TRUE;
}

gboolean
clr_backup_writer_finish (ClrBackupWriter *writer, ClrBackupEnd *end, GError **error)
{
  end->n_entries = writer->n_entries;
  end->octets = writer->octets;
  g_autofree char *text = clr_backup_end_to_text (end);
  if (!clr_backup_writer_add (writer, clr_backup_kind_get_info (CLR_BACKUP_END)->name, text, strlen (text),
                              error))
    return FALSE;
  if (archive_write_close (writer->archive) != ARCHIVE_OK)
    return fail (writer, error);
  return clr_backup_sealer_finish (writer->sealer, error);
}
