/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelayd --install, --start and --uninstall: the relay is known to Windows as a service, with its account,
 * its folder, its group of administrators and its source in the event log. Administrators only.
 */
#pragma once

#include <glib.h>

/* Installs, or brings an installed service up to date; what an administrator has set for it (account, kind of
 * start) stays. The first time a settings file is written when there is none.
 * @config: the settings file, or NULL for the usual one.
 * FALSE: @error says what and what to do. */
gboolean clr_registration_install (const char *config, GError **error);
/* Starts the installed service and waits until it takes mail, or has given up. */
gboolean clr_registration_start (GError **error);
/* Stops the service and forgets it. Settings, queue, history and the group of administrators stay. */
gboolean clr_registration_remove (GError **error);
