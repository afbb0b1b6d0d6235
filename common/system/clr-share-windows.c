/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-share.h"

char *
clr_share_dup_folder (const char *built, const char *below)
{
  /* The folder above bin/. */
  g_autofree char *installed = g_win32_get_package_installation_directory_of_module (NULL);

  return g_build_filename (installed ? installed : ".", "share", below, NULL);
}
