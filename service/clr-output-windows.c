/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-output.h"

#include "system/clr-data.h"
#include "system/clr-file.h"
#include "system/clr-folder.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>

#define LARGEST (16 * 1024 * 1024) /* octets; looked at when the service starts */

void
clr_output_keep (void)
{
  g_autofree char *home = g_path_get_dirname (clr_data_get_settings_file ());
  g_autofree char *folder = g_build_filename (home, "Logs", NULL);
  g_autofree char *path = g_build_filename (folder, "service.log", NULL);
  g_autofree char *former = g_strconcat (path, ".1", NULL);
  ClrFileFacts facts;
  int fd;

  clr_folder_make (folder, 0750);
  if (clr_file_look (path, &facts) && facts.size > LARGEST)
    clr_file_rename (path, former);
  fd = clr_file_open (path, CLR_FILE_APPEND, 0640);
  if (fd < 0)
    return;
  /* A service begins without the three; GLib writes through the stream. */
  if (_fileno (stderr) < 0)
    freopen ("NUL", "w", stderr);
  _dup2 (fd, 2);
  if (_fileno (stderr) != 2)
    _dup2 (fd, _fileno (stderr));
  setvbuf (stderr, NULL, _IONBF, 0);
  if (fd != 2)
    _close (fd);
}
