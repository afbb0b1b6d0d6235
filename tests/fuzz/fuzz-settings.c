/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Settings files: settings or problems, never both and never neither.
 */
#include "fuzz.h"
#include "settings/clr-settings.h"

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_auto (GStrv) problems = NULL;
  ClrSettings *settings = clr_settings_new_from_text ((const char *)bytes, size, "FILE", &problems);

  fuzz_check ((settings != NULL) == (problems == NULL || *problems == NULL));
  for (char **problem = problems; problem && *problem; problem++)
    {
      fuzz_check (g_str_has_prefix (*problem, "FILE"));
      fuzz_check (!strpbrk (*problem, "\r\n"));
    }
  if (settings)
    {
      fuzz_check (clr_section_get_text (clr_settings_get_section (settings, "server"), "hostname"));
      fuzz_check (clr_settings_get_sections (settings, "listener"));
      g_object_unref (settings);
    }
  return 0;
}
