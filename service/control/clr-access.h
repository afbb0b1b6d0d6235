/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may do what: roles, and how a local peer gets one.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* One bit each: a method names all that may call it. */
typedef enum
{
  CLR_ROLE_NONE = 0,
  CLR_ROLE_VIEWER = 1,   /* sees what the relay does and how it is set */
  CLR_ROLE_OPERATOR = 2, /* and gives orders: messages, probes, bans */
  CLR_ROLE_ADMIN = 4,    /* and changes settings, secrets and tokens */
  CLR_ROLE_AUDITOR = 8,  /* sees what became of mail and who changed what, nothing else */
} ClrRole;

/* The role of the process behind the connected Unix socket @fd: root, the service's own user and members of
 * clrelay-admin are administrators, members of clrelay-view viewers.
 * @name: (out) (transfer full): who it is, for events. */
ClrRole clr_access_get_role (int fd, char **name);
