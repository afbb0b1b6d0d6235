/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Presets: what a provider's servers want, as data files installed with the product. A section that names one
 * with its setting preset has the file's values for all that it does not set itself.
 */
#pragma once

#include "settings/clr-section.h"

G_BEGIN_DECLS

/* The folder of the files; CLRELAY_PRESETS in the environment names another one. */
const char *clr_preset_get_folder (void);

/* Fills @section from the preset it names, if it names one. Returns: NULL, or what is wrong.
 * (transfer full) */
char *clr_preset_apply (ClrSection *section);

G_END_DECLS
