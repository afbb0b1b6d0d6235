/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the Windows sides of clr-file and clr-folder share: paths, errors, and patience.
 *
 * Patience: virus scanners, indexers and backup programs open what was just written, mostly for some
 * milliseconds. What fails with a sharing violation meanwhile is tried again, waiting 1, 2, 4 … ms, for
 * CLR_WINDOWS_PATIENCE_MS in all; what is denied may be a file that is just being deleted, and is tried for
 * CLR_WINDOWS_DENIED_MS.
 */
#pragma once

#include "system/clr-file.h"

#include <winsock2.h>
#include <windows.h>

#define CLR_WINDOWS_PATIENCE_MS 2000
#define CLR_WINDOWS_DENIED_MS   100

/* Absolute, UTF-16, and beyond 240 characters with the prefix that lifts the limit of 260; errno ENAMETOOLONG
 * or EINVAL. @name: in that folder, or NULL. (transfer full) */
wchar_t *clr_windows_make_path (const char *folder, const char *name);

/* Sets errno to what @code, or GetLastError(), means. Returns: FALSE. */
gboolean clr_windows_fail (DWORD code);

typedef struct
{
  DWORD waited_ms;
  DWORD next_ms;
} ClrWindowsPatience;

/* After a failed call. Returns: TRUE, after a pause, when it is worth another try. */
gboolean clr_windows_may_pass (ClrWindowsPatience *patience, DWORD code);

int clr_windows_open (const wchar_t *path, ClrFileOpening opening, int mode);
gboolean clr_windows_look (const wchar_t *path, ClrFileFacts *facts);
gboolean clr_windows_move (const wchar_t *from, const wchar_t *to, DWORD flags);
gboolean clr_windows_delete (const wchar_t *path);
