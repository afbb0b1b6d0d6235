/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelayd on Windows: a service, or on the console, where Ctrl-C, or closing the console, stops it.
 */
#include "base/clr-log.h"
#include "base/clr-system-log.h"
#include "clr-arguments.h"
#include "clr-manager.h"
#include "clr-output.h"
#include "clr-registration.h"
#include "clr-service.h"
#include "clr-version.h"
#include "system/clr-data.h"
#include "system/clr-file.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define FILES_MOST 8192 /* open through the C library: spool files, databases, logs */

typedef struct
{
  const char *file;
  gboolean on_console;
  gboolean force;      /* even when strangers can relay */
  ClrService *service; /* NULL: not yet, or no more */
  GMainLoop *loop;
} Program;

static Program program;

static void
on_stopped (void *data)
{
  g_main_loop_quit (program.loop);
}

static void
stop (const char *reason, void *data)
{
  clr_manager_tell_stopping (clr_service_get_longest_stop (program.service));
  clr_service_stop (program.service, reason, on_stopped, NULL);
}

static void
reload (void *data)
{
  g_autoptr (GError) error = NULL;

  if (!clr_service_reload (program.service, &error) && error)
    clr_log_event (CLR_EVENT_SETTINGS_REFUSED, program.file, error->message);
}

static gboolean
on_told_to_stop (void *data)
{
  stop ("told to on the console", NULL);
  return G_SOURCE_REMOVE;
}

/* In a thread of the system's. The process ends when a close event's handler returns. */
static BOOL WINAPI
on_console_event (DWORD event)
{
  g_idle_add (on_told_to_stop, NULL);
  if (event == CTRL_CLOSE_EVENT || event == CTRL_SHUTDOWN_EVENT || event == CTRL_LOGOFF_EVENT)
    Sleep (INFINITE);
  return TRUE;
}

/* In the thread that becomes the main one. Returns: the program's exit status. */
static int
run (void *data)
{
  g_autoptr (GError) error = NULL;

  if (!program.on_console)
    {
      clr_output_keep ();
      clr_system_log_open ();
    }
  program.loop = g_main_loop_new (NULL, FALSE);
  program.service = clr_service_new (program.file, program.force, &error);
  if (program.service == NULL)
    {
      clr_log_flush ();
      g_autofree char *text = g_strdup_printf ("clrelayd: cannot start:\n%s\n", error->message);
      clr_file_write_all (2, text, strlen (text));
      clr_system_log_tell_failure (text);
      g_main_loop_unref (program.loop);
      return 1;
    }
  if (program.on_console)
    SetConsoleCtrlHandler (on_console_event, TRUE);

  g_auto (GStrv) listeners = clr_service_list_listeners (program.service);
  g_autofree char *text = g_strjoinv (", ", listeners);
  clr_log_event (CLR_EVENT_SERVICE_READY, CLR_VERSION, *text ? text : "no address");
  clr_log_flush ();
  clr_manager_tell_running ();
  g_main_loop_run (program.loop);
  clr_service_free (program.service);
  clr_log_flush ();
  g_main_loop_unref (program.loop);
  return 0;
}

static int
obey (const ClrArguments *arguments)
{
  const ClrManagerTasks tasks = { run, stop, reload, NULL };
  g_autoptr (GError) error = NULL;
  int result = 0;

  if (arguments->install)
    result = clr_registration_install (arguments->config, &error) ? 0 : 1;
  else if (arguments->start)
    result = clr_registration_start (&error) ? 0 : 1;
  else if (arguments->uninstall)
    result = clr_registration_remove (&error) ? 0 : 1;
  else if (arguments->service)
    result = clr_manager_run (&tasks, &error);
  else
    {
      program.on_console = TRUE;
      result = run (NULL);
    }
  if (error)
    fprintf (stderr, "clrelayd: %s\n", error->message);
  return result < 0 ? 1 : result;
}

int
main (int argc, char **argv)
{
  ClrArguments arguments = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = g_win32_get_command_line ();
  g_autofree char **view = NULL;
  int n = g_strv_length (words);

  setlocale (LC_ALL, "");
  _setmaxstdio (FILES_MOST);
  view = g_memdup2 (words, (n + 1) * sizeof *words);
  char **left = view;
  if (!clr_arguments_parse (&arguments, &n, &left, &error))
    {
      fprintf (stderr, "clrelayd: %s; see clrelayd --help\n", error->message);
      return 2;
    }
  g_autofree char *given = arguments.config;
  g_autofree char *file = g_canonicalize_filename (given ? given : clr_data_get_settings_file (), NULL);
  program.file = file;
  program.force = arguments.force;
  if (arguments.version)
    {
      printf ("clrelayd %s\n", CLR_VERSION);
      return 0;
    }
  return obey (&arguments);
}
