/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-identity.h"

#include "system/clr-windows.h"

#include <aclapi.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <lm.h>
#include <sddl.h>

#define PARAMETERS L"SYSTEM\\CurrentControlSet\\Services\\clrelay\\Parameters"
#define GROUP_SID  L"AdministratorsSid"

char *
clr_identity_dup_administrators (void)
{
  wchar_t text[128] = { 0 };
  DWORD size = sizeof text - sizeof *text;
  PSID sid = NULL;

  if (RegGetValueW (HKEY_LOCAL_MACHINE, PARAMETERS, GROUP_SID, RRF_RT_REG_SZ, NULL, text, &size)
          != ERROR_SUCCESS
      || !ConvertStringSidToSidW (text, &sid))
    return NULL;
  LocalFree (sid);
  return g_utf16_to_utf8 ((const gunichar2 *)text, -1, NULL, NULL, NULL);
}

static DWORD
keep_sid (PSID sid)
{
  wchar_t *text = NULL;
  LSTATUS result;

  if (!ConvertSidToStringSidW (sid, &text))
    return GetLastError ();
  result = RegSetKeyValueW (HKEY_LOCAL_MACHINE, PARAMETERS, GROUP_SID, REG_SZ, text,
                            (DWORD)((wcslen (text) + 1) * sizeof *text));
  LocalFree (text);
  return result;
}

gboolean
clr_identity_make_administrators (GError **error)
{
  wchar_t name[] = L"" CLR_IDENTITY_GROUP;
  wchar_t comment[] = L"Members may administer Cl Mail Relay on this machine";
  LOCALGROUP_INFO_1 group = { name, comment };
  unsigned char sid[SECURITY_MAX_SID_SIZE];
  DWORD size = sizeof sid, domain_size = 256, code;
  wchar_t domain[256];
  SID_NAME_USE use;
  g_autofree char *kept = clr_identity_dup_administrators ();

  if (kept)
    return TRUE;
  code = NetLocalGroupAdd (NULL, 1, (BYTE *)&group, NULL);
  if (code == NERR_GroupExists || code == ERROR_ALIAS_EXISTS)
    code = ERROR_SUCCESS;
  if (code == ERROR_SUCCESS && !LookupAccountNameW (NULL, name, sid, &size, domain, &domain_size, &use))
    code = GetLastError ();
  if (code == ERROR_SUCCESS)
    code = keep_sid (sid);
  if (code == ERROR_SUCCESS)
    return TRUE;
  g_autofree char *words = g_win32_error_message ((int)code);
  g_set_error (error, G_IO_ERROR, g_io_error_from_win32_error ((int)code),
               _ ("the local group \"%s\" cannot be made (%s); only administrators of this machine may give "
                  "orders to the relay until the group exists and clrelayd --install has run again"),
               CLR_IDENTITY_GROUP, words);
  return FALSE;
}

gboolean
clr_identity_set_access (const char *path, const char *text)
{
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);
  g_autofree wchar_t *sddl = (wchar_t *)g_utf8_to_utf16 (text, -1, NULL, NULL, NULL);
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PACL list = NULL;
  BOOL present, defaulted;
  DWORD code = ERROR_SUCCESS;

  if (wide == NULL)
    return FALSE;
  if (!ConvertStringSecurityDescriptorToSecurityDescriptorW (sddl, SDDL_REVISION_1, &descriptor, NULL)
      || !GetSecurityDescriptorDacl (descriptor, &present, &list, &defaulted))
    code = GetLastError ();
  if (code == ERROR_SUCCESS)
    code = SetNamedSecurityInfoW (wide, SE_FILE_OBJECT,
                                  DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL,
                                  list, NULL);
  if (descriptor)
    LocalFree (descriptor);
  return code == ERROR_SUCCESS || clr_windows_fail (code);
}
