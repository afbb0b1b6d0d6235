/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may do what: roles, and how a local peer gets one.
 */
#pragma once

#include <gio/gio.h>

/* One bit each: a method names all that may call it. */
typedef enum
{
  CLR_ROLE_NONE = 0,
  CLR_ROLE_VIEWER = 1,   /* sees what the relay does and how it is set */
  CLR_ROLE_OPERATOR = 2, /* and gives orders: messages, probes, bans */
  CLR_ROLE_ADMIN = 4,    /* and changes settings, secrets and tokens */
  CLR_ROLE_READER = 16,  /* a viewer that may read the content of messages */
  CLR_ROLE_AUDITOR = 8,  /* sees what became of mail and who changed what, nothing else */
} ClrRole;

/* Where the API is reached: @path is made. */
gboolean clr_access_listen (GSocketListener *listener, const char *path, GError **error);
/* What listening has made goes. */
void clr_access_end (const char *path);

/* The role of the process behind the connected @socket: root, the service's own user and members of
 * clrelay-admin are administrators, members of clrelay-view viewers.
 * @name: (out) (transfer full): who it is, for events. */
ClrRole clr_access_get_role (GSocket *socket, char **name);
