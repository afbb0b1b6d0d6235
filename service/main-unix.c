/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelayd on Unix: options, signals, and word to whoever started it.
 */
#include "base/clr-log.h"
#include "clr-arguments.h"
#include "clr-pulse.h"
#include "clr-service.h"
#include "clr-version.h"
#include "system/clr-data.h"

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
  ClrPulse *pulse; /* NULL: nobody watches */
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

/* The service manager restarts what it does not hear from for the time it names (sd_watchdog_enabled(3)).
 * Returns: that time in microseconds; 0 when this process is not watched. */
static int64_t
get_watchdog_time (void)
{
  const char *time = g_getenv ("WATCHDOG_USEC"), *pid = g_getenv ("WATCHDOG_PID");
  guint64 us, wanted;

  if (time == NULL || !g_ascii_string_to_unsigned (time, 10, 1, G_MAXINT64, &us, NULL))
    return 0;
  if (pid
      && (!g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT, &wanted, NULL) || wanted != (guint64)getpid ()))
    return 0;
  return us;
}

/* Four times within the time: a round that was answered late is no alarm yet. */
static gboolean
on_watchdog (void *data)
{
  if (clr_pulse_check (((Program *)data)->pulse))
    notify ("WATCHDOG=1");
  return G_SOURCE_CONTINUE;
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

  g_autofree char *reloading
      = g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());

  notify (reloading);
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
  ClrArguments arguments = { 0 };
  g_autoptr (GError) error = NULL;
  Program program = { 0 };
  int64_t watchdog_us = get_watchdog_time ();

  setlocale (LC_ALL, "");
  if (!clr_arguments_parse (&arguments, &argc, &argv, &error))
    {
      fprintf (stderr, "clrelayd: %s; see clrelayd --help\n", error->message);
      return 2;
    }
  g_autofree char *given = arguments.config;
  /* Other programs stand in other folders, and compare. */
  g_autofree char *file = g_canonicalize_filename (given ? given : clr_data_get_settings_file (), NULL);
  if (arguments.version)
    {
      printf ("clrelayd %s\n", CLR_VERSION);
      return 0;
    }
  signal (SIGPIPE, SIG_IGN);
  umask (0027);
  raise_file_limit ();

  program.loop = g_main_loop_new (NULL, FALSE);
  program.service = clr_service_new (file, arguments.force, &error);
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
  if (watchdog_us > 0)
    {
      program.pulse = clr_pulse_new (program.service);
      g_timeout_add (MAX (watchdog_us / 4000, 1), on_watchdog, &program);
    }

  g_main_loop_run (program.loop);
  clr_service_free (program.service);
  g_clear_pointer (&program.pulse, clr_pulse_free);
  clr_log_flush ();
  g_main_loop_unref (program.loop);
  return 0;
}
