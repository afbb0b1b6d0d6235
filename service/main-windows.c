/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * clrelayd on Windows, on the console: Ctrl-C, or closing the console, stops it.
 */
#include "base/clr-log.h"
#include "clr-arguments.h"
#include "clr-service.h"
#include "clr-version.h"
#include "settings/clr-settings.h"

#include <locale.h>
#include <stdio.h>
#include <windows.h>

#define FILES_MOST 8192 /* open through the C library: spool files, databases, logs */

typedef struct
{
  ClrService *service;
  GMainLoop *loop;
} Program;

static Program program;

static void
on_stopped (void *data)
{
  g_main_loop_quit (program.loop);
}

static gboolean
on_told_to_stop (void *data)
{
  clr_service_stop (program.service, "told to on the console", on_stopped, NULL);
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
  g_autofree char *file = g_canonicalize_filename (given ? given : CLR_SETTINGS_FILE, NULL);
  if (arguments.version)
    {
      printf ("clrelayd %s\n", CLR_VERSION);
      return 0;
    }

  program.loop = g_main_loop_new (NULL, FALSE);
  program.service = clr_service_new (file, arguments.force, &error);
  if (program.service == NULL)
    {
      clr_log_flush ();
      fprintf (stderr, "clrelayd: cannot start:\n%s\n", error->message);
      g_main_loop_unref (program.loop);
      return 1;
    }
  SetConsoleCtrlHandler (on_console_event, TRUE);

  g_auto (GStrv) listeners = clr_service_list_listeners (program.service);
  g_autofree char *text = g_strjoinv (", ", listeners);
  clr_log_event (CLR_EVENT_SERVICE_READY, CLR_VERSION, *text ? text : "no address");
  clr_log_flush ();
  g_main_loop_run (program.loop);
  clr_service_free (program.service);
  clr_log_flush ();
  g_main_loop_unref (program.loop);
  return 0;
}
