/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that should hold a private key.
 */
#include "fuzz.h"
#include "auth/clr-dkim-key.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static int fd = -1;
  static char path[64];
  g_autoptr (GError) error = NULL;

  if (fd < 0)
    {
      fd = memfd_create ("key", MFD_CLOEXEC);
      fuzz_check (fd >= 0 && fchmod (fd, 0600) == 0);
      g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
    }
  fuzz_check (ftruncate (fd, 0) == 0 && pwrite (fd, bytes, size, 0) == (ssize_t)size);
  ClrDkimKey *key = clr_dkim_key_load (path, &error);
  fuzz_check ((key == NULL) == (error != NULL));
  if (key)
    {
      static const uint8_t hash[32] = { 0 };
      g_autofree char *record = clr_dkim_key_dup_record (key),
                      *signature = clr_dkim_key_sign (key, hash, NULL);

      fuzz_check (g_str_has_prefix (record, "v=DKIM1; k=") && fuzz_is_line (record) && signature);
      clr_dkim_key_free (key);
    }
  return 0;
}
