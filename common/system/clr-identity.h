/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who the service and its administrators are for Windows. Access is given to security identifiers (SIDs), as
 * text "S-1-…", and never to names: those are translated, and can be changed. Windows only; any thread.
 */
#pragma once

#include <glib.h>

#define CLR_IDENTITY_SERVICE "clrelay"
/* The service manager runs the service as this account, which has no password and exists by the service's
 * name. */
#define CLR_IDENTITY_ACCOUNT "NT SERVICE\\" CLR_IDENTITY_SERVICE
#define CLR_IDENTITY_SOURCE  "Cl Mail Relay" /* in the event log */
#define CLR_IDENTITY_GROUP   "Cl Mail Relay Administrators"

/* Makes the local group when it is missing, and keeps its SID with the service, so that it may be renamed.
 * FALSE: @error says what to do. */
gboolean clr_identity_make_administrators (GError **error);
/* The SID of that group; NULL where none was made. (transfer full) */
char *clr_identity_dup_administrators (void);

/* @path is for those whom the access list @text names, in the security descriptor definition language.
 * FALSE with errno. */
gboolean clr_identity_set_access (const char *path, const char *text);
