/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where the relay's own files are when nobody says otherwise. On Windows that is a folder of the one that the
 * system keeps for programs' data (a known folder, which an administrator may have moved). Any thread.
 */
#pragma once

#include <glib.h>

/* For people: in help and documentation. */
#ifdef _WIN32
#define CLR_DATA_SETTINGS_FILE "%ProgramData%\\Cl Mail Relay\\clrelay.conf"
#else
#define CLR_DATA_SETTINGS_FILE "/etc/clrelay/clrelay.conf"
#endif

const char *clr_data_get_settings_file (void);
/* Where queue, history, spool and secrets are. */
const char *clr_data_get_state_directory (void);

/* @path can be read by the administrators of this relay, too: on Windows by the members of the local group
 * that installing has made, beside SYSTEM, the machine's administrators and the owner, and by nobody else. On
 * Unix the file stays as it is: there a socket lets them in. Returns: FALSE with errno. */
gboolean clr_data_let_administrators_read (const char *path);
