/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "system/clr-terminal.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

/* The terminal as it was, for whoever breaks off too. */
static struct termios shown;

static void
on_broken_off (int number)
{
  struct sigaction usual = { .sa_handler = SIG_DFL };

  tcsetattr (STDIN_FILENO, TCSAFLUSH, &shown);
  sigaction (number, &usual, NULL);
  raise (number);
}

char **
clr_terminal_dup_words (char **argv)
{
  return g_strdupv (argv);
}

gboolean
clr_terminal_is (FILE *stream)
{
  return isatty (fileno (stream));
}

void
clr_terminal_pass_octets (FILE *stream)
{
}

gboolean
clr_terminal_hide (void)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };
  struct sigaction action = { .sa_handler = on_broken_off };
  struct termios silent;

  if (!isatty (STDIN_FILENO) || tcgetattr (STDIN_FILENO, &shown) != 0)
    return FALSE;
  sigemptyset (&action.sa_mask);
  for (unsigned i = 0; i < G_N_ELEMENTS (signals); i++)
    sigaction (signals[i], &action, NULL);
  silent = shown;
  silent.c_lflag &= ~(tcflag_t)ECHO;
  return tcsetattr (STDIN_FILENO, TCSAFLUSH, &silent) == 0;
}

void
clr_terminal_show (void)
{
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &shown);
}
