/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may do what: roles, and how a local peer gets one.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum
{
  CLR_ROLE_NONE,
  CLR_ROLE_VIEWER,   /* sees status and queue */
  CLR_ROLE_OPERATOR, /* retries and deletes */
  CLR_ROLE_ADMIN,    /* settings and secrets */
} ClrRole;

/* The role of the process behind the connected Unix socket @fd: root, the service's own user and members of
 * clrelay-admin are administrators, members of clrelay-view viewers.
 * @name: (out) (transfer full): who it is, for events. */
ClrRole clr_access_get_role (int fd, char **name);
