/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What routes, smarthosts and OAuth accounts say about each other: rules over more than one setting.
 */
#pragma once

#include "settings/clr-settings.h"

G_BEGIN_DECLS

/* Adds what is wrong to @problems, one line each. */
void clr_ways_out_check (ClrSettings *settings, GPtrArray *problems);

G_END_DECLS
