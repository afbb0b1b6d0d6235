/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Another relay's configuration is anything. What comes of it can be put into a settings file, and no setting
 * lets everybody relay. The first octet chooses the product.
 */
#include "fuzz.h"
#include "import/clr-import.h"

static char *
load (const char *path, void *data)
{
  return g_strdup (data);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  static const char *const products[] = { "iis", "postfix", "emailrelay", "hmailserver" };
  const char *product = products[fuzz_take (&bytes, &size) % 4];
  g_autofree char *text = g_strndup ((const char *)bytes, size);
  g_autoptr (ClrImport) import = clr_import_new ();
  g_autoptr (GError) error = NULL;
  gboolean ok;

  import->load = load;
  import->load_data = text;
  ok = clr_import_read (import, product, text, size, &error);
  fuzz_check (ok == (error == NULL));
  for (unsigned i = 0; ok && i < import->changes->len; i++)
    {
      const ClrSettingChange *change = g_ptr_array_index (import->changes, i);
      g_autofree char *after = clr_settings_text_change ("[server]\n", change, NULL);

      fuzz_check (after != NULL);
      if (g_str_equal (change->key, "networks"))
        fuzz_check (!strstr (change->value, "/0,") && !g_str_has_suffix (change->value, "/0"));
    }
  return 0;
}
