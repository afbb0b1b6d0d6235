/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where files are that came with the programs: translations, presets. On Unix at the place they were built
 * for; on Windows beside the program, wherever that has been put. Any thread.
 */
#pragma once

#include <glib.h>

/* @built: the whole path on Unix; @below: the part of it below share/, such as "locale". */
char *clr_share_dup_folder (const char *built, const char *below);
