/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-backup-chunks.h"

#include "system/clr-file.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define NONCE_SIZE 12

struct ClrBackupSealer
{
  ClrBackupHead head;
  gnutls_aead_cipher_hd_t cipher;
  ClrBackupSink sink;
  void *data;
  uint64_t n; /* chunks sealed */
  size_t filled;
  uint8_t content[CLR_BACKUP_CHUNK];
  uint8_t sealed[CLR_BACKUP_CHUNK + CLR_BACKUP_TAG];
};

struct ClrBackupOpener
{
  ClrBackupHead head;
  gnutls_aead_cipher_hd_t cipher;
  int fd;
  uint64_t n; /* chunks opened */
  gboolean at_end;
  uint8_t content[CLR_BACKUP_CHUNK];
  uint8_t sealed[CLR_BACKUP_CHUNK + CLR_BACKUP_TAG + 1]; /* one more tells whether another chunk follows */
};

static gboolean
fail (int code, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("the cryptography library refuses: %s"),
               gnutls_strerror (code));
  return FALSE;
}

/* The key is the file's own, by its salt: counting is enough that no nonce comes twice. */
static void
make_nonce (uint8_t nonce[NONCE_SIZE], uint64_t n, gboolean is_last)
{
  memset (nonce, 0, NONCE_SIZE);
  for (int i = 0; i < 8; i++)
    nonce[3 + i] = (uint8_t)(n >> (56 - 8 * i));
  nonce[NONCE_SIZE - 1] = is_last ? 1 : 0;
}

static gboolean
start_cipher (gnutls_aead_cipher_hd_t *cipher, const ClrBackupHead *head, GError **error)
{
  gnutls_datum_t key = { (unsigned char *)head->key, CLR_BACKUP_KEY_SIZE };
  int code = gnutls_aead_cipher_init (cipher, GNUTLS_CIPHER_AES_256_GCM, &key);

  return code == 0 || fail (code, error);
}

/* -- sealing */

ClrBackupSealer *
clr_backup_sealer_new (const ClrBackupHead *head, ClrBackupSink sink, void *data, GError **error)
{
  ClrBackupSealer *sealer = g_new0 (ClrBackupSealer, 1);

  sealer->head = *head;
  sealer->sink = sink;
  sealer->data = data;
  if (start_cipher (&sealer->cipher, head, error) && sink (head->bytes, CLR_BACKUP_HEAD_SIZE, data, error))
    return sealer;
  clr_backup_sealer_free (sealer);
  return NULL;
}

void
clr_backup_sealer_free (ClrBackupSealer *sealer)
{
  if (sealer->cipher)
    gnutls_aead_cipher_deinit (sealer->cipher);
  explicit_bzero (sealer, sizeof *sealer);
  g_free (sealer);
}

static gboolean
seal (ClrBackupSealer *sealer, gboolean is_last, GError **error)
{
  size_t size = sizeof sealer->sealed;
  uint8_t nonce[NONCE_SIZE];
  int code;

  make_nonce (nonce, sealer->n++, is_last);
  code = gnutls_aead_cipher_encrypt (sealer->cipher, nonce, sizeof nonce, sealer->head.bytes,
                                     CLR_BACKUP_HEAD_SIZE, CLR_BACKUP_TAG, sealer->content, sealer->filled,
                                     sealer->sealed, &size);
  sealer->filled = 0;
  return code == 0 ? sealer->sink (sealer->sealed, size, sealer->data, error) : fail (code, error);
}

gboolean
clr_backup_sealer_write (ClrBackupSealer *sealer, const void *bytes, size_t size, GError **error)
{
  const uint8_t *from = bytes;

  while (size > 0)
    {
      size_t n;

      /* Only now is it known that this chunk is not the last. */
      if (sealer->filled == CLR_BACKUP_CHUNK && !seal (sealer, FALSE, error))
        return FALSE;
      n = MIN (size, CLR_BACKUP_CHUNK - sealer->filled);
      memcpy (sealer->content + sealer->filled, from, n);
      sealer->filled += n;
      from += n;
      size -= n;
    }
  return TRUE;
}

gboolean
clr_backup_sealer_finish (ClrBackupSealer *sealer, GError **error)
{
  return seal (sealer, TRUE, error);
}

/* -- opening */

static ssize_t
read_full (int fd, uint8_t *into, size_t size, uint64_t offset)
{
  size_t all = 0;

  while (all < size)
    {
      ssize_t n = clr_file_read_at (fd, into + all, size - all, offset + all);

      if (n < 0)
        return -1;
      if (n == 0)
        break;
      all += n;
    }
  return (ssize_t)all;
}

static gboolean
fail_to_read (GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("the backup cannot be read: %s"),
               g_strerror (errno));
  return FALSE;
}

ClrBackupOpener *
clr_backup_opener_new (int fd, const char *passphrase, GError **error)
{
  ClrBackupOpener *opener = g_new0 (ClrBackupOpener, 1);
  uint8_t bytes[CLR_BACKUP_HEAD_SIZE];
  ssize_t n = read_full (fd, bytes, sizeof bytes, 0);

  opener->fd = fd;
  if (n < 0)
    fail_to_read (error);
  else if (n < (ssize_t)sizeof bytes)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 _ ("this is no backup of Cl Mail Relay, or all but its beginning is missing"));
  else if (clr_backup_head_read (&opener->head, bytes, passphrase, error)
           && start_cipher (&opener->cipher, &opener->head, error))
    return opener;
  clr_backup_opener_free (opener);
  return NULL;
}

void
clr_backup_opener_free (ClrBackupOpener *opener)
{
  if (opener->cipher)
    gnutls_aead_cipher_deinit (opener->cipher);
  explicit_bzero (opener, sizeof *opener);
  g_free (opener);
}

gboolean
clr_backup_opener_read (ClrBackupOpener *opener, const void **bytes, size_t *size, GError **error)
{
  uint64_t offset = CLR_BACKUP_HEAD_SIZE + opener->n * (CLR_BACKUP_CHUNK + CLR_BACKUP_TAG);
  size_t content_size = sizeof opener->content;
  uint8_t nonce[NONCE_SIZE];
  gboolean is_last;
  ssize_t n;
  int code = -1;

  *bytes = opener->content;
  *size = 0;
  if (opener->at_end)
    return TRUE;
  n = read_full (opener->fd, opener->sealed, sizeof opener->sealed, offset);
  if (n < 0)
    return fail_to_read (error);
  is_last = n < (ssize_t)sizeof opener->sealed;
  make_nonce (nonce, opener->n, is_last);
  if (n >= CLR_BACKUP_TAG)
    code = gnutls_aead_cipher_decrypt (
        opener->cipher, nonce, sizeof nonce, opener->head.bytes, CLR_BACKUP_HEAD_SIZE, CLR_BACKUP_TAG,
        opener->sealed, MIN ((size_t)n, sizeof opener->sealed - 1), opener->content, &content_size);
  /* An empty last chunk behind others is not ours. */
  if (code != 0 || (content_size == 0 && opener->n > 0))
    {
      g_set_error (
          error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          is_last ? _ ("the backup is cut short, or damaged behind octet %" G_GUINT64_FORMAT
                       "; nothing of it is used")
                  : _ ("the backup is damaged behind octet %" G_GUINT64_FORMAT "; nothing of it is used"),
          (guint64)offset);
      return FALSE;
    }
  opener->n++;
  opener->at_end = is_last;
  *size = content_size;
  return TRUE;
}
