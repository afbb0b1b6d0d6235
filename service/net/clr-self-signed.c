/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-self-signed.h"

#include "base/clr-error.h"
#include "system/clr-file.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RSA_BITS 2048

/* Under another name first: a start that is cut must not leave half a file, which no later start would
 * replace. */
static gboolean
write_new_file (const char *path, const gnutls_datum_t *datum, int mode, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);
  int fd = clr_file_open (temporary, CLR_FILE_OVER, mode);
  gboolean ok = fd >= 0 && clr_file_write_all (fd, datum->data, datum->size) && clr_file_sync (fd);

  if (fd >= 0)
    ok = close (fd) == 0 && ok;
  ok = ok && clr_file_rename (temporary, path);
  if (!ok)
    g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "%s cannot be written: %s", path, g_strerror (errno));
  return ok;
}

gboolean
clr_self_signed_make (ClrSelfSignedKind kind, const char *hostname, const char *certificate_file,
                      const char *key_file, GError **error)
{
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gnutls_datum_t key_pem = { 0 }, certificate_pem = { 0 };
  uint8_t serial[16];
  time_t now = time (NULL);

  gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial);
  serial[0] &= 0x7f;
  gnutls_x509_privkey_init (&key);
  gnutls_x509_crt_init (&certificate);
  if (kind == CLR_SELF_SIGNED_RSA)
    gnutls_x509_privkey_generate (key, GNUTLS_PK_RSA, RSA_BITS, 0);
  else
    gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
  gnutls_x509_crt_set_key (certificate, key);
  gnutls_x509_crt_set_version (certificate, 3);
  gnutls_x509_crt_set_serial (certificate, serial, sizeof serial);
  gnutls_x509_crt_set_activation_time (certificate, now - 3600);
  gnutls_x509_crt_set_expiration_time (certificate, now + 10 * 365 * 86400L);
  gnutls_x509_crt_set_dn_by_oid (certificate, GNUTLS_OID_X520_COMMON_NAME, 0, hostname, strlen (hostname));
  gnutls_x509_crt_set_subject_alt_name (certificate, GNUTLS_SAN_DNSNAME, hostname, strlen (hostname),
                                        GNUTLS_FSAN_SET);
  /* Old clients send their secret under the RSA key itself. */
  gnutls_x509_crt_set_key_usage (certificate,
                                 GNUTLS_KEY_DIGITAL_SIGNATURE
                                     | (kind == CLR_SELF_SIGNED_RSA ? GNUTLS_KEY_KEY_ENCIPHERMENT : 0));
  gnutls_x509_crt_set_key_purpose_oid (certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
  int code = gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
  if (code >= 0)
    code = gnutls_x509_privkey_export2 (key, GNUTLS_X509_FMT_PEM, &key_pem);
  if (code >= 0)
    code = gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &certificate_pem);

  gboolean ok = FALSE;
  if (code < 0)
    g_set_error (error, CLR_ERROR, CLR_ERROR_FAILED, "no certificate could be made: %s",
                 gnutls_strerror (code));
  else
    ok = write_new_file (key_file, &key_pem, 0600, error)
         && write_new_file (certificate_file, &certificate_pem, 0644, error);
  if (key_pem.data)
    gnutls_memset (key_pem.data, 0, key_pem.size);
  gnutls_free (key_pem.data);
  gnutls_free (certificate_pem.data);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);
  return ok;
}
