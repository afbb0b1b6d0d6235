/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The difference of two small texts, line by line, as people know it: "-" and "+" with a few lines around.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "" when they are equal. (transfer full) */
char *clr_diff (const char *before, const char *after);

G_END_DECLS
