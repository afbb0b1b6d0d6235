/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backup of a stranger who knows the passphrase: what comes out are entries of the known kinds, in order,
 * with plain names, of the size that was said; or a word. The first octet chooses how the rest is cut.
 */
#include "backup/clr-backup-reader.h"
#include "fuzz.h"

typedef struct
{
  const uint8_t *bytes;
  size_t size, piece;
} Source;

static gboolean
give (void *data, const void **bytes, size_t *size, GError **error)
{
  Source *source = data;

  *bytes = source->bytes;
  *size = MIN (source->size, source->piece);
  source->bytes += *size;
  source->size -= *size;
  return TRUE;
}

static void
read_entry (ClrBackupReader *reader, const ClrBackupEntry *entry)
{
  g_autoptr (GError) error = NULL;
  uint64_t all = 0;
  char piece[512];
  gssize n;

  while ((n = clr_backup_reader_read (reader, piece, sizeof piece, &error)) > 0 && all < 1024 * 1024)
    all += n;
  fuzz_check ((n < 0) == (error != NULL));
  fuzz_check (all <= entry->size || all >= 1024 * 1024);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  Source source = { .piece = 1 + 512 * (size_t)fuzz_take (&bytes, &size) };
  g_autoptr (GError) error = NULL;
  ClrBackupKind last = CLR_BACKUP_MANIFEST;
  ClrBackupReader *reader;
  ClrBackupEntry entry = { 0 };
  gboolean ok;

  source.bytes = bytes;
  source.size = size;
  reader = clr_backup_reader_new (give, &source, NULL, &error);
  fuzz_check ((reader == NULL) == (error != NULL));
  if (reader == NULL)
    return 0;
  while ((ok = clr_backup_reader_next (reader, &entry, &error)) && entry.name)
    {
      fuzz_check (entry.kind >= last && entry.kind < CLR_BACKUP_END && entry.kind > CLR_BACKUP_MANIFEST);
      fuzz_check (strstr (entry.name, "..") == NULL || entry.kind == CLR_BACKUP_SECRET
                  || entry.kind == CLR_BACKUP_KEY || entry.kind == CLR_BACKUP_TLS);
      fuzz_check (strchr (entry.rest, '/') == NULL && *entry.rest != '.');
      fuzz_check (entry.size <= clr_backup_kind_get_info (entry.kind)->size_most);
      last = entry.kind;
      if (size % 2)
        read_entry (reader, &entry);
    }
  fuzz_check (ok == (error == NULL));
  fuzz_check (!ok || clr_backup_reader_get_end (reader));
  clr_backup_reader_free (reader);
  return 0;
}
