/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clr-server-certificate.h"

#include "base/clr-error.h"
#include "system/clr-file.h"

#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>
#include <string.h>

#define LARGEST_FILE (1024 * 1024) /* octets */
#define MOST_NAMES   100u

struct ClrServerCertificate
{
  char *file;
  gnutls_x509_crt_t *chain; /* its own first */
  unsigned n_chain;
  gnutls_x509_privkey_t key;
};

typedef struct
{
  char *text;
  gsize size;
} Content;

static void
content_clear (Content *content)
{
  if (content->text)
    gnutls_memset (content->text, 0, content->size);
  g_free (content->text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Content, content_clear)

static gnutls_datum_t
as_datum (const Content *content)
{
  return (gnutls_datum_t){ (unsigned char *)content->text, content->size };
}

static gboolean
read_file (Content *content, const char *path, GError **error)
{
  ClrFileFacts facts;

  if (clr_file_look (path, &facts) && facts.size > LARGEST_FILE)
    {
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                   "%s: is no certificate or key, it has more than %d octets", path, LARGEST_FILE);
      return FALSE;
    }
  if (g_file_get_contents (path, &content->text, &content->size, error))
    return TRUE;
  if (error && g_error_matches (*error, G_FILE_ERROR, G_FILE_ERROR_ACCES))
    {
      g_autofree char *command = clr_file_dup_closing_command (path);

      g_prefix_error (error, "this service may not read it; run as administrator: %s: ", command);
    }
  return FALSE;
}

/* Where the key is. */
static gboolean
check_closed (const char *path, GError **error)
{
  g_autofree char *command = NULL;

  if (!clr_file_is_open_to_all (path))
    return TRUE;
  command = clr_file_dup_closing_command (path);
  g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
               "%s: everybody on this machine can read this private key; run as administrator: %s", path,
               command);
  return FALSE;
}

static gboolean
refuse (const char *path, const char *what, int code, GError **error)
{
  g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "%s: %s: %s", path, what, gnutls_strerror (code));
  return FALSE;
}

static gboolean
is_pem (const Content *content)
{
  return g_strstr_len (content->text, content->size, "-----BEGIN ") != NULL;
}

static gboolean
import_pem (ClrServerCertificate *self, const Content *certificates, const char *key_file,
            const Content *keys, const char *password, GError **error)
{
  gnutls_datum_t datum = as_datum (certificates);
  int code = gnutls_x509_crt_list_import2 (&self->chain, &self->n_chain, &datum, GNUTLS_X509_FMT_PEM, 0);

  if (code < 0)
    return refuse (self->file, "has no certificate in PEM or PKCS #12 form", code, error);
  datum = as_datum (keys);
  gnutls_x509_privkey_init (&self->key);
  code = gnutls_x509_privkey_import2 (self->key, &datum, GNUTLS_X509_FMT_PEM, password, 0);
  if (code == GNUTLS_E_DECRYPTION_FAILED)
    return refuse (key_file, password ? "the password does not open the key" : "the key needs a password",
                   code, error);
  if (code < 0)
    return refuse (key_file, "has no private key in PEM form; name the key with key-file", code, error);
  return TRUE;
}

static gboolean
import_pkcs12 (ClrServerCertificate *self, const Content *content, const char *password, GError **error)
{
  gnutls_datum_t datum = as_datum (content);
  gnutls_pkcs12_t pkcs12;
  int code;

  gnutls_pkcs12_init (&pkcs12);
  code = gnutls_pkcs12_import (pkcs12, &datum, GNUTLS_X509_FMT_DER, 0);
  if (code < 0)
    refuse (self->file, "is neither PEM nor PKCS #12 (PFX)", code, error);
  else if ((code = gnutls_pkcs12_verify_mac (pkcs12, password ? password : "")) < 0)
    refuse (self->file,
            password ? "the password does not open it"
                     : "it needs a password: [certificate NAME] has that setting",
            code, error);
  else if ((code = gnutls_pkcs12_simple_parse (pkcs12, password ? password : "", &self->key, &self->chain,
                                               &self->n_chain, NULL, NULL, NULL,
                                               GNUTLS_PKCS12_SP_INCLUDE_SELF_SIGNED))
           < 0)
    refuse (self->file, "cannot be used", code, error);
  gnutls_pkcs12_deinit (pkcs12);
  if (code < 0)
    return FALSE;
  if (self->key && self->n_chain > 0)
    return TRUE;
  g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "%s: holds no %s; export it with its private key",
               self->file, self->key ? "certificate" : "private key");
  return FALSE;
}

static gboolean
load (ClrServerCertificate *self, const char *key_file, const char *password, GError **error)
{
  g_auto (Content) certificates = { 0 };
  g_auto (Content) keys = { 0 };

  if (!read_file (&certificates, self->file, error))
    return FALSE;
  if (!is_pem (&certificates))
    {
      if (key_file == NULL)
        return check_closed (self->file, error) && import_pkcs12 (self, &certificates, password, error);
      g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID,
                   "%s: is not PEM; if it is PKCS #12 (PFX), the key is in it: remove key-file", self->file);
      return FALSE;
    }
  return check_closed (key_file ? key_file : self->file, error)
         && (key_file == NULL || read_file (&keys, key_file, error))
         && import_pem (self, &certificates, key_file ? key_file : self->file,
                        key_file ? &keys : &certificates, password, error);
}

ClrServerCertificate *
clr_server_certificate_load (const char *file, const char *key_file, const char *password, GError **error)
{
  ClrServerCertificate *self = g_new0 (ClrServerCertificate, 1);

  self->file = g_strdup (file);
  if (!load (self, key_file, password, error))
    g_clear_pointer (&self, clr_server_certificate_free);
  return self;
}

void
clr_server_certificate_free (ClrServerCertificate *self)
{
  for (unsigned i = 0; i < self->n_chain; i++)
    gnutls_x509_crt_deinit (self->chain[i]);
  gnutls_free (self->chain);
  if (self->key)
    gnutls_x509_privkey_deinit (self->key);
  g_free (self->file);
  g_free (self);
}

gboolean
clr_server_certificate_give (ClrServerCertificate *self, gnutls_certificate_credentials_t credentials,
                             GError **error)
{
  int code = gnutls_certificate_set_x509_key (credentials, self->chain, (int)self->n_chain, self->key);

  if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
    g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "%s: the key does not belong to this certificate",
                 self->file);
  else if (code < 0)
    refuse (self->file, "cannot be used", code, error);
  return code >= 0;
}

gint64
clr_server_certificate_get_expiry (ClrServerCertificate *self)
{
  gint64 first = G_MAXINT64;

  for (unsigned i = 0; i < self->n_chain; i++)
    first = MIN (first, (gint64)gnutls_x509_crt_get_expiration_time (self->chain[i]));
  return first;
}

char *
clr_server_certificate_dup_names (ClrServerCertificate *self)
{
  g_autoptr (GString) names = g_string_new (NULL);
  gnutls_datum_t subject = { 0 };

  for (unsigned i = 0; i < MOST_NAMES; i++)
    {
      char name[256];
      size_t size = sizeof name;
      int kind = gnutls_x509_crt_get_subject_alt_name (self->chain[0], i, name, &size, NULL);

      if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        break;
      if (kind == GNUTLS_SAN_DNSNAME)
        g_string_append_printf (names, "%s%.*s", names->len ? ", " : "", (int)size, name);
    }
  if (names->len == 0 && gnutls_x509_crt_get_dn3 (self->chain[0], &subject, 0) >= 0)
    g_string_append_len (names, (const char *)subject.data, subject.size);
  gnutls_free (subject.data);
  return g_string_free (g_steal_pointer (&names), FALSE);
}

char *
clr_server_certificate_dup_subject (ClrServerCertificate *self)
{
  gnutls_datum_t subject = { 0 };
  char *text;

  if (gnutls_x509_crt_get_dn3 (self->chain[0], &subject, 0) < 0)
    return g_strdup ("");
  text = g_utf8_make_valid ((const char *)subject.data, subject.size);
  gnutls_free (subject.data);
  return text;
}

gboolean
clr_server_certificate_is_self_signed (ClrServerCertificate *self)
{
  return gnutls_x509_crt_check_issuer (self->chain[0], self->chain[0]) != 0;
}
