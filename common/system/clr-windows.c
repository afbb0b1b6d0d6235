/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-windows.h"

#include <errno.h>
#include <string.h>

#define LONG_PATH 240

wchar_t *
clr_windows_make_path (const char *folder, const char *name)
{
  g_autofree char *joined = name ? g_build_filename (folder, name, NULL) : g_strdup (folder);
  g_autofree wchar_t *given = (wchar_t *)g_utf8_to_utf16 (joined, -1, NULL, NULL, NULL);
  g_autofree wchar_t *whole = NULL;
  DWORD size;

  if (given == NULL || (name && strpbrk (name, "/\\:")))
    {
      errno = EINVAL;
      return NULL;
    }
  for (wchar_t *p = given; *p; p++)
    if (*p == L'/')
      *p = L'\\';
  if (wcsncmp (given, L"\\\\?\\", 4) == 0)
    return g_steal_pointer (&given);
  size = GetFullPathNameW (given, 0, NULL, NULL);
  whole = g_new0 (wchar_t, size + 8);
  if (size == 0 || GetFullPathNameW (given, size, whole, NULL) >= size)
    {
      errno = ENAMETOOLONG;
      return NULL;
    }
  if (wcslen (whole) < LONG_PATH)
    return g_steal_pointer (&whole);

  gboolean is_share = whole[0] == L'\\' && whole[1] == L'\\';
  const wchar_t *prefix = is_share ? L"\\\\?\\UNC" : L"\\\\?\\", *rest = is_share ? whole + 1 : whole;
  wchar_t *path = g_new0 (wchar_t, wcslen (prefix) + wcslen (rest) + 1);
  wcscpy (path, prefix);
  wcscat (path, rest);
  return path;
}

gboolean
clr_windows_fail (DWORD code)
{
  static const struct
  {
    DWORD code;
    int number;
  } meanings[] = {
    { ERROR_FILE_NOT_FOUND, ENOENT },
    { ERROR_PATH_NOT_FOUND, ENOENT },
    { ERROR_INVALID_DRIVE, ENOENT },
    { ERROR_BAD_NETPATH, ENOENT },
    { ERROR_INVALID_NAME, ENOENT },
    { ERROR_BAD_PATHNAME, ENOENT },
    { ERROR_FILE_EXISTS, EEXIST },
    { ERROR_ALREADY_EXISTS, EEXIST },
    { ERROR_DIR_NOT_EMPTY, ENOTEMPTY },
    { ERROR_ACCESS_DENIED, EACCES },
    { ERROR_WRITE_PROTECT, EROFS },
    { ERROR_SHARING_VIOLATION, EBUSY },
    { ERROR_LOCK_VIOLATION, EBUSY },
    { ERROR_DELETE_PENDING, EBUSY },
    { ERROR_DISK_FULL, ENOSPC },
    { ERROR_HANDLE_DISK_FULL, ENOSPC },
    { 1295, ENOSPC }, /* ERROR_DISK_QUOTA_EXCEEDED, which mingw-w64 10 does not name */
    { ERROR_TOO_MANY_OPEN_FILES, EMFILE },
    { ERROR_NOT_ENOUGH_MEMORY, ENOMEM },
    { ERROR_OUTOFMEMORY, ENOMEM },
    { ERROR_NOT_SAME_DEVICE, EXDEV },
    { ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG },
    { ERROR_DIRECTORY, ENOTDIR },
    { ERROR_CANT_RESOLVE_FILENAME, ELOOP },
    { ERROR_INVALID_HANDLE, EBADF },
    { ERROR_INVALID_PARAMETER, EINVAL },
  };

  errno = EIO;
  for (unsigned i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].code == code)
      errno = meanings[i].number;
  return FALSE;
}

gboolean
clr_windows_may_pass (ClrWindowsPatience *patience, DWORD code)
{
  gboolean shared
      = code == ERROR_SHARING_VIOLATION || code == ERROR_LOCK_VIOLATION || code == ERROR_DELETE_PENDING;
  DWORD most = shared ? CLR_WINDOWS_PATIENCE_MS : code == ERROR_ACCESS_DENIED ? CLR_WINDOWS_DENIED_MS : 0;

  if (patience->waited_ms >= most)
    return FALSE;
  patience->next_ms = patience->next_ms ? MIN (patience->next_ms * 2, 64) : 1;
  patience->waited_ms += patience->next_ms;
  Sleep (patience->next_ms);
  return TRUE;
}
