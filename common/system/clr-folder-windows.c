/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-folder.h"
#include "system/clr-windows.h"

#include <errno.h>
#include <io.h>
#include <string.h>
#include <unistd.h>

#define LOCK_NAME ".lock"

struct ClrFolder
{
  char *path;
  HANDLE handle; /* holds it: nobody renames or removes it meanwhile */
  int lock_fd;
};

static ClrFolder *
open_with (const char *path, DWORD flags)
{
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);
  ClrFileFacts facts;
  HANDLE handle;
  ClrFolder *folder;

  if (wide == NULL)
    return NULL;
  handle = CreateFileW (wide, FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE,
                        NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | flags, NULL);
  if (handle == INVALID_HANDLE_VALUE)
    {
      clr_windows_fail (GetLastError ());
      return NULL;
    }
  folder = g_new (ClrFolder, 1);
  *folder = (ClrFolder){ g_canonicalize_filename (path, NULL), handle, -1 };
  if (clr_folder_get_facts (folder, &facts) && facts.kind == CLR_FILE_FOLDER)
    return folder;
  clr_folder_close (folder);
  errno = facts.kind == CLR_FILE_LINK ? ELOOP : ENOTDIR;
  return NULL;
}

ClrFolder *
clr_folder_open (const char *path)
{
  return open_with (path, 0);
}

ClrFolder *
clr_folder_open_real (const char *path)
{
  return open_with (path, FILE_FLAG_OPEN_REPARSE_POINT);
}

void
clr_folder_close (ClrFolder *folder)
{
  int problem = errno;

  if (folder->lock_fd >= 0)
    close (folder->lock_fd);
  CloseHandle (folder->handle);
  g_free (folder->path);
  g_free (folder);
  errno = problem;
}

gboolean
clr_folder_make (const char *path, int mode)
{
  g_autofree char *above = g_path_get_dirname (path);
  g_autofree wchar_t *wide = clr_windows_make_path (path, NULL);
  ClrFileFacts facts;

  if (clr_file_look (path, &facts) && facts.kind == CLR_FILE_FOLDER)
    return TRUE;
  if (wide == NULL || strcmp (above, path) == 0 || !clr_folder_make (above, mode))
    return FALSE;
  return CreateDirectoryW (wide, NULL) || GetLastError () == ERROR_ALREADY_EXISTS
         || clr_windows_fail (GetLastError ());
}

int
clr_folder_open_file (ClrFolder *folder, const char *name, ClrFileOpening opening, int mode)
{
  g_autofree wchar_t *path = clr_windows_make_path (folder->path, name);

  return path ? clr_windows_open (path, opening, mode) : -1;
}

gboolean
clr_folder_unlink (ClrFolder *folder, const char *name)
{
  g_autofree wchar_t *path = clr_windows_make_path (folder->path, name);

  return path && clr_windows_delete (path);
}

gboolean
clr_folder_rename (ClrFolder *folder, const char *from, const char *to)
{
  g_autofree wchar_t *wide_from = clr_windows_make_path (folder->path, from);
  g_autofree wchar_t *wide_to = clr_windows_make_path (folder->path, to);

  return wide_from && wide_to && clr_windows_move (wide_from, wide_to, MOVEFILE_REPLACE_EXISTING);
}

gboolean
clr_folder_move (ClrFolder *folder, const char *name, ClrFolder *to, const char *new_name)
{
  g_autofree wchar_t *wide_from = clr_windows_make_path (folder->path, name);
  g_autofree wchar_t *wide_to = clr_windows_make_path (to->path, new_name);

  return wide_from && wide_to && clr_windows_move (wide_from, wide_to, 0);
}

gboolean
clr_folder_look (ClrFolder *folder, const char *name, ClrFileFacts *facts)
{
  g_autofree wchar_t *path = clr_windows_make_path (folder->path, name);

  return path && clr_windows_look (path, facts);
}

gboolean
clr_folder_has (ClrFolder *folder, const char *name)
{
  ClrFileFacts facts;

  return clr_folder_look (folder, name, &facts);
}

gboolean
clr_folder_get_facts (ClrFolder *folder, ClrFileFacts *facts)
{
  BY_HANDLE_FILE_INFORMATION found;

  *facts = (ClrFileFacts){ .kind = CLR_FILE_OTHER };
  if (!GetFileInformationByHandle (folder->handle, &found))
    return clr_windows_fail (GetLastError ());
  facts->kind = found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT ? CLR_FILE_LINK
                : found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY   ? CLR_FILE_FOLDER
                                                                      : CLR_FILE_OTHER;
  facts->place = (uint64_t)found.nFileIndexHigh << 32 | found.nFileIndexLow;
  return TRUE;
}

gboolean
clr_folder_sync (ClrFolder *folder)
{
  return TRUE;
}

gboolean
clr_folder_lock (ClrFolder *folder)
{
  OVERLAPPED place = { 0 };

  if (folder->lock_fd < 0)
    folder->lock_fd = clr_folder_open_file (folder, LOCK_NAME, CLR_FILE_LOCK, 0600);
  return folder->lock_fd >= 0
         && (LockFileEx ((HANDLE)_get_osfhandle (folder->lock_fd), LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &place)
             || clr_windows_fail (GetLastError ()));
}

gboolean
clr_folder_may_write (ClrFolder *folder)
{
  g_autofree wchar_t *path = clr_windows_make_path (folder->path, NULL);
  HANDLE handle = path ? CreateFileW (path, FILE_ADD_FILE | FILE_DELETE_CHILD,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                      OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL)
                       : INVALID_HANDLE_VALUE;

  if (handle == INVALID_HANDLE_VALUE)
    return clr_windows_fail (GetLastError ());
  CloseHandle (handle);
  return TRUE;
}

gboolean
clr_folder_let_all_put_in (ClrFolder *folder)
{
  errno = ENOSYS;
  return FALSE;
}

void
clr_folder_make_like (ClrFolder *folder, const ClrFileFacts *like)
{
}

gboolean
clr_folder_list (ClrFolder *folder, gboolean (*see) (const char *name, void *data), void *data)
{
  g_autofree wchar_t *pattern = clr_windows_make_path (folder->path, "*");
  WIN32_FIND_DATAW entry;
  HANDLE search = pattern
                      ? FindFirstFileExW (pattern, FindExInfoBasic, &entry, FindExSearchNameMatch, NULL, 0)
                      : INVALID_HANDLE_VALUE;
  gboolean more = search != INVALID_HANDLE_VALUE;

  if (!more)
    return clr_windows_fail (GetLastError ());
  while (more)
    {
      g_autofree char *name = g_utf16_to_utf8 ((const gunichar2 *)entry.cFileName, -1, NULL, NULL, NULL);

      /* A name that is no UTF-16 cannot be named by anybody else either. */
      if (name && strcmp (name, ".") != 0 && strcmp (name, "..") != 0 && !see (name, data))
        break;
      more = FindNextFileW (search, &entry);
    }
  FindClose (search);
  return TRUE;
}
