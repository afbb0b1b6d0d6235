/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/clr-dkim-key.h"

#include "base/clr-error.h"
#include "system/clr-file.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <unistd.h>

#define SMALLEST_RSA 2048u /* RFC 8301 section 3.2 asks for 1024, and advises 2048 */

struct ClrDkimKey
{
  ClrDkimAlgorithm algorithm;
  gnutls_privkey_t private;
};

void
clr_dkim_key_free (ClrDkimKey *key)
{
  gnutls_privkey_deinit (key->private);
  g_free (key);
}

static ClrDkimKey *
key_from_x509 (gnutls_x509_privkey_t x509, const char *file, GError **error)
{
  ClrDkimKey *key = g_new0 (ClrDkimKey, 1);
  unsigned bits = 0;
  int kind;

  gnutls_privkey_init (&key->private);
  gnutls_privkey_import_x509 (key->private, x509, GNUTLS_PRIVKEY_IMPORT_COPY);
  kind = gnutls_privkey_get_pk_algorithm (key->private, &bits);
  if (kind == GNUTLS_PK_RSA && bits >= SMALLEST_RSA)
    key->algorithm = CLR_DKIM_RSA_SHA256;
  else if (kind == GNUTLS_PK_EDDSA_ED25519)
    key->algorithm = CLR_DKIM_ED25519_SHA256;
  else
    {
      if (kind == GNUTLS_PK_RSA)
        g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                     "%s: an RSA key of %u bits is too short to be believed; make one of 2048 with \"clrelay "
                     "dkim new\"",
                     file, bits);
      else
        g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                     "%s: DKIM knows RSA and Ed25519 keys, this one is %s", file, gnutls_pk_get_name (kind));
      clr_dkim_key_free (key);
      return NULL;
    }
  return key;
}

ClrDkimKey *
clr_dkim_key_load (const char *file, GError **error)
{
  g_autofree char *text = NULL;
  gsize size;
  gnutls_x509_privkey_t x509;
  gnutls_datum_t pem;
  int code;

  if (clr_file_is_open_to_all (file))
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                   "%s: everybody on this machine can read this private key; run: chmod 600 %s", file, file);
      return NULL;
    }
  if (!g_file_get_contents (file, &text, &size, error))
    return NULL;
  pem = (gnutls_datum_t){ (unsigned char *)text, size };
  gnutls_x509_privkey_init (&x509);
  code = gnutls_x509_privkey_import2 (x509, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
  gnutls_memset (text, 0, size);

  ClrDkimKey *key = NULL;
  if (code < 0)
    g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "%s: not a private key in PEM form: %s", file,
                 gnutls_strerror (code));
  else
    key = key_from_x509 (x509, file, error);
  gnutls_x509_privkey_deinit (x509);
  return key;
}

ClrDkimKey *
clr_dkim_key_generate (ClrDkimAlgorithm algorithm, unsigned bits, const char *file, GError **error)
{
  gnutls_x509_privkey_t x509;
  gnutls_datum_t pem = { 0 };
  ClrDkimKey *key = NULL;
  int code, fd;

  gnutls_x509_privkey_init (&x509);
  code = algorithm == CLR_DKIM_RSA_SHA256
             ? gnutls_x509_privkey_generate (x509, GNUTLS_PK_RSA, CLAMP (bits, SMALLEST_RSA, 4096), 0)
             : gnutls_x509_privkey_generate (x509, GNUTLS_PK_EDDSA_ED25519,
                                             GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_ED25519), 0);
  if (code >= 0)
    code = gnutls_x509_privkey_export2_pkcs8 (x509, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);
  if (code < 0)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "no key could be made: %s", gnutls_strerror (code));
      goto out;
    }
  fd = clr_file_open (file, CLR_FILE_NEW, 0600);
  if (fd < 0 || !clr_file_write_all (fd, pem.data, pem.size) || !clr_file_sync (fd))
    g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "%s: %s%s", file, g_strerror (errno),
                 errno == EEXIST ? "; a key is never overwritten, choose another selector or file" : "");
  else
    key = key_from_x509 (x509, file, error);
  if (fd >= 0)
    close (fd);

out:
  if (pem.data)
    gnutls_memset (pem.data, 0, pem.size);
  gnutls_free (pem.data);
  gnutls_x509_privkey_deinit (x509);
  return key;
}

ClrDkimAlgorithm
clr_dkim_key_get_algorithm (const ClrDkimKey *key)
{
  return key->algorithm;
}

const char *
clr_dkim_algorithm_get_name (ClrDkimAlgorithm algorithm)
{
  return algorithm == CLR_DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256";
}

char *
clr_dkim_key_sign (const ClrDkimKey *key, const uint8_t hash[32], GError **error)
{
  gnutls_datum_t digest = { (unsigned char *)hash, 32 }, signature = { 0 };
  /* RFC 8463 section 3: Ed25519 signs the SHA-256 hash as its message. */
  int code
      = key->algorithm == CLR_DKIM_RSA_SHA256
            ? gnutls_privkey_sign_hash (key->private, GNUTLS_DIG_SHA256, 0, &digest, &signature)
            : gnutls_privkey_sign_data2 (key->private, GNUTLS_SIGN_EDDSA_ED25519, 0, &digest, &signature);

  if (code < 0)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "signing failed: %s", gnutls_strerror (code));
      return NULL;
    }
  char *text = g_base64_encode (signature.data, signature.size);
  gnutls_free (signature.data);
  return text;
}

char *
clr_dkim_key_dup_record (const ClrDkimKey *key)
{
  gnutls_pubkey_t public;
  gnutls_datum_t bytes = { 0 };
  g_autofree char *text = NULL;

  gnutls_pubkey_init (&public);
  gnutls_pubkey_import_privkey (public, key->private, 0, 0);
  /* RSA: SubjectPublicKeyInfo; Ed25519: the 32 octets themselves (RFC 8463 section 4). */
  if (key->algorithm == CLR_DKIM_RSA_SHA256)
    gnutls_pubkey_export2 (public, GNUTLS_X509_FMT_DER, &bytes);
  else
    gnutls_pubkey_export_ecc_raw2 (public, NULL, &bytes, NULL, GNUTLS_EXPORT_FLAG_NO_LZ);
  text = g_base64_encode (bytes.data, bytes.size);
  gnutls_free (bytes.data);
  gnutls_pubkey_deinit (public);
  return g_strdup_printf ("v=DKIM1; k=%s; p=%s", key->algorithm == CLR_DKIM_RSA_SHA256 ? "rsa" : "ed25519",
                          text);
}

char *
clr_dkim_record_to_zone (const char *record, const char *selector, const char *domain)
{
  GString *zone = g_string_new (NULL);
  size_t size = strlen (record);

  g_string_append_printf (zone, "%s._domainkey.%s. IN TXT (", selector, domain);
  for (size_t i = 0; i < size; i += 255)
    g_string_append_printf (zone, " \"%.255s\"", record + i);
  g_string_append (zone, " )\n");
  return g_string_free (zone, FALSE);
}
