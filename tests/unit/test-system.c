/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-data.h"
#include "system/clr-seal.h"
#include "system/clr-service-sid.h"

#include <string.h>

static void
test_service_sid (void)
{
  static const struct
  {
    const char *name;
    const char *sid;
  } known[] = {
    /* What every Windows has: the owner of its own files. */
    { "TrustedInstaller", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" },
    { "TRUSTEDinstaller", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" },
    { "clrelay", "S-1-5-80-2499605783-3799852561-71983061-914735314-1781605524" },
    { "B\303\274rodienst", "S-1-5-80-1922827533-256590738-2372255844-2284479055-1718993890" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autofree char *sid = clr_service_sid_make (known[i].name);
      g_assert_cmpstr (sid, ==, known[i].sid);
    }
}

static void
test_seal (void)
{
  static const char secret[] = "open\0sesame\n";
  g_autoptr (GError) error = NULL;
  gsize sealed_size, size;
  g_autofree char *sealed = clr_seal_close (secret, sizeof secret, &sealed_size, &error);
  g_assert_no_error (error);
  g_autofree char *opened = clr_seal_open (sealed, sealed_size, &size, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (opened, size, secret, sizeof secret);
  g_assert_cmpint (opened[size], ==, 0);

  /* What an administrator has put there. */
  g_autofree char *as_is = clr_seal_open ("by hand", strlen ("by hand"), &size, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (as_is, size, "by hand", strlen ("by hand"));
#ifdef _WIN32
  g_assert_null (g_strstr_len (sealed, sealed_size, "sesame"));
  /* Somebody has changed one character of the blob. */
  sealed[sealed_size / 2] = sealed[sealed_size / 2] == 'A' ? 'B' : 'A';
  g_assert_null (clr_seal_open (sealed, sealed_size, &size, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "clrelay secret set"));
#endif
}

static void
test_data (void)
{
  g_assert_true (g_path_is_absolute (clr_data_get_settings_file ()));
  g_assert_true (g_path_is_absolute (clr_data_get_state_directory ()));
  g_assert_true (clr_data_get_settings_file () == clr_data_get_settings_file ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/system/service-sid", test_service_sid);
  g_test_add_func ("/system/seal", test_seal);
  g_test_add_func ("/system/data", test_data);
  return g_test_run ();
}
