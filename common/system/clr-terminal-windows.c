/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-terminal.h"

#include <fcntl.h>
#include <io.h>
#include <windows.h>

static DWORD shown;

char **
clr_terminal_dup_words (char **argv)
{
  return g_win32_get_command_line ();
}

gboolean
clr_terminal_is (FILE *stream)
{
  DWORD mode;

  /* _isatty() is true for every character device, NUL too. */
  return GetConsoleMode ((HANDLE)_get_osfhandle (_fileno (stream)), &mode);
}

void
clr_terminal_pass_octets (FILE *stream)
{
  fflush (stream);
  _setmode (_fileno (stream), _O_BINARY);
}

gboolean
clr_terminal_hide (void)
{
  HANDLE console = GetStdHandle (STD_INPUT_HANDLE);

  return GetConsoleMode (console, &shown)
         && SetConsoleMode (console, (shown & ~(DWORD)ENABLE_ECHO_INPUT) | ENABLE_LINE_INPUT);
}

void
clr_terminal_show (void)
{
  SetConsoleMode (GetStdHandle (STD_INPUT_HANDLE), shown);
}
