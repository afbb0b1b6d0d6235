/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backup/clr-backup-head.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

/* Where things are in the head; numbers are big-endian. */
enum
{
  AT_FORMAT = 8,
  AT_ITERATIONS = 12,
  AT_SALT = 16,
  AT_PROOF = 32, /* that the passphrase is the right one, and all before this untouched */
};

#define SALT_SIZE  (AT_PROOF - AT_SALT)
#define PROOF_SIZE (CLR_BACKUP_HEAD_SIZE - AT_PROOF)

static const char magic[AT_FORMAT] = "CLRBKUP\n"; /* the line end shows what has been sent as a text */

static uint32_t
get_number (const uint8_t *at)
{
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void
put_number (uint8_t *at, uint32_t number)
{
  for (int i = 0; i < 4; i++)
    at[i] = (uint8_t)(number >> (24 - 8 * i));
}

static gboolean
fail (int code, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("the cryptography library refuses: %s"),
               gnutls_strerror (code));
  return FALSE;
}

gboolean
clr_backup_passphrase_is_good (const char *passphrase, GError **error)
{
  if (g_utf8_validate (passphrase, -1, NULL) && strlen (passphrase) <= CLR_BACKUP_PASSPHRASE_MOST
      && g_utf8_strlen (passphrase, -1) >= CLR_BACKUP_PASSPHRASE_LEAST)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               _ ("a passphrase has %d characters or more (UTF-8, at most %d octets): whoever guesses it has "
                  "all secrets of the relay"),
               CLR_BACKUP_PASSPHRASE_LEAST, CLR_BACKUP_PASSPHRASE_MOST);
  return FALSE;
}

/* Two keys of one passphrase (the second and third are HMACs of the first, each with a name of its own): what
 * proves the passphrase tells nothing of the key. */
static gboolean
derive (ClrBackupHead *head, const char *passphrase, uint8_t proof[PROOF_SIZE], GError **error)
{
  static const char proof_name[] = "clrelay backup: proof", key_name[] = "clrelay backup: content";
  /* A letter with its accent is one character or two, as the keyboard's makers like. */
  g_autofree char *composed = g_utf8_normalize (passphrase, -1, G_NORMALIZE_DEFAULT_COMPOSE);
  const char *words = composed ? composed : passphrase;
  gnutls_datum_t secret = { (unsigned char *)words, (unsigned)strlen (words) };
  gnutls_datum_t salt = { head->bytes + AT_SALT, SALT_SIZE };
  uint8_t first[32], text[AT_PROOF + sizeof proof_name + sizeof key_name];
  int code = gnutls_pbkdf2 (GNUTLS_MAC_SHA256, &secret, &salt, get_number (head->bytes + AT_ITERATIONS),
                            first, sizeof first);

  G_STATIC_ASSERT (PROOF_SIZE == 32 && CLR_BACKUP_KEY_SIZE == 32);
  memcpy (text, head->bytes, AT_PROOF);
  memcpy (text + AT_PROOF, proof_name, sizeof proof_name);
  if (code == 0)
    code = gnutls_hmac_fast (GNUTLS_MAC_SHA256, first, sizeof first, text, AT_PROOF + sizeof proof_name,
                             proof);
  memcpy (text + AT_PROOF, key_name, sizeof key_name);
  if (code == 0)
    code = gnutls_hmac_fast (GNUTLS_MAC_SHA256, first, sizeof first, text, AT_PROOF + sizeof key_name,
                             head->key);
  explicit_bzero (first, sizeof first);
  if (composed)
    explicit_bzero (composed, strlen (composed));
  return code == 0 || fail (code, error);
}

gboolean
clr_backup_head_make (ClrBackupHead *head, const char *passphrase, unsigned iterations, GError **error)
{
  int code;

  memcpy (head->bytes, magic, sizeof magic);
  put_number (head->bytes + AT_FORMAT, CLR_BACKUP_FORMAT);
  put_number (head->bytes + AT_ITERATIONS, iterations);
  code = gnutls_rnd (GNUTLS_RND_KEY, head->bytes + AT_SALT, SALT_SIZE);
  return code == 0 ? derive (head, passphrase, head->bytes + AT_PROOF, error) : fail (code, error);
}

gboolean
clr_backup_head_read (ClrBackupHead *head, const uint8_t bytes[CLR_BACKUP_HEAD_SIZE], const char *passphrase,
                      GError **error)
{
  uint32_t format = get_number (bytes + AT_FORMAT), iterations = get_number (bytes + AT_ITERATIONS);
  uint8_t proof[PROOF_SIZE];

  if (memcmp (bytes, magic, sizeof magic) != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   _ ("this is no backup of Cl Mail Relay, or its beginning is damaged"));
      return FALSE;
    }
  if (format > CLR_BACKUP_FORMAT)
    {
      g_set_error (
          error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
          _ ("the backup was made by a newer version of Cl Mail Relay (format %u, this version knows "
             "%d); install that version, then restore"),
          format, CLR_BACKUP_FORMAT);
      return FALSE;
    }
  if (format == 0 || iterations < CLR_BACKUP_ITERATIONS_LEAST || iterations > CLR_BACKUP_ITERATIONS_MOST)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _ ("the beginning of the backup is damaged"));
      return FALSE;
    }
  memcpy (head->bytes, bytes, CLR_BACKUP_HEAD_SIZE);
  if (!derive (head, passphrase, proof, error))
    return FALSE;
  if (gnutls_memcmp (proof, bytes + AT_PROOF, PROOF_SIZE) == 0)
    return TRUE;
  clr_backup_head_clear (head);
  g_set_error (
      error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
      _ ("the passphrase is not the one that the backup was made with (or the first %d octets of the "
         "file are damaged)"),
      CLR_BACKUP_HEAD_SIZE);
  return FALSE;
}

void
clr_backup_head_clear (ClrBackupHead *head)
{
  explicit_bzero (head, sizeof *head);
}
