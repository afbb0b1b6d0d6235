/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-own-certificate.h"

#include "base/clr-log.h"
#include "net/clr-tls.h"

gboolean
clr_own_certificate_find (ClrOwnCertificate *own, ClrSection *section, const char *hostname,
                          const char *state_directory, GError **error)
{
  g_autofree char *directory = g_build_filename (state_directory, "tls", NULL);
  g_autofree char *certificate = g_strdup (clr_section_get_text (section, "certificate-file"));
  g_autofree char *key = g_strdup (clr_section_get_text (section, "key-file"));

  if (certificate == NULL)
    {
      certificate = g_build_filename (directory, "self-signed.pem", NULL);
      key = g_build_filename (directory, "self-signed.key", NULL);
      if (!g_file_test (certificate, G_FILE_TEST_EXISTS) || !g_file_test (key, G_FILE_TEST_EXISTS))
        {
          g_mkdir_with_parents (directory, 0700);
          if (!clr_tls_make_self_signed (hostname, certificate, key, error))
            return FALSE;
          clr_log_event (CLR_EVENT_CERTIFICATE_MADE, certificate, hostname);
        }
    }
  own->certificate_file = g_steal_pointer (&certificate);
  own->key_file = g_steal_pointer (&key);
  return TRUE;
}

void
clr_own_certificate_clear (ClrOwnCertificate *own)
{
  g_free (own->certificate_file);
  g_free (own->key_file);
}
