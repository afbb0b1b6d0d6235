/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/clr-assertion.h"

#include "base/clr-error.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define LIFETIME_S 300
#define BACK_S     30 /* clocks differ */

char *
clr_base64url (const void *bytes, size_t size)
{
  char *text = g_base64_encode (bytes, size), *end;

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  for (end = text + strlen (text); end > text && end[-1] == '='; end--)
    end[-1] = 0;
  return text;
}

static gboolean
refuse (GError **error, const char *file, const char *why)
{
  g_set_error (error, CLR_ERROR, CLR_ERROR_INVALID, "%s: %s", file, why);
  return FALSE;
}

/* RFC 7515 sections 4.1.7 and 4.1.8: the thumbprints by which the provider finds the certificate. */
static gboolean
set_thumbprints (JsonObject *header, const char *file, GError **error)
{
  g_autofree char *pem = NULL;
  gsize size;
  gnutls_x509_crt_t certificate;
  uint8_t sha1[20], sha256[32];
  size_t sha1_size = sizeof sha1, sha256_size = sizeof sha256;
  int code;

  if (!g_file_get_contents (file, &pem, &size, error))
    return FALSE;
  gnutls_x509_crt_init (&certificate);
  code = gnutls_x509_crt_import (certificate, &(gnutls_datum_t){ (void *)pem, size }, GNUTLS_X509_FMT_PEM);
  if (code == 0)
    code = gnutls_x509_crt_get_fingerprint (certificate, GNUTLS_DIG_SHA1, sha1, &sha1_size);
  if (code == 0)
    code = gnutls_x509_crt_get_fingerprint (certificate, GNUTLS_DIG_SHA256, sha256, &sha256_size);
  gnutls_x509_crt_deinit (certificate);
  if (code != 0)
    return refuse (error, file, gnutls_strerror (code));
  g_autofree char *x5t = clr_base64url (sha1, sizeof sha1), *x5t256 = clr_base64url (sha256, sizeof sha256);
  json_object_set_string_member (header, "x5t", x5t);
  json_object_set_string_member (header, "x5t#S256", x5t256);
  return TRUE;
}

/* Takes @object. */
static char *
encode (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  g_autofree char *text = json_to_string (node, FALSE);
  return clr_base64url (text, strlen (text));
}

static char *
make_claims (const char *client_id, const char *audience, int64_t now_s)
{
  JsonObject *claims = json_object_new ();
  g_autofree char *id = g_uuid_string_random ();

  json_object_set_string_member (claims, "aud", audience);
  json_object_set_string_member (claims, "iss", client_id);
  json_object_set_string_member (claims, "sub", client_id);
  json_object_set_string_member (claims, "jti", id);
  json_object_set_int_member (claims, "nbf", now_s - BACK_S);
  json_object_set_int_member (claims, "exp", now_s + LIFETIME_S);
  return encode (claims);
}

/* Returns: (transfer full) (nullable) */
static char *
sign (const char *text, const char *file, GError **error)
{
  g_autofree char *pem = NULL;
  gsize size;
  gnutls_privkey_t key;
  gnutls_datum_t signature = { NULL, 0 };
  char *encoded = NULL;
  int code;

  if (!g_file_get_contents (file, &pem, &size, error))
    return NULL;
  gnutls_privkey_init (&key);
  code = gnutls_privkey_import_x509_raw (key, &(gnutls_datum_t){ (void *)pem, size }, GNUTLS_X509_FMT_PEM,
                                         NULL, 0);
  explicit_bzero (pem, size);
  if (code == 0 && gnutls_privkey_get_pk_algorithm (key, NULL) != GNUTLS_PK_RSA)
    refuse (error, file, "an RSA key is needed (RS256)");
  else if (code != 0
           || (code
               = gnutls_privkey_sign_data2 (key, GNUTLS_SIGN_RSA_SHA256, 0,
                                            &(gnutls_datum_t){ (void *)text, strlen (text) }, &signature))
                  != 0)
    refuse (error, file, gnutls_strerror (code));
  else
    encoded = clr_base64url (signature.data, signature.size);
  gnutls_free (signature.data);
  gnutls_privkey_deinit (key);
  return encoded;
}

char *
clr_assertion_make (const char *client_id, const char *audience, const char *certificate_file,
                    const char *key_file, int64_t now_s, GError **error)
{
  JsonObject *head = json_object_new ();
  g_autofree char *header = NULL, *claims = NULL, *signed_part = NULL, *signature = NULL;

  json_object_set_string_member (head, "alg", "RS256");
  json_object_set_string_member (head, "typ", "JWT");
  if (!set_thumbprints (head, certificate_file, error))
    {
      json_object_unref (head);
      return NULL;
    }
  header = encode (head);
  claims = make_claims (client_id, audience, now_s);
  signed_part = g_strconcat (header, ".", claims, NULL);
  signature = sign (signed_part, key_file, error);
  return signature ? g_strconcat (signed_part, ".", signature, NULL) : NULL;
}
