/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The setup sheet of a device: what a technician types at its panel. Pure.
 */
#pragma once

#include "clr-draft.h"

G_BEGIN_DECLS

/* Plain text, a line for each field of the panel. NULL when there is no such [device]. (transfer full) */
char *clr_sheet_make (ClrGroups *groups, const char *device);

G_END_DECLS
