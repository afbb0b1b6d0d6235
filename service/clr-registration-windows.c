/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clr-registration.h"

#include "system/clr-data.h"
#include "system/clr-file.h"
#include "system/clr-folder.h"
#include "system/clr-identity.h"
#include "system/clr-service-sid.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <windows.h>

#define SOURCE_KEY      L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\" CLR_IDENTITY_SOURCE
#define PRESHUTDOWN_MS  120000 /* the machine's shutdown waits that long */
#define FORGIVEN_S      86400  /* failures that long ago count no more */
#define LOCKED_MOST_MS  120000 /* while Windows starts the machine's services, it starts no other */
#define STOP_MOST_MS    180000
#define START_MOST_MS   660000 /* more than the service has for it: clr-manager */
#define LOOK_MS         200
#define PROGRAM_LONGEST 32768

static gboolean
fail (GError **error, const char *what, DWORD code)
{
  g_autofree char *words = g_win32_error_message ((int)code);

  g_set_error (error, G_IO_ERROR, g_io_error_from_win32_error ((int)code), "%s: %s%s", what, words,
               code == ERROR_ACCESS_DENIED ? " Say it again in a console that was opened as administrator."
                                           : "");
  return FALSE;
}

static wchar_t *
dup_program (void)
{
  wchar_t *path = g_new0 (wchar_t, PROGRAM_LONGEST);

  GetModuleFileNameW (NULL, path, PROGRAM_LONGEST);
  return path;
}

/* In quotes: else Windows would try C:\Program.exe first. No path has quotes in it. (transfer full) */
static wchar_t *
make_command (const char *config)
{
  g_autofree wchar_t *program = dup_program ();
  g_autofree char *utf8 = g_utf16_to_utf8 ((const gunichar2 *)program, -1, NULL, NULL, NULL);
  g_autofree char *file = config ? g_canonicalize_filename (config, NULL) : NULL;
  g_autofree char *command = g_strdup_printf ("\"%s\" --service%s%s%s", utf8, file ? " --config \"" : "",
                                              file ? file : "", file ? "\"" : "");

  return (wchar_t *)g_utf8_to_utf16 (command, -1, NULL, NULL, NULL);
}

/* -- what stands beside the service */

static gboolean
register_source (GError **error)
{
  g_autofree wchar_t *program = dup_program ();
  DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
  LSTATUS code = RegSetKeyValueW (HKEY_LOCAL_MACHINE, SOURCE_KEY, L"EventMessageFile", REG_EXPAND_SZ, program,
                                  (DWORD)((wcslen (program) + 1) * sizeof *program));

  if (code == ERROR_SUCCESS)
    code = RegSetKeyValueW (HKEY_LOCAL_MACHINE, SOURCE_KEY, L"TypesSupported", REG_DWORD, &types,
                            sizeof types);
  return code == ERROR_SUCCESS
         || fail (error, "the event log cannot be told of \"" CLR_IDENTITY_SOURCE "\"", (DWORD)code);
}

/* The folder of settings and state: for SYSTEM, administrators and the service, and for nobody else. */
static gboolean
make_folder (const char *folder, GError **error)
{
  g_autofree char *sid = clr_service_sid_make (CLR_IDENTITY_SERVICE);
  g_autofree char *access
      = g_strdup_printf ("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;%s)", sid);

  if (clr_folder_make (folder, 0700) && clr_identity_set_access (folder, access))
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               "the folder %s cannot be made, or be kept from others: %s", folder, g_strerror (errno));
  return FALSE;
}

static char *
dup_hostname (void)
{
  wchar_t name[256];
  DWORD size = G_N_ELEMENTS (name);

  if (!GetComputerNameExW (ComputerNameDnsFullyQualified, name, &size))
    return g_strdup ("localhost");
  g_autofree char *utf8 = g_utf16_to_utf8 ((const gunichar2 *)name, -1, NULL, NULL, NULL);
  return g_ascii_strdown (utf8, -1);
}

/* Enough to start with: it answers on this machine only, and relays for nobody yet. */
static gboolean
write_first_settings (const char *file, GError **error)
{
  g_autofree char *host = dup_hostname ();
  g_autofree char *text = g_strdup_printf (
      "# Settings of Cl Mail Relay. `clrelay config sample` shows all that can be set.\n"
      "# After a change: `clrelay config check`, then `sc control clrelay paramchange`.\n"
      "#\n"
      "# As installed, the relay listens on this machine only and relays for nobody. To let a\n"
      "# printer send: give [listener] an address of the office's network, name the printer in\n"
      "# a [device], and say in a [route default] where mail goes.\n\n"
      "[server]\nhostname = %s\npostmaster = postmaster@%s\n\n"
      "[listener local]\naddress = 127.0.0.1:25\n",
      host, host);
  int fd = clr_file_open (file, CLR_FILE_NEW, 0640);
  gboolean ok;

  if (fd < 0 && errno == EEXIST)
    return TRUE;
  ok = fd >= 0 && clr_file_write_all (fd, text, strlen (text)) && clr_file_sync (fd);
  if (!ok)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                 "the settings file %s cannot be written: %s", file, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return ok;
}

/* -- the service */

static gboolean
set_extras (SC_HANDLE service, GError **error)
{
  wchar_t words[] = L"Takes mail from the programs and devices of this office, and delivers it.";
  SERVICE_DESCRIPTIONW description = { words };
  SC_ACTION actions[]
      = { { SC_ACTION_RESTART, 5000 }, { SC_ACTION_RESTART, 60000 }, { SC_ACTION_RESTART, 300000 } };
  SERVICE_FAILURE_ACTIONSW failure
      = { .dwResetPeriod = FORGIVEN_S, .cActions = G_N_ELEMENTS (actions), .lpsaActions = actions };
  SERVICE_FAILURE_ACTIONS_FLAG also_when_it_says_so = { TRUE };
  SERVICE_PRESHUTDOWN_INFO preshutdown = { PRESHUTDOWN_MS };
  SERVICE_SID_INFO sid = { SERVICE_SID_TYPE_UNRESTRICTED };
  const struct
  {
    DWORD level;
    void *info;
    const char *what;
  } extras[] = {
    { SERVICE_CONFIG_DESCRIPTION, &description, "description" },
    { SERVICE_CONFIG_FAILURE_ACTIONS, &failure, "recovery" },
    { SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also_when_it_says_so, "recovery after an error" },
    { SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown, "time at shutdown" },
    { SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "identity" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (extras); i++)
    if (!ChangeServiceConfig2W (service, extras[i].level, extras[i].info))
      {
        DWORD code = GetLastError ();

        /* Comfort, without which mail is carried all the same. */
        if (code != ERROR_INVALID_LEVEL && code != ERROR_CALL_NOT_IMPLEMENTED)
          return fail (error, extras[i].what, code);
        fprintf (stderr, "clrelayd: this Windows cannot set the service's %s\n", extras[i].what);
      }
  return TRUE;
}

/* NULL: @error. */
static SC_HANDLE
create (SC_HANDLE scm, const wchar_t *command, GError **error)
{
  SC_HANDLE service = CreateServiceW (scm, L"" CLR_IDENTITY_SERVICE, L"Cl Mail Relay", SERVICE_ALL_ACCESS,
                                      SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
                                      command, NULL, NULL, NULL, L"" CLR_IDENTITY_ACCOUNT, NULL);
  /* After what every server needs: the network and its names are there mostly. */
  SERVICE_DELAYED_AUTO_START_INFO delayed = { TRUE };

  if (service == NULL)
    {
      DWORD code = GetLastError ();

      fail (error,
            code == ERROR_SERVICE_MARKED_FOR_DELETE
                ? "the former service is not gone yet; close the Services window and say it again"
                : "the service cannot be made",
            code);
      return NULL;
    }
  if (!ChangeServiceConfig2W (service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed))
    fprintf (stderr, "clrelayd: this Windows cannot delay the service's start\n");
  return service;
}

static gboolean
register_service (const char *config, GError **error)
{
  g_autofree wchar_t *command = make_command (config);
  SC_HANDLE scm = OpenSCManagerW (NULL, NULL, SC_MANAGER_CREATE_SERVICE | SC_MANAGER_CONNECT), service;
  gboolean ok = FALSE;

  if (scm == NULL)
    return fail (error, "the service manager lets nobody in", GetLastError ());
  service = OpenServiceW (scm, L"" CLR_IDENTITY_SERVICE, SERVICE_ALL_ACCESS);
  if (service)
    ok = ChangeServiceConfigW (service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, command,
                               NULL, NULL, NULL, NULL, NULL, NULL)
         || fail (error, "the installed service cannot be changed", GetLastError ());
  else if (GetLastError () != ERROR_SERVICE_DOES_NOT_EXIST)
    fail (error, "the installed service cannot be changed", GetLastError ());
  else
    ok = (service = create (scm, command, error)) != NULL;
  ok = ok && set_extras (service, error);
  if (service)
    CloseServiceHandle (service);
  CloseServiceHandle (scm);
  return ok;
}

gboolean
clr_registration_install (const char *config, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (clr_data_get_settings_file ());
  g_autoptr (GError) problem = NULL;

  if (!register_service (config, error) || !make_folder (folder, error) || !register_source (error)
      || (config == NULL && !write_first_settings (clr_data_get_settings_file (), error)))
    return FALSE;
  if (!clr_identity_make_administrators (&problem))
    fprintf (stderr, "clrelayd: %s\n", problem->message);
  return TRUE;
}

/* NULL: @code. */
static SC_HANDLE
open_service (DWORD access, DWORD *code)
{
  SC_HANDLE scm = OpenSCManagerW (NULL, NULL, SC_MANAGER_CONNECT), service = NULL;

  if (scm)
    service = OpenServiceW (scm, L"" CLR_IDENTITY_SERVICE, access);
  *code = service ? ERROR_SUCCESS : GetLastError ();
  if (scm)
    CloseServiceHandle (scm);
  return service;
}

/* Until the service is not in @state any more; its state then. */
static SERVICE_STATUS
wait_while (SC_HANDLE service, DWORD state, unsigned most_ms)
{
  SERVICE_STATUS status = { 0 };

  for (unsigned waited = 0;
       QueryServiceStatus (service, &status) && status.dwCurrentState == state && waited < most_ms;
       waited += LOOK_MS)
    Sleep (LOOK_MS);
  return status;
}

/* Returns: an error of the system, 0 for none. */
static DWORD
ask_for_start (SC_HANDLE service)
{
  DWORD code = ERROR_SUCCESS;

  for (unsigned waited = 0; waited < LOCKED_MOST_MS; waited += LOOK_MS)
    {
      code = StartServiceW (service, 0, NULL) ? ERROR_SUCCESS : GetLastError ();
      if (code != ERROR_SERVICE_DATABASE_LOCKED)
        break;
      Sleep (LOOK_MS);
    }
  return code == ERROR_SERVICE_ALREADY_RUNNING ? ERROR_SUCCESS : code;
}

gboolean
clr_registration_start (GError **error)
{
  DWORD code;
  SC_HANDLE service = open_service (SERVICE_START | SERVICE_QUERY_STATUS, &code);
  g_autofree char *folder = g_path_get_dirname (clr_data_get_settings_file ());
  SERVICE_STATUS status;
  gboolean ok;

  if (service && (code = ask_for_start (service)) != ERROR_SUCCESS)
    CloseServiceHandle (service);
  if (code != ERROR_SUCCESS)
    return fail (error, "the service cannot be started", code);
  status = wait_while (service, SERVICE_START_PENDING, START_MOST_MS);
  ok = status.dwCurrentState == SERVICE_RUNNING;
  if (!ok)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 "the service does not start; the event log says why (Application, source %s), and so does "
                 "%s\\Logs\\service.log",
                 CLR_IDENTITY_SOURCE, folder);
  CloseServiceHandle (service);
  return ok;
}

static void
stop_and_wait (SC_HANDLE service)
{
  SERVICE_STATUS status;

  if (ControlService (service, SERVICE_CONTROL_STOP, &status))
    wait_while (service, status.dwCurrentState, STOP_MOST_MS);
  wait_while (service, SERVICE_STOP_PENDING, STOP_MOST_MS);
}

gboolean
clr_registration_remove (GError **error)
{
  DWORD code;
  SC_HANDLE service = open_service (SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE, &code);

  if (service)
    {
      stop_and_wait (service);
      if (!DeleteService (service) && GetLastError () != ERROR_SERVICE_MARKED_FOR_DELETE)
        code = GetLastError ();
      CloseServiceHandle (service);
    }
  if (code != ERROR_SUCCESS && code != ERROR_SERVICE_DOES_NOT_EXIST)
    return fail (error, "the service cannot be removed", code);
  RegDeleteTreeW (HKEY_LOCAL_MACHINE, SOURCE_KEY);
  return TRUE;
}
