/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelayd on Unix: options, signals, and word to whoever started it.
 */
#include "base/clr-log.h"
#include "clr-service.h"
#include "clr-version.h"
#include "settings/clr-settings.h"

#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct
{
  ClrService *service;
  GMainLoop *loop;
} Program;

/* The protocol of systemd's Type=notify: a datagram to the socket named in the environment. */
static void
notify (const char *state)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd;

  if (path == NULL || strlen (path) >= sizeof address.sun_path || (*path != '/' && *path != '@'))
    return;
  memcpy (address.sun_path, path, strlen (path));
  if (*path == '@')
    address.sun_path[0] = 0;
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return;
  if (sendto (fd, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *)&address,
              offsetof (struct sockaddr_un, sun_path) + strlen (path))
      < 0)
    g_debug ("the service manager was not told %s", state);
  close (fd);
}

static void
on_stopped (void *data)
{
  g_main_loop_quit (((Program *)data)->loop);
}

static gboolean
on_terminate (void *data)
{
  Program *program = data;

  notify ("STOPPING=1");
  clr_service_stop (program->service, "told to by a signal", on_stopped, program);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_hangup (void *data)
{
  Program *program = data;
  g_autoptr (GError) error = NULL;

  notify ("RELOADING=1");
  if (!clr_service_reload (program->service, &error) && error)
    clr_log_event (CLR_EVENT_SETTINGS_REFUSED, clr_service_get_settings_file (program->service),
                   error->message);
  notify ("READY=1");
  return G_SOURCE_CONTINUE;
}

/* Every connection is a descriptor. */
static void
raise_file_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max)
    {
      limit.rlim_cur = MIN (limit.rlim_max, 65536);
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *file = NULL;
  gboolean version = FALSE;
  GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &file, "The settings file (" CLR_SETTINGS_FILE ")", "FILE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Show the version", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context
      = g_option_context_new ("- the Cl Mail Relay service, in the foreground");
  g_autoptr (GError) error = NULL;
  Program program = { 0 };

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context,
                                    "SIGHUP applies changed settings, SIGTERM stops after a bounded time.\n");
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1)
    {
      fprintf (stderr, "clrelayd: %s; see clrelayd --help\n", error ? error->message : "too many arguments");
      return 2;
    }
  if (version)
    {
      printf ("clrelayd %s\n", CLR_VERSION);
      return 0;
    }
  signal (SIGPIPE, SIG_IGN);
  umask (0027);
  raise_file_limit ();

  program.loop = g_main_loop_new (NULL, FALSE);
  program.service = clr_service_new (file ? file : CLR_SETTINGS_FILE, &error);
  if (program.service == NULL)
    {
      clr_log_flush ();
      fprintf (stderr, "clrelayd: cannot start:\n%s\n", error->message);
      g_main_loop_unref (program.loop);
      return 1;
    }
  g_unix_signal_add (SIGTERM, on_terminate, &program);
  g_unix_signal_add (SIGINT, on_terminate, &program);
  g_unix_signal_add (SIGHUP, on_hangup, &program);

  g_auto (GStrv) listeners = clr_service_list_listeners (program.service);
  g_autofree char *text = g_strjoinv (", ", listeners);
  clr_log_event (CLR_EVENT_SERVICE_READY, CLR_VERSION, *text ? text : "no address");
  clr_log_flush ();
  notify ("READY=1");

  g_main_loop_run (program.loop);
  clr_service_free (program.service);
  clr_log_flush ();
  g_main_loop_unref (program.loop);
  return 0;
}
