/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-manager.h"

#include "base/clr-log.h"
#include "system/clr-identity.h"

#include <gio/gio.h>
#include <windows.h>

#define START_MOST_S 600   /* a large queue is looked through */
#define REPORT_S     2     /* between two reports */
#define HINT_MS      15000 /* by when the next report comes, however busy the machine is */
#define FORCE_S      30    /* beyond what stopping should take */

static struct
{
  const ClrManagerTasks *tasks;
  SERVICE_STATUS_HANDLE handle;
  int result;

  GMutex lock; /* for what follows */
  GCond changed;
  SERVICE_STATUS status;
  int64_t until_us; /* of a pending state */
  gboolean ended;
} manager;

/* Locked. */
static void
report (DWORD state)
{
  gboolean pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;

  manager.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
  manager.status.dwCurrentState = state;
  manager.status.dwControlsAccepted
      = state == SERVICE_RUNNING
            ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE
            : 0;
  manager.status.dwWaitHint = pending ? HINT_MS : 0;
  manager.status.dwCheckPoint = pending ? manager.status.dwCheckPoint + 1 : 0;
  SetServiceStatus (manager.handle, &manager.status);
}

static void
enter (DWORD state, unsigned most_s)
{
  g_mutex_lock (&manager.lock);
  manager.until_us = g_get_monotonic_time () + most_s * G_USEC_PER_SEC;
  report (state);
  g_cond_signal (&manager.changed);
  g_mutex_unlock (&manager.lock);
}

/* A thread of its own: the main loop may be busy with what takes time. */
static void *
keep_reporting (void *data)
{
  g_mutex_lock (&manager.lock);
  while (!manager.ended)
    {
      DWORD state = manager.status.dwCurrentState;
      int64_t now = g_get_monotonic_time ();

      if (state == SERVICE_STOP_PENDING && now > manager.until_us)
        {
          manager.status.dwWin32ExitCode = ERROR_SERVICE_REQUEST_TIMEOUT;
          report (SERVICE_STOPPED);
          TerminateProcess (GetCurrentProcess (), 1);
        }
      if (state != SERVICE_RUNNING && now <= manager.until_us)
        report (state);
      if (state == SERVICE_RUNNING)
        g_cond_wait (&manager.changed, &manager.lock);
      else
        g_cond_wait_until (&manager.changed, &manager.lock, now + REPORT_S * G_USEC_PER_SEC);
    }
  g_mutex_unlock (&manager.lock);
  return NULL;
}

void
clr_manager_tell_running (void)
{
  if (manager.handle)
    enter (SERVICE_RUNNING, 0);
}

void
clr_manager_tell_stopping (unsigned most_s)
{
  if (manager.handle)
    enter (SERVICE_STOP_PENDING, most_s + FORCE_S);
}

static gboolean
on_told_to_stop (void *reason)
{
  manager.tasks->stop (reason, manager.tasks->data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_told_to_reload (void *data)
{
  manager.tasks->reload (manager.tasks->data);
  return G_SOURCE_REMOVE;
}

/* The dispatcher's thread. */
static DWORD WINAPI
on_control (DWORD control, DWORD type, void *event, void *data)
{
  switch (control)
    {
    case SERVICE_CONTROL_STOP:
      g_idle_add (on_told_to_stop, (void *)"told to by the service manager");
      return NO_ERROR;
    case SERVICE_CONTROL_PRESHUTDOWN:
      g_idle_add (on_told_to_stop, (void *)"the machine shuts down");
      return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE:
      g_idle_add (on_told_to_reload, NULL);
      return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
      return NO_ERROR;
    default:
      return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void WINAPI
service_main (DWORD n, wchar_t **words)
{
  GThread *reporter;

  manager.handle = RegisterServiceCtrlHandlerExW (L"" CLR_IDENTITY_SERVICE, on_control, NULL);
  if (manager.handle == NULL)
    return; /* nobody listens to us */
  enter (SERVICE_START_PENDING, START_MOST_S);
  reporter = g_thread_new ("reports", keep_reporting, NULL);
  manager.result = manager.tasks->run (manager.tasks->data);
  clr_log_flush ();

  g_mutex_lock (&manager.lock);
  manager.ended = TRUE;
  g_cond_signal (&manager.changed);
  g_mutex_unlock (&manager.lock);
  g_thread_join (reporter);
  /* The process may end as soon as this is told. */
  if (manager.result != 0)
    {
      manager.status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
      manager.status.dwServiceSpecificExitCode = (DWORD)manager.result;
    }
  report (SERVICE_STOPPED);
}

int
clr_manager_run (const ClrManagerTasks *tasks, GError **error)
{
  wchar_t name[] = L"" CLR_IDENTITY_SERVICE;
  const SERVICE_TABLE_ENTRYW table[] = { { name, service_main }, { NULL, NULL } };

  manager.tasks = tasks;
  if (StartServiceCtrlDispatcherW (table))
    return manager.result;
  DWORD code = GetLastError ();
  g_autofree char *words = g_win32_error_message ((int)code);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               code == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT
                   ? "--service is for the service manager only; leave it out to run on the console, or say "
                     "`net start " CLR_IDENTITY_SERVICE "` (%s)"
                   : "the service manager cannot be reached: %s",
               words);
  return -1;
}
