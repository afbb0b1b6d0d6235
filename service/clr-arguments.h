/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line of clrelayd, the same on all systems. The table is also what the manual page is made from.
 */
#pragma once

#include <glib.h>

typedef struct
{
  char *config; /* NULL: the usual file */
  gboolean force;
  gboolean version;
#ifdef _WIN32
  gboolean install;
  gboolean start;
  gboolean uninstall;
  gboolean service; /* started by the service manager */
#endif
} ClrArguments;

/* @arguments: where the values go; may be an unused one. Returns: the options, ended by an empty entry.
 * (transfer container) */
GOptionEntry *clr_arguments_get_entries (ClrArguments *arguments);
/* Returns: FALSE when the command line is wrong. */
gboolean clr_arguments_parse (ClrArguments *arguments, int *argc, char ***argv, GError **error);
