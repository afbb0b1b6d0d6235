/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-data.h"

#include "system/clr-identity.h"
#include "system/clr-windows.h"

#include <aclapi.h>
#include <sddl.h>
#include <shlobj.h>

/* {62AB5D82-FDC1-4DC3-A9DD-070D1D495D97}, FOLDERID_ProgramData. The environment's %ProgramData% is another
 * user's word. */
static const GUID program_data
    = { 0x62ab5d82, 0xfdc1, 0x4dc3, { 0xa9, 0xdd, 0x07, 0x0d, 0x1d, 0x49, 0x5d, 0x97 } };

static const char *
get_folder (void)
{
  static char *folder;

  if (g_once_init_enter (&folder))
    {
      wchar_t *wide = NULL;
      HRESULT result = SHGetKnownFolderPath (&program_data, KF_FLAG_DEFAULT, NULL, &wide);
      g_autofree char *base
          = SUCCEEDED (result) ? g_utf16_to_utf8 ((const gunichar2 *)wide, -1, NULL, NULL, NULL) : NULL;

      CoTaskMemFree (wide);
      g_once_init_leave (&folder, g_build_filename (base ? base : "C:\\ProgramData", "Cl Mail Relay", NULL));
    }
  return folder;
}

const char *
clr_data_get_settings_file (void)
{
  static char *file;

  if (g_once_init_enter (&file))
    g_once_init_leave (&file, g_build_filename (get_folder (), "clrelay.conf", NULL));
  return file;
}

const char *
clr_data_get_state_directory (void)
{
  static char *directory;

  if (g_once_init_enter (&directory))
    g_once_init_leave (&directory, g_build_filename (get_folder (), "State", NULL));
  return directory;
}

gboolean
clr_data_let_administrators_read (const char *path)
{
  g_autofree char *group = clr_identity_dup_administrators ();
  g_autofree char *text = g_strdup_printf ("D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)%s%s%s",
                                           group ? "(A;;FR;;;" : "", group ? group : "", group ? ")" : "");

  return clr_identity_set_access (path, text);
}
