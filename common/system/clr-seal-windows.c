/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-seal.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <windows.h>

#include <dpapi.h>

/* In front of what is sealed; then the blob of the system, in Base64. */
#define HEAD "Cl Mail Relay, sealed 1\n"

/* Mixed into the key: other programs' blobs are not taken for ours, nor ours opened by accident. */
static DATA_BLOB entropy = { sizeof "Cl Mail Relay" - 1, (BYTE *)"Cl Mail Relay" };

static char *
fail (const char *what, GError **error)
{
  DWORD code = GetLastError ();
  g_autofree char *words = g_win32_error_message ((int)code);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s (%s)", what, words);
  return NULL;
}

/* Wipes what the system made. */
static void
drop (DATA_BLOB *blob)
{
  SecureZeroMemory (blob->pbData, blob->cbData);
  LocalFree (blob->pbData);
}

char *
clr_seal_close (const char *secret, gsize size, gsize *sealed_size, GError **error)
{
  DATA_BLOB in = { (DWORD)size, (BYTE *)secret }, out = { 0 };
  char *text;

  if (!CryptProtectData (&in, NULL, &entropy, NULL, NULL,
                         CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN, &out))
    return fail (_ ("Windows does not seal a secret; try again, or start the machine anew"), error);
  g_autofree char *base64 = g_base64_encode (out.pbData, out.cbData);
  drop (&out);
  text = g_strconcat (HEAD, base64, NULL);
  *sealed_size = strlen (text);
  return text;
}

char *
clr_seal_open (const char *sealed, gsize size, gsize *secret_size, GError **error)
{
  DATA_BLOB in, out = { 0 };
  char *secret;

  if (size < strlen (HEAD) || memcmp (sealed, HEAD, strlen (HEAD)) != 0)
    {
      secret = g_strndup (sealed, size);
      *secret_size = size;
      return secret;
    }
  gsize blob_size;
  g_autofree unsigned char *blob = g_base64_decode (sealed + strlen (HEAD), &blob_size);
  in = (DATA_BLOB){ (DWORD)blob_size, blob };
  if (!CryptUnprotectData (&in, NULL, &entropy, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN, &out))
    return fail (_ ("another machine has sealed this secret, or the file is damaged; set it anew with "
                    "`clrelay secret set`"),
                 error);
  secret = g_malloc (out.cbData + 1);
  memcpy (secret, out.pbData, out.cbData);
  secret[out.cbData] = 0;
  *secret_size = out.cbData;
  drop (&out);
  return secret;
}
