/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The terminal of a command.
 */
#pragma once

#include <glib.h>
#include <stdio.h>

/* Is somebody there who reads @stream, or types it? */
gboolean clr_terminal_is (FILE *stream);

/* What is typed is not seen, until the next call; nor after a signal that
 * ends the command. Returns: FALSE when nobody types. */
gboolean clr_terminal_hide (void);
void clr_terminal_show (void);
