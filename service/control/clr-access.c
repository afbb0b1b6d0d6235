/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-access.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUPS_MOST 1024

static gboolean
is_in (const char *group, gid_t primary, const gid_t *groups, int n)
{
  struct group *entry = getgrnam (group);

  if (entry == NULL)
    return FALSE;
  if (entry->gr_gid == primary)
    return TRUE;
  for (int i = 0; i < n; i++)
    if (groups[i] == entry->gr_gid)
      return TRUE;
  return FALSE;
}

ClrRole
clr_access_get_role (int fd, char **name)
{
  struct ucred peer;
  socklen_t size = sizeof peer, groups_size;
  g_autofree gid_t *groups = g_new (gid_t, GROUPS_MOST);
  struct passwd *entry;
  int n = 0;

  *name = NULL;
  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    {
      *name = g_strdup ("an unknown process");
      return CLR_ROLE_NONE;
    }
  entry = getpwuid (peer.uid);
  *name = entry ? g_strdup (entry->pw_name) : g_strdup_printf ("uid %u", (unsigned)peer.uid);
  if (peer.uid == 0 || peer.uid == geteuid ())
    return CLR_ROLE_ADMIN;

  groups_size = GROUPS_MOST * sizeof *groups;
  if (getsockopt (fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_size) == 0)
    n = groups_size / sizeof *groups;
  if (is_in ("clrelay-admin", peer.gid, groups, n))
    return CLR_ROLE_ADMIN;
  return is_in ("clrelay-view", peer.gid, groups, n) ? CLR_ROLE_VIEWER : CLR_ROLE_NONE;
}
