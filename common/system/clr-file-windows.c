/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-windows.h"

#include <aclapi.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <sddl.h>
#include <unistd.h>

#define TICKS_TO_1970 INT64_C (116444736000000000) /* of 100 ns, since 1601 */

/* The largest count that WriteFile() takes well from a network disk too. */
#define PIECE (16u * 1024 * 1024)

/* -- who may read */

static gboolean
is_everybody (PSID who)
{
  return IsWellKnownSid (who, WinWorldSid) || IsWellKnownSid (who, WinAuthenticatedUserSid)
         || IsWellKnownSid (who, WinBuiltinUsersSid) || IsWellKnownSid (who, WinBuiltinGuestsSid)
         || IsWellKnownSid (who, WinAnonymousSid);
}

/* @handle: needs READ_CONTROL. An access list that cannot be read is taken for a wide one; a missing one lets
 * everybody in. */
static gboolean
is_open_to_all (HANDLE handle)
{
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PACL list = NULL;
  gboolean open = FALSE;

  if (GetSecurityInfo (handle, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &list, NULL,
                       &descriptor)
      != ERROR_SUCCESS)
    return TRUE;
  if (list == NULL)
    open = TRUE;
  for (DWORD i = 0; list && i < list->AceCount; i++)
    {
      ACCESS_ALLOWED_ACE *entry;

      if (GetAce (list, i, (void **)&entry) && entry->Header.AceType == ACCESS_ALLOWED_ACE_TYPE
          && !(entry->Header.AceFlags & INHERIT_ONLY_ACE)
          && (entry->Mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL))
          && is_everybody ((PSID)&entry->SidStart))
        open = TRUE;
    }
  LocalFree (descriptor);
  return open;
}

/* For SYSTEM, administrators and the file's owner, and nobody by inheritance. */
static gboolean
make_private (HANDLE handle)
{
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PACL list = NULL;
  BOOL present, defaulted;
  DWORD code = ERROR_SUCCESS;

  if (!ConvertStringSecurityDescriptorToSecurityDescriptorW (L"D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)",
                                                             SDDL_REVISION_1, &descriptor, NULL)
      || !GetSecurityDescriptorDacl (descriptor, &present, &list, &defaulted))
    code = GetLastError ();
  if (code == ERROR_SUCCESS)
    code = SetSecurityInfo (handle, SE_FILE_OBJECT,
                            DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL, list,
                            NULL);
  if (descriptor)
    LocalFree (descriptor);
  return code == ERROR_SUCCESS || clr_windows_fail (code);
}

gboolean
clr_file_is_open_to_all (const char *path)
{
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);
  HANDLE handle
      = wide ? CreateFileW (wide, READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL)
             : INVALID_HANDLE_VALUE;
  gboolean open = FALSE;

  if (handle == INVALID_HANDLE_VALUE)
    return FALSE; /* reading it fails next, and says why */
  open = is_open_to_all (handle);
  CloseHandle (handle);
  return open;
}

/* Administrators and the system by their SIDs, which have no language. */
char *
clr_file_dup_closing_command (const char *path)
{
  return g_strdup_printf (
      "icacls \"%s\" /inheritance:r /grant:r *S-1-5-18:F *S-1-5-32-544:F \"NT SERVICE\\clrelay:R\"", path);
}

char *
clr_file_dup_owner (int fd)
{
  PSECURITY_DESCRIPTOR descriptor = NULL;
  wchar_t name[256], domain[256];
  DWORD name_size = G_N_ELEMENTS (name), domain_size = G_N_ELEMENTS (domain);
  SID_NAME_USE use;
  PSID owner = NULL;
  char *text = NULL;

  if (GetSecurityInfo ((HANDLE)_get_osfhandle (fd), SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL,
                       NULL, NULL, &descriptor)
      != ERROR_SUCCESS)
    return NULL;
  if (LookupAccountSidW (NULL, owner, name, &name_size, domain, &domain_size, &use))
    {
      g_autofree char *utf8 = g_utf16_to_utf8 ((const gunichar2 *)name, -1, NULL, NULL, NULL);

      text = utf8 ? g_strconcat ("user ", utf8, NULL) : NULL;
    }
  LocalFree (descriptor);
  return text;
}

/* -- opening */

static const struct
{
  DWORD access;
  DWORD disposition;
  int flags; /* of the C library's descriptor */
} openings[] = {
  [CLR_FILE_READ] = { GENERIC_READ, OPEN_EXISTING, _O_RDONLY },
  [CLR_FILE_NEW] = { GENERIC_READ | GENERIC_WRITE | WRITE_DAC, CREATE_NEW, _O_RDWR },
  [CLR_FILE_OVER] = { GENERIC_READ | GENERIC_WRITE | WRITE_DAC, CREATE_ALWAYS, _O_RDWR },
  [CLR_FILE_APPEND] = { FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE, OPEN_ALWAYS,
                        _O_WRONLY | _O_APPEND },
  [CLR_FILE_LOCK] = { GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, _O_RDWR },
};

static gboolean
is_link (HANDLE handle)
{
  FILE_ATTRIBUTE_TAG_INFO tag;

  return GetFileInformationByHandleEx (handle, FileAttributeTagInfo, &tag, sizeof tag)
         && (tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)
         && (tag.ReparseTag == IO_REPARSE_TAG_SYMLINK || tag.ReparseTag == IO_REPARSE_TAG_MOUNT_POINT);
}

static int
open_path (const wchar_t *path, ClrFileOpening opening, int mode, DWORD flags)
{
  ClrWindowsPatience patience = { 0 };
  HANDLE handle;
  DWORD code;
  int fd;

  do
    {
      handle = CreateFileW (path, openings[opening].access,
                            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            openings[opening].disposition, FILE_ATTRIBUTE_NORMAL | flags, NULL);
      code = handle == INVALID_HANDLE_VALUE ? GetLastError () : ERROR_SUCCESS;
    }
  while (code != ERROR_SUCCESS && clr_windows_may_pass (&patience, code));
  if (code != ERROR_SUCCESS)
    {
      clr_windows_fail (code);
      return -1;
    }
  if ((flags & FILE_FLAG_OPEN_REPARSE_POINT) && is_link (handle))
    {
      CloseHandle (handle);
      errno = ELOOP;
      return -1;
    }
  if ((opening == CLR_FILE_NEW || opening == CLR_FILE_OVER) && (mode & 0077) == 0 && is_open_to_all (handle)
      && !make_private (handle))
    {
      CloseHandle (handle);
      return -1;
    }
  fd = _open_osfhandle ((intptr_t)handle, openings[opening].flags | _O_BINARY | _O_NOINHERIT);
  if (fd < 0)
    CloseHandle (handle);
  return fd;
}

int
clr_windows_open (const wchar_t *path, ClrFileOpening opening, int mode)
{
  return open_path (path, opening, mode, FILE_FLAG_OPEN_REPARSE_POINT);
}

int
clr_file_open (const char *path, ClrFileOpening opening, int mode)
{
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);

  return wide ? open_path (wide, opening, mode, 0) : -1;
}

/* -- content */

gboolean
clr_file_write_all (int fd, const void *bytes, size_t size)
{
  HANDLE handle = (HANDLE)_get_osfhandle (fd);

  for (const char *p = bytes; size > 0;)
    {
      DWORD n = 0;

      if (!WriteFile (handle, p, MIN (size, PIECE), &n, NULL))
        return clr_windows_fail (GetLastError ());
      p += n;
      size -= n;
    }
  return TRUE;
}

gboolean
clr_file_may_read (const char *path)
{
  int fd = clr_file_open (path, CLR_FILE_READ, 0); /* its access list may say anything */

  return fd >= 0 && close (fd) == 0;
}

ssize_t
clr_file_read_at (int fd, void *into, size_t size, uint64_t offset)
{
  OVERLAPPED place = { .Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32) };
  DWORD n = 0;

  if (ReadFile ((HANDLE)_get_osfhandle (fd), into, MIN (size, PIECE), &n, &place)
      || GetLastError () == ERROR_HANDLE_EOF)
    return n;
  clr_windows_fail (GetLastError ());
  return -1;
}

gboolean
clr_file_sync (int fd)
{
  return FlushFileBuffers ((HANDLE)_get_osfhandle (fd)) || clr_windows_fail (GetLastError ());
}

/* -- names */

gboolean
clr_windows_move (const wchar_t *from, const wchar_t *to, DWORD flags)
{
  ClrWindowsPatience patience = { 0 };
  DWORD code;

  do
    code = MoveFileExW (from, to, flags | MOVEFILE_WRITE_THROUGH) ? ERROR_SUCCESS : GetLastError ();
  while (code != ERROR_SUCCESS && clr_windows_may_pass (&patience, code));
  return code == ERROR_SUCCESS || clr_windows_fail (code);
}

gboolean
clr_windows_delete (const wchar_t *path)
{
  ClrWindowsPatience patience = { 0 };
  DWORD code;

  do
    code = DeleteFileW (path) ? ERROR_SUCCESS : GetLastError ();
  while (code != ERROR_SUCCESS && clr_windows_may_pass (&patience, code));
  return code == ERROR_SUCCESS || clr_windows_fail (code);
}

gboolean
clr_file_rename (const char *from, const char *to)
{
  g_autofree wchar_t *wide_from = clr_windows_make_path (from, NULL);
  g_autofree wchar_t *wide_to = clr_windows_make_path (to, NULL);

  return wide_from && wide_to && clr_windows_move (wide_from, wide_to, MOVEFILE_REPLACE_EXISTING);
}

gboolean
clr_file_unlink (const char *path)
{
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);

  return wide && clr_windows_delete (wide);
}

char *
clr_file_dup_real_path (const char *path)
{
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);
  g_autofree wchar_t *real = NULL;
  HANDLE handle = wide ? CreateFileW (wide, FILE_READ_ATTRIBUTES,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                      OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL)
                       : INVALID_HANDLE_VALUE;
  const wchar_t *plain;
  DWORD size;

  if (handle == INVALID_HANDLE_VALUE)
    {
      if (wide)
        clr_windows_fail (GetLastError ());
      return NULL;
    }
  size = GetFinalPathNameByHandleW (handle, NULL, 0, VOLUME_NAME_DOS);
  real = g_new0 (wchar_t, size + 1);
  size = size ? GetFinalPathNameByHandleW (handle, real, size + 1, VOLUME_NAME_DOS) : 0;
  CloseHandle (handle);
  if (size == 0) /* a disk without a letter */
    return g_canonicalize_filename (path, NULL);
  plain = wcsncmp (real, L"\\\\?\\", 4) == 0 && real[5] == L':' && wcslen (real) < MAX_PATH ? real + 4 : real;
  return g_utf16_to_utf8 ((const gunichar2 *)plain, -1, NULL, NULL, NULL);
}

/* -- facts */

static gboolean
read_facts (HANDLE handle, ClrFileFacts *facts)
{
  BY_HANDLE_FILE_INFORMATION found;

  if (!GetFileInformationByHandle (handle, &found))
    return clr_windows_fail (GetLastError ());
  int64_t ticks
      = (int64_t)((uint64_t)found.ftLastWriteTime.dwHighDateTime << 32 | found.ftLastWriteTime.dwLowDateTime);
  *facts = (ClrFileFacts){
    .kind = is_link (handle)                                    ? CLR_FILE_LINK
            : found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? CLR_FILE_FOLDER
            : GetFileType (handle) == FILE_TYPE_DISK            ? CLR_FILE_REGULAR
                                                                : CLR_FILE_OTHER,
    .size = (uint64_t)found.nFileSizeHigh << 32 | found.nFileSizeLow,
    .modified_us = (ticks - TICKS_TO_1970) / 10,
    .n_names = found.nNumberOfLinks,
    .place = (uint64_t)found.nFileIndexHigh << 32 | found.nFileIndexLow,
  };
  return TRUE;
}

gboolean
clr_file_get_facts (int fd, ClrFileFacts *facts)
{
  return read_facts ((HANDLE)_get_osfhandle (fd), facts);
}

static gboolean
look (const wchar_t *path, ClrFileFacts *facts, DWORD flags)
{
  HANDLE handle
      = CreateFileW (path, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                     OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | flags, NULL);
  gboolean ok;

  if (handle == INVALID_HANDLE_VALUE)
    return clr_windows_fail (GetLastError ());
  ok = read_facts (handle, facts);
  CloseHandle (handle);
  return ok;
}

gboolean
clr_windows_look (const wchar_t *path, ClrFileFacts *facts)
{
  return look (path, facts, FILE_FLAG_OPEN_REPARSE_POINT);
}

gboolean
clr_file_look (const char *path, ClrFileFacts *facts)
{
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);

  return wide && look (wide, facts, 0);
}

void
clr_file_make_like (int fd, const ClrFileFacts *like)
{
}

gboolean
clr_file_try_lock (int fd)
{
  OVERLAPPED place = { 0 };

  return LockFileEx ((HANDLE)_get_osfhandle (fd), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1,
                     0, &place)
         || clr_windows_fail (GetLastError ());
}

void
clr_file_take_place (int fd, int former)
{
  _dup2 (fd, former);
  SetHandleInformation ((HANDLE)_get_osfhandle (former), HANDLE_FLAG_INHERIT, 0);
  close (fd);
}

gboolean
clr_file_is_no_space (int problem)
{
  return problem == ENOSPC;
}

gboolean
clr_file_get_free_space (const char *path, uint64_t *octets)
{
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);
  ULARGE_INTEGER free_for_us;

  if (wide == NULL)
    return FALSE;
  if (!GetDiskFreeSpaceExW (wide, &free_for_us, NULL, NULL))
    return clr_windows_fail (GetLastError ());
  *octets = free_for_us.QuadPart;
  return TRUE;
}
