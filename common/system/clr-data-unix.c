/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-data.h"

const char *
clr_data_get_settings_file (void)
{
  return CLR_DATA_SETTINGS_FILE;
}

const char *
clr_data_get_state_directory (void)
{
  return "/var/lib/clrelay";
}

gboolean
clr_data_let_administrators_read (const char *path)
{
  return TRUE;
}
