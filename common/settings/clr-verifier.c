/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings/clr-verifier.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define MECHANISM "SCRAM-SHA-256$"

/* RFC 5802 section 5.1 asks for SASLprep; of it, what passwords meet: compatibility characters made equal.
 * What is not UTF-8 is taken as it is, and fits nothing. (transfer full) */
static char *
prepare (const char *password)
{
  char *prepared = g_utf8_normalize (password, -1, G_NORMALIZE_NFKC);

  return prepared ? prepared : g_strdup (password);
}

static gboolean
derive (const ClrVerifier *verifier, const char *password, uint8_t stored_key[CLR_VERIFIER_KEY],
        uint8_t server_key[CLR_VERIFIER_KEY])
{
  char *prepared = prepare (password);
  gnutls_datum_t key = { (unsigned char *)prepared, strlen (prepared) };
  gnutls_datum_t salt = { (unsigned char *)verifier->salt, verifier->salt_size };
  uint8_t salted[CLR_VERIFIER_KEY], client_key[CLR_VERIFIER_KEY];
  gboolean ok;

  /* RFC 5802 section 3: StoredKey is the hash of ClientKey. */
  ok = gnutls_pbkdf2 (GNUTLS_MAC_SHA256, &key, &salt, verifier->iterations, salted, sizeof salted) == 0
       && gnutls_hmac_fast (GNUTLS_MAC_SHA256, salted, sizeof salted, "Client Key", 10, client_key) == 0
       && gnutls_hmac_fast (GNUTLS_MAC_SHA256, salted, sizeof salted, "Server Key", 10, server_key) == 0
       && gnutls_hash_fast (GNUTLS_DIG_SHA256, client_key, sizeof client_key, stored_key) == 0;
  gnutls_memset (salted, 0, sizeof salted);
  gnutls_memset (client_key, 0, sizeof client_key);
  gnutls_memset (prepared, 0, strlen (prepared));
  g_free (prepared);
  return ok;
}

static gboolean
is_password (const char *password)
{
  size_t size = strlen (password);

  if (size == 0 || size > CLR_PASSWORD_MOST || !g_utf8_validate (password, size, NULL))
    return FALSE;
  for (const char *p = password; *p; p++)
    if ((unsigned char)*p < 32 || *p == 127)
      return FALSE;
  return TRUE;
}

gboolean
clr_verifier_make (ClrVerifier *verifier, const char *password, unsigned iterations, GError **error)
{
  if (!is_password (password))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("a password has 1 to %d octets of UTF-8 without control characters"),
                   CLR_PASSWORD_MOST);
      return FALSE;
    }
  *verifier = (ClrVerifier){ .iterations = MAX (iterations, CLR_VERIFIER_ITERATIONS),
                             .salt_size = CLR_VERIFIER_SALT };
  if (gnutls_rnd (GNUTLS_RND_NONCE, verifier->salt, verifier->salt_size) == 0
      && derive (verifier, password, verifier->stored_key, verifier->server_key))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("the password could not be hashed"));
  return FALSE;
}

void
clr_verifier_make_fake (ClrVerifier *verifier, const char *login, const uint8_t *secret, unsigned iterations)
{
  uint8_t digest[CLR_VERIFIER_KEY];

  *verifier = (ClrVerifier){ .iterations = iterations, .salt_size = CLR_VERIFIER_SALT };
  gnutls_hmac_fast (GNUTLS_MAC_SHA256, secret, CLR_VERIFIER_KEY, login, strlen (login), digest);
  memcpy (verifier->salt, digest, CLR_VERIFIER_SALT);
  /* A hash with an unknown preimage: no proof leads to it. */
  gnutls_hmac_fast (GNUTLS_MAC_SHA256, digest, sizeof digest, "stored", 6, verifier->stored_key);
  gnutls_hmac_fast (GNUTLS_MAC_SHA256, digest, sizeof digest, "server", 6, verifier->server_key);
}

gboolean
clr_verifier_check (const ClrVerifier *verifier, const char *password)
{
  uint8_t stored_key[CLR_VERIFIER_KEY], server_key[CLR_VERIFIER_KEY];

  return strlen (password) <= CLR_PASSWORD_MOST && derive (verifier, password, stored_key, server_key)
         && gnutls_memcmp (stored_key, verifier->stored_key, sizeof stored_key) == 0;
}

char *
clr_verifier_to_text (const ClrVerifier *verifier)
{
  g_autofree char *salt = g_base64_encode (verifier->salt, verifier->salt_size);
  g_autofree char *stored_key = g_base64_encode (verifier->stored_key, CLR_VERIFIER_KEY);
  g_autofree char *server_key = g_base64_encode (verifier->server_key, CLR_VERIFIER_KEY);

  return g_strdup_printf (MECHANISM "%u:%s$%s:%s", verifier->iterations, salt, stored_key, server_key);
}

/* The octets up to @end, which must be @least to @most. Returns: how many, 0 when they are none such. */
static unsigned
read_octets (const char *text, const char *end, uint8_t *into, unsigned least, unsigned most)
{
  g_autofree char *piece = g_strndup (text, end - text);
  gsize size = 0;
  g_autofree guchar *octets = g_base64_decode (piece, &size);

  if (size < least || size > most)
    return 0;
  memcpy (into, octets, size);
  return size;
}

gboolean
clr_verifier_from_text (ClrVerifier *verifier, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "$", 4);
  guint64 iterations;

  *verifier = (ClrVerifier){ 0 };
  if (g_strv_length (parts) != 3 || !g_str_has_prefix (text, MECHANISM))
    return FALSE;
  char *salt = strchr (parts[1], ':'), *server_key = strchr (parts[2], ':');
  if (salt == NULL || server_key == NULL)
    return FALSE;
  *salt++ = 0;
  if (!g_ascii_string_to_unsigned (parts[1], 10, CLR_VERIFIER_ITERATIONS, CLR_VERIFIER_ITERATIONS_MOST,
                                   &iterations, NULL))
    return FALSE;
  verifier->iterations = iterations;
  verifier->salt_size = read_octets (salt, salt + strlen (salt), verifier->salt, 8, CLR_VERIFIER_SALT_MOST);
  return verifier->salt_size > 0
         && read_octets (parts[2], server_key, verifier->stored_key, CLR_VERIFIER_KEY, CLR_VERIFIER_KEY)
         && read_octets (server_key + 1, server_key + strlen (server_key), verifier->server_key,
                         CLR_VERIFIER_KEY, CLR_VERIFIER_KEY);
}

char *
clr_password_generate (unsigned length)
{
  /* Without 0 and o, 1, i and l. */
  static const char symbols[] = "abcdefghjkmnpqrstuvwxyz23456789";
  const unsigned n_symbols = sizeof symbols - 1, fair = 256 / n_symbols * n_symbols;
  char *password = g_malloc0 (length + 1);

  for (unsigned i = 0; i < length;)
    {
      uint8_t octet;

      if (gnutls_rnd (GNUTLS_RND_KEY, &octet, 1) != 0)
        g_error ("the system gives no random numbers");
      if (octet < fair) /* each symbol as likely as the others */
        password[i++] = symbols[octet % n_symbols];
    }
  return password;
}
