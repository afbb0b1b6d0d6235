/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control/clr-access.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
clr_access_get_role (GSocket *socket, char **name)
{
  int fd = g_socket_get_fd (socket);
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

gboolean
clr_access_listen (GSocketListener *listener, const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  gboolean groups = getgrnam ("clrelay-admin") || getgrnam ("clrelay-view");
  struct stat facts;

  g_mkdir_with_parents (directory, 0755);
  /* The state's lock says that no other service lives: a socket that is still there is left from a crash. */
  if (g_lstat (path, &facts) == 0 && S_ISSOCK (facts.st_mode))
    g_unlink (path);
  if (!g_socket_listener_add_address (listener, address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                                      NULL, NULL, error))
    {
      g_prefix_error (error, "control-socket %s: ", path);
      return FALSE;
    }
  /* The peers' groups decide, primary or supplementary, of which there are two and a socket has one: so the
   * mode lets everybody knock. Without the groups nobody but root and the service's user has a role. */
  if (g_chmod (path, groups ? 0666 : 0600) != 0)
    g_debug ("%s: %s", path, g_strerror (errno));
  return TRUE;
}

void
clr_access_end (const char *path)
{
  g_unlink (path);
}
