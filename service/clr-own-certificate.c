/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-own-certificate.h"

#include "base/clr-log.h"

gboolean
clr_own_certificate_make (ClrOwnCertificate *own, ClrSelfSignedKind kind, const char *hostname,
                          const char *state_directory, GError **error)
{
  const char *stem = kind == CLR_SELF_SIGNED_RSA ? "self-signed-rsa" : "self-signed";
  g_autofree char *directory = g_build_filename (state_directory, "tls", NULL);
  g_autofree char *certificate = g_strdup_printf ("%s" G_DIR_SEPARATOR_S "%s.pem", directory, stem);
  g_autofree char *key = g_strdup_printf ("%s" G_DIR_SEPARATOR_S "%s.key", directory, stem);

  if (!g_file_test (certificate, G_FILE_TEST_EXISTS) || !g_file_test (key, G_FILE_TEST_EXISTS))
    {
      g_mkdir_with_parents (directory, 0700);
      if (!clr_self_signed_make (kind, hostname, certificate, key, error))
        return FALSE;
      clr_log_event (CLR_EVENT_CERTIFICATE_MADE, certificate, hostname);
    }
  own->certificate_file = g_steal_pointer (&certificate);
  own->key_file = g_steal_pointer (&key);
  return TRUE;
}

gboolean
clr_own_certificate_find (ClrOwnCertificate *own, ClrSection *section, const char *hostname,
                          const char *state_directory, GError **error)
{
  if (!clr_section_is_set (section, "certificate-file"))
    return clr_own_certificate_make (own, CLR_SELF_SIGNED_EC, hostname, state_directory, error);
  own->certificate_file = g_strdup (clr_section_get_text (section, "certificate-file"));
  own->key_file = g_strdup (clr_section_get_text (section, "key-file"));
  return TRUE;
}

void
clr_own_certificate_clear (ClrOwnCertificate *own)
{
  g_free (own->certificate_file);
  g_free (own->key_file);
}
