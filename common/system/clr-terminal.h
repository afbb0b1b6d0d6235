/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The terminal of a command.
 */
#pragma once

#include <glib.h>
#include <stdio.h>

/* The words of the command line, as main() got them in @argv, in UTF-8 on every system. (transfer full) */
char **clr_terminal_dup_words (char **argv);

/* Is somebody there who reads @stream, or types it? */
gboolean clr_terminal_is (FILE *stream);

/* From here on octets pass @stream as they are: Windows would change line ends, and take ^Z for the end. */
void clr_terminal_pass_octets (FILE *stream);

/* What is typed is not seen, until the next call; nor after a signal that
 * ends the command. Returns: FALSE when nobody types. */
gboolean clr_terminal_hide (void);
void clr_terminal_show (void);
