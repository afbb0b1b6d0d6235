/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `clrelay backup` and `clrelay restore` tell alike.
 */
#pragma once

#include "clr-verb.h"

#include "backup/clr-restore.h"

/* @what: "made", "good" or "restored" */
void clr_restore_tell (ClrVerbOptions *options, const char *file, const ClrRestoreReport *report,
                       const char *what);
